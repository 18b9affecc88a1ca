"""Places of the world and their air: the room, and climatic chambers. Times are bench time in ns.

A place is ``room``, the name of a chamber (its working space), or ``NAME/specimen`` (fixed to the specimen in it).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

from .chamber import chambers
from .devices.base import ROOM

if TYPE_CHECKING:
    from .world import World


class Air(NamedTuple):
    """What a probe at one place and time is exposed to: temperature in Cel, relative humidity over water in %."""

    temperature: float
    humidity: float


def air(world: World, place: str, t: int) -> Air:
    """The air at ``place`` at ``t``, which must not lie in the future.

    At a specimen it is what its surface has, air of the chamber's vapour included.

    :raises KeyError: for a place that the world does not have; a world file with such a place is refused.
    """
    if place == ROOM:
        return Air(world.climate.temperature(t), world.climate.humidity(t))
    name, _, part = place.partition("/")
    chamber = chambers(world)[name]
    if part:
        return Air(chamber.specimen(t), chamber.humidity_at_specimen(t))
    return Air(chamber.temperature(t), chamber.humidity(t))
