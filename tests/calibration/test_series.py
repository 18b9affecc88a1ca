"""Ratios, combinations, lines and interpolation of measurements against GTC, against Monte Carlo, and as properties."""

from __future__ import annotations

import math
from importlib import import_module
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hil_calibration import Measurements, concatenate, quantities
from hil_calibration.errors import CalibrationError, FitError, UnitError, UnknownUncertainty
from hil_calibration.series import interpolate, line_through, slope_in_time, u_of_interpolation, with_time

Array = NDArray[np.float64]
TRIALS = 100_000


def block(seed: int, n: int, effects: tuple[str, ...], unit: str = "lx", noise: float = 0.02) -> Measurements:
    """Readings near 5 to 20 with effects of a few per mille, and noise."""
    generator = np.random.default_rng(seed)
    value = np.linspace(5.0, 20.0, n) + generator.normal(0, 0.3, n)
    shared = generator.normal(0, 0.03, (n, len(effects))) + 0.004 * value[:, None]
    return Measurements(value, noise * (1.0 + generator.random(n)), shared, effects, unit)


A = block(1, 6, ("lamp", "stray light"))
B = block(2, 6, ("lamp", "drift"))


def drawn(*blocks: Measurements, seed: int = 3) -> list[Array]:
    """Draws of the true values of several blocks with their common effects, each (TRIALS, n)."""
    generator = np.random.default_rng(seed)
    names = dict.fromkeys(name for part in blocks for name in part.effects)
    effects = {name: generator.normal(size=TRIALS) for name in names}
    return [
        part.value
        + generator.normal(size=(TRIALS, len(part))) * part.u_ind
        + sum((np.outer(effects[n], part.shared[:, j]) for j, n in enumerate(part.effects)), np.zeros(len(part)))
        for part in blocks
    ]


def covariance_of(numbers: list[Any]) -> Array:
    gtc: Any = import_module("GTC")
    return np.array([[gtc.get_covariance(p, q) for q in numbers] for p in numbers])


def test_ratios_agree_with_gtc_and_monte_carlo() -> None:
    ours = A.ratio(B)
    first, second = quantities(A, B)
    theirs = [p / q for p, q in zip(first, second, strict=True)]
    np.testing.assert_allclose(ours.value, [q.value for q in theirs], rtol=1e-12)
    np.testing.assert_allclose(ours.covariance(), covariance_of([q.number for q in theirs]), rtol=1e-9)
    assert ours.unit == theirs[0].unit == "1"
    a, b = drawn(A, B)
    np.testing.assert_allclose((a / b).std(axis=0), ours.u, rtol=0.02)


def test_a_relative_effect_of_both_cancels_in_a_ratio() -> None:
    value = np.array([10.0, 20.0])
    one = Measurements(value, np.zeros(2), 0.01 * value[:, None], ("lamp",), "lx")
    two = Measurements(2 * value, np.zeros(2), 0.02 * value[:, None], ("lamp",), "lx")
    np.testing.assert_allclose(one.ratio(two).u, 0.0, atol=1e-15)


def test_ratio_and_difference_to_one_measurement() -> None:
    mean = B.mean()
    with pytest.raises(CalibrationError, match="independent part of one measurement enters 6 results"):
        A.ratio(mean)
    with pytest.raises(CalibrationError, match="named"):
        A.difference(mean)
    a, b = drawn(A, B)
    for ours, theirs in (
        (A.ratio(mean.named("mean of B")), a / b.mean(axis=1)[:, None]),
        (A.difference(mean.named("mean of B")), a - b.mean(axis=1)[:, None]),
    ):
        np.testing.assert_allclose(ours.covariance(), np.cov(theirs.T), rtol=0.05, atol=2e-2 * ours.u.max() ** 2)
        assert ours.mean().u[0] == pytest.approx(theirs.mean(axis=1).std(), rel=0.02)


def test_combinations_agree_with_gtc_and_monte_carlo() -> None:
    weights = np.random.default_rng(7).normal(size=(4, 6))
    one = A.combination(weights[0])
    number = sum(w * q.number for w, q in zip(weights[0].tolist(), A.quantities(), strict=True))
    assert (one.value[0], one.u[0]) == pytest.approx((number.x, number.u), rel=1e-9)
    with pytest.raises(CalibrationError, match="several combinations"):
        A.combination(weights)
    ours = A.named("A").combination(weights)
    (inputs,) = quantities(A)
    numbers = [sum(w * q.number for w, q in zip(row, inputs, strict=True)) for row in weights.tolist()]
    np.testing.assert_allclose(ours.covariance(), covariance_of(numbers), rtol=1e-9)
    np.testing.assert_allclose(ours.covariance(), weights @ A.covariance() @ weights.T, rtol=1e-9)
    (a,) = drawn(A)
    np.testing.assert_allclose((a @ weights.T).std(axis=0), ours.u, rtol=0.02)


