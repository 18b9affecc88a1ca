"""The controller of a simulated chamber: what every protocol in front of it shows and changes."""

from __future__ import annotations

from typing import Any

from ..chamber import chambers
from ..faults import Faults
from ..world import World
from .endpoint import Endpoint

COMPRESSED_AIR, DRYER, HUMIDITY = "compressed_air", "dryer", "humidity.running"
"""The digital outputs that act on the physics."""


class Controller:
    """One chamber as its controller shows it.

    :param name: the device's name.
    :param outputs: the numbers of its digital outputs by name.
    """

    def __init__(self, name: str, world: World, outputs: dict[str, int]) -> None:
        self.chamber, self.faults = chambers(world)[name], Faults(name, world)
        self._world, self._outputs = world, outputs
        self._switched: set[int] = set()
        self._shown: dict[str, float] = {}
        self.set(humidity_running=HUMIDITY not in outputs)

    @property
    def now(self) -> int:
        """The present bench time."""
        return self._world.time.now()

    @property
    def running(self) -> bool:
        """Whether it was started."""
        return self.chamber.settings.running

    @property
    def alarm(self) -> bool:
        """Whether an alarm keeps it from working."""
        return self.chamber.tripped(self.now)

    def set(self, **changes: Any) -> None:
        """Change settings of the chamber."""
        self.chamber.command(self.now, **changes)

    def actual(self, point: str) -> float:
        """What its sensor of ``temperature`` or ``humidity`` shows."""
        if point not in self._shown or not self.faults.present("frozen"):
            self._shown[point] = self.chamber.indication(point, self.now)
        return self._shown[point]

    def switched(self, number: int) -> bool:
        """Whether a digital output is on."""
        return number in self._switched

    def switch(self, number: int, on: bool) -> None:
        """Switch a digital output."""
        self._switched = self._switched | {number} if on else self._switched - {number}
        named = {name for name, each in self._outputs.items() if each in self._switched}
        humid = HUMIDITY not in self._outputs or HUMIDITY in named
        self.set(humidity_running=humid, dryer={COMPRESSED_AIR, DRYER} <= named)


class ChamberEndpoint(Endpoint):
    """What serves a chamber: its state is known before anything changes that acts on it, such as a fault."""

    def moved(self) -> None:
        chambers(self.world)[self.name].advance(self.world.time.now())
        super().moved()
