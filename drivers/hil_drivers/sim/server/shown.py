"""What a point of a described instrument shows at a bench time."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING

from ..belt import Belt
from ..devices.base import ROOM
from ..devices.shown import HOME, IN_HALL, Served
from ..places import air
from ..response import Response
from ..target import Target
from ..world import World

if TYPE_CHECKING:
    from ..hall.senses import Senses

TARGET, SETPOINT = "target.", ".setpoint"


class Shown:
    """The indications of one point of the device ``name``, in the unit of the point; the device stands at ``place``."""

    def __init__(self, world: World, name: str, point: str, served: Served, place: str = ROOM) -> None:
        self._world, self._served, self._place = world, served, place
        self._response = Response(world, name, point, noise=served.noise)

    def at(self, t: int) -> float:
        """The indication of a sample taken at ``t`` in ns."""
        return self._response.indication(self._value(t), air(self._world, self._place, t).temperature, t)

    def command(self, value: float, t: int) -> None:
        """Have the world follow what was written to the point, where it can be commanded."""
        follows = self._served.follows or ""
        told = (value - self._served.offset) / self._served.scale
        if follows.startswith(f"{IN_HALL}obstacle."):
            self._senses().set(follows, told, t)
        elif follows == HOME:
            self._world.part(Target).home(self._served.noise)
        elif follows == "belt.setpoint":
            self._world.part(Belt).set(told, t)
        elif follows.startswith(TARGET) and follows.endswith(SETPOINT):
            self._world.part(Target).axis(follows.split(".")[1]).set(told, t)

    def _senses(self) -> Senses:
        from ..hall.senses import Senses

        return self._world.part(Senses)

    def _value(self, t: int) -> float:
        served, world = self._served, self._world
        if served.follows is not None and served.in_hall:
            return self._senses().value(served.follows.removeprefix(IN_HALL), t) * served.scale + served.offset
        if served.follows is None or served.follows == HOME:
            return served.constant or 0.0
        if served.follows.startswith(TARGET):
            axis = world.part(Target).axis(served.follows.split(".")[1])
            value = axis.setpoint if served.follows.endswith(SETPOINT) else axis.at(t)
            return value * served.scale + served.offset
        belt = world.part(Belt)
        quantities: dict[str, Callable[[int], float]] = {
            "temperature": world.climate.temperature,
            "humidity": world.climate.humidity,
            "illuminance": world.light.plane,
            "belt.setpoint": lambda _: belt.setpoint,
            "belt.speed": belt.speed,
            "belt.distance": belt.distance,
        }
        return quantities[served.follows](t) * served.scale + served.offset
