"""A motion capture system that speaks NatNet."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..model import Name, NotNegative, Positive
from .base import LINK_FAULTS, SimDevice

Fraction = Annotated[float, Field(ge=0, le=1)]


class NatnetDevice(SimDevice):
    """Cameras that track rigid bodies. Lengths in m, times in s, ``rate`` in Hz.

    ``bodies`` says on what each rigid body is mounted: the name of an arm, or of whatever else of the world moves.
    ``marker_noise`` is the standard deviation of one marker, each body having ``markers`` at ``radius``; ``scale``
    (relative), ``frame_offset`` and ``frame_tilt`` (rad) of the whole volume, ``mounting`` of each body and
    ``mounting_turn`` (rad) by which it is turned about its z are drawn once by the seed. A body is out of sight for
    ``occluded`` of the time, 0.2 s at a time. Frames are sent ``delay`` after the middle of their exposure, to a
    multicast group if ``multicast``.
    """

    faults: ClassVar[frozenset[str]] = (LINK_FAULTS - {"split", "merged"}) | frozenset(
        ("tracking-lost", "frozen", "lossy", "clock-jump")
    )

    shared: ClassVar[tuple[str, ...]] = ("rate",)

    kind: Literal["natnet"]
    bodies: dict[Name, str] = Field(min_length=1)
    version: Literal["3.0", "4.0", "4.1"] = "3.0"
    rate: Annotated[float, Field(ge=10, le=1000)] = 240.0
    delay: NotNegative = 0.005
    markers: Annotated[int, Field(ge=3, le=50)] = 5
    radius: Positive = 0.05
    marker_noise: NotNegative = 1e-4
    scale: NotNegative = 1e-4
    frame_offset: NotNegative = 2e-4
    frame_tilt: NotNegative = 3.5e-4
    mounting: NotNegative = 2e-4
    mounting_turn: Annotated[float, Field(ge=0, le=0.1)] = 0.0
    occluded: Fraction = 0.0
    multicast: bool = False
    port: Annotated[int, Field(ge=0, le=65535)] = 0

    def responses(self) -> tuple[str, ...]:
        return tuple(f"{body}.{axis}" for body in self.bodies for axis in ("x", "y", "z"))

    def placements(self) -> tuple[str, ...]:
        return self.responses()
