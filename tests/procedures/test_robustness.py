"""Climatic robustness: its figures on readings whose answer is known, a run, and coverage."""

from __future__ import annotations

import json
import math
from pathlib import Path

import numpy as np
import pytest

from hil.bench import load_bench
from hil.coverage.truth import true_world
from hil.errors import UsageError
from hil.run import run_procedure
from hil_calibration.reporting import ReportingPolicy
from hil_calibration.stream import Measurements
from hil_procedures.readings import Series
from hil_procedures.robustness.figures import (
    COMEBACK,
    CONDITION,
    REPEATABILITY,
    Plateau,
    Robustness,
    about_line,
    robustness,
)
from hil_procedures.robustness.parameters import ClimaticRobustness
from hil_procedures.robustness.results import judge
from hil_procedures.robustness.script import FALLING, REFERENCE, RISING, plan

N = 30
U_COMMON, U_OWN = 0.05, 0.02
BENCH = "robustness-sim"
QUICK = {"dwell": "300 s", "hold": "300 s", "window": "600 s", "interval": "60 s", "band": "0.5 K"}


def condition(value: float, own: float = U_OWN) -> Series:
    """Readings of a thermometer with an error at all temperatures, and one at each."""
    t = np.linspace(0.0, 1800.0, N)
    columns = np.column_stack([np.full(N, U_COMMON), np.full(N, own)])
    effects = ("thermometer", f"knot {value:g}")
    readings = np.full(N, value)
    return Series(t, readings, 0.0, Measurements(readings, np.zeros(N), columns, effects, "Cel"))


def metric(value: float, s: float = 0.0, creep: float = 0.0) -> Series:
    t = np.linspace(0.0, 1800.0, N)
    scatter = np.resize([1.0, -1.0], N) * s * math.sqrt((N - 1) / N)
    return Series(t, value + scatter + creep * (t / t[-1] - 0.5), 0.0)


def visited(values: dict[tuple[float, str], float], last: float = 100.0, s: float = 0.01) -> Robustness:
    """The figures for a reference of 100 at 20 Cel, and further plateaus."""
    middle = [Plateau(level, branch, condition(level), metric(value, s)) for (level, branch), value in values.items()]
    first = Plateau(20.0, REFERENCE, condition(20.0), metric(100.0, s))
    end = Plateau(20.0, REFERENCE, condition(20.0), metric(last, s))
    return robustness([first, *middle, end], {})


def test_a_departure_is_stated_at_its_condition_with_the_error_of_that_condition() -> None:
    """Slope 0.1 per K; what the thermometer gets wrong everywhere cancels between plateaus."""
    found = visited({(40.0, RISING): 102.0})
    (one,) = found.departures
    assert one.value == pytest.approx(2.0)
    lines = {part.name: part.u for part in one.budget.parts}
    assert lines[REPEATABILITY] == pytest.approx(0.01 / math.sqrt(N) * math.sqrt(1.5), rel=0.02)
    assert lines[CONDITION] == pytest.approx(0.1 * math.hypot(U_OWN, U_OWN), rel=1e-6)
    assert one.u_condition == pytest.approx(math.hypot(U_COMMON, U_OWN))


@pytest.mark.parametrize(("value", "slope"), [(102.0, 0.1), (98.0, -0.1)])
def test_a_thermometer_moves_the_departure_against_the_slope(value: float, slope: float) -> None:
    """It reads too high on the plateau: the departure is stated too far up. In its sense two runs may share it."""
    (one,) = visited({(40.0, RISING): value}).departures
    (line,) = (part for part in one.budget.parts if part.name == CONDITION)
    assert line.effects["knot 40"] == pytest.approx(-slope * U_OWN)
    assert line.effects["knot 20"] == pytest.approx(slope * U_OWN)
    assert line.effects["thermometer"] == pytest.approx(0.0, abs=1e-12)


def test_a_reference_that_does_not_come_back_widens_every_departure() -> None:
    found = visited({(40.0, RISING): 102.0}, last=100.6)
    assert found.reference == pytest.approx(100.3)
    assert found.drift == pytest.approx(0.6)
    (one,) = found.departures
    assert one.value == pytest.approx(1.7)
    assert {part.name: part.u for part in one.budget.parts}[COMEBACK] == pytest.approx(0.3 / math.sqrt(3.0))


def test_hysteresis_is_falling_minus_rising_where_a_level_was_reached_from_both_sides() -> None:
    found = visited({(10.0, FALLING): 99.0, (40.0, RISING): 102.0, (60.0, RISING): 104.0, (40.0, FALLING): 102.3})
    (one,) = found.hysteresis
    assert one.level == 40.0
    assert one.value == pytest.approx(0.3)
    assert one.budget.u < 0.01, "the thermometer and the reference are the same for both"


