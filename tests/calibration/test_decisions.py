"""Decisions on bounds, on proportions, and of void runs."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_calibration.conformity import decide, probability
from hil_calibration.decisions import decide_bound, decide_proportion, decide_quantity, decide_void
from hil_calibration.errors import UnitError
from hil_calibration.performance import demonstration_size, proportion_interval
from hil_calibration.quantity import Quantity
from hil_calibration.risk import global_risk, normal_prior


@pytest.mark.parametrize(
    ("bounds", "side", "verdict", "reason"),
    [
        ((10.0, 19.0), "at most", "pass", "the upper bound 19 lx is at most 20 lx"),
        ((21.0, 30.0), "at most", "fail", "the lower bound 21 lx is above 20 lx"),
        ((10.0, 30.0), "at most", "inconclusive", "the bounds (lower 10 lx, upper 30 lx) do not decide about 20 lx"),
        ((21.0, 30.0), "at least", "pass", "the lower bound 21 lx is at least 20 lx"),
        ((10.0, 19.0), "at least", "fail", "the upper bound 19 lx is below 20 lx"),
        ((None, 19.0), "at most", "pass", "the upper bound 19 lx is at most 20 lx"),
        ((None, None), "at most", "inconclusive", "the bounds (none) do not decide about 20 lx"),
        ((20.0, 20.0), "at most", "pass", "the upper bound 20 lx is at most 20 lx"),
        (
            (10.0, 20.000001),
            "at most",
            "inconclusive",
            "the bounds (lower 10 lx, upper 20.1 lx) do not decide about 20 lx",
        ),
        ((10.0, 16.2301), "at most", "pass", "the upper bound 16.3 lx is at most 20 lx"),
        ((23.49, 30.0), "at most", "fail", "the lower bound 23.4 lx is above 20 lx"),
        ((20.000001, 30.0), "at most", "fail", "the lower bound 20.000001 lx is above 20 lx"),
    ],
)
def test_bounds_decide_as_they_are(
    bounds: tuple[float | None, float | None], side: str, verdict: str, reason: str
) -> None:
    found = decide_bound(*bounds, requirement=20.0, side=side, confidence=0.95, unit="lx")  # type: ignore[arg-type]
    assert (found.verdict, found.reason) == (verdict, reason)
    assert "one-sided 95 %" in found.definitions["rule"]
    assert math.isnan(found.probability)
    assert found.consumer_risk == pytest.approx(0.05 if verdict == "pass" else 0.0)


def test_a_quantity_is_decided_in_the_unit_of_its_limits_with_its_degrees_of_freedom() -> None:
    length = Quantity.of(10.0, 0.1, "mm", dof=4)
    found = decide_quantity(length, unit="m", upper=0.0103, rule="guarded-acceptance")
    assert found == decide(0.01, 1e-4, upper=0.0103, rule="guarded-acceptance", dof=4)
    assert found.verdict == "pass"
    assert decide_quantity(length, unit="mm", upper=10.25, rule="guarded-acceptance").verdict == "fail"
    warm = Quantity.of(25.0, 0.1, "Cel")
    assert decide_quantity(warm, unit="K", lower=298.0, upper=299.0, rule="simple").verdict == "pass"
    with pytest.raises(UnitError):
        decide_quantity(length, unit="s", upper=1.0, rule="simple")


def test_a_proportion_is_decided_on_its_one_sided_bound() -> None:
    n = demonstration_size(0.9, 0.95)
    assert decide_proportion(n, n, requirement=0.9, side="at least").verdict == "pass"
    assert decide_proportion(n - 1, n - 1, requirement=0.9, side="at least").verdict == "inconclusive"
    low, _ = proportion_interval(n, n, 0.95, side="lower")
    assert low >= 0.9
    assert decide_proportion(30, 50, requirement=0.9, side="at least").verdict == "fail"
    assert decide_proportion(0, 100, requirement=0.05, side="at most").verdict == "pass"


@given(st.integers(0, 60), st.integers(1, 60), st.floats(0.0, 1.0))
def test_at_most_mirrors_at_least(k: int, n: int, requirement: float) -> None:
    k = min(k, n)
    below = decide_proportion(k, n, requirement=requirement, side="at most").verdict
    above = decide_proportion(k, n, requirement=requirement, side="at least").verdict
    assert not (below == above == "pass" and requirement not in (0.0, 1.0))
    assert (below, above) != ("fail", "fail")


def test_a_void_run_is_inconclusive_for_a_reason_of_its_own() -> None:
    found = decide_void("the chamber never settled")
    assert (found.verdict, found.reason) == ("inconclusive", "the run is void: the chamber never settled")


def test_guarded_rejection_limits_the_producer_s_risk() -> None:
    found = decide(10.5, 0.4, upper=10.0, rule="guarded-rejection", target_risk=0.05)
    edge = found.acceptance_limits[1]
    assert edge is not None
    assert edge > 10.0
    assert probability(edge, 0.4, upper=10.0) == pytest.approx(0.05)
    assert "producer's risk" in found.definitions["w"]
    both = decide(10.5, 0.4, lower=9.5, upper=10.0, rule="guarded-rejection", target_risk=0.05)
    assert both.acceptance_limits[1] is not None
    assert probability(both.acceptance_limits[1], 0.4, lower=9.5, upper=10.0) == pytest.approx(0.05)


@pytest.mark.parametrize("acceptance", [(20.0, 21.0), (10.4, 10.6), (-8.0, -7.0), (9.0, 9.2)])
def test_a_global_risk_sees_an_acceptance_interval_wherever_it_lies(acceptance: tuple[float, float]) -> None:
    """Against the sum over a fine grid; the first version missed an interval outside of the tolerance."""
    prior, u = normal_prior(10.0, 5.0), 0.01
    found = global_risk(prior, u, lower=9.5, upper=10.5, acceptance=acceptance)
    both = prior.cdf(acceptance[1]) - prior.cdf(acceptance[0])
    assert found.accepted == pytest.approx(both, rel=1e-3)
    inside = max(0.0, prior.cdf(min(acceptance[1], 10.5)) - prior.cdf(max(acceptance[0], 9.5)))
    assert found.consumer_risk == pytest.approx(both - inside, abs=2e-4)
