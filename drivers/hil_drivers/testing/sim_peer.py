"""A simulated device as a peer: the driver is checked against the simulator's own child process."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any

from ..clock import Clock, WallClock
from ..errors import DriverError
from ..sim.client import Simulation
from ..sim.devices import KINDS
from ..transport.stream import TIMEOUT
from . import peer as faults

_LATE = 0.3
_LATE_BY = 0.5


class SimPeer:
    """One device of a simulated world.

    :param world: the document of a world file; ``mode`` and ``speed`` are filled in where they are missing.
    :param device: the name of the device in it.
    :param clock: makes the bench clock of the simulation, for lockstep; else bench time is wall time.
    :param timeout: of the driver, in s: an overdue answer comes half a second after it.
    """

    def __init__(
        self,
        world: Mapping[str, Any],
        device: str,
        *,
        clock: Callable[[Simulation], Clock] | None = None,
        timeout: float = TIMEOUT,
    ) -> None:
        self._world = {"mode": "paced" if clock is None else "lockstep", "seed": 1, **world}
        self._device, self._make_clock, self.timeout = device, clock, timeout
        kind = KINDS[self._world["devices"][device]["kind"]]
        overdue = {faults.OVERDUE} if faults.LATE in kind.faults else set()
        self.faults = frozenset(kind.faults | overdue)
        self._simulation: Simulation | None = None
        self._clock: Clock | None = None

    @property
    def simulation(self) -> Simulation:
        """The running simulator."""
        if self._simulation is None:
            raise DriverError("the simulated peer was not started", where=self._device, remedy="start it first")
        return self._simulation

    @property
    def address(self) -> str:
        """Where the device is."""
        return self.simulation.addresses[self._device]

    @property
    def clock(self) -> Clock:
        """The bench clock for the driver."""
        _ = self.simulation
        if self._clock is None:
            self._clock = WallClock() if self._make_clock is None else self._make_clock(self.simulation)
        return self._clock

    async def start(self) -> None:
        if self._simulation is None:
            self._simulation = await Simulation.start(self._world)
        else:
            await self.simulation.clear(self._device)

    async def stop(self) -> None:
        await self.simulation.inject(self._device, faults.DROPPED)

    async def inject(self, fault: str) -> None:
        if fault == faults.OVERDUE:
            await self.simulation.inject(self._device, faults.LATE, delay=self.timeout + _LATE_BY)
        else:
            await self.simulation.inject(self._device, fault, delay=_LATE)

    async def clear(self) -> None:
        await self.simulation.clear(self._device)

    async def end(self) -> None:
        """End the simulator."""
        if self._simulation is not None:
            await self._simulation.end()
            self._simulation = None
