"""Reporting policies: each factor against published tables, the capability, and the words."""

from __future__ import annotations

import math
from typing import Any, get_args

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_calibration.errors import CalibrationError, UnknownUncertainty
from hil_calibration.reporting import Coverage, ReportingPolicy
from hil_calibration.rounding import Rule


# GUM table G.2 (95 % and 95.45 %); EA-4/02 annex E table E.1 has the same column for 95.45 %.
@pytest.mark.parametrize(
    ("dof", "t95", "t9545"),
    [(1, 12.71, 13.97), (4, 2.78, 2.87), (10, 2.23, 2.28), (20, 2.09, 2.13), (50, 2.01, 2.05), (math.inf, 1.96, 2.0)],
)
def test_factors_are_those_of_the_tables(dof: float, t95: float, t9545: float) -> None:
    assert ReportingPolicy("95 %").factor(dof) == pytest.approx(t95, abs=0.0051)
    assert ReportingPolicy("95.45 %").factor(dof) == pytest.approx(t9545, abs=0.0051)
    assert ReportingPolicy("about 95 %").factor(dof) == pytest.approx(2.0 if dof >= 50 else t9545, abs=0.0051)
    assert ReportingPolicy("k=2").factor(dof) == 2.0


def test_what_k_2_covers_is_told() -> None:
    stated = ReportingPolicy("k=2").state(10.0, 0.1, "lx", dof=4.9)
    # Student's t with 4 degrees of freedom: P(|t| < 2) = 0.8839 (tables of the t distribution).
    assert stated.probability == pytest.approx(0.8839, abs=5e-5)
    assert "88.39 % for 4.9 effective degrees of freedom" in stated.remarks[0]
    assert ReportingPolicy("k=2").state(10.0, 0.1, "lx").probability == pytest.approx(0.9545, abs=1e-4)


def test_ea_4_02_s2() -> None:
    stated = ReportingPolicy("k=2").state(10000.025, 0.0291, "g")
    assert (stated.value, stated.U, stated.k, stated.raised) == ("10000.025", "0.058", 2.0, False)


def test_a_u_below_the_capability_is_raised_and_told() -> None:
    policy = ReportingPolicy("k=2")
    stated = policy.state(100.04, 0.1, "lx", capability=0.45)
    assert (stated.value, stated.U, stated.raised) == ("100.04", "0.45", True)
    assert "U = 0.2 lx, below the capability of 0.45 lx" in stated.remarks[1]
    above = policy.state(100.04, 0.3, "lx", capability=0.45)
    assert (above.U, above.raised, len(above.remarks)) == ("0.60", False, 1)
    assert policy.state(100.0, 0.0, "lx", capability=0.45).raised


@given(
    st.floats(1e-6, 1e6),
    st.floats(1, 1e6),
    st.floats(1e-6, 1e6),
    st.sampled_from(get_args(Coverage)),
    st.sampled_from(get_args(Rule)),
)
def test_no_evaluation_below_the_capability_is_stated(
    u: float, dof: float, capability: float, coverage: Coverage, rounding: Rule
) -> None:
    stated = ReportingPolicy(coverage, rounding=rounding).state(1.0, u, "lx", dof=dof, capability=capability)
    assert float(stated.U) >= (capability if stated.raised else 0.95 * capability)
    assert stated.raised == (stated.k * u < capability)


@pytest.mark.parametrize("coverage", get_args(Coverage))
@pytest.mark.parametrize("rounding", get_args(Rule))
def test_every_policy_says_its_rule_in_words(coverage: Coverage, rounding: Rule) -> None:
    rule = ReportingPolicy(coverage, rounding=rounding).rule
    assert rule.startswith("The coverage factor is ")
    assert "two significant digits" in rule
    assert "capability" in rule
    assert len({ReportingPolicy(c, rounding=r).rule for c in get_args(Coverage) for r in get_args(Rule)}) == 12


@pytest.mark.parametrize("bad", [{"coverage": "99 %"}, {"digits": 3}, {"rounding": "down"}])
def test_policies_that_do_not_exist_are_refused(bad: dict[str, Any]) -> None:
    with pytest.raises(CalibrationError):
        ReportingPolicy(**bad)


def test_bad_numbers_are_refused() -> None:
    policy = ReportingPolicy()
    for u, dof in ((-1.0, 10.0), (math.nan, 10.0), (math.inf, 10.0), (1.0, 0.5), (1.0, math.nan)):
        with pytest.raises(UnknownUncertainty):
            policy.state(1.0, u, "lx", dof=dof)
    for capability in (0.0, -1.0, math.nan, math.inf):
        with pytest.raises(CalibrationError, match="capability"):
            policy.state(1.0, 1.0, "lx", capability=capability)
    with pytest.raises(CalibrationError, match="cannot be reported"):
        policy.state(1.0, 0.0, "lx")
