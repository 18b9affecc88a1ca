"""A rig that outlives its controllers: a simulator that belongs to the test, and a bench file with its addresses.

To the controller it is a real bench, at speed 1. What it does is seen past the controller, by the simulator's control
socket.
"""

from __future__ import annotations

import re
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import dataclass
from pathlib import Path

from hil.bench.config import load_bench
from hil.bench.fit import assess
from hil.bench.world import compile_world
from hil_drivers.sim.client import Simulation
from safe_bench import write_bench

SCRIPT = """
import time

from hil import Design, Parameters, Results, Trial, procedure
from hil_drivers.capability import Actuator


class Doing(Parameters):
    block: float = 0.0


@procedure("burn", version="1", roles={"light": Actuator, "lamp": Actuator})
async def burn(trial: Trial, p: Doing) -> None:
    light, lamp = trial.role("light", Actuator), trial.role("lamp", Actuator)
    async for point in trial.points():
        await lamp.set(1.0)
        await light.set(500.0)
        if p.block:
            time.sleep(p.block)
        await trial.sleep(point.seconds)


@burn.plan
def plan(p: Doing) -> Design:
    return Design({"seconds": "s"}, [{"seconds": 60.0}])


@burn.analysis
def analyse(record, p: Doing) -> Results:
    return Results((), {})
"""


@dataclass(frozen=True)
class Rig:
    """``folder`` holds ``bench/safe.toml`` and ``burn.py``; ``world`` is the rig itself."""

    folder: Path
    world: Simulation

    async def illuminance(self) -> float:
        """What the lamp gives, in lx."""
        return float((await self.world.state())["illuminance"])


@asynccontextmanager
async def real_rig(folder: Path, *interlocks: str) -> AsyncIterator[Rig]:
    """A rig at work, and a bench that leads to it."""
    path = write_bench(folder / "bench", *interlocks)
    config = load_bench(path)
    records = {name: record for name in config.channels if (record := assess(config, name).record) is not None}
    world = await Simulation.start(compile_world(config, records, devices=list(config.devices), speed=1.0))
    try:
        text = re.sub(r"\n\[sim\].*", "\n", path.read_text(encoding="utf-8"), flags=re.DOTALL)
        text = re.sub(r"(calibration|point_correlation) = .*\n", "", text)
        path.write_text(re.sub(r"sim:([a-z]+)", lambda found: world.addresses[found[1]], text), encoding="utf-8")
        (folder / "burn.py").write_text(SCRIPT, encoding="utf-8")
        yield Rig(folder, world)
    finally:
        await world.end()


def with_driver(rig: Rig, driver: str) -> Path:
    """The bench file of a rig, of which the inputs and outputs have another driver, as ``module:name``."""
    path = rig.folder / "bench" / "safe.toml"
    text = path.read_text(encoding="utf-8")
    assert 'driver = "digital-io"' in text
    path.write_text(text.replace('driver = "digital-io"', f'driver = "{driver}"'), encoding="utf-8")
    return path
