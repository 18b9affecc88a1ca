"""Places of the world and their air: the room, and what encloses air of its own. Times are bench time in ns."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .devices.base import ROOM

if TYPE_CHECKING:
    from .world import World


class Air(NamedTuple):
    """Air at one place and time: temperature in Cel, relative humidity over water in %."""

    temperature: float
    humidity: float


def air(world: World, place: str, t: int) -> Air:
    """The air at ``place`` at ``t``, which must not lie in the future.

    :raises KeyError: for a place that the world does not have; a world file with such a place is refused.
    """
    if place == ROOM:
        return Air(world.climate.temperature(t), world.climate.humidity(t))
    raise KeyError(place)
