"""A simulated arm with motion capture on its tool, in lockstep or in real time, for tests."""

from __future__ import annotations

from collections.abc import AsyncIterator, Mapping
from contextlib import asynccontextmanager
from typing import Any

from hil.clock import LockstepClock
from hil_drivers.clock import Clock, WallClock
from hil_drivers.device import make_device
from hil_drivers.instruments.natnet import NatNet
from hil_drivers.instruments.ur_rtde import UrRtde
from hil_drivers.sim.client import Simulation

PERIOD = 4_166_667
"""ns between frames of the simulated motion capture."""

DELAY = 5_000_000
"""ns from the middle of an exposure to the sending of its frame."""


class MotionBench:
    """A running simulation with its devices."""

    def __init__(self, simulation: Simulation, clock: Clock) -> None:
        self.simulation, self.clock = simulation, clock
        self.opened: list[UrRtde | NatNet] = []

    async def arm(self, **options: Any) -> UrRtde:
        """Open the arm."""
        made = make_device(self.simulation.addresses["arm"], "ur-rtde", name="arm", clock=self.clock, **options)
        assert isinstance(made, UrRtde)
        self.opened.append(made)
        await made.open()
        return made

    async def mocap(self, **options: Any) -> NatNet:
        """Open the motion capture."""
        settings: dict[str, Any] = {"bodies": ["tool"], "rate": 240.0, "exposure": 0.0, **options}
        made = make_device(self.simulation.addresses["mocap"], "natnet", name="mocap", clock=self.clock, **settings)
        assert isinstance(made, NatNet)
        self.opened.append(made)
        await made.open()
        return made


@asynccontextmanager
async def motion_bench(
    *,
    seed: int = 3,
    paced: bool = False,
    arm: Mapping[str, Any] | None = None,
    mocap: Mapping[str, Any] | None = None,
) -> AsyncIterator[MotionBench]:
    """Start one, and end it with its devices closed."""
    world = {
        "seed": seed,
        "mode": "paced" if paced else "lockstep",
        "devices": {
            "arm": {"kind": "ur-rtde", **(arm or {})},
            "mocap": {"kind": "natnet", "bodies": {"tool": "arm"}, **(mocap or {})},
        },
    }
    simulation = await Simulation.start(world)
    bench = MotionBench(simulation, WallClock() if paced else LockstepClock(simulation, 0))
    try:
        yield bench
    finally:
        for device in bench.opened:
            await device.close()
        await simulation.end()
