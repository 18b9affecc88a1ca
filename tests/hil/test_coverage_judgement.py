"""What many runs allow to be said of stated intervals, held against draws whose truth is known."""

from __future__ import annotations

import json
import math
from dataclasses import replace

import numpy as np
import pytest

from hil.coverage.judgement import consumer_risk, judge, producer_risk, verdict
from hil.coverage.report import Found, report, risk_sentence
from hil.coverage.truth import Answer, Stated, StatedInterval
from hil.errors import UsageError

RUNS = 400


def drawn(*, spread: float = 1.0, offset: float = 0.0, runs: int = RUNS, seed: int = 1) -> list[Answer]:
    """Answers with u = 1 whose errors have the standard deviation ``spread`` around ``offset``."""
    errors = np.random.default_rng(seed).normal(offset, spread, runs).tolist()
    return [Answer({"x": Stated(10.0 + error, 1.0, 10.0, "lx")}) for error in errors]


def test_a_true_uncertainty_is_seldom_called_wrong() -> None:
    """Each of three tests may err in 5 % of all cases."""
    found = [judge(drawn(seed=seed))[0] for seed in range(200)]
    for wrong in ("under_covers", "conservative", "biased"):
        assert sum(getattr(one, wrong) for one in found) <= 20, wrong
    assert all(verdict([one], [], {}).outcome == ("FAIL" if one.under_covers else "PASS") for one in found)


@pytest.mark.parametrize(
    ("spread", "offset", "finding"),
    [(1.5, 0.0, "under-covers"), (0.4, 0.0, "conservative"), (0.7, 0.3, "conservative, biased")],
)
def test_what_is_wrong_is_named(spread: float, offset: float, finding: str) -> None:
    (found,) = judge(drawn(spread=spread, offset=offset))
    assert found.finding == finding
    assert verdict([found], [], {}).outcome == ("FAIL" if finding == "under-covers" else "PASS")


def test_few_runs_allow_little_to_be_said() -> None:
    (found,) = judge(drawn(spread=0.1, runs=20))
    assert found.share == 1.0
    assert found.finding == "as stated", "20 of 20 happen to an interval of 95 % too"


def test_a_run_without_a_result_leaves_it_undecided() -> None:
    assert verdict(judge(drawn()), [], {3: "the lamp failed"}).outcome == "INCONCLUSIVE"
    assert verdict([], [], {}).reason == "these runs try nothing that is stated"


def test_a_measurand_that_only_some_runs_state_is_judged_by_those_and_named() -> None:
    answers = [
        replace(one, measurands={**one.measurands, **({"y": Stated(1.0, 0.1, 1.0, "m")} if number >= 3 else {})})
        for number, one in enumerate(drawn(runs=10))
    ]
    x, y = judge(answers)
    assert [(one.measurand, one.runs) for one in (x, y)] == [("x", 10), ("y", 7)]
    told = verdict([x, y], [], {}).reason
    assert told == "none of 2 under-covers beyond what 10 runs allow; y is stated by 7 runs alone"
    assert [one.runs for one in judge(answers[::-1])] == [10, 7]


def test_of_one_run_the_mean_error_has_no_uncertainty() -> None:
    (found,) = judge(drawn(runs=1))
    assert (found.u_mean_error, found.biased) == (None, False)
    json.dumps(found.to_json(), allow_nan=False)


@pytest.mark.parametrize("u", [0.0, -1.0, math.nan, math.inf])
def test_what_states_no_uncertainty_is_refused(u: float) -> None:
    with pytest.raises(UsageError, match="state finite numbers, and u > 0"):
        Stated(1.0, u, 1.0, "lx")


@pytest.mark.parametrize("low", [math.nan, -math.inf])
def test_an_interval_that_holds_everything_is_refused(low: float) -> None:
    with pytest.raises(UsageError, match="state finite numbers, lower < upper"):
        StatedInterval(1.0, low, 2.0, 1.0, "lx")


def test_the_risk_counts_items_that_do_not_conform() -> None:
    answers = [Answer({}, conforms) for conforms in (False, False, True, None)]
    risk = consumer_risk(answers, ["PASS", "FAIL", "PASS", None])
    assert risk is not None
    assert (risk.items, risk.wrong) == (2, 1)
    assert consumer_risk(answers[2:], ["PASS", None]) is None
    assert (risk.stated, risk.exceeded) == (None, False)
    assert verdict([], [risk], {}).outcome == "INCONCLUSIVE", "nobody stated a risk"