def test_sums_of_readings_need_no_name_where_none_is_used_twice() -> None:
    halves = A.combination([[1, 1, 1, 0, 0, 0], [0, 0, 0, 1, 1, 1]])
    joint = A.combination(np.ones(6))
    assert halves.combination([1, 1]).u[0] == pytest.approx(joint.u[0], rel=1e-12)


def test_temperatures_combine_to_temperatures_or_to_differences() -> None:
    probe = Measurements(np.array([20.0, 22.0]), np.full(2, 0.1), np.zeros((2, 0)), (), "Cel")
    assert probe.combination([0.5, 0.5]).unit == "Cel"
    assert probe.combination([1, -1]).unit == "K"
    assert probe.to("K").value == pytest.approx([293.15, 295.15])
    with pytest.raises(UnitError, match="sum to 2"):
        probe.combination([1, 1])
    with pytest.raises(UnitError, match="Cel"):
        probe.ratio(probe)
    with pytest.raises(UnitError, match="Cel"):
        line_through([0.0, 1.0], probe, name="line")


def gls(x: Array, covariance: Array) -> Array:
    """The weights of generalised least squares by its normal equations, shape (2, n)."""
    design = np.column_stack([np.ones_like(x), x])
    inverse = np.linalg.inv(covariance)
    return np.asarray(np.linalg.solve(design.T @ inverse @ design, design.T @ inverse))


def test_a_line_at_exact_x_agrees_with_gtc_and_monte_carlo() -> None:
    x = np.array([0.0, 1.0, 2.0, 4.0, 5.0, 7.0])
    fitted = line_through(x, A, name="line", x_unit="m")
    rows = gls(x, A.covariance())
    (y,) = quantities(A)
    a, b = (sum(w * q.number for w, q in zip(row, y, strict=True)) for row in rows.tolist())
    for ours, theirs in ((fitted.a, a), (fitted.b, b)):
        assert (ours.value[0], ours.u[0]) == pytest.approx((theirs.x, theirs.u), rel=1e-8)
    assert (fitted.a.unit, fitted.b.unit) == ("lx", "lx.m-1")
    np.testing.assert_allclose(fitted.value_at([0.0, 3.0, 9.0]).covariance(), covariance_of([a, a + 3 * b, a + 9 * b]))
    draws = drawn(A)[0] @ rows.T
    np.testing.assert_allclose(np.cov(draws.T), fitted.line.covariance, rtol=0.03)
    assert fitted.a.u[0] == pytest.approx(fitted.line.u_a)
    # The effect that the points share is shared by the line and by another reading of the same lamp.
    p, q = quantities(fitted.value_at(9.0), B)
    gtc: Any = import_module("GTC")
    (first, second) = quantities(A, B)
    by_hand = sum(w * each.number for w, each in zip((rows[0] + 9 * rows[1]).tolist(), first, strict=True))
    assert gtc.get_covariance(p[0].number, q[2].number) == pytest.approx(
        gtc.get_covariance(by_hand, second[2].number), rel=1e-8
    )


@pytest.mark.soak
def test_a_line_with_measured_x_agrees_with_fits_of_draws() -> None:
    x = block(11, 6, ("lamp",), unit="V", noise=0.004)
    truth = Measurements(3.0 + 0.7 * x.value, A.u_ind, A.shared, A.effects, "lx")
    fitted = line_through(x, truth, name="line")
    shared = np.vstack([np.hstack([x.shared, np.zeros((6, 1))]), truth.shared])
    whole = shared @ shared.T + np.diag(np.concatenate([x.u_ind, truth.u_ind]) ** 2)
    np.testing.assert_allclose(fitted.line.jacobian @ whole @ fitted.line.jacobian.T, fitted.line.covariance, rtol=1e-7)
    assert fitted.b.u[0] == pytest.approx(fitted.line.u_b, rel=1e-9)
    assert fitted.b.unit == "lx.V-1"
    xs, ys = (part[:400] for part in drawn(x, truth))
    refits = [line_through(*_exactly(x, a, truth, b), name="line").line for a, b in zip(xs, ys, strict=True)]
    assert np.std([line.a for line in refits]) == pytest.approx(fitted.a.u[0], rel=0.15)
    assert np.std([line.b for line in refits]) == pytest.approx(fitted.b.u[0], rel=0.15)


