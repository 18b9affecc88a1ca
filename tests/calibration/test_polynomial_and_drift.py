"""Polynomials, their choice, drift, adjustment, control charts: published numbers and independent ways."""

from __future__ import annotations

import math
from datetime import date, timedelta

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_calibration.adjustment import found_and_left, hysteresis, two_point_adjustment
from hil_calibration.calibration import CalibrationRecord, Instrument
from hil_calibration.control_chart import chart
from hil_calibration.drift import PastCalibration, drift_model, past_calibrations, recalibration_due
from hil_calibration.effect import Effect
from hil_calibration.errors import CalibrationError, FitError, NotApplicable, OutOfRange, UnknownUncertainty
from hil_calibration.function import StraightLine
from hil_calibration.regression import choose_degree, polynomial, straight_line

X = np.arange(21.0)
WAMPLER3 = np.array(
    [
        *(760, -2042, 2111, -1684, 3888, 1858, 11379, 17560, 39287, 64382, 113159, 175108, 273291, 400186),
        *(581243, 811568, 1121004, 1506550, 2002767, 2611612, 3369180),
    ],
    dtype=float,
)
BASE = sum(X**k for k in range(6))


@pytest.mark.parametrize(
    ("factor", "rsd"), [(1.0, 2360.14502379268), (100.0, 236014.502379268), (10000.0, 23601450.2379268)]
)
def test_wampler_three_to_five(factor: float, rsd: float) -> None:
    """NIST StRD: all coefficients 1, certified residual standard deviations."""
    found = polynomial(X, BASE + factor * (WAMPLER3 - BASE), 5)
    assert found.coefficients == pytest.approx(np.ones(6), rel=1e-7)
    assert math.sqrt(found.chi2 / found.dof) == pytest.approx(rsd, rel=1e-9)
    assert found.u[0] == pytest.approx(2152.32624678170 * factor, rel=1e-8)


def test_wampler_one_and_two() -> None:
    assert polynomial(X, BASE, 5).coefficients == pytest.approx(np.ones(6), rel=1e-8)
    second = polynomial(X, sum((X / 10) ** k for k in range(6)), 5)
    assert second.coefficients == pytest.approx(10.0 ** -np.arange(6), rel=1e-10)


def test_a_polynomial_of_degree_one_is_the_line() -> None:
    """ISO/TS 28037, 7.4: a = 0.5788, b = 2.1597, u(a) = 0.4764, u(b) = 0.1355, cov = -0.0577, chi2 = 2.743."""
    x, y = [1.2, 1.9, 2.9, 4.0, 4.7, 5.9], [3.4, 4.4, 7.2, 8.5, 10.8, 13.5]
    found = polynomial(x, y, 1, u_x=0.2, u_y=[0.2, 0.2, 0.2, 0.4, 0.4, 0.4])
    assert found.coefficients == pytest.approx([0.5788, 2.1597], abs=5e-5)
    assert found.u == pytest.approx([0.4764, 0.1355], abs=5e-5)
    assert found.covariance[0, 1] == pytest.approx(-0.0577, abs=5e-5)
    assert found.chi2 == pytest.approx(2.743, abs=5e-4)


def test_iso_6143_example() -> None:
    """ISO 6143, B.2.1: the analysis function x = b0 + b1 y, and amounts of substance from it."""
    x, y = np.array([4.5, 18.75, 50]), np.array([0.1969, 0.7874, 2.0228])
    found = polynomial(y, x, 1, u_x=0.02 * y, u_y=0.01 * x)
    assert found.coefficients == pytest.approx([-0.35747, 24.612], rel=5e-5)
    assert found.u == pytest.approx([0.15716, 0.48048], rel=5e-4)
    assert found.chi2 == pytest.approx(0.6743, abs=1e-4)
    for measured, value, u in [(0.258, 5.9923, 0.16377), (0.6, 14.409, 0.35599), (1.8, 43.943, 1.1631)]:
        estimate = found.value_at(measured, 0.02 * measured)
        assert (estimate.value, estimate.u) == pytest.approx((value, u), rel=2e-4)