def test_an_item_that_numpy_says_does_not_conform_counts_too() -> None:
    answers = [Answer({}, bool_) for bool_ in np.array([0.9, 0.2]) >= 0.5]
    risk = consumer_risk(answers, ["PASS", "PASS"])
    assert risk is not None
    assert (risk.items, risk.wrong) == (1, 1)


@pytest.mark.parametrize(("passed", "exceeded"), [(2, False), (5, False), (6, True)])
def test_a_risk_is_larger_than_stated_only_beyond_what_the_runs_allow(passed: int, exceeded: bool) -> None:
    """5 of 50 happen with 0.05 in 10 % of all cases, 6 in 3.8 %."""
    answers = [Answer({}, False, risk=0.05)] * 50
    risk = consumer_risk(answers, ["PASS"] * passed + ["INCONCLUSIVE"] * (50 - passed))
    assert risk is not None
    assert (risk.stated, risk.exceeded) == (0.05, exceeded)
    found = verdict([], [risk], {})
    assert found.outcome == ("FAIL" if exceeded else "PASS")
    assert f"{passed} of 50 that do not conform were passed" in found.reason or not exceeded
    assert verdict(judge(drawn()), [risk], {}).outcome == ("FAIL" if exceeded else "PASS")


@pytest.mark.parametrize(("failed", "exceeded"), [(5, False), (6, True)])
def test_a_risk_of_failing_what_is_acceptable_is_tried_as_that_of_passing_what_is_not(
    failed: int, exceeded: bool
) -> None:
    answers = [Answer({}, True, 0.01, acceptable=True, producer_risk=0.05)] * 50
    outcomes = ["FAIL"] * failed + ["PASS"] * (50 - failed)
    risk = producer_risk(answers, outcomes)
    assert risk is not None
    assert (risk.of, risk.items, risk.wrong, risk.stated, risk.exceeded) == ("FAIL", 50, failed, 0.05, exceeded)
    passed = consumer_risk([Answer({}, False, risk=0.05)] * 50, ["PASS"] * failed + ["FAIL"] * (50 - failed))
    assert passed is not None
    assert (risk.interval, risk.exceeded) == (passed.interval, passed.exceeded)
    assert consumer_risk(answers, outcomes) is None, "all of them conform"
    found = verdict([], [risk], {})
    assert found.outcome == ("FAIL" if exceeded else "PASS")
    assert (f"{failed} of 50 that are acceptable were failed" in found.reason) == exceeded


def test_of_items_between_the_stated_risks_and_without_a_stated_risk_no_fail_is_counted() -> None:
    between, unstated = Answer({}, True, acceptable=False, producer_risk=0.05), Answer({}, True, acceptable=True)
    assert producer_risk([between, unstated], ["FAIL", "FAIL"]) is None
    good = Answer({}, True, acceptable=np.float64(0.01) <= 0.02, producer_risk=0.05)  # type: ignore[arg-type]
    risk = producer_risk([between, good, unstated, good], ["FAIL", "INCONCLUSIVE", "FAIL", None])
    assert risk is not None
    assert (risk.items, risk.wrong) == (1, 0)


def test_both_risks_are_told_apart() -> None:
    bad, good = Answer({}, False, 0.05), Answer({}, True, 0.05, acceptable=True, producer_risk=0.05)
    outcomes = ["PASS"] * 20 + ["FAIL"] * 20
    risks = [one([bad] * 20 + [good] * 20, outcomes) for one in (consumer_risk, producer_risk)]
    told = verdict([], [risk for risk in risks if risk is not None], {})
    assert told.reason == "20 of 20 that do not conform were passed; 20 of 20 that are acceptable were failed"
    assert [list(risk.to_json())[:2] for risk in risks if risk] == [
        ["nonconforming", "passed"],
        ["acceptable", "failed"],
    ]