def _exactly(x: Measurements, a: Array, y: Measurements, b: Array) -> tuple[Measurements, Measurements]:
    return (
        Measurements(a, x.u_ind, x.shared, x.effects, x.unit),
        Measurements(b, y.u_ind, y.shared, y.effects, y.unit),
    )


T = np.array([0.0, 1.0, 2.5, 4.0, 5.0, 7.0])
INSTANTS = np.array([0.0, 0.5, 0.75, 1.0, 3.0, 6.0, 7.0])


def test_interpolation_agrees_with_gtc_and_monte_carlo() -> None:
    ours = interpolate(A, T, INSTANTS, u_model=0.0, name="A")
    np.testing.assert_allclose(ours.value, np.interp(INSTANTS, T, A.value), rtol=1e-12)
    rows = np.array([np.interp(INSTANTS, T, one) for one in np.eye(6)]).T
    (inputs,) = quantities(A)
    numbers = [sum(w * q.number for w, q in zip(row, inputs, strict=True)) for row in rows.tolist()]
    np.testing.assert_allclose(ours.covariance(), covariance_of(numbers), rtol=1e-9, atol=1e-18)
    (a,) = drawn(A)
    np.testing.assert_allclose((a @ rows.T).std(axis=0), ours.u, rtol=0.02)


def test_the_interpolation_model_is_an_effect_of_each_gap() -> None:
    exact = Measurements(np.zeros(4), np.zeros(4), np.zeros((4, 0)), (), "lx")
    ours = interpolate(exact, [0, 1, 2, 3], [0.5, 0.25, 1.5, 2.0], u_model=[0.1, 0.2, 0.3], name="s")
    np.testing.assert_allclose(ours.u, [0.1, 0.075, 0.2, 0.0])
    assert ours.covariance()[0, 1] == pytest.approx(0.1 * 0.075)
    assert ours.covariance()[0, 2] == 0.0


def test_the_stated_interpolation_error_holds_a_sine_and_a_noisy_series() -> None:
    t = np.linspace(0.0, 10.0, 41)
    u = u_of_interpolation(t, np.sin(t))
    middle = (t[1:] + t[:-1]) / 2
    errors = np.sin(middle) - np.interp(middle, t, np.sin(t))
    assert np.sqrt(np.mean(errors**2)) == pytest.approx(float(u[0]), rel=0.05)
    noisy = np.sin(t) + np.random.default_rng(1).normal(0, 0.01, len(t))
    assert u_of_interpolation(t, noisy)[0] > u[0]


def test_the_slope_of_a_parabola_is_exact_on_uneven_times() -> None:
    np.testing.assert_allclose(slope_in_time(T, 3.0 - 2.0 * T + 0.5 * T**2), T - 2.0, atol=1e-12)


def test_time_enters_by_the_slope() -> None:
    ramp = Measurements(2.0 * T, np.full(6, 0.3), np.zeros((6, 0)), (), "lx")
    timed = with_time(ramp, T, u_t=0.2, u_clock=0.5)
    np.testing.assert_allclose(timed.u_ind, 0.5)
    np.testing.assert_allclose(timed.shared, 1.0)
    assert timed.effects == ("clock",)
    falling = with_time(Measurements(-2.0 * T, np.zeros(6), np.zeros((6, 0)), (), "lx"), T, u_clock=0.5)
    assert concatenate([timed.mean(), falling.mean()]).combination([1, 1]).shared[0, 0] == pytest.approx(0.0, abs=1e-12)
    with pytest.raises(CalibrationError, match="already"):
        with_time(timed, T, u_clock=0.5)


