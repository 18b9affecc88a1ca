"""Light: dimmable luminaires on one plane, and what stands on the plane sees of them.

E_plane(t) = E_dark + E_full c(d) g a(t) (1 + alpha (T(t) - 23 Cel)) (1 + stray), with the illuminance at full level by
geometry E_full = sum of I cos(eps) / (r² + R²), the dimmer level c(d) from 0 to 1, the drawn gain g (tolerance and
ageing) and the warm-up a(t) = 1 + A exp(-t / tau) from the first time they are lit. Times are bench time in ns.
"""

from __future__ import annotations

import math
from bisect import bisect_left, bisect_right
from collections.abc import Callable, Iterable
from itertools import pairwise

from ..clock import NANOSECONDS
from .climate import Climate
from .world_file import Lamp, Luminaire

PARKED = 0.02
"""What a parked head sees of the plane's illuminance."""

_TEMPERATURE_OF_RATING = 23.0
_GAUSS = 0.5 / math.sqrt(3.0)


class Steps:
    """A value that is constant between changes, with its whole history."""

    def __init__(self, value: float) -> None:
        self._times: list[int] = [-(2**62)]
        self._values: list[float] = [value]

    def set(self, t: int, value: float) -> None:
        """Change to ``value`` at ``t``; later changes that were planned are forgotten."""
        keep = bisect_left(self._times, t)
        del self._times[keep:], self._values[keep:]
        if value != self._values[-1]:
            self._times.append(t)
            self._values.append(value)

    def at(self, t: int) -> float:
        """The value at ``t``."""
        return self._values[bisect_right(self._times, t) - 1]

    def changes(self, start: int, end: int) -> list[int]:
        """The times of changes strictly between ``start`` and ``end``."""
        return self._times[bisect_right(self._times, start) : bisect_left(self._times, end)]


def mean(start: int, end: int, value: Callable[[int], float], changes: Iterable[int]) -> float:
    """The mean of ``value`` over [start, end]: two Gauss points between each two changes.

    The pieces must be smooth; the nodes depend on the changes alone, never on how time was advanced.
    """
    borders = [start, *sorted(set(changes)), end]
    total = 0.0
    for left, right in pairwise(borders):
        middle, reach = (left + right) // 2, round((right - left) * _GAUSS)
        total += (right - left) * (value(middle - reach) + value(middle + reach)) / 2.0
    return total / (end - start)


def by_geometry(luminaires: Iterable[Luminaire]) -> float:
    """The illuminance in lx of luminaires at full level.

    Each is a Lambertian disc of radius R at the distance r on its own axis: I cos(eps) / (r² + R²), which is the
    inverse square law for R = 0.
    """
    return sum(
        one.intensity * math.cos(math.radians(one.angle)) / (one.distance**2 + one.radius**2) for one in luminaires
    )


class Light:
    """The illuminance on the plane in lx, lit by the luminaires at ``level`` (0 to 1) while ``supply`` is 1."""

    def __init__(self, lamp: Lamp | None, dark: float, gain: float, climate: Climate) -> None:
        self._lamp, self._dark, self._gain, self._climate = lamp, dark, gain, climate
        self._full = by_geometry(lamp.luminaires) if lamp is not None else 0.0
        self._lit: int | None = None
        self.level = Steps(0.0)
        self.supply = Steps(1.0)

    def lit(self, t: int) -> float:
        """The level at ``t`` as the luminaires follow it: 0 without power."""
        return self.level.at(t) * self.supply.at(t)

    def changes(self, start: int, end: int) -> list[int]:
        """The times between ``start`` and ``end`` at which the light changes at once."""
        return self.level.changes(start, end) + self.supply.changes(start, end)

    def set_level(self, t: int, level: float) -> None:
        """Dim the luminaires to ``level`` at ``t``; the first light starts their warm-up."""
        if level > 0 and self._lit is None:
            self._lit = t
        self.level.set(t, level)

    def plane(self, t: int) -> float:
        """The illuminance on the plane at ``t``."""
        if self._lamp is None:
            return self._dark
        lamp = self._lamp
        lit_for = max(0, t - self._lit) / NANOSECONDS if self._lit is not None else 0.0
        warm = 1.0 + lamp.warm_up * math.exp(-lit_for / lamp.warm_up_time)
        hot = self._climate.temperature(t) - _TEMPERATURE_OF_RATING
        per_level = self._full * self._gain * warm * (1.0 + lamp.temperature_coefficient * hot)
        return self._dark + per_level * self.lit(t) * (1.0 + lamp.stray)


class Carriage:
    """A carriage with one head per position; while it moves, no head is on the plane.

    :param travel_time: in s.
    """

    _MOVING = -1.0

    def __init__(self, travel_time: float) -> None:
        self._travel = round(travel_time * NANOSECONDS)
        self._place = Steps(0.0)
        self._moves: tuple[int, float, int] = (0, 0.0, 0)

    def move(self, t: int, position: int) -> None:
        """Start to move at ``t``; nothing happens where it stands or is bound there already."""
        _, _, target = self._moves
        if position == target:
            return
        self._moves = (t, self.position(t), position)
        self._place.set(t, self._MOVING)
        self._place.set(t + self._travel, float(position))

    def moving(self, t: int) -> bool:
        """Whether it is under way."""
        return self._place.at(t) == self._MOVING

    def position(self, t: int) -> float:
        """Where it is, between two positions while it moves."""
        start, origin, target = self._moves
        return origin + (target - origin) * min(1.0, (t - start) / self._travel)

    def share(self, t: int, position: int) -> float:
        """What the head at ``position`` sees of the plane."""
        return 1.0 if self._place.at(t) == position else PARKED

    def changes(self, start: int, end: int) -> list[int]:
        """The times between ``start`` and ``end`` when it left or arrived."""
        return self._place.changes(start, end)
