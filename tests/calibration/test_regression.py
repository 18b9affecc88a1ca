"""Straight lines on the numbers of the standards, and by properties that any correct fit has."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray
from scipy.optimize import least_squares

from hil_calibration.errors import FitError, UnknownUncertainty
from hil_calibration.regression import choose_degree, polynomial, straight_line
from hil_calibration.regression.roots import roots_within

Array = NDArray[np.float64]

# ISO/TS 28037:2010, 6.3 example 1 (as quoted in GTC 1.5.1, test_fitting.py).
X6, Y6 = [1, 2, 3, 4, 5, 6], [3.3, 5.6, 7.1, 9.3, 10.7, 12.1]

# ISO/TS 28037:2010, 7.4, table 10 (as quoted in the manual of ggmr).
X7, Y7 = [1.2, 1.9, 2.9, 4.0, 4.7, 5.9], [3.4, 4.4, 7.2, 8.5, 10.8, 13.5]
U_Y7 = [0.2, 0.2, 0.2, 0.4, 0.4, 0.4]

# ISO/TS 28037:2010, clause 10, table 25 (as quoted in the manual of ggmr).
X10 = [50.4, 99.0, 149.9, 200.4, 248.5, 299.7, 349.1]
Y10 = [52.3, 97.8, 149.7, 200.1, 250.4, 300.9, 349.2]
U_X10 = [
    [0.5, 0, 0.25, 0, 0.25, 0, 0.25],
    [0, 1.25, 1, 0, 0, 1, 1],
    [0.25, 1, 1.5, 0, 0.25, 1, 1.25],
    [0, 0, 0, 1.25, 1, 1, 1],
    [0.25, 0, 0.25, 1, 1.5, 1, 1.25],
    [0, 1, 1, 1, 1, 2.25, 2],
    [0.25, 1, 1.25, 1, 1.25, 2, 2.5],
]

# NIST StRD, Norris: calibration of an ozone monitor.
NORRIS_X = [
    0.2, 337.4, 118.2, 884.6, 10.1, 226.5, 666.3, 996.3, 448.6, 777.0, 558.2, 0.4, 0.6, 775.5, 666.9, 338.0,
    447.5, 11.6, 556.0, 228.1, 995.8, 887.6, 120.2, 0.3, 0.3, 556.8, 339.1, 887.2, 999.0, 779.0, 11.1, 118.3,
    229.2, 669.1, 448.9, 0.5,
]  # fmt: skip
NORRIS_Y = [
    0.1, 338.8, 118.1, 888.0, 9.2, 228.1, 668.5, 998.5, 449.1, 778.9, 559.2, 0.3, 0.1, 778.1, 668.8, 339.3,
    448.9, 10.8, 557.7, 228.3, 998.0, 888.8, 119.6, 0.3, 0.6, 557.6, 339.3, 888.0, 998.5, 778.9, 10.2, 117.6,
    228.9, 668.4, 449.2, 0.2,
]  # fmt: skip


def test_clause_6_only_y_is_uncertain() -> None:
    line = straight_line(X6, Y6, u_y=0.5)
    printed = (1.867, 0.465, 1.757, 0.120, -0.050, 1.665)
    np.testing.assert_allclose((line.a, line.u_a, line.b, line.u_b, line.cov, line.chi2), printed, atol=5e-4)
    assert line.dof == 4
    assert line.consistent
    np.testing.assert_allclose(line.solve(10.5, 0.5), (4.913, 0.322), atol=5e-4)  # 11.1
    np.testing.assert_allclose(line.value_at(3.5, 0.2), (8.01666666666667, 0.406409531732455), rtol=1e-9)  # 11.2


def test_clause_7_both_are_uncertain() -> None:
    line = straight_line(X7, Y7, u_x=0.2, u_y=U_Y7)
    printed = (0.5788, 0.4764, 2.1597, 0.1355, -0.0577)
    np.testing.assert_allclose((line.a, line.u_a, line.b, line.u_b, line.cov), printed, atol=5e-5)
    assert line.chi2 == pytest.approx(2.743, abs=5e-4)
    assert line.consistent  # printed limit 9.488


def test_clause_10_full_covariance() -> None:
    covariance = np.zeros((14, 14))
    covariance[:7, :7] = U_X10
    covariance[7:, 7:] = np.ones((7, 7)) + 4 * np.eye(7)
    line = straight_line(X10, Y10, covariance=covariance)
    printed = (0.3424, 2.0569, 1.0012, 0.0090, -0.0129)
    np.testing.assert_allclose((line.a, line.u_a, line.b, line.u_b, line.cov), printed, atol=5e-5)
    assert line.chi2 == pytest.approx(1.772, abs=5e-4)
    np.testing.assert_allclose(line.jacobian @ covariance @ line.jacobian.T, line.covariance, rtol=1e-9)


def test_norris_without_stated_uncertainty() -> None:
    line = straight_line(NORRIS_X, NORRIS_Y)
    certified = (-0.262323073774029, 1.00211681802045, 0.232818234301152, 0.000429796848199937)
    np.testing.assert_allclose((line.a, line.b, line.u_a, line.u_b), certified, rtol=1e-11)
    assert line.chi2 == pytest.approx(26.6173985294224, rel=1e-11)
    assert line.cov == pytest.approx(-7.7432753633957e-05, rel=1e-9)
    assert line.consistent is None


def test_gum_h3_thermometer() -> None:
    t = [21.521, 22.012, 22.512, 23.003, 23.507, 23.999, 24.513, 25.002, 25.503, 26.010, 26.511]
    b = [-0.171, -0.169, -0.166, -0.159, -0.164, -0.165, -0.156, -0.157, -0.159, -0.161, -0.160]
    line = straight_line(np.array(t) - 20, b)
    np.testing.assert_allclose((line.a, line.u_a), (-0.1712, 0.0029), atol=5e-5)
    np.testing.assert_allclose((line.b, line.u_b), (0.00218, 0.00067), atol=5e-6)
    np.testing.assert_allclose(line.value_at(10.0), (-0.1494, 0.0041), atol=5e-5)
    assert line.cov / line.u_a / line.u_b == pytest.approx(-0.930, abs=1e-3)


def test_pearson_york() -> None:
    # a and b: Neri 1989. u_a, u_b: this library's stated convention (adjusted points), computed independently.
    x = [0, 0.9, 1.8, 2.6, 3.3, 4.4, 5.2, 6.1, 6.5, 7.4]
    y = [5.9, 5.4, 4.4, 4.6, 3.5, 3.7, 2.8, 2.8, 2.4, 1.5]
    w_x = np.array([1000, 1000, 500, 800, 200, 80, 60, 20, 1.8, 1])
    w_y = np.array([1, 1.8, 4, 8, 20, 20, 70, 70, 100, 500])
    line = straight_line(x, y, u_x=w_x**-0.5, u_y=w_y**-0.5)
    assert line.a == pytest.approx(5.47991022, abs=1e-7)
    assert line.b == pytest.approx(-0.480533407, abs=1e-8)
    assert line.chi2 / line.dof == pytest.approx(1.4833, abs=1e-4)
    np.testing.assert_allclose((line.u_a, line.u_b), (0.294971, 0.057985), atol=1e-6)


def test_iso_6143_b_2_1() -> None:
    # ISO 6143:2001 B.2.1 (as quoted in metas-b-least); its tolerances are those of the printed iteration.
    x, y = [0.1969, 0.7874, 2.0228], [4.5, 18.75, 50]
    line = straight_line(x, y, u_x=[0.003938, 0.015748, 0.040456], u_y=[0.045, 0.1875, 0.5])
    assert line.a == pytest.approx(-0.35747, abs=1e-5)
    assert line.b == pytest.approx(24.612, abs=1e-3)
    np.testing.assert_allclose((line.u_a, line.u_b), (0.15716, 0.48048), atol=1.3e-4)
    for response, u, printed in [(0.258, 0.00516, (5.9923, 0.16377)), (1.8, 0.036, (43.943, 1.1631))]:
        np.testing.assert_allclose(line.value_at(response, u), printed, atol=1e-3)


def test_exact_x_equals_tiny_u_x() -> None:
    exact = straight_line(X6, Y6, u_x=0.0, u_y=0.5)
    tiny = straight_line(X6, Y6, u_x=1e-9, u_y=0.5)
    assert exact.a == straight_line(X6, Y6, u_y=0.5).a
    np.testing.assert_allclose((tiny.a, tiny.b, tiny.u_a), (exact.a, exact.b, exact.u_a), rtol=1e-9)


def test_a_shared_error_of_y_goes_wholly_into_the_intercept() -> None:
    independent = straight_line(X6, Y6, u_y=0.5)
    covariance = np.zeros((12, 12))
    covariance[6:, 6:] = 0.25 * np.eye(6) + 9.0
    shared = straight_line(X6, Y6, covariance=covariance)
    assert shared.u_b == pytest.approx(independent.u_b)
    assert shared.u_a == pytest.approx(np.hypot(independent.u_a, 3.0))
    assert shared.chi2 == pytest.approx(independent.chi2)


def test_the_jacobian_carries_small_changes() -> None:
    y = 0.3 + 2.0 * np.array(X7)
    line = straight_line(X7, y, u_x=0.2, u_y=U_Y7)
    for j in range(12):
        step = np.zeros(12)
        step[j] = 1e-5
        moved = straight_line(X7 + step[:6], y + step[6:], u_x=0.2, u_y=U_Y7)
        np.testing.assert_allclose((moved.a - line.a, moved.b - line.b), line.jacobian[:, j] * 1e-5, atol=1e-9)


def test_inconsistent_data_say_so() -> None:
    assert straight_line(X6, Y6, u_y=0.05).consistent is False


def test_residuals_and_function() -> None:
    line = straight_line(X6, Y6, u_y=0.5)
    np.testing.assert_allclose(np.array(Y6) - line.function.value(X6), line.residuals)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"x": [1, 1, 1], "y": [1, 2, 3], "u_y": 1}, "all x are equal"),
        ({"x": [1], "y": [1], "u_y": 1}, "1 points"),
        ({"x": [1, 2], "y": [1, 2, 3], "u_y": 1}, "shape"),
        ({"x": [1, 2, np.nan], "y": [1, 2, 3], "u_y": 1}, "not finite"),
        ({"x": [1, 2], "y": [1, 2]}, "two points without uncertainty"),
        ({"x": [1, 2, 3], "y": [1, 2, 4], "u_x": 1}, "without u_y"),
        ({"x": [1, 2, 3], "y": [1, 2, 4], "u_y": [1, 2]}, "u_y is not 3"),
        ({"x": [1, 2, 3], "y": [1, 2, 4], "u_y": -1}, "u_y is not"),
        ({"x": [1, 2, 3], "y": [1, 2, 4], "u_y": 0}, "no uncertainty"),
        ({"x": [1, 2, 3], "y": [1, 2, 4], "covariance": np.ones((6, 6))}, "fully correlated"),
        ({"x": [1, 2, 3], "y": [1, 2, 4], "covariance": np.eye(5)}, "shape"),
        ({"x": [1, 2, 3], "y": [1, 2, 4], "covariance": -np.eye(6)}, "positive semi-definite"),
        ({"x": [1, 2, 3], "y": [1, 2, 4], "covariance": np.eye(6), "u_y": 1}, "beside"),
    ],
)
def test_what_carries_no_line_is_refused(arguments: dict[str, object], message: str) -> None:
    with pytest.raises(FitError, match=message):
        straight_line(**arguments)  # type: ignore[arg-type]


@settings(deadline=None)
@given(
    st.lists(st.integers(0, 20), min_size=3, max_size=8, unique=True),
    st.floats(-100, 100),
    st.floats(-50, 50),
    st.floats(1e-4, 1),
    st.floats(0, 0.5),
    st.integers(0, 2**32 - 1),
)
def test_units_of_x_and_y_do_not_matter(
    nodes: list[int], a: float, b: float, u: float, ratio: float, seed: int
) -> None:
    x = np.array(sorted(nodes), dtype=float)
    u_x = u * ratio / (1 + abs(b))
    y = a + b * x + np.random.default_rng(seed).normal(0, u, len(x))
    line = straight_line(x, y, u_x=u_x, u_y=u)
    scaled = straight_line(1e3 * x, 1e-6 * y, u_x=1e3 * u_x, u_y=1e-6 * u)
    np.testing.assert_allclose((1e6 * scaled.a, 1e9 * scaled.b), (line.a, line.b), rtol=1e-6, atol=1e-6 * u)
    np.testing.assert_allclose((1e6 * scaled.u_a, 1e9 * scaled.u_b), (line.u_a, line.u_b), rtol=1e-6)
    assert scaled.chi2 == pytest.approx(line.chi2, rel=1e-6, abs=1e-9)


STRAIGHT = straight_line(X6, Y6, u_y=0.5)
CURVED = polynomial([-2, -1, 0, 1, 2], [4, 1, 0, 1, 4], 2, u_y=0.1)


@pytest.mark.parametrize("bad", [np.nan, np.inf, -np.inf, "a", None])
def test_a_line_and_a_polynomial_are_evaluated_at_numbers_only(bad: float) -> None:
    evaluations: tuple[Callable[[], object], ...] = (
        lambda: STRAIGHT.value_at(bad),
        lambda: STRAIGHT.solve(bad),
        lambda: CURVED.value_at(bad),
        lambda: CURVED.solve(bad, within=(0, 2)),
        lambda: CURVED.solve(1.0, within=(0, bad)),
    )
    for evaluated in evaluations:
        with pytest.raises(FitError, match="is not a finite number"):
            evaluated()


@pytest.mark.parametrize("u", [-0.1, np.nan, np.inf, None])
def test_a_line_and_a_polynomial_take_no_impossible_u(u: float) -> None:
    evaluations: tuple[Callable[[], object], ...] = (
        lambda: STRAIGHT.value_at(1.0, u),
        lambda: STRAIGHT.solve(1.0, u),
        lambda: CURVED.value_at(1.0, u),
        lambda: CURVED.solve(1.0, u, within=(0, 2)),
    )
    for evaluated in evaluations:
        with pytest.raises(UnknownUncertainty, match=r"u = .* is not a finite number >= 0"):
            evaluated()


@pytest.mark.parametrize(
    ("y", "within", "message"),
    [
        (1.0, (-2, 2), "2 times from -2 to 2: at -1, 1"),
        (5.0, (-2, 2), "0 times"),
        (0.0, (-2, 2), "turns at the value 0: its slope there is zero"),
        (1.0, (2, -2), "give the lower end first"),
    ],
)
def test_no_root_several_and_a_turning_point(y: float, within: tuple[float, float], message: str) -> None:
    with pytest.raises(FitError, match=message):
        CURVED.solve(y, within=within)


def test_a_constant_has_no_inverse() -> None:
    with pytest.raises(FitError, match="a constant has no inverse"):
        polynomial(X6, Y6, 0, u_y=0.5).solve(8.0, within=(1, 6))


@settings(deadline=None)
@given(st.lists(st.floats(-3, 3), min_size=2, max_size=6), st.floats(-5, 5))
def test_roots_are_those_of_a_fine_scan(coefficients: list[float], target: float) -> None:
    """Where the polynomial crosses the target between two points of a scan, there is a root, and each root is one."""
    c = np.array(coefficients)
    t = np.linspace(-1.0, 1.0, 401)
    found = np.array(roots_within(c, target, -1.0, 1.0))
    assert np.all(np.abs(np.polynomial.polynomial.polyval(found, c) - target) < 1e-9)
    value = np.polynomial.polynomial.polyval(t, c) - target
    for i in np.flatnonzero((value[:-1] * value[1:] < 0) & (np.abs(value[:-1]) > 1e-9) & (np.abs(value[1:]) > 1e-9)):
        assert np.any((found >= t[i]) & (found <= t[i + 1]))


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"y": [1, 1, 1]}, "all y are equal, and no uncertainty is stated"),
        ({"y": ["a", 1, 2], "u_y": 1}, "y is not an array of real numbers"),
        ({"y": [1j, 1, 2], "u_y": 1}, "y is not an array of real numbers"),
        ({"y": [1, 2, 4], "covariance": [[1, 2], [3]]}, "covariance is not an array"),
        ({"y": [1, 2, 4], "u_y": "a"}, "u_y is not an array"),
        ({"y": [1, 2, 4], "u_y": 1e300}, "too large"),
        ({"y": [1e200, 2, 4], "u_y": 1e-200}, "no uncertainty|too large"),
        ({"y": [1e200, 2, 4e200], "u_y": 0.1}, "too large"),
    ],
)
def test_what_is_no_data_is_refused_without_a_warning(arguments: dict[str, object], message: str) -> None:
    for fit in (straight_line, lambda **points: polynomial(degree=1, **points)):
        with pytest.raises(FitError, match=message):
            fit(x=[1, 2, 3], **arguments)  # type: ignore[arg-type]


@pytest.mark.parametrize("degree", [1.5, "2", True, -1, 13])
def test_a_degree_is_a_whole_number(degree: int) -> None:
    with pytest.raises(FitError, match="give a whole number"):
        polynomial(X6, Y6, degree, u_y=0.5)


def test_a_choice_names_the_degrees_that_it_could_not_try() -> None:
    chosen = choose_degree(X6, Y6, [1, 1, 2, 4], u_y=0.5)
    assert [each.degree for each in chosen.candidates] == [1, 2]
    assert "degree 4 was not tried: it needs 7 points" in chosen.table()


def test_clause_9_covariance_of_y() -> None:
    """ISO/TS 28037:2010, clause 9 (as quoted in GTC's tests): two blocks of points with a common error each."""
    covariance = np.zeros((20, 20))
    covariance[10:15, 10:15] = 1 + np.eye(5)
    covariance[15:, 15:] = 4 + np.eye(5)
    y = [1.3, 4.1, 6.9, 7.5, 10.2, 12.0, 14.5, 17.1, 19.5, 21.0]
    line = straight_line(range(1, 11), y, covariance=covariance)
    np.testing.assert_allclose((line.a, line.u_a, line.b, line.u_b), (-0.6456, 1.2726, 2.2014, 0.2015), atol=5e-5)
    assert line.chi2 == pytest.approx(2.07395, abs=5e-6)


def pairs(n: int, v: Array) -> Array:
    """The covariance that clause 8 of ISO/TS 28037 knows: x with y of the same point only."""
    same = np.tile(np.eye(n), (2, 2))
    return np.asarray(v * same)


@pytest.mark.parametrize("degree", [1, 2, 3])
@pytest.mark.parametrize("clause", [7, 8, 10])
def test_fits_are_the_minimum_over_all_adjusted_points(degree: int, clause: int) -> None:
    """Against a minimiser that knows no linearisation: the adjusted x are unknowns like the coefficients."""
    generator = np.random.default_rng(10 * degree + clause)
    n, c = 9, np.array([1.0, 0.7, 0.05, -0.01][: degree + 1])
    x = np.linspace(0.0, 10.0, n)
    root = 0.1 * generator.normal(size=(2 * n, 2 * n))
    v = root @ root.T + np.diag(generator.uniform(0.1, 0.3, 2 * n) ** 2)
    v = {7: np.diag(v.diagonal()), 8: pairs(n, v), 10: v}[clause]
    error = generator.multivariate_normal(np.zeros(2 * n), v)
    seen, y = x + error[:n], np.polynomial.polynomial.polyval(x, c) + error[n:]
    whiten = np.linalg.inv(np.linalg.cholesky(v))

    def misfit(p: Array) -> Array:
        adjusted = p[degree + 1 :]
        curve = np.polynomial.polynomial.polyval(adjusted, p[: degree + 1])
        return np.asarray(whiten @ np.concatenate([seen - adjusted, y - curve]))

    start = np.concatenate([c, seen])
    found = least_squares(misfit, start, x_scale="jac", xtol=1e-15, ftol=1e-15, gtol=1e-15)
    expected = found.x[: degree + 1]
    jacobian = np.asarray(found.jac)
    u = np.sqrt(np.linalg.inv(jacobian.T @ jacobian).diagonal()[: degree + 1])
    fit = polynomial(seen, y, degree, covariance=v)
    np.testing.assert_allclose(fit.coefficients, expected, rtol=0, atol=1e-5 * u.min())
    np.testing.assert_allclose(fit.u, u, rtol=1e-5)
    assert fit.chi2 == pytest.approx(2 * found.cost, rel=1e-8)
    if degree == 1:
        line = straight_line(seen, y, covariance=v)
        np.testing.assert_allclose((line.a, line.b), expected, rtol=0, atol=1e-5 * u.min())
        assert line.chi2 == pytest.approx(2 * found.cost, rel=1e-8)
