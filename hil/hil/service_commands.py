"""Commands to the service of a bench: what they say. What they do is in `hil.station.commands`."""

from __future__ import annotations

from dataclasses import dataclass, field

from .commands import ServiceCommand


class Start(ServiceCommand):
    """Work the queue off."""


class Hold(ServiceCommand):
    """Begin nothing more of the queue; the run under way goes on."""


@dataclass(frozen=True, slots=True)
class QueueAdd(ServiceCommand):
    """Put a run into the queue (`hil.station.queue`)."""

    procedure: str = ""
    settings: dict[str, str] = field(default_factory=dict)
    seed: int | None = None
    speed: float | None = None
    position: int | None = None
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class QueueRemove(ServiceCommand):
    """Take ``item`` out of the queue."""

    item: str = ""
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class QueueMove(ServiceCommand):
    """Put ``item`` at another position of the queue."""

    item: str = ""
    position: int = 0
    revision: int | None = None


@dataclass(frozen=True, slots=True)
class LeaseTake(ServiceCommand):
    """Take command of the bench, as the client ``client``."""

    client: str = ""


@dataclass(frozen=True, slots=True)
class LeaseOverride(ServiceCommand):
    """Take command of the bench whoever has it, as the client ``client``, for ``reason``."""

    client: str = ""


@dataclass(frozen=True, slots=True)
class LeaseRenew(ServiceCommand):
    """The holder of the lease is there."""

    lease: str = ""


@dataclass(frozen=True, slots=True)
class LeaseRelease(ServiceCommand):
    """Give the lease back."""

    lease: str = ""


class LeaseRequest(ServiceCommand):
    """Ask for the lease."""


@dataclass(frozen=True, slots=True)
class LeaseOffer(ServiceCommand):
    """Offer the lease to ``to``; to nobody: refuse what was requested."""

    lease: str = ""
    to: str = ""


class Handover(ServiceCommand):
    """Leave ``reason`` as a note that whoever takes command next has to read."""


class HandoverRead(ServiceCommand):
    """The note of the shift before is read."""