def test_the_risk_of_fail_is_told_on_the_page_and_in_the_document() -> None:
    risk = producer_risk([Answer({}, True, acceptable=True, producer_risk=0.05)] * 4, ["PASS"] * 3 + ["FAIL"])
    assert risk is not None
    told = Found("own", "1", "reader-sim", (1, 4), {}, [], None, risk, verdict([], [risk], {}), {})
    sentence = risk_sentence(risk)
    assert sentence.startswith("Of 4 items that truly are acceptable, 1 were failed: a share of 0.250, 95 % interval")
    assert sentence.endswith("The procedure states at most 0.05.")
    assert sentence in report(told)
    document = json.loads(json.dumps(told.to_json()))
    assert document["risk"] is None
    assert document["producer_risk"] == {
        "acceptable": 4,
        "failed": 1,
        "interval": list(risk.interval),
        "stated": 0.05,
        "exceeded": False,
    }


def variances(*, dof: int = 5, wider: float = 1.0, runs: int = RUNS) -> list[Answer]:
    """The interval of a variance of 4 by chi-square, far from even about its value; of another than the true dof,
    ``wider`` as many times."""
    from scipy.stats import chi2

    found: list[float] = (4.0 / dof * np.random.default_rng(3).chisquare(dof, runs)).tolist()
    low, high = (float(dof / chi2.ppf(tail, dof)) for tail in (0.975, 0.025))
    return [Answer({"s²": StatedInterval(v, v * low / wider, v * high * wider, 4.0, "m2")}) for v in found]


@pytest.mark.parametrize(("wider", "finding"), [(1.0, "as stated"), (1.4, "conservative"), (0.75, "under-covers")])
def test_an_interval_by_its_ends_is_judged_by_them(wider: float, finding: str) -> None:
    (found,) = judge(variances(wider=wider))
    assert found.finding == finding
    assert found.claimed == 0.95
    if wider == 1.0:
        assert found.spread == pytest.approx(1.0, abs=0.1), "each side by its own way to the end"


def test_an_interval_of_another_coverage_is_held_against_that() -> None:
    answers = [Answer({"x": StatedInterval(e, e - 1.2816, e + 1.2816, 0.0, "lx", 0.8)}) for e in normal()]
    (found,) = judge(answers)
    assert (found.claimed, found.finding) == (0.8, "as stated")
    assert found.inside == sum(abs(error) <= 1.2816 for error in normal())


def normal() -> list[float]:
    drawn: list[float] = np.random.default_rng(8).normal(size=RUNS).tolist()
    return drawn


@pytest.mark.parametrize(
    ("true", "ratio"), [(10.0, 0.0), (9.0, 1.0), (14.0, -1.0), (8.0, 2.0), (18.0, -2.0), (-2.0, 6.0), (28.0, -6.0)]
)
def test_the_error_is_in_units_of_the_way_to_the_end(true: float, ratio: float) -> None:
    stated = StatedInterval(10.0, 8.0, 18.0, true, "m", 0.9544997361)
    assert stated.ratio == pytest.approx(ratio, abs=1e-6)
    assert (abs(stated.ratio) <= stated.k + 1e-9) == (8.0 <= true <= 18.0)


@pytest.mark.parametrize(("true", "inside"), [(0.0, True), (0.5, True), (1.0, True), (-0.1, False), (1.1, False)])
def test_a_value_may_lie_on_an_end_or_beyond_it(true: float, inside: bool) -> None:
    for value in (0.0, -0.2):
        assert (abs(StatedInterval(value, 0.0, 1.0, true, "1").ratio) <= 1.96) == inside


def test_a_true_value_on_an_end_is_inside_to_the_last_bit() -> None:
    answers = [Answer({"x": StatedInterval(n / 97.0, 0.0, 2.0, end, "1")}) for n in range(1, 97) for end in (0.0, 2.0)]
    (found,) = judge(answers)
    assert found.inside == found.runs


def test_an_interval_without_width_is_refused() -> None:
    with pytest.raises(UsageError, match="from 1 to 1"):
        StatedInterval(1.0, 1.0, 1.0, 1.0, "1")


def test_a_true_value_that_is_uncertain_itself_shows_no_bias_smaller_than_that() -> None:
    biased = drawn(offset=0.3)
    assert judge(biased)[0].biased
    uncertain = [Answer({"x": replace(one.measurands["x"], u_true=0.2)}) for one in biased]
    (found,) = judge(uncertain)
    assert not found.biased
    assert found.u_mean_error is not None
    assert found.u_mean_error > 0.2
