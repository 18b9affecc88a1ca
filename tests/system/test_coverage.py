"""The bench proves its own uncertainties: over seeds that redraw every effect, errors stay inside U, and not by far."""

from __future__ import annotations

import asyncio
import math
from concurrent.futures import ProcessPoolExecutor
from functools import partial
from pathlib import Path

import pytest

from hil.bench import compile_world, fit_to_start, load_bench
from hil.run import run_procedure
from hil_drivers.sim.client import Simulation

SEEDS = range(1, 41)
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


@pytest.mark.timeout(900)
def test_the_stated_uncertainty_is_true(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with ProcessPoolExecutor(2) as pool:
        found = list(pool.map(partial(in_a_process, tmp_path), SEEDS))
    inside = sum(abs(error) <= 2.0 * u for error, u in found)
    ratios = [error / u for error, u in found]
    mean = sum(ratios) / len(ratios)
    spread = math.sqrt(sum((ratio - mean) ** 2 for ratio in ratios) / (len(ratios) - 1))
    with capsys.disabled():
        print(
            f"\n{inside} of {len(found)} errors at {LEVEL:g} lx lie inside U; error/u: mean {mean:.2f}, sd {spread:.2f}"
        )
    assert inside >= 34
    assert 0.7 <= spread <= 1.3
