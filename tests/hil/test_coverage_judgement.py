"""What many runs allow to be said of stated intervals, held against draws whose truth is known."""

from __future__ import annotations

import numpy as np
import pytest

from hil.coverage.judgement import consumer_risk, judge, verdict
from hil.coverage.truth import Answer, Stated

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
    assert all(verdict([one], None, {}).outcome == ("FAIL" if one.under_covers else "PASS") for one in found)


@pytest.mark.parametrize(
    ("spread", "offset", "finding"),
    [(1.5, 0.0, "under-covers"), (0.4, 0.0, "conservative"), (0.7, 0.3, "conservative, biased")],
)
def test_what_is_wrong_is_named(spread: float, offset: float, finding: str) -> None:
    (found,) = judge(drawn(spread=spread, offset=offset))
    assert found.finding == finding
    assert verdict([found], None, {}).outcome == ("FAIL" if finding == "under-covers" else "PASS")


def test_few_runs_allow_little_to_be_said() -> None:
    (found,) = judge(drawn(spread=0.1, runs=20))
    assert found.share == 1.0
    assert found.finding == "as stated", "20 of 20 happen to an interval of 95 % too"


def test_a_run_without_a_result_leaves_it_undecided() -> None:
    assert verdict(judge(drawn()), None, {3: "the lamp failed"}).outcome == "INCONCLUSIVE"
    assert verdict([], None, {}).outcome == "INCONCLUSIVE"


def test_the_risk_counts_items_that_do_not_conform() -> None:
    answers = [Answer({}, conforms) for conforms in (False, False, True, None)]
    risk = consumer_risk(answers, ["PASS", "FAIL", "PASS", None])
    assert risk is not None
    assert (risk.nonconforming, risk.passed) == (2, 1)
    assert consumer_risk(answers[2:], ["PASS", None]) is None
    assert (risk.stated, risk.exceeded) == (None, False)
    assert verdict([], risk, {}).outcome == "INCONCLUSIVE", "nobody stated a risk"


@pytest.mark.parametrize(("passed", "exceeded"), [(2, False), (5, False), (6, True)])
def test_a_risk_is_larger_than_stated_only_beyond_what_the_runs_allow(passed: int, exceeded: bool) -> None:
    """5 of 50 happen with 0.05 in 10 % of all cases, 6 in 3.8 %."""
    answers = [Answer({}, False, risk=0.05)] * 50
    risk = consumer_risk(answers, ["PASS"] * passed + ["INCONCLUSIVE"] * (50 - passed))
    assert risk is not None
    assert (risk.stated, risk.exceeded) == (0.05, exceeded)
    found = verdict([], risk, {})
    assert found.outcome == ("FAIL" if exceeded else "PASS")
    assert f"{passed} of 50 that do not conform were passed" in found.reason or not exceeded
    assert verdict(judge(drawn()), risk, {}).outcome == ("FAIL" if exceeded else "PASS")
