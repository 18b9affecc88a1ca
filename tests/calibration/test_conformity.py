"""Decisions on conformity: published figures, limits, risks, and the definitions printed with them."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from hil_calibration.conformity import Rule, decide, guard_band_for_rejection, guard_band_for_risk, probability
from hil_calibration.errors import CalibrationError, UnknownUncertainty
from hil_calibration.reporting import ReportingPolicy
from hil_calibration.risk import global_risk, guard_band_for_global_risk, normal_prior


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
    """JCGM 106, 9.5.4: 4.2 % non-conforming, consumer's risk 0.8 % without guard band, 0.1 % with limit 1.67."""
    process = stats.gamma(4, scale=1 / 4)
    plain = global_risk(process, 0.25, upper=2.0)
    assert plain.nonconforming == pytest.approx(0.04238011199168401, abs=1e-9)
    assert plain.consumer_risk == pytest.approx(0.008019111884303471, abs=1e-9)
    assert guard_band_for_global_risk(process, 0.25, 0.001, upper=2.0) == pytest.approx(0.3281712284, abs=1e-7)
    assert plain.prior.startswith("gamma with mean 1 and standard deviation 0.5")


def test_global_risks_of_a_normal_process() -> None:
    """The double integral of JCGM 106 for N(0, 0.6), u = 0.2, tolerance and acceptance +-1."""
    found = global_risk(normal_prior(0, 0.6), 0.2, lower=-1, upper=1)
    assert found.consumer_risk == pytest.approx(0.018942206717029113, abs=1e-9)
    assert found.producer_risk == pytest.approx(0.03720780017805779, abs=1e-9)
    assert found.conditional_consumer_risk == pytest.approx(found.consumer_risk / found.accepted)


def test_deaver() -> None:
    """Deaver, How to maintain your confidence, p. 7: tolerance 2 sigma, ratio 4: PFA 0.8 %, PFR 1.5 %."""
    found = global_risk(normal_prior(0, 1), 0.25, lower=-2, upper=2)
    assert found.consumer_risk == pytest.approx(0.008006084834450092, abs=1e-9)
    assert found.producer_risk == pytest.approx(0.01485088421125491, abs=1e-9)


def test_global_risks_agree_with_a_simulation() -> None:
    generator = np.random.default_rng(1)
    x = generator.normal(0.2, 0.6, 1_000_000)
    measured = x + generator.normal(0, 0.3, len(x))
    found = global_risk(normal_prior(0.2, 0.6), 0.3, lower=-1, upper=1, acceptance=(-0.8, 0.9))
    accepted, conforming = (measured > -0.8) & (measured < 0.9), np.abs(x) <= 1
    assert found.consumer_risk == pytest.approx(float((accepted & ~conforming).mean()), abs=5e-4)
    assert found.producer_risk == pytest.approx(float((~accepted & conforming).mean()), abs=2e-3)


def test_a_guard_band_for_a_target_risk_has_it_at_the_limit() -> None:
    w = guard_band_for_risk(0.1, 0.05, upper=11.0)
    assert w == pytest.approx(0.1 * stats.norm.isf(0.05), rel=1e-9)
    both = decide(10.95, 0.4, lower=9.0, upper=11.0, rule="guarded-acceptance", target_risk=0.05)
    edge = both.acceptance_limits[1]
    assert edge is not None
    assert 1 - probability(edge, 0.4, 9.0, 11.0) == pytest.approx(0.05, abs=1e-9)
    with pytest.raises(CalibrationError, match="no value has a consumer's risk"):
        guard_band_for_risk(1.0, 0.05, lower=9.0, upper=11.0)


@pytest.mark.parametrize(
    ("y", "verdict"), [(10.0, "pass"), (10.9, "inconclusive"), (11.1, "inconclusive"), (11.3, "fail"), (8.7, "fail")]
)
def test_only_a_non_binary_rule_is_inconclusive(y: float, verdict: str) -> None:
    found = decide(y, 0.1, lower=9.0, upper=11.0, rule="non-binary")
    assert found.verdict == verdict
    assert found.acceptance_limits == pytest.approx((9.2, 10.8))
    assert found.rejection_limits == pytest.approx((8.8, 11.2))
    rules: tuple[Rule, ...] = ("simple", "guarded-acceptance", "guarded-rejection")
    assert "inconclusive" not in {decide(y, 0.1, lower=9.0, upper=11.0, rule=rule).verdict for rule in rules}


@pytest.mark.parametrize("risk", [1e-20, 2.6846028500586987e-136])
def test_a_guard_band_is_found_for_a_risk_of_nearly_nothing(risk: float) -> None:
    found = guard_band_for_rejection(0.1, risk, lower=0.5, upper=2.0, dof=5)
    assert found > guard_band_for_rejection(0.1, 100 * risk, lower=0.5, upper=2.0, dof=5) > 0.0


def test_a_stated_guard_band_is_used_and_told() -> None:
    found = decide(10.5, 0.1, upper=11.0, rule="guarded-acceptance", guard_band=0.6)
    assert (found.verdict, found.guard_band) == ("fail", 0.6)
    assert found.definitions["w"] == "guard band: as stated by the user"
    with pytest.raises(CalibrationError, match="give one of them"):
        decide(10.5, 0.1, upper=11.0, rule="guarded-acceptance", guard_band=0.6, target_risk=0.05)
    with pytest.raises(CalibrationError, match="guard band -1"):
        decide(10.5, 0.1, upper=11.0, rule="guarded-acceptance", guard_band=-1)
    with pytest.raises(CalibrationError, match="simple acceptance with a guard band"):
        decide(10.5, 0.1, upper=11.0, rule="simple", guard_band=0.1)


