"""Screening from end to end: indices on record against those of the system itself, empty cells, what is refused."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from numpy.typing import NDArray
from pydantic import ValidationError

from hil.errors import RecordError, UsageError
from hil.parameters import parse
from hil.record import open_run
from hil.run import RunOutcome, run_procedure
from hil_calibration.systems.sensitivity import SobolIndices, saltelli_sample, sobol_indices, sobol_of_values
from hil_drivers.capability import Actuator, Camera, Scene, Sensor, Source, SystemUnderTest
from hil_drivers.virtual.slab import SlabEmulator
from hil_procedures.screening.budget import COMMANDED, SAMPLING, added_variance, budgets, tables
from hil_procedures.screening.domain import cells_table, domain_of
from hil_procedures.screening.parameters import Screening
from hil_procedures.screening.results import found_in, not_tried, verdict
from hil_procedures.screening.script import plan, roles
from hil_procedures.screening.session import Session

Array = NDArray[np.float64]
SLAB = "diffusivity 5e-6 to 2e-5, time 30 to 60, depth 0.2 to 0.8"
RANGES = {"diffusivity": (5e-6, 2e-5), "time": (30.0, 60.0), "place": (0.2, 0.8)}


async def carry_out(place: Path, bench: str, **settings: str) -> RunOutcome:
    return await run_procedure(
        "screening",
        bench,
        settings=settings,
        seed=None,
        speed=None,
        out=place,
        operator="Operator A",
        on_event=lambda event: None,
    )


def told_by(outcome: RunOutcome) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((outcome.folder / "results.json").read_text(encoding="utf-8"))
    return found


async def test_the_indices_of_a_model_are_found_by_trials_of_it(tmp_path: Path) -> None:
    """Against those of the model by itself, at four times as many points."""
    emulator = SlabEmulator()

    def response(x: Any) -> Any:
        points = [dict(zip(RANGES, at, strict=True)) for at in zip(*x.values(), strict=True)]
        return np.array([emulator.estimate(point).value for point in points])

    true = sobol_indices(response, RANGES, n=256, seed=9)
    outcome = await carry_out(tmp_path, "slab-emulator", influences=SLAB, limit="0.1")
    told = told_by(outcome)
    found = list(told["results"]["sobol"].values())
    for place in range(3):
        for order, wanted in (("first", true.first), ("total", true.total)):
            low, high = found[place][f"{order}_interval"]
            assert low - 0.04 <= wanted[place] <= high + 0.04
    assert list(told["results"]["sobol"]) == ["diffusivity", "time", "depth"]
    assert told["verdict"]["outcome"] == "FAIL"
    assert told["results"]["trials"] == 5 * 64
    assert told["results"]["units"] == {"diffusivity": "m2/s", "time": "s", "depth": "1"}
    page = (outcome.folder / "report.html").read_text(encoding="utf-8")
    assert "total: with all interactions" in page
    assert "virtual instrument, relative temperature" in page
    assert "Mean response (trials) by diffusivity and time / s" in page


async def test_cells_without_a_trial_are_named_and_the_seed_repeats_the_design(tmp_path: Path) -> None:
    settings = {"influences": SLAB, "design": "latin-hypercube", "n": "16", "response": "error"}
    outcome = await carry_out(tmp_path / "a", "slab-emulator", **settings)
    told = told_by(outcome)["results"]
    counts = np.array(told["domain"]["counts"])
    assert counts.shape == (3, 3, 3)
    assert counts.sum() == 16
    assert len(told["domain"]["empty"]) == int((counts == 0).sum()) >= 11
    edges = told["domain"]["edges"]
    first = told["domain"]["empty"][0]
    assert [first["diffusivity"][0], first["time"][0]] in [[a, b] for a in edges[0] for b in edges[1]]
    assert told["domain"]["covered"] == pytest.approx(1.0 - len(told["domain"]["empty"]) / 27)
    assert set(told["rank_regression"]) == {"diffusivity", "time", "depth"}
    assert abs(told["explained"]) <= 1.0
    assert told_by(outcome)["verdict"] is None
    design = next(iter(open_run(outcome.folder).run["plan"]["notes"].items()))
    assert design == ("design", "latin-hypercube")


@pytest.mark.soak
@pytest.mark.parametrize(("level", "varies"), [("3 to 100 log", True), ("1e-3 to 2e-3", False)])
async def test_a_reader_before_a_wall_is_screened(tmp_path: Path, level: str, varies: bool) -> None:
    settings = {"influences": f"light {level}, belt 0 to 0.5", "design": "latin-hypercube", "response": "hit"}
    told = told_by(await carry_out(tmp_path, "immersion-sim", n="40" if varies else "12", **settings))["results"]
    assert ("rank_regression" in told) == varies
    assert told.get("varies", True) == varies
    if varies:
        light, belt = (told["rank_regression"][name]["interval"] for name in ("light", "belt"))
        assert light[0] > 0.5
        assert belt[0] < 0.0 < belt[1]


SALTELLI = Screening(influences=("light 0 to 1", "heat 0 to 1"), limit=0.5)


def session(response: Array) -> Session:
    """As if light and heat had been varied from 0 to 1."""
    unit = saltelli_sample(2, 64, seed=1)
    at = {"light": unit[:, 0], "heat": unit[:, 1]}
    return Session(response, at, {"light": "lx", "heat": "Cel"}, "1", (), 0, 0)


def of_light() -> Array:
    """A response to light alone."""
    return np.asarray(saltelli_sample(2, 64, seed=1)[:, 0] ** 2)


def test_rows_with_a_missing_response_are_left_out_whole() -> None:
    missing = of_light()
    missing[3, 5] = missing[0, 9] = np.nan
    seen = session(missing)
    assert int(seen.complete.sum()) == 62
    found = found_in(seen, SALTELLI)
    assert isinstance(found, SobolIndices)
    assert found.evaluations == 4 * 62
    assert found.total.tolist() == pytest.approx([1.0, 0.0], abs=0.1)
    whole = domain_of(seen, SALTELLI).whole
    assert int(whole.counts.sum()) == 4 * 64 - 2


def test_too_few_rows_are_refused() -> None:
    missing = of_light()
    missing[1, 12:] = np.nan
    with pytest.raises(RecordError, match="only 12 of 64 rows have all their responses"):
        found_in(session(missing), SALTELLI)


def test_a_verdict_needs_the_interval_on_one_side_of_the_limit() -> None:
    found = found_in(session(of_light()), SALTELLI)
    assert verdict(found, 0.5, SALTELLI).outcome == "FAIL"
    assert verdict(found, 1.0, SALTELLI).outcome in ("PASS", "INCONCLUSIVE")
    both = found_in(session(np.asarray(saltelli_sample(2, 64, seed=1).sum(axis=1))), SALTELLI)
    assert verdict(both, 0.5, SALTELLI).outcome == "INCONCLUSIVE"
    assert verdict(both, 0.95, SALTELLI).outcome == "PASS"


def test_what_was_not_tried_forbids_a_pass_and_is_named() -> None:
    whole = np.asarray(saltelli_sample(2, 64, seed=1).sum(axis=1))
    assert not_tried(session(whole), domain_of(session(whole), SALTELLI)) == ""
    missing = whole.copy()
    missing[2, 7] = np.nan
    seen = session(missing)
    gaps = not_tried(seen, domain_of(seen, SALTELLI))
    assert gaps == "rows left out for faults of the system: 1"
    kept = verdict(found_in(seen, SALTELLI), 0.95, SALTELLI, gaps)
    assert (kept.outcome, kept.reason.endswith(gaps)) == ("INCONCLUSIVE", True)
    fine = SALTELLI.model_copy(update={"cells": 20})
    empty = not_tried(session(whole), domain_of(session(whole), fine))
    assert empty.startswith("cells of the operating domain without a trial: ")
    assert verdict(found_in(session(whole), fine), 0.95, fine, empty).outcome == "INCONCLUSIVE"
    assert verdict(found_in(session(of_light()), SALTELLI), 0.5, SALTELLI, gaps).outcome == "FAIL"


def test_a_response_that_does_not_vary_has_no_indices_and_no_verdict() -> None:
    seen = session(np.ones((4, 64)))
    assert found_in(seen, SALTELLI) is None
    assert verdict(None, 0.5, SALTELLI).outcome == "INCONCLUSIVE"
    assert cells_table(domain_of(seen, SALTELLI), seen).rows[1] == ("cells with a trial", "9 (100 %)")


def test_the_plan_is_the_design_and_knows_its_seed() -> None:
    p = Screening(influences=("light 5 to 500 log", "time 0 to 10"), n=64, design_seed=3)
    design = plan(p)
    light = [point["light"] for point in design.points]
    assert len(design.points) == 4 * 64
    assert min(light) >= 5.0
    assert max(light) <= 500.0
    assert sum(value < 50.0 for value in light) == pytest.approx(128, abs=4)
    assert design.notes == {"design": "saltelli", "seed": 3}
    assert plan(p).points == design.points
    assert plan(p.model_copy(update={"design_seed": 4})).points != design.points
    samples = {(point["sample"], point["row"]) for point in design.points}
    assert samples == {(sample, row) for sample in range(4) for row in range(64)}


def test_roles_come_from_the_response_and_the_influences() -> None:
    influences = ("light 5 to 500", "belt 0 to 1")
    by = {one: roles(Screening(influences=influences, response=one)) for one in ("answer", "hit", "reading")}
    varied = {"light": Actuator, "belt": Actuator}
    assert by["answer"].roles == {**varied, "source": Source, "reference": Sensor, "model": SystemUnderTest}
    hit = {"scene": Scene, "camera": Camera, "reader": SystemUnderTest, "temperature": Sensor}
    assert by["hit"].roles == {**varied, **hit}
    assert by["reading"].items == {"sensor"}


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"influences": ("light 5 to 500",)}, "at least 2"),
        ({"influences": ("light 5 to 500", "light 5 to 50")}, "named once"),
        ({"influences": ("light 5 to 500", "row 5 to 50")}, "none row or sample"),
        ({"influences": ("light 5 to 500", "belt 5 - 50")}, "is not of the form"),
        ({"influences": ("time 30 s to 200 s", "belt 0 to 1")}, "numbers have no units, and log may be left out"),
        ({"set_within": ("lihgt 0.5",)}, "did you mean 'light'"),
        ({"influences": ("light 5 to 500", "belt 50 to 5")}, "give the lower end first"),
        ({"influences": ("light 0 to 500 log", "belt 0 to 5")}, "range above 0"),
        ({"cells": 400}, "less than or equal to 20"),
        ({"influences": tuple(f"a{n} 0 to 1" for n in range(5)), "cells": 20}, "3200000: take fewer"),
        ({"n": 100}, "power of two"),
        ({"n": 32}, "64 or more"),
        ({"n": 8, "design": "latin-hypercube"}, "9 trials or more"),
        ({"n": 20, "design": "latin-hypercube", "limit": 0.5}, "need design=saltelli"),
    ],
)
def test_what_cannot_be_screened_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        Screening(**{"influences": ("light 5 to 500", "belt 0 to 1"), **given})


def test_influences_that_are_not_given_are_shown_by_an_example() -> None:
    with pytest.raises(UsageError, match=r"influences is not given; .* such as influences='light 5 to 200 log,"):
        parse(Screening, {}, where="screening")


def test_the_budget_of_an_index_joins_sampling_and_commanded_values() -> None:
    """y = x1 + x2, each with a rectangular error of its own at every trial, against the formula of the budget."""
    p = Screening(
        influences=("light 0 to 1", "belt 0 to 2"), set_within=("light 0.1", "belt 0.4"), response="reading", n=64
    )
    generator, n = np.random.default_rng(3), 2**15
    unit = saltelli_sample(2, n, seed=1)
    width, error = np.array([[[1.0], [2.0]]]), np.array([[[0.1], [0.4]]])
    at = unit * width
    plain = sobol_of_values(at.sum(axis=1), ("light", "belt"))
    found = sobol_of_values((at + error * generator.uniform(-1.0, 1.0, at.shape)).sum(axis=1), ("light", "belt"))
    f = added_variance(plain, p)
    assert f == pytest.approx(0.2 * 0.2**2 + 0.8 * 0.4**2, rel=0.01)
    assert found.first == pytest.approx(plain.first / (1.0 + f), abs=0.02)
    assert found.total == pytest.approx((plain.total + f) / (1.0 + f), abs=0.02)
    parts = {part.name: part.u for part in budgets(plain, p)["light"].parts}
    assert parts[COMMANDED] == pytest.approx((found.total[0] - plain.total[0]) / 3**0.5, abs=0.01)
    low, high = plain.total_interval[0]
    assert parts[SAMPLING] == pytest.approx((high - low) / 3.92, rel=1e-3)


@pytest.mark.parametrize(
    ("stated", "lines"),
    [
        (("light 0.1",), "commanded values of the influences: not stated for belt"),
        (("light 0.1", "belt 0.4"), "commanded values of the influences"),
    ],
)
def test_a_commanded_value_of_which_nothing_is_known_is_named(stated: tuple[str, ...], lines: str) -> None:
    p = Screening(influences=("light 0 to 1", "belt 0 to 2"), set_within=stated, response="reading", n=64)
    found = sobol_of_values(saltelli_sample(2, 64, seed=1).sum(axis=1), ("light", "belt"))
    table = tables(found, p)[0]
    assert lines in [row[0] for row in table.rows]
    assert ("left out" in table.rows[-1][0]) == (len(stated) < 2)


@pytest.mark.parametrize("stated", ["light", "light -1", "light x", "lamp 1"])
def test_a_tolerance_that_is_none_is_refused(stated: str) -> None:
    with pytest.raises(ValidationError, match=r"set_within|not of the form"):
        Screening(influences=("light 0 to 1", "belt 0 to 2"), set_within=(stated,))
