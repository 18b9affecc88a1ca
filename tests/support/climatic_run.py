"""One characterisation of the simulated chamber held against its truth, for a process of its own."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

from hil.bench import compile_world, fit_to_start, load_bench
from hil.run import run_procedure
from hil_drivers.sim.truth import draw
from hil_drivers.sim.world_file import WorldFile

PROCEDURE = "hil_procedures.climatic.script:climatic_characterisation"
BENCH = "climate-sim"
QUICK = {"dwell": "300 s", "hold": "900 s", "window": "1350 s", "interval": "50 s"}
"""Settings that make a characterisation short; the window has 15 periods of the ripple."""

LOCATION = "corner_3"
"""The location whose difference from the centre is held against the truth, declared before any run was made."""


async def characterise(out: Path, seed: int, bench: str = BENCH, **settings: str) -> dict[str, Any]:
    """The results of one run."""
    outcome = await run_procedure(
        PROCEDURE,
        bench,
        settings=QUICK | settings,
        seed=seed,
        speed=None,
        out=out,
        operator="Operator A",
        on_event=lambda event: None,
    )
    assert not outcome.error, outcome.error
    return outcome.results


def truth(seed: int) -> dict[str, float]:
    """The drawn effects of the world of a seed, by name."""
    config = load_bench(BENCH)
    records = fit_to_start(config, [name for name, c in config.channels.items() if c.calibration])
    return draw(WorldFile.model_validate(compile_world(config, records, seed=seed))).effects


Deviation = tuple[float, float]
"""A result minus its truth, and the stated standard uncertainty."""


def deviations(found: dict[str, Any], true: dict[str, float]) -> dict[str, Deviation]:
    """The results of the only set point against their truth.

    The chamber indicates f = T - e, and the air at a location is T (1 + g) in Cel.
    """
    (point,) = found["results"]["set_points"]
    warm, moist = point["temperature"]["unrounded"], point["humidity"]["unrounded"]
    place = point["locations"][LOCATION]
    error = -true["error of the chamber's own thermometer"]
    air = warm["indication"] - error
    return {
        "temperature": (warm["error"] - error, warm["u"]),
        "humidity": (moist["error"] + true["error of the chamber's own hygrometer"], moist["u"]),
        "location": (place["difference"] - air * true[f"air at {LOCATION.replace('_', ' ')}"], place["u"]),
    }


def in_a_process(out: Path, seed: int) -> dict[str, Deviation]:
    found = asyncio.run(characterise(out, seed, temperatures="40", humidities="60"))
    return deviations(found, truth(seed))
