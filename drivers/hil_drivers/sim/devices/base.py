"""What every kind of simulated device declares: its settings, its faults, and where effects act on it."""

from __future__ import annotations

from typing import ClassVar

from pydantic import Field

from ..model import Certificate, Model

LINK_FAULTS = frozenset(("silent", "late", "split", "merged", "garbage", "dropped"))
"""The faults of a link that carries requests and replies."""

MODBUS_FAULTS = frozenset(("checksum", "exception"))
"""What else every Modbus instrument can have: a damaged frame, a refusal."""


ROOM = "room"
"""The place of what stands in no device."""


class SimDevice(Model):
    """One simulated device of a world file.

    ``kind`` is the name of its driver; ``certificates`` holds its calibration by point. ``faults`` are those it
    can have, ``shared`` the options that driver and simulated device must have in common; of a kind with
    ``only_one`` a world has at most one; in one that ``encloses`` air, others can stand. One that is ``built_in``
    is part of the world whichever devices are used.
    """

    faults: ClassVar[frozenset[str]] = LINK_FAULTS
    shared: ClassVar[tuple[str, ...]] = ()
    only_one: ClassVar[bool] = False
    encloses: ClassVar[bool] = False
    built_in: ClassVar[bool] = False

    kind: str
    certificates: dict[str, Certificate] = Field(default_factory=dict)

    def __hash__(self) -> int:
        """By its own settings: a device keys caches."""
        return hash(tuple(value for key, value in self.__dict__.items() if key != "certificates"))

    def responses(self) -> tuple[str, ...]:
        """The points whose readings effects can act on."""
        return ()

    def placements(self) -> tuple[str, ...]:
        """The points whose place effects can act on."""
        return ()

    def places(self) -> tuple[str, ...]:
        """Where it stands or senses: ``ROOM``, or a place in a device that encloses air."""
        return ()

    def inside(self, name: str) -> tuple[str, ...]:
        """The places inside it, where it is called ``name``: by default one of its name if it encloses air."""
        return (name,) if self.encloses else ()