def test_risks_belong_to_the_verdict() -> None:
    passed = decide(10.9, 0.1, upper=11.0, rule="simple")
    assert (passed.verdict, passed.producer_risk) == ("pass", 0.0)
    assert passed.consumer_risk == pytest.approx(0.158655, abs=1e-6)
    failed = decide(11.1, 0.1, upper=11.0, rule="simple")
    assert (failed.verdict, failed.consumer_risk) == ("fail", 0.0)
    assert failed.producer_risk == pytest.approx(0.158655, abs=1e-6)


def test_an_uncertainty_too_large_for_the_rule_lets_nothing_pass() -> None:
    decision = decide(10.0, 0.6, lower=9.0, upper=11.0, rule="guarded-acceptance")
    assert decision.verdict == "fail"
    assert "no value could be accepted" in decision.reason


@pytest.mark.parametrize("rule", ["simple", "guarded-acceptance", "guarded-rejection", "non-binary"])
def test_every_decision_carries_its_definitions(rule: Rule) -> None:
    decision = decide(0.0, 0.1, lower=-1.0, rule=rule)
    assert decision.acceptance_limits[1] is None
    assert decision.definitions["rule"].startswith(rule.replace("guarded-", "guarded "))
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
            decide(1.0, 0.1, rule="simple", **limits)  # type: ignore[arg-type]
    with pytest.raises(CalibrationError, match="value is nan"):
        decide(math.nan, 0.1, upper=2.0, rule="simple")
    with pytest.raises(CalibrationError, match="simple"):
        decide(1.0, 0.1, upper=2.0, rule="generous")  # type: ignore[arg-type]


@pytest.mark.parametrize("dof", [1.0, 3.5, 20.0])
def test_finite_degrees_of_freedom_widen_the_distribution_and_the_guard_band(dof: float) -> None:
    """JCGM 101, 6.4.9: (Y - y) / u has Student's t distribution."""
    expected = stats.t.cdf(11.0, dof, 10.8, 0.1) - stats.t.cdf(9.0, dof, 10.8, 0.1)
    assert probability(10.8, 0.1, 9.0, 11.0, dof=dof) == pytest.approx(expected, rel=1e-12)
    found = decide(10.8, 0.1, lower=9.0, upper=11.0, rule="guarded-acceptance", dof=dof)
    assert found.guard_band == pytest.approx(0.1 * stats.t.ppf(0.5 + 0.9545 / 2, math.floor(dof)))
    assert f"{dof:.4g} degrees of freedom" in found.definitions["probability of conformity"]
    w = guard_band_for_risk(0.1, 0.05, 9.0, 11.0, dof=dof) if dof > 1 else 0.0
    if w:
        assert 1 - probability(11.0 - w, 0.1, 9.0, 11.0, dof=dof) == pytest.approx(0.05, abs=1e-9)
    outwards = guard_band_for_rejection(0.1, 0.05, upper=11.0, dof=dof)
    assert outwards == pytest.approx(0.1 * stats.t.isf(0.05, dof), rel=1e-9)
    with pytest.raises(UnknownUncertainty, match=r"dof is 0\.5"):
        decide(10.8, 0.1, upper=11.0, rule="simple", dof=0.5)


def test_the_policy_tells_the_coverage_factor() -> None:
    by_t = decide(10.0, 0.1, upper=11.0, rule="guarded-acceptance", policy=ReportingPolicy("95 %"))
    assert by_t.guard_band == pytest.approx(0.1959964, abs=1e-7)
    assert by_t.definitions["U"].endswith("k = 1.96")
    assert decide(10.0, 0.1, upper=11.0, rule="simple").definitions["U"].endswith("k = 2")
    fixed = decide(10.0, 0.1, upper=11.0, rule="guarded-acceptance", dof=3, policy=ReportingPolicy("k=2"))
    assert fixed.guard_band == pytest.approx(0.2)


@pytest.mark.parametrize("u", [1e-9, 1e-100])
def test_guard_bands_follow_u_however_small_beside_the_limits(u: float) -> None:
    z = stats.norm.isf(0.01)
    assert guard_band_for_risk(u, 0.01, lower=5.0) == pytest.approx(z * u, rel=1e-9)
    assert guard_band_for_risk(u, 0.01, lower=5.0, upper=6.0) == pytest.approx(z * u, rel=1e-9)
    assert guard_band_for_rejection(u, 0.01, upper=6.0) == pytest.approx(z * u, rel=1e-9)


@given(st.floats(-50, 50), st.floats(1e-3, 10), st.floats(-20, 20), st.floats(0, 20))
def test_the_parts_of_the_line_add_up(y: float, u: float, lower: float, width: float) -> None:
    upper = lower + width
    below, within, above = probability(y, u, upper=lower), probability(y, u, lower, upper), probability(y, u, upper)
    assert below + within + above == pytest.approx(1.0, abs=1e-12)
    assert within == pytest.approx(stats.norm.cdf(upper, y, u) - stats.norm.cdf(lower, y, u), abs=1e-12)
