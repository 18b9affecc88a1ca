"""The truth of a target on a rail: how well its distance is measured, and how well the rail finds its zero again."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hil_drivers.sim.devices.scpi import ScpiInstrumentDevice
from hil_drivers.sim.devices.shown import HOME

from ..errors import UsageError

if TYPE_CHECKING:
    from hil_drivers.sim.devices.shown import Served
    from hil_drivers.sim.world import World

DISTANCE = "target.distance"


class TrueRail:
    """A rail of one seed."""

    def __init__(self, world: World, bench: str) -> None:
        self._world, self._bench = world, bench

    def repeatability(self) -> float:
        """The standard deviation of one reading of the distance of a target that stands still, in m."""
        return self._served(DISTANCE).noise

    def homing(self) -> float:
        """The standard deviation of where the scale of the rail begins, from one reference run to the next, in m."""
        return self._served(HOME).noise

    def _served(self, quantity: str) -> Served:
        for device in self._world.file.devices.values():
            if isinstance(device, ScpiInstrumentDevice):
                for point in device.described.points:
                    if device.served(point).follows == quantity:
                        return device.served(point)
        raise UsageError(
            f"its world has nothing that follows {quantity!r}", where=self._bench, remedy="use the bench range-sim"
        )