def test_bad_input_is_refused() -> None:
    with pytest.raises(CalibrationError, match="nothing is extrapolated"):
        interpolate(A, T, [7.1], u_model=0.0, name="A")
    with pytest.raises(CalibrationError, match="rising order"):
        interpolate(A, T[::-1], [1.0], u_model=0.0, name="A")
    for u_model in (math.nan, -1.0, [0.1, 0.2]):
        with pytest.raises(UnknownUncertainty, match="5 gaps"):
            interpolate(A, T, [1.0], u_model=u_model, name="A")
    with pytest.raises(CalibrationError, match="3 readings"):
        slope_in_time([0.0, 1.0], [0.0, 1.0])
    for u_t in (-0.1, math.nan, [0.1]):
        with pytest.raises(UnknownUncertainty, match="u_t"):
            with_time(A, T, u_t=u_t)
    with pytest.raises(UnknownUncertainty, match="u_clock"):
        with_time(A, T, u_clock=math.inf)
    with pytest.raises(CalibrationError, match="6 y"):
        line_through([1.0, 2.0], A, name="line")
    with pytest.raises(FitError, match="no uncertainty"):
        line_through(T, Measurements(A.value, np.zeros(6), A.shared, A.effects, "lx"), name="line")
    with pytest.raises(FitError, match="all x are equal"):
        line_through(np.ones(6), A, name="line")
    with pytest.raises(CalibrationError, match="weights of shape"):
        A.combination([1.0, 2.0])
    with pytest.raises(CalibrationError, match="ratio of 6 and 2"):
        A.ratio(Measurements(np.ones(2), np.zeros(2), np.zeros((2, 0)), (), "lx"))
    with pytest.raises(CalibrationError, match="zero"):
        A.ratio(Measurements(np.zeros(1), np.zeros(1), np.zeros((1, 0)), (), "lx"))
    with pytest.raises(CalibrationError, match="twice"):
        Measurements(A.value, A.u_ind, A.shared, ("A, reading 1", "A"), "lx").named("A")


@settings(deadline=None)
@given(st.floats(-1e4, 1e4), st.floats(-1e4, 1e4))
def test_a_shift_of_the_origin_changes_no_u(of_t: float, of_y: float) -> None:
    moved = Measurements(A.value + of_y, A.u_ind, A.shared, A.effects, "lx")
    for shift, instants in ((0.0, INSTANTS), (of_t, INSTANTS + of_t)):
        found = interpolate(moved, T + shift, np.clip(instants, shift, T[-1] + shift), u_model=0.1, name="A")
        np.testing.assert_allclose(found.u, interpolate(A, T, INSTANTS, u_model=0.1, name="A").u, rtol=1e-6)
    line, reference = line_through(T + of_t, moved, name="l"), line_through(T, A, name="l")
    assert line.b.u[0] == pytest.approx(reference.b.u[0], rel=1e-6)
    assert line.value_at(3.0 + of_t).u[0] == pytest.approx(reference.value_at(3.0).u[0], rel=1e-5)
    assert moved.combination([1, -1, 0, 0, 0, 0]).u == pytest.approx(A.combination([1, -1, 0, 0, 0, 0]).u)


@pytest.mark.parametrize("unit", ["klx", "mlx", "lm/m2"])
def test_a_changed_unit_changes_no_result(unit: str) -> None:
    other, second = A.to(unit), B.to(unit)
    scale = other.value[0] / A.value[0]
    for ours, theirs in (
        (other.mean(), A.mean()),
        (other.difference(second), A.difference(B)),
        (line_through(T, other, name="l").a, line_through(T, A, name="l").a),
        (line_through(T, other, name="l").b, line_through(T, A, name="l").b),
        (interpolate(other, T, [0.3], u_model=0.0, name="A"), interpolate(A, T, [0.3], u_model=0.0, name="A")),
    ):
        np.testing.assert_allclose(ours.value, theirs.value * scale, rtol=1e-9)
        np.testing.assert_allclose(ours.u, theirs.u * scale, rtol=1e-9)
    np.testing.assert_allclose(other.ratio(second).u, A.ratio(B).u, rtol=1e-9)
    line = line_through(other, second, name="l")
    assert line.b.u[0] == pytest.approx(line_through(A, B, name="l").b.u[0], rel=1e-6)


@pytest.mark.parametrize("bad", [math.nan, math.inf, "a"])
def test_a_series_of_what_is_no_number_is_refused(bad: float) -> None:
    for refused in (u_of_interpolation, slope_in_time):
        with pytest.raises(CalibrationError, match=r"values of shape|not an array of real numbers"):
            refused([0, 1, 2], [1.0, bad, 2.0])
    block = Measurements(np.array([1.0, 2.0, 3.5]), np.full(3, 0.1), np.zeros((3, 0)), (), "lx")
    with pytest.raises(CalibrationError, match=r"x of shape|x is not an array"):
        line_through([0, 1, 2], block, name="line").value_at(bad)