def test_full_covariance_agrees_with_a_simulation() -> None:
    generator = np.random.default_rng(1)
    x, n = np.linspace(0, 10, 12), 12
    shared = np.concatenate([np.full(n, 0.05), np.full(n, 0.1)])
    covariance = np.outer(shared, shared) + np.diag([0.02**2] * n + [0.05**2] * n)
    root = np.linalg.cholesky(covariance)
    drawn = []
    for _ in range(150):
        error = root @ generator.standard_normal(2 * n)
        seen = x + error[:n]
        drawn.append(polynomial(seen, 1 + 0.5 * x - 0.02 * x**2 + error[n:], 2, covariance=covariance).coefficients)
    stated = polynomial(x, 1 + 0.5 * x - 0.02 * x**2, 2, covariance=covariance).u
    assert np.std(drawn, axis=0) == pytest.approx(stated, rel=0.25)


def test_value_and_inverse_are_consistent() -> None:
    found = polynomial(X, 2 + 0.5 * X + 0.01 * X**2, 2, u_y=0.02)
    forward = found.value_at(7.3, 0.1)
    back = found.solve(forward.value, 0.02, within=(0, 20))
    assert back.value == pytest.approx(7.3)
    assert back.u == pytest.approx(math.hypot(found.value_at(7.3).u, 0.02) / (0.5 + 0.02 * 7.3))
    with pytest.raises(FitError, match="0 times"):
        found.solve(1000.0, within=(0, 20))
    with pytest.raises(FitError, match="2 times"):
        polynomial([-2, -1, 0, 1, 2], [4, 1, 0, 1, 4], 2, u_y=0.1).solve(1.5, within=(-2, 2))


@given(shift=st.floats(-1e4, 1e4), scale=st.floats(1e-3, 1e3))
def test_origin_and_unit_of_x_change_no_value(shift: float, scale: float) -> None:
    y = np.sin(X / 8) + 0.01 * ((-1) ** np.arange(21))
    plain, moved = polynomial(X, y, 3, u_y=0.01), polynomial(X * scale + shift, y, 3, u_y=0.01)
    ours, theirs = plain.value_at(4.4), moved.value_at(4.4 * scale + shift)
    assert (ours.value, ours.u) == pytest.approx((theirs.value, theirs.u), rel=1e-6)
    assert plain.chi2 == pytest.approx(moved.chi2, rel=1e-5)


def test_the_choice_of_a_degree_is_shown() -> None:
    generator = np.random.default_rng(2)
    y = 1 + 0.3 * X - 0.02 * X**2 + generator.normal(0, 0.05, 21)
    found = choose_degree(X, y, u_y=0.05)
    assert found.degree == 2
    assert [each.degree for each in found.candidates] == [1, 2, 3, 4]
    assert found.candidates[0].p_value < 1e-6
    assert "least AICc" in found.reason
    assert "*      2" in found.table()
    with pytest.raises(FitError, match="no degree fits within the stated uncertainties"):
        choose_degree(X, np.exp(X / 3), degrees=[1, 2], u_y=1e-3)
    with pytest.raises(FitError, match="without stated uncertainties"):
        choose_degree(X, y)


@pytest.mark.parametrize(
    ("x", "y", "degree"),
    [([1, 2], [1, 2], 2), ([1, 1, 2], [1, 1, 2], 2), ([1, 2, 3], [1, 2, math.nan], 1), ([1, 2, 3], [1, 2, 3], 13)],
)
def test_data_that_carry_no_polynomial_are_refused(x: list[float], y: list[float], degree: int) -> None:
    with pytest.raises(FitError):
        polynomial(x, y, degree, u_y=0.1)


def history(slope: float, noise: float, u: float, seed: int = 1, n: int = 6) -> list[PastCalibration]:
    generator = np.random.default_rng(seed)
    start = date(2018, 3, 1)
    return [
        PastCalibration(start + timedelta(days=365 * i), slope * i + float(generator.normal(0, noise)), u)
        for i in range(n)
    ]


def test_a_steady_drift_is_predicted() -> None:
    model = drift_model(history(slope=0.02, noise=0.0, u=0.01))
    found = model.at(date(2024, 3, 1))
    assert model.step == 0.0
    assert found.correction == pytest.approx(0.02 * 6 * 365.25 / 365, rel=0.01)
    assert found.slope_per_year == pytest.approx(0.02, rel=0.01)
    assert found.u >= found.u_last == 0.01


def test_a_restless_instrument_gets_a_wide_prediction() -> None:
    restless = drift_model(history(slope=0.0, noise=0.1, u=0.01))
    assert restless.step > 0.05
    assert restless.at(date(2024, 3, 1)).u > 0.05


