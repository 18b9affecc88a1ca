"""A success rate is demonstrated by a fixed plan and sequentially, on the simulated bench from end to end."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError
from scipy import stats

from bench_copy import copy_bench
from hil.bench import load_bench
from hil.coverage.truth import true_world
from hil.record import open_run
from hil.run import RunOutcome, run_procedure
from hil_calibration.performance import demonstration_size
from hil_procedures.success.parameters import SuccessRate, SuccessRateSequential
from hil_procedures.success.script import plan, sequential_plan, sequential_truth, stopping_rule, truth
from hil_procedures.success.sequential import beside_the_verdict, judge

CALIBRATED = (
    ('luxmeter = "luxmeter.illuminance"', 'luxmeter = "reference.illuminance"'),
    ("[sim.devices.reference]\ncarriage_position = 1", "[sim.devices.reference]\ncarriage_position = 0"),
    ("[sim.devices.luxmeter]\ncarriage_position = 0", "[sim.devices.luxmeter]\ncarriage_position = 1"),
)
"""The reference stands at the sign and serves as luxmeter: it has a certificate."""


async def carry_out(place: Path, name: str, **settings: str) -> RunOutcome:
    bench = copy_bench(place / "bench", *CALIBRATED)
    return await run_procedure(
        name,
        str(bench),
        settings={"warm_up": "60 s", **settings},
        seed=None,
        speed=None,
        out=place / "runs",
        operator="Operator A",
        on_event=lambda event: None,
    )


def results_of(outcome: RunOutcome) -> dict[str, Any]:
    told: dict[str, Any] = json.loads((outcome.folder / "results.json").read_text(encoding="utf-8"))
    return told


async def test_a_fixed_plan_passes_in_good_light(tmp_path: Path) -> None:
    told = results_of(await carry_out(tmp_path, "success-rate", reliability="0.6", failures="0"))
    assert told["verdict"]["outcome"] == "PASS"
    assert told["results"]["trials"] == demonstration_size(0.6, 0.95) == told["results"]["planned"] == 6
    budget = told["results"]["budget"]
    sampling = budget["sampling of 6 trials (standard deviation of the beta distribution)"]
    assert sampling["u"] == pytest.approx(stats.beta(6.5, 0.5).std())
    assert sampling["in_bounds"]
    light = budget["illuminance at the sign"]
    assert light["u"] is None
    assert 0.1 < light["u_input"] < 3.0
    assert told["results"]["lower"] == pytest.approx(0.05 ** (1 / 6))


async def test_a_sequential_test_rejects_in_the_dark_and_stops(tmp_path: Path) -> None:
    outcome = await carry_out(tmp_path, "success-rate-sequential", illuminance="2 lx")
    told = results_of(outcome)
    assert told["verdict"]["outcome"] == "FAIL"
    assert told["results"]["trials"] < 10
    assert open_run(outcome.folder).status == "complete"
    page = (outcome.folder / "report.html").read_text(encoding="utf-8")
    assert "Wald" in page
    assert "sensitivity unknown, in no bound" in page
    assert "combined standard uncertainty, illuminance left out" in page


def test_the_plan_shows_each_sign_equally_often() -> None:
    design = plan(SuccessRate(signs=("A", "B", "C"), reliability=0.9, failures=1))
    shown = [point["sign"] for point in design.points]
    assert len(shown) == demonstration_size(0.9, 0.95, 1) == 46
    assert {sign: shown.count(sign) for sign in "ABC"} == {"A": 16, "B": 15, "C": 15}


def test_the_sequential_test_keeps_its_risks_and_saves_trials() -> None:
    p = SuccessRateSequential()
    rule = stopping_rule(p)
    good, bad = rule.operation(p.acceptable), rule.operation(p.rejectable)
    assert good.reject == pytest.approx(0.037892, abs=1e-6)
    assert bad.accept == pytest.approx(0.048688, abs=1e-6)
    assert good.reject <= p.producer_risk
    assert bad.accept <= p.consumer_risk
    assert good.expected_trials == pytest.approx(54.0, abs=1.0)
    assert bad.expected_trials == pytest.approx(38.5, abs=1.0)
    assert sequential_plan(p).most == p.most


@pytest.mark.parametrize(
    ("failures", "n", "outcome", "reason"),
    [
        (0, 60, "PASS", "0 failures in 60 trials lie on or below the line of acceptance"),
        (6, 150, "PASS", "6 failures in 150 trials are accepted at the cut-off, 6 at most"),
        (7, 150, "FAIL", "7 failures in 150 trials are rejected at the cut-off, more than 6"),
        (5, 20, "FAIL", "5 failures in 20 trials lie on or above the line of rejection"),
        (1, 20, "INCONCLUSIVE", "1 failures in 20 trials lie between the lines: the run ended before the test did"),
    ],
)
def test_the_verdict_tells_whether_a_line_or_the_cut_off_decided(
    failures: int, n: int, outcome: str, reason: str
) -> None:
    p = SuccessRateSequential()
    found = judge(failures, n, stopping_rule(p), p)
    assert (found.outcome, found.reason) == (outcome, reason)


def test_the_interval_is_explained_beside_the_verdict() -> None:
    p = SuccessRateSequential()
    low, _ = stopping_rule(p).interval(35, 35)
    told = beside_the_verdict(low, p)
    assert "holds at whatever trial the test stops" in told
    assert "reaches to a failure probability of 0.142, beyond the rejectable 0.1, which is no contradiction" in told
    low, _ = stopping_rule(p).interval(150, 150)
    assert "reaches to a failure probability of 0.040, not beyond the rejectable 0.1." in beside_the_verdict(low, p)


@pytest.mark.parametrize(
    ("illuminance", "conforms", "acceptable"), [(16.0, False, False), (25.0, True, False), (30.0, True, True)]
)
def test_a_reader_between_acceptable_and_rejectable_conforms_and_is_not_acceptable(
    illuminance: float, conforms: bool, acceptable: bool
) -> None:
    """It fails in 10.8 %, 2.8 % and 1.9 % of all trials: 2 % are acceptable, 10 % rejectable."""
    world = true_world(load_bench("reader-sim"), 1)
    p = SuccessRateSequential(illuminance=illuminance, producer_risk=0.04)
    found = sequential_truth(world, {}, p)
    assert (found.conforms, found.risk) == (conforms, 0.05)
    assert (found.acceptable, found.producer_risk) == (acceptable, 0.04)
    fixed = truth(world, {}, SuccessRate(illuminance=illuminance))
    assert (fixed.conforms, fixed.acceptable) == (conforms, conforms), "at least 90 % are required"
    assert fixed.producer_risk == pytest.approx(0.05)


def test_a_test_upside_down_is_refused() -> None:
    with pytest.raises(ValidationError, match="acceptable lies below rejectable"):
        SuccessRateSequential(acceptable=0.2, rejectable=0.1)
