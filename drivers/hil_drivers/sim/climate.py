"""The air of the room. Times are bench time in ns, temperatures Cel, humidities %."""

from __future__ import annotations

import math

from ..clock import NANOSECONDS
from .world_file import Room


def saturation_pressure(temperature: float) -> float:
    """Saturation pressure of water vapour over water in hPa (Magnus, WMO-No. 8), -40 to 60 Cel."""
    return 6.112 * math.exp(17.62 * temperature / (243.12 + temperature))


def dew_point(temperature: float, humidity: float) -> float:
    """The dew point over water in Cel of air at a relative humidity in %, 1e-3 at least (Magnus, WMO-No. 8)."""
    gamma = math.log(max(humidity, 1e-3) / 100.0) + 17.62 * temperature / (243.12 + temperature)
    return 243.12 * gamma / (17.62 - gamma)


class Climate:
    """The air: a slow swing of temperature with a constant amount of vapour."""

    def __init__(self, room: Room) -> None:
        self._room = room
        self._vapour = room.humidity * saturation_pressure(room.temperature)

    def temperature(self, t: int) -> float:
        """The air's temperature."""
        phase = 2.0 * math.pi * t / (self._room.swing_period * NANOSECONDS)
        return self._room.temperature + self._room.temperature_swing * math.sin(phase)

    def humidity(self, t: int) -> float:
        """The relative humidity."""
        return min(100.0, self._vapour / saturation_pressure(self.temperature(t)))
