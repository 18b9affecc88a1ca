"""What two runs share and what moves one up and the other down: the covariance of their results has its sign."""

from __future__ import annotations

import json
import math
from pathlib import Path
from typing import Any

import pytest

from bench_copy import copy_bench
from hil.comparing.comparison import compare
from hil.comparing.results import Compared, lines_of, parts_of
from hil.comparing.runs import Side, read
from hil.run import run_procedure
from hil_procedures.budget import Budget, Part
from hil_procedures.figure import ALONE, OWN, Figure

RELATIVE = {"reference drift since calibration": 0.003 / math.sqrt(3.0), "reference spectral mismatch": 0.002}
"""Standard uncertainties of the other effects of the reference, as the bench file states them."""

QUICK = {"warm_up": "10 s", "levels": "2,5,10,20,50,100", "readings": "3"}
COEFFICIENT = "reference temperature coefficient"
U_COEFFICIENT = 0.001 / math.sqrt(3.0)
"""Per kelvin, as the bench file states it; the reference is right at 23 °C."""


def side(name: str, effect: float) -> Side:
    """A run with one result, 10.0 lx with u = 0.5 lx, of which a shared effect is ``effect``."""
    run = {
        "procedure": {"name": "p", "version": "1"},
        "parameters": {},
        "plan": {"factors": {}, "order": "random", "repeats": 1, "points": []},
        "bench": {"name": name},
        "world": "one",
        "provenance": "simulated",
    }
    budget = Budget((Part("line", abs(effect), effects={"shared": effect}), Part("scatter", 0.4))).to_json()
    result = Compared(10.0, 0.5, "lx", parts_of(budget))
    return Side(name, run, {"level": {"5 lx": result}}, {}, {"shared": {"name": "shared", "u": 0.3}})


@pytest.mark.parametrize(("second", "U"), [(0.3, 2.0 * 0.4 * math.sqrt(2.0)), (-0.3, 2.0 * math.sqrt(0.32 + 0.6**2))])
def test_a_shared_effect_cancels_in_one_sense_and_doubles_in_opposite_ones(second: float, U: float) -> None:  # noqa: N803
    (one,) = compare(side("a", 0.3), side("b", second), margin=5.0).differences
    assert one.covariance == pytest.approx(0.3 * second)
    assert pytest.approx(U) == one.U


def test_a_line_gives_its_effects_and_what_they_leave() -> None:
    line = Part("condition", 0.5, effects={"C-1 5 x/1": -0.3, "C-1 5 x/2": 0.0}).to_json()
    told = parts_of({"condition": line, "own": {"u": 0.1}})
    assert told == pytest.approx({"C-1 5 x/1": -0.3, "condition": 0.4, "own": 0.1})
    assert lines_of(told) == pytest.approx({"certificate C-1 5 x": 0.3, "condition": 0.4, "own": 0.1})


def test_an_effect_in_two_lines_keeps_their_variance_and_the_larger_sense() -> None:
    lines = {name: {"u": abs(u), "effects": {"both": u}} for name, u in (("a", 0.3), ("b", -0.4))}
    assert parts_of(lines) == pytest.approx({"both": -0.5})


def test_a_figure_of_trials_keeps_the_sense_of_what_they_share() -> None:
    figure = Figure(1.0, {"C-1 5 x/1": -0.3, "C-1 5 x/2": 0.4, "scale": -0.2, f"{ALONE}first": -0.1})
    told = figure.budget().to_json()
    assert {name: line["u"] for name, line in told.items()} == pytest.approx(
        {"certificate C-1 5 x": 0.5, "scale": 0.2, OWN: 0.1}
    )
    assert parts_of(told) == pytest.approx({"C-1 5 x/1": -0.3, "C-1 5 x/2": 0.4, "scale": -0.2, OWN: 0.1})


async def calibrated(bench: Path, out: Path) -> tuple[Side, dict[str, Any]]:
    outcome = await run_procedure(
        "calibrate-luxmeter",
        str(bench),
        settings=QUICK,
        seed=1,
        speed=None,
        out=out,
        operator="Operator A",
        on_event=lambda event: None,
    )
    assert not outcome.error, outcome.error
    results = json.loads((outcome.folder / "results.json").read_text(encoding="utf-8"))["results"]
    return read(outcome.folder), results


async def test_runs_on_either_side_of_the_temperature_of_reference(tmp_path: Path) -> None:
    """One room at 21.5 °C and one at 24.5 °C: the coefficient of the reference they share moves the errors apart."""
    runs = []
    for room in (21.5, 24.5):
        bench = copy_bench(tmp_path / f"{room:g}", add=f"\n[sim.room]\ntemperature = {room}\n")
        runs.append(await calibrated(bench, tmp_path / f"runs-{room:g}"))
    (cold, cold_results), (warm, warm_results) = runs
    found = compare(cold, warm, margin=5.0)
    assert COEFFICIENT in found.shared
    assert found.shared.count("certificate SAMPLE-2026-0001 20001 illuminance") == 1
    for i, one in enumerate(found.differences):
        results = [each.results[one.measurand][one.condition] for each in (cold, warm)]
        reference = [each["unrounded"]["reference"][i] for each in (cold_results, warm_results)]
        for result, E, room in zip(results, reference, (21.5, 24.5), strict=True):  # noqa: N806
            expected = -U_COEFFICIENT * (room - 23.0) * E
            assert result.parts[COEFFICIENT] == pytest.approx(expected, abs=0.5 * abs(U_COEFFICIENT * E))
            assert math.hypot(*result.parts.values()) == pytest.approx(result.u, rel=1e-9)
        relative = [RELATIVE[name] for name in found.shared if name in RELATIVE]
        assert len(relative) == len(found.shared) - 2, "the certificate and the coefficient are the others"
        coefficients = [name for name in results[0].parts if name.startswith("SAMPLE-2026-0001 20001 illuminance/")]
        by_hand = (
            sum(u**2 for u in relative) * reference[0] * reference[1]
            + sum(results[0].parts[name] * results[1].parts[name] for name in coefficients)
            + results[0].parts[COEFFICIENT] * results[1].parts[COEFFICIENT]
        )
        assert results[0].parts[COEFFICIENT] * results[1].parts[COEFFICIENT] < 0.0
        assert one.covariance == pytest.approx(by_hand, rel=1e-6)
        unsigned = by_hand - 2.0 * results[0].parts[COEFFICIENT] * results[1].parts[COEFFICIENT]
        u = math.sqrt(results[0].u ** 2 + results[1].u ** 2 - 2.0 * by_hand)
        assert pytest.approx(one.k * u, rel=1e-6) == one.U
        assert u > math.sqrt(results[0].u ** 2 + results[1].u ** 2 - 2.0 * unsigned)