def test_predictions_cover_what_comes() -> None:
    held = 0
    for seed in range(100):
        past = history(slope=0.05, noise=0.03, u=0.02, seed=seed, n=7)
        found = drift_model(past[:-1]).at(past[-1].date)
        held += abs(past[-1].correction - found.correction) <= 2 * math.hypot(found.u, 0.02)
    assert held / 100 > 0.88


def test_the_recalibration_interval_shrinks_with_the_limit() -> None:
    model = drift_model(history(slope=0.05, noise=0.0, u=0.01))
    wide, narrow = recalibration_due(model, 0.2), recalibration_due(model, 0.08)
    assert model.history[-1].date < narrow < wide
    found = model.at(narrow)
    assert abs(found.correction - model.history[-1].correction) + 2 * found.u <= 0.08
    with pytest.raises(CalibrationError, match="does not hold on the day"):
        recalibration_due(model, 0.01)
    with pytest.raises(FitError):
        drift_model(model.history[:2])
    with pytest.raises(UnknownUncertainty):
        drift_model([*model.history[:3], PastCalibration(date(2025, 1, 1), 0.1, 0.0)])
    with pytest.raises(CalibrationError, match="look ahead"):
        model.at(date(2020, 1, 1))


def test_a_two_point_adjustment_agrees_with_a_line_through_two_points() -> None:
    found = two_point_adjustment((0.5, 9.7), (0.0, 10.0), u_references=(0.01, 0.03), u_indications=(0.02, 0.02))
    line = straight_line([0.5, 9.7], [0.0, 10.0], u_x=0.02, u_y=[0.01, 0.03])
    assert (found.offset, found.gain) == pytest.approx((line.a, line.b))
    assert found.covariance == pytest.approx(line.covariance, rel=1e-6)
    assert found.value_at(9.7)[0] == pytest.approx(10.0)
    common = two_point_adjustment((0.0, 10.0), (0.1, 10.1), u_references=(0.05, 0.05), r_references=1.0)
    assert common.covariance[1, 1] == pytest.approx(0.0, abs=1e-15)
    with pytest.raises(FitError):
        two_point_adjustment((1.0, 1.0), (0.0, 1.0), u_references=(0.1, 0.1))


def test_as_found_as_left_and_hysteresis() -> None:
    found = found_and_left([1, 2, 3], [1.2, 2.1, 3.3], [1.01, 1.99, 3.02])
    assert found.largest == pytest.approx((0.3, 0.02))
    loop = hysteresis([0.0, 0.1, 0.2], [0.05, 0.22, 0.2])
    assert loop.largest == pytest.approx(0.12)
    assert loop.u == pytest.approx(0.12 / math.sqrt(12))
    with pytest.raises(CalibrationError):
        hysteresis([1.0], [1.0, 2.0])


BASELINE = [10.0, 10.1, 9.9, 10.05, 9.95, 10.0, 10.02, 9.98]


@pytest.mark.parametrize(
    ("z", "rules"),
    [
        ([0, 0.5, -0.5], ()),
        ([0, 3.2], ("beyond 3 s",)),
        ([2.2, 0.0, 2.2], ("two of three beyond 2 s",)),
        ([2.2, 0.0, -2.2], ()),
        ([1.2, 1.3, 0.0, 1.2, 1.4], ("four of five beyond 1 s",)),
        ([0.2] * 8, ("eight on one side",)),
        ([0.2] * 7, ()),
    ],
)
def test_rules_of_a_control_chart(z: list[float], rules: tuple[str, ...]) -> None:
    made = chart(BASELINE)
    assert made.broken([made.centre + each * made.s for each in z]) == rules


def test_a_chart_needs_a_baseline() -> None:
    assert chart([5.0] * 8, s_least=0.01).action_limits == pytest.approx((4.97, 5.03))
    for baseline in ([1.0] * 7, [5.0] * 8, [math.nan] * 8):
        with pytest.raises(CalibrationError):
            chart(baseline)
    with pytest.raises(CalibrationError):
        chart(BASELINE).broken([])


