"""Decisions on conformity: published figures, limits, risks, and the definitions printed with them."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import integrate, stats

from hil_calibration.conformity import Rule, decide, probability
from hil_calibration.errors import CalibrationError, UnknownUncertainty


def test_specific_risk_two_sided() -> None:
    # suncal test_risk.py: P_out = 0.01242
    assert 1 - probability(10, 0.4, 9, 11) == pytest.approx(0.01242, abs=1e-5)
    assert 1 - probability(10, 0.4, upper=11) == pytest.approx(0.00621, abs=1e-5)


def test_guarded_acceptance_limits() -> None:
    decision = decide(9.1, 0.1, lower=9.0, upper=11.0, rule="guarded-acceptance")
    assert decision.acceptance_limits == pytest.approx((9.2, 10.8), abs=1e-12)
    assert decision.verdict == "fail"
    assert decide(9.1, 0.1, lower=9.0, upper=11.0, rule="simple").verdict == "pass"
    rejection = decide(8.9, 0.1, lower=9.0, upper=11.0, rule="guarded-rejection")
    assert rejection.acceptance_limits == pytest.approx((8.8, 11.2), abs=1e-12)
    assert rejection.verdict == "pass"
    assert rejection.consumer_risk == pytest.approx(1 - probability(8.9, 0.1, 9.0, 11.0))


def test_jcgm_106_ball_bearing() -> None:
    # JCGM 106, 9.5.4: 4.2 % non-conforming, consumer's risk 0.8 % without guard band, 0.1 % with limit 1.67.
    process = stats.gamma(4, scale=1 / 4)
    assert process.sf(2.0) == pytest.approx(0.042, abs=5e-4)
    for limit, risk in [(2.0, 0.008), (1.67183, 0.001)]:
        accepted = integrate.quad(lambda x, a=limit: process.pdf(x) * probability(x, 0.25, upper=a), 2.0, 8.0)[0]
        assert accepted == pytest.approx(risk, abs=5e-5)


def test_global_risks_of_a_normal_process() -> None:
    # JCGM 106 double integral for N(0, 0.6), u = 0.2, tolerance and acceptance +-1.
    process = stats.norm(0, 0.6)
    false_accept = 2 * integrate.quad(lambda x: process.pdf(x) * probability(x, 0.2, -1, 1), 1, 6)[0]
    false_reject = integrate.quad(lambda x: process.pdf(x) * (1 - probability(x, 0.2, -1, 1)), -1, 1)[0]
    assert false_accept == pytest.approx(0.018942206717029113, abs=1e-6)
    assert false_reject == pytest.approx(0.03720780017805779, abs=1e-6)


def test_risks_belong_to_the_verdict() -> None:
    passed = decide(10.9, 0.1, upper=11.0, rule="simple")
    assert (passed.verdict, passed.producer_risk) == ("pass", 0.0)
    assert passed.consumer_risk == pytest.approx(0.158655, abs=1e-6)
    failed = decide(11.1, 0.1, upper=11.0, rule="simple")
    assert (failed.verdict, failed.consumer_risk) == ("fail", 0.0)
    assert failed.producer_risk == pytest.approx(0.158655, abs=1e-6)


def test_an_uncertainty_too_large_for_the_rule_is_inconclusive() -> None:
    decision = decide(10.0, 0.6, lower=9.0, upper=11.0, rule="guarded-acceptance")
    assert decision.verdict == "inconclusive"
    assert "exceeds half the tolerance" in decision.reason
    assert (decision.consumer_risk, decision.producer_risk) == (0.0, 0.0)


@pytest.mark.parametrize("rule", ["simple", "guarded-acceptance", "guarded-rejection"])
def test_every_decision_carries_its_definitions(rule: Rule) -> None:
    decision = decide(0.0, 0.1, lower=-1.0, rule=rule)
    assert decision.acceptance_limits[1] is None
    assert decision.definitions["rule"].startswith(rule.replace("-", " "))
    assert "JCGM 106" in decision.definitions["consumer_risk"]
    assert "from" in decision.reason


def test_exact_values_are_decided_with_the_limits_included() -> None:
    assert probability(11.0, 0.0, 9.0, 11.0) == 1.0
    assert decide(11.0, 0.0, lower=9.0, upper=11.0, rule="guarded-acceptance").verdict == "pass"


def test_what_cannot_be_decided_is_refused() -> None:
    for u in (math.nan, math.inf, -0.1):
        with pytest.raises(UnknownUncertainty):
            decide(1.0, u, upper=2.0, rule="simple")
    for limits in ({}, {"lower": 2.0, "upper": 1.0}, {"upper": math.nan}):
        with pytest.raises(CalibrationError):
            decide(1.0, 0.1, rule="simple", **limits)
    with pytest.raises(CalibrationError, match="value nan"):
        decide(math.nan, 0.1, upper=2.0, rule="simple")
    with pytest.raises(CalibrationError, match="simple"):
        decide(1.0, 0.1, upper=2.0, rule="generous")  # type: ignore[arg-type]


@given(st.floats(-50, 50), st.floats(1e-3, 10), st.floats(-20, 20), st.floats(0, 20))
def test_the_parts_of_the_line_add_up(y: float, u: float, lower: float, width: float) -> None:
    upper = lower + width
    below, within, above = probability(y, u, upper=lower), probability(y, u, lower, upper), probability(y, u, upper)
    assert below + within + above == pytest.approx(1.0, abs=1e-12)
    assert within == pytest.approx(stats.norm.cdf(upper, y, u) - stats.norm.cdf(lower, y, u), abs=1e-12)
