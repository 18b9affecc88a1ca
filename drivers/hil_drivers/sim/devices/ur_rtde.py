"""A robot arm with a controller that speaks RTDE."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..model import NotNegative, Positive
from .base import LINK_FAULTS, SimDevice

Joints = tuple[float, float, float, float, float, float]


class UrRtdeDevice(SimDevice):
    """A six-axis arm. Angles in rad, lengths in m, times in s.

    ``joint_offset``, ``link_error`` and ``tool_error`` are standard deviations of what is drawn once by the seed,
    ``repeatability`` of what each stop adds to each joint, ``encoder_noise`` of what one sample adds. A move is
    stopped when no heartbeat has come for ``watchdog``. On a fixed ``port`` it can be found by clients that know no
    other.
    """

    faults: ClassVar[frozenset[str]] = LINK_FAULTS | frozenset(("frozen", "nan", "clock-jump", "protective-stop"))

    kind: Literal["ur-rtde"]
    home: Joints = (0.0, -1.6, 1.8, -1.8, -1.57, 0.0)
    speed: Positive = 1.05
    acceleration: Positive = 1.4
    repeatability: NotNegative = 5e-5
    joint_offset: NotNegative = 3.5e-4
    link_error: NotNegative = 1e-4
    tool_error: NotNegative = 2e-4
    encoder_noise: NotNegative = 2e-6
    watchdog: Positive = 1.0
    port: Annotated[int, Field(ge=0, le=65535)] = 0

    def responses(self) -> tuple[str, ...]:
        return ("tcp.x", "tcp.y", "tcp.z")

    def placements(self) -> tuple[str, ...]:
        return self.responses()