@pytest.mark.parametrize("bad", [math.nan, math.inf, -1.0])
def test_numbers_that_cannot_be_are_refused_by_name(bad: float) -> None:
    model = drift_model(history(slope=0.05, noise=0.0, u=0.01))
    with pytest.raises(CalibrationError, match="k = "):
        recalibration_due(model, 0.5, k=bad)
    with pytest.raises(CalibrationError, match="longest = "):
        recalibration_due(model, 0.5, longest=-5)
    with pytest.raises(CalibrationError, match="s_least = "):
        chart(BASELINE, s_least=bad)
    adjusted = two_point_adjustment((0.0, 10.0), (0.1, 10.2), u_references=(0.1, 0.1))
    with pytest.raises(UnknownUncertainty, match="u = "):
        adjusted.value_at(1.0, bad)
    with pytest.raises(UnknownUncertainty, match="u_references = "):
        two_point_adjustment((0.0, 10.0), (0.1, 10.2), u_references=(0.1, bad))
    with pytest.raises(UnknownUncertainty, match="u_indications = "):
        two_point_adjustment((0.0, 10.0), (0.1, 10.2), u_references=(0.1, 0.1), u_indications=(0.1, bad))
    with pytest.raises(UnknownUncertainty, match="r_references = "):
        two_point_adjustment((0.0, 10.0), (0.1, 10.2), u_references=(0.1, 0.1), r_references=min(bad, -2.0))


@pytest.mark.parametrize(
    ("indications", "references", "u", "message"),
    [
        ((0.0, 10.0), (1.0, 1.0), (0.1, 0.1), "two different points"),
        ((0.0, 10.0, 20.0), (1.0, 2.0), (0.1, 0.1), r"indications of shape \(3,\)"),
        ((0.0, 10.0), (1.0, 2.0), (0.1,), r"u_references of shape \(1,\)"),
        ((0.0, math.nan), (1.0, 2.0), (0.1, 0.1), "indications = nan"),
        (("a", 1.0), (1.0, 2.0), (0.1, 0.1), "not an array of real numbers"),
        ((1e-300, 2e-300), (1e300, -1e300), (0.1, 0.1), "too large"),
    ],
)
def test_what_is_no_adjustment_is_refused(
    indications: tuple[float, float], references: tuple[float, float], u: tuple[float, float], message: str
) -> None:
    with pytest.raises(FitError, match=message):
        two_point_adjustment(indications, references, u_references=u)


def test_hysteresis_and_charts_of_numbers_that_are_none() -> None:
    with pytest.raises(CalibrationError, match="not finite"):
        hysteresis([math.inf], [-math.inf])
    with pytest.raises(CalibrationError, match="array of real numbers"):
        hysteresis(["a"], [1.0])
    with pytest.raises(CalibrationError, match="array of real numbers"):
        found_and_left([1.0], [[1.0], [1.0, 2.0]], [1.0])
    with pytest.raises(CalibrationError, match="too large"):
        chart([1e308, -1e308] * 4)
    with pytest.raises(CalibrationError, match="indication = nan"):
        two_point_adjustment((0.0, 10.0), (0.1, 10.2), u_references=(0.1, 0.1)).value_at(math.nan)


def certificate_of(year: int, offset: float, serial: str = "20001") -> CalibrationRecord:
    """A calibration whose correction is ``offset`` with u = 0.01, and an effect of temperature."""
    return CalibrationRecord(
        instrument=Instrument("Example Instruments", "EX-LUX 1", serial),
        quantity="illuminance",
        unit="lx",
        function=StraightLine(offset, 1.0),
        covariance=np.diag([1e-4, 0.0]),
        effects=(Effect(name="temperature", kind="relative-per-kelvin", u=0.001, reference=23.0),),
        valid_range=(0.0, 100.0),
        date=date(year, 3, 1),
    )


def test_drift_over_the_certificates_of_an_instrument() -> None:
    records = [certificate_of(2020 + i, 0.02 * i) for i in range(4)]
    past = past_calibrations(records, 50.0)
    assert [each.date.year for each in past] == [2020, 2021, 2022, 2023]
    assert [each.u for each in past] == pytest.approx([0.01] * 4)
    assert [each.correction for each in past] == pytest.approx([0.0, 0.02, 0.04, 0.06])
    assert drift_model(past).at(date(2024, 3, 1)).correction == pytest.approx(0.08, abs=1e-3)
    with pytest.raises(NotApplicable, match="not of one instrument"):
        past_calibrations([*records, certificate_of(2024, 0.1, serial="20002")], 50.0)
    with pytest.raises(OutOfRange):
        past_calibrations(records, 200.0)
    assert past_calibrations([], 50.0) == ()
