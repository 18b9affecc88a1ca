"""One calibration on the simulated bench held against its truth, for a process of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path

from hil.bench import compile_world, fit_to_start, load_bench
from hil.run import run_procedure
from hil_drivers.sim.client import Simulation

LEVEL = 100.0
"""The level, in lx, declared before any run was made."""


async def departure(out: Path, seed: int) -> tuple[float, float]:
    """The error of the stated error of indication at `LEVEL`, and its stated standard uncertainty, in lx."""
    outcome = await run_procedure(
        "calibrate-luxmeter",
        "action-sim",
        settings={},
        seed=seed,
        speed=None,
        out=out,
        operator="Operator A",
        on_event=lambda event: None,
    )
    assert not outcome.error
    stated = outcome.results["results"]
    i = next(number for number, level in enumerate(stated["levels"]) if level["nominal"] == LEVEL)
    reference, error, u = (stated["unrounded"][key][i] for key in ("reference", "error", "u"))
    return error - (await true_indication(seed, reference) - reference), u


async def true_indication(seed: int, illuminance: float) -> float:
    """What the simulated luxmeter truly indicates, without noise and digits, in lx."""
    config = load_bench("action-sim")
    records = fit_to_start(config, [name for name in config.channels if name != "luxmeter.illuminance"])
    world = await Simulation.start(compile_world(config, records, seed=seed))
    try:
        return await world.response("luxmeter", illuminance)
    finally:
        await world.end()


def in_a_process(out: Path, seed: int) -> tuple[float, float]:
    return asyncio.run(departure(out, seed))
