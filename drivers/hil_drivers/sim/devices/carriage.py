"""A carriage that brings one head at a time to the measuring plane."""

from __future__ import annotations

from typing import ClassVar, Literal

from ..model import Positive
from .base import LINK_FAULTS, SimDevice


class CarriageDevice(SimDevice):
    """A carriage that brings one head at a time to the plane; ``travel_time`` in s."""

    faults: ClassVar[frozenset[str]] = LINK_FAULTS | frozenset(("frozen",))
    only_one: ClassVar[bool] = True

    kind: Literal["carriage"]
    travel_time: Positive = 1.0