def test_a_small_difference_of_the_conditions_is_neither_hysteresis_nor_drift() -> None:
    """Slope 0.1 per K."""
    plateaus = [
        Plateau(20.0, REFERENCE, condition(20.0), metric(100.0)),
        Plateau(40.0, RISING, condition(40.0), metric(102.0)),
        Plateau(60.0, RISING, condition(60.0), metric(104.0)),
        Plateau(40.0, FALLING, condition(40.5), metric(102.05)),
        Plateau(20.0, REFERENCE, condition(20.4), metric(100.04)),
    ]
    found = robustness(plateaus, {})
    assert found.drift == pytest.approx(0.0, abs=1e-3)
    (one,) = found.hysteresis
    assert one.value == pytest.approx(0.0, abs=1e-3)


def test_what_metric_and_condition_follow_together_is_no_scatter() -> None:
    assert about_line("repeatability", metric(100.0, creep=0.4)).u == pytest.approx(0.0, abs=1e-12)
    noisy = about_line("repeatability", metric(100.0, s=0.01, creep=0.4))
    assert noisy.u == pytest.approx(0.01 / math.sqrt(N), rel=0.03)
    assert noisy.dof == N - 2


def test_what_changes_during_an_observation_is_told() -> None:
    first, end = (Plateau(20.0, REFERENCE, condition(20.0), metric(100.0)) for _ in range(2))
    found = robustness([first, Plateau(40.0, RISING, condition(40.0), metric(102.0, creep=0.4)), end], {})
    assert found.creep == pytest.approx((0.0, 0.4, 0.0), abs=1e-9)


@pytest.mark.parametrize(
    ("value", "limit", "outcome"),
    [(102.0, 2.5, "PASS"), (102.0, 1.5, "FAIL"), (102.0, 2.001, "INCONCLUSIVE"), (98.0, 1.5, "FAIL")],
)
def test_the_worst_plateau_decides(value: float, limit: float, outcome: str) -> None:
    found = visited({(40.0, RISING): value, (60.0, RISING): 100.1})
    assert judge(found, limit, "hPa", ReportingPolicy()).outcome == outcome


def test_the_plateaus_go_up_and_down_and_end_where_they_began() -> None:
    design = plan(ClimaticRobustness(levels=(10.0, 40.0, 60.0)))
    points = [(point.factors["level"], point.factors["branch"]) for point in design.planned(5)]
    assert points == [
        *((23.0, REFERENCE), (10.0, FALLING), (40.0, RISING), (60.0, RISING)),
        *((40.0, FALLING), (10.0, FALLING), (23.0, REFERENCE)),
    ]


def test_the_climate_of_a_level() -> None:
    assert ClimaticRobustness().climate(40.0) == (40.0, None)
    assert ClimaticRobustness(humidity=60.0).climate(40.0) == (40.0, 60.0)
    p = ClimaticRobustness(quantity="humidity", reference=50.0, levels=(30.0, 80.0), temperature=30.0)
    assert p.climate(80.0) == (30.0, 80.0)
    assert p.humidity_controlled


@pytest.mark.parametrize(
    "wrong",
    [
        {"levels": [40.0, 10.0]},
        {"levels": [10.0, 23.0]},
        {"quantity": "humidity", "reference": 50.0, "levels": [30.0, 130.0]},
        {"window": "60 s", "interval": "30 s"},
        {"limit": 0.0},
    ],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, object]) -> None:
    with pytest.raises(ValueError, match="validation error"):
        ClimaticRobustness.model_validate(wrong)


def test_the_truth_is_what_the_world_drew() -> None:
    world = true_world(load_bench(BENCH), 4)
    coefficient = world.effect("temperature coefficient of the transmitter")
    assert world.described("transmitter", "pressure", 23.0) == pytest.approx(1000.0)
    assert world.described("transmitter", "pressure", 43.0) == pytest.approx(1000.0 / (1.0 + 20.0 * coefficient))
    with pytest.raises(UsageError, match="no described instrument"):
        world.described("chamber", "temperature", 23.0)


async def test_a_run_finds_the_temperature_coefficient(tmp_path: Path) -> None:
    outcome = await run_procedure(
        "climatic-robustness",
        BENCH,
        settings=QUICK | {"levels": "40", "limit": "10"},
        seed=3,
        speed=None,
        out=tmp_path,
        operator="Operator A",
        on_event=lambda event: None,
    )
    assert not outcome.error, outcome.error
    told = json.loads((outcome.folder / "results.json").read_text(encoding="utf-8"))
    (one,) = told["results"]["departures"]
    world = true_world(load_bench(BENCH), 3)
    home = [plateau["condition"]["value"] for plateau in told["results"]["reference"]["plateaus"]]
    at = [world.described("transmitter", "pressure", t) for t in (one["condition"]["value"], *home)]
    true = at[0] - (at[1] + at[2]) / 2.0
    exact = one["unrounded"]
    assert abs(exact["value"] - true) < 3.0 * exact["u"]
    assert abs(true) > 10.0 * exact["u"], "the departure is large enough to be found"
    assert told["verdict"]["outcome"] == "PASS"
    page = (outcome.folder / "report.html").read_text(encoding="utf-8")
    assert "departure from the reference / hPa" in page
    assert "Pressure transmitter, Example Instruments, EX-PRESS 1, 80001" in page
