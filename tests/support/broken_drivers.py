"""Drivers of another package, as somebody may write them: errors of Python in each place."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from hil_drivers.clock import Clock
from hil_drivers.device import Device, Point
from hil_drivers.indication import Indication


class Sound(Device):
    """A driver of a few lines that knows nothing of supervisors."""

    points: Mapping[str, Point] = MappingProxyType({"humidity": Point("%"), "temperature": Point("Cel")})

    async def open(self) -> None:
        """Nothing to connect."""

    async def close(self) -> None:
        """Nothing to disconnect."""

    async def read(self, point: str) -> Indication:
        """Always 21."""
        now = self.clock.now()
        return Indication(point, 21.0, self.points[point].unit, now, now)


class Making(Sound):
    """Cannot be made."""

    def __init__(self, name: str, address: str, *, clock: Clock) -> None:
        super().__init__(name, address, clock=clock)
        raise KeyError("calibration")


class Opening(Sound):
    """Cannot be opened."""

    async def open(self) -> None:
        raise ValueError("baud rate")


class Reading(Sound):
    """Cannot be read, and not be closed."""

    async def read(self, point: str) -> Indication:
        raise ZeroDivisionError(f"of {point}")

    async def close(self) -> None:
        raise RuntimeError("closed twice")


class Numbers(Sound):
    """Gives numbers instead of indications."""

    async def read(self, point: str) -> Any:
        """No indication."""
        return 21.0


class Declaring(Sound):
    """Cannot say its points."""

    @classmethod
    def declared(cls, options: Mapping[str, Any]) -> Mapping[str, Point]:
        raise IndexError("no points")
