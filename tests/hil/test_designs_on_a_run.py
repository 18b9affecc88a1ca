"""Every kind of design as the plan of a procedure, carried out on a simulated bench, and told by its record."""

from __future__ import annotations

import asyncio
from pathlib import Path
from typing import Any

import pytest

from hil import scripts
from hil.design import AdaptiveDesign, Design
from hil.record import Record, open_run
from hil.run import run_procedure
from safe_bench import write_bench

SCRIPT = """
from typing import Literal

from hil import Design, Parameters, Results, Trial, procedure
from hil.design import (
    AdaptiveDesign, Bisection, Levels, Range, Trials, UntilDecided, UntilNarrow, fractional_factorial, grid,
    latin_hypercube, sobol,
)
from hil_drivers.capability import Sensor

LIGHT, HEAT = Range("light", "lx", 1, 1000, scale="log"), Range("heat", "Cel", -10, 50)
A, B, C = Levels("a", None, (-1, 1)), Levels("b", None, (-1, 1)), Levels("c", None, (-1, 1))
DECIDED = UntilDecided(0.02, 0.5, 0.05, 0.05, 40)
SIGNS = [{"sign": "A"}, {"sign": "B"}]


class Which(Parameters):
    design: str


def designs():
    return {
        "grid": grid(Levels("light", "lx", (20, "0.5 klx")), Levels("sign", None, ("A", "B")), repeats=2),
        "factorial": grid(A, B, C, order="random"),
        "fraction": fractional_factorial(A, B, C, generators={"c": "a*b"}, order="random"),
        "latin hypercube": latin_hypercube(LIGHT, HEAT, n=7, seed=3, order="random"),
        "sobol": sobol(LIGHT, HEAT, n=8, seed=3),
        "explicit": Design({"sign": None}, [{"sign": "X"}, {"sign": "Y"}, {"sign": "X"}]),
        "across repeats": Design({"sign": None}, SIGNS, repeats=4, order="across-repeats"),
        "blocks": grid(Levels("day", None, (1, 2)), A, B, order="random", block="day"),
        "split plot": grid(Levels("heat", "Cel", (10, 40)), A, B, order="random", hard_to_change=("heat",)),
        "blinded": Design({"sign": None}, SIGNS, repeats=2, order="random", blind=True),
        "until narrow": AdaptiveDesign({"sign": None}, Trials(SIGNS, UntilNarrow(0.6)), most=60),
        "until decided": AdaptiveDesign({"sign": None}, Trials(SIGNS, DECIDED), most=60),
        "bisection": AdaptiveDesign({"light": "lx"}, Bisection(LIGHT, "high", halvings=2), most=400),
    }


@procedure("any", version="1", roles={"temperature": Sensor})
async def anything(trial: Trial, p: Which) -> None:
    room = trial.role("temperature", Sensor)
    async for point in trial.points():
        async with point.valid(room, 23.0, tolerance=20.0, period=1.0):
            await trial.sleep(1.0)
            point.observe(hit=point.factors.get("light", 100.0) > 30.0)


@anything.plan
def plan(p: Which):
    return designs()[p.design]


@anything.analysis
def analyse(record, p: Which) -> Results:
    return Results((), {})
"""

FIXED = {
    "grid": 8,
    "factorial": 8,
    "fraction": 4,
    "latin hypercube": 7,
    "sobol": 8,
    "explicit": 3,
    "across repeats": 8,
    "blocks": 8,
    "split plot": 8,
    "blinded": 4,
}


async def carried_out(folder: Path, name: str) -> tuple[Design | AdaptiveDesign, Record, list[dict[str, Any]]]:
    script = folder / "any.py"
    script.write_text(SCRIPT, encoding="utf-8")
    told: list[dict[str, Any]] = []
    running = run_procedure(
        str(script),
        str(write_bench(folder / "bench")),
        settings={"design": name},
        seed=5,
        speed=None,
        out=folder / "runs",
        operator="A. Metrologist",
        on_event=lambda event: told.append(event.data) if event.kind == "point" else None,
    )
    outcome = await asyncio.wait_for(running, 60.0)
    assert outcome.status == "complete", outcome.error
    found = scripts.find(str(script))
    design = found.design(found.parameters.model_validate({"design": name}))
    return design, open_run(outcome.folder), told


def committed(record: Record) -> list[dict[str, Any]]:
    return [dict(point.data) for point in record.points() if point.state == "committed"]


@pytest.mark.parametrize("name", FIXED)
async def test_a_run_follows_its_design(tmp_path: Path, name: str) -> None:
    design, record, told = await carried_out(tmp_path, name)
    assert isinstance(design, Design)
    planned = [point.factors for point in design.planned(5)]
    assert len(planned) == FIXED[name]
    assert committed(record) == planned
    assert record.run["plan"]["points"] == planned
    assert record.run["plan"]["notes"] == design.notes, "aliases, resolution and the like are on record"
    if name == "fraction":
        assert "a*b" in str(design.notes["aliases"])
    if name == "blinded":
        assert all("sign" not in data and data["code"] for data in told)


@pytest.mark.parametrize("name", ["until narrow", "until decided", "bisection"])
async def test_a_run_ends_where_its_rule_says(tmp_path: Path, name: str) -> None:
    design, record, _ = await carried_out(tmp_path, name)
    assert isinstance(design, AdaptiveDesign)
    done = committed(record)
    assert 3 < len(done) < design.most
    assert [observation.point for observation in record.observations()] == list(range(len(done)))
    if name == "bisection":
        levels = [point["light"] for point in done]
        assert levels[0] == pytest.approx(1000.0**0.5)
        assert levels[-1] == pytest.approx(1000.0**0.25), "31.6 lx succeeded, so the half below is next"
