"""What a point of a described instrument shows at a bench time."""

from __future__ import annotations

from ..devices.shown import Served
from ..response import Response
from ..world import World


class Shown:
    """The indications of one point of the device ``name``, in the unit of the point."""

    def __init__(self, world: World, name: str, point: str, served: Served) -> None:
        self._world, self._served = world, served
        self._response = Response(world, name, point, noise=served.noise)

    def at(self, t: int) -> float:
        """The indication of a sample taken at ``t`` in ns."""
        return self._response.indication(self._value(t), self._world.climate.temperature(t), t)

    def _value(self, t: int) -> float:
        served, world = self._served, self._world
        if served.follows is None:
            return served.constant or 0.0
        quantity = {
            "temperature": world.climate.temperature,
            "humidity": world.climate.humidity,
            "illuminance": world.light.plane,
        }[served.follows]
        return quantity(t) * served.scale + served.offset
