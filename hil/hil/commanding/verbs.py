"""What may be asked of a run or a service: for each verb its command, its arguments, the role it takes, and whether it
needs the lease.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Literal

from .. import commands, service_commands
from ..commands import Command
from .verb import Verb as Verb

Role = Literal["view", "operate", "review", "authorise"]
"""What the token of a client is good for; each role has what those before it have."""

ROLES: tuple[Role, ...] = ("view", "operate", "review", "authorise")


Kind = Literal["text", "whole", "number", "texts"]
"""Of an argument: a text, a whole number, a finite number, or texts by name."""


@dataclass(frozen=True, slots=True)
class Argument:
    """An argument of a verb.

    :param least: the least number that it may be.
    """

    kind: Kind
    required: bool = True
    least: float = 0.0


@dataclass(frozen=True, slots=True)
class Meaning:
    """What a verb means.

    :param needs_lease: whether it is refused where somebody else is in command.
    :param by_lease: whether its command carries the lease itself.
    """

    command: Callable[..., Command] | None
    role: Role = "operate"
    arguments: Mapping[str, Argument] | None = None
    needs_lease: bool = False
    by_lease: bool = False

    @property
    def takes(self) -> Mapping[str, Argument]:
        """Its arguments by name."""
        return self.arguments or {}


_TEXT, _ABOVE_0 = Argument("text"), Argument("number", least=1e-9)
_REVISION = Argument("whole", required=False)
_CLIENT = Argument("text", required=False)

MEANINGS: dict[Verb, Meaning] = {
    Verb.STATE: Meaning(None, "view"),
    Verb.PAUSE: Meaning(commands.Pause),
    Verb.PAUSE_NOW: Meaning(commands.PauseNow),
    Verb.RESUME: Meaning(commands.Resume, needs_lease=True),
    Verb.ABORT: Meaning(commands.Abort),
    Verb.STOP: Meaning(commands.Stop),
    Verb.ACK: Meaning(commands.Acknowledge, arguments={"alarm": _TEXT}),
    Verb.SHELVE: Meaning(commands.Shelve, arguments={"alarm": _TEXT, "seconds": _ABOVE_0}),
    Verb.ANSWER: Meaning(
        commands.Answer, arguments={"prompt": Argument("whole", least=1), "value": _TEXT}, needs_lease=True
    ),
    Verb.NOTE: Meaning(commands.Note),
    Verb.START: Meaning(service_commands.Start, needs_lease=True),
    Verb.HOLD: Meaning(service_commands.Hold),
    Verb.QUEUE_ADD: Meaning(
        service_commands.QueueAdd,
        arguments={
            "procedure": _TEXT,
            "settings": Argument("texts", required=False),
            "seed": Argument("whole", required=False),
            "speed": Argument("number", required=False, least=1e-9),
            "position": Argument("whole", required=False),
            "revision": _REVISION,
        },
        needs_lease=True,
    ),
    Verb.QUEUE_REMOVE: Meaning(
        service_commands.QueueRemove, arguments={"item": _TEXT, "revision": _REVISION}, needs_lease=True
    ),
    Verb.QUEUE_MOVE: Meaning(
        service_commands.QueueMove,
        arguments={"item": _TEXT, "position": Argument("whole"), "revision": _REVISION},
        needs_lease=True,
    ),
    Verb.LEASE_TAKE: Meaning(service_commands.LeaseTake, arguments={"client": _CLIENT}),
    Verb.LEASE_RENEW: Meaning(service_commands.LeaseRenew, by_lease=True),
    Verb.LEASE_RELEASE: Meaning(service_commands.LeaseRelease, by_lease=True),
    Verb.LEASE_REQUEST: Meaning(service_commands.LeaseRequest),
    Verb.LEASE_OFFER: Meaning(
        service_commands.LeaseOffer, arguments={"to": Argument("text", required=False)}, by_lease=True
    ),
    Verb.LEASE_OVERRIDE: Meaning(service_commands.LeaseOverride, "review", {"client": _CLIENT}),
    Verb.HANDOVER: Meaning(service_commands.Handover),
    Verb.HANDOVER_READ: Meaning(service_commands.HandoverRead),
}

IDEMPOTENT = frozenset({Verb.STOP, Verb.STATE, Verb.LEASE_RENEW})
"""What is the same however often it is sent: it needs no ``command_id``."""


def may(role: Role, verb: Verb) -> bool:
    """Whether a client of ``role`` may ask for ``verb``."""
    return ROLES.index(role) >= ROLES.index(MEANINGS[verb].role)
