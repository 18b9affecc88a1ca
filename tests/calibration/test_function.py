"""Calibration functions and effects: derivatives, inverses, refusal, and their JSON."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_calibration import function as functions
from hil_calibration.effect import Effect
from hil_calibration.errors import CalibrationError, OutOfRange, UnknownUncertainty
from hil_calibration.function import CalibrationFunction, Polynomial, StraightLine, Table

FUNCTIONS = [
    StraightLine(0.3, 1.02),
    Polynomial((0.02, 1.013, -2e-4, 3e-6)),
    Table((0.0, 10.0, 30.0, 100.0), (0.1, 10.4, 30.2, 101.0)),
    Table((0.0, 10.0, 100.0), (5.0, 1.0, -7.0)),
]
X = np.array([0.5, 12.0, 29.5, 60.0, 99.0])


@pytest.mark.parametrize("function", FUNCTIONS, ids=["line", "polynomial", "rising table", "falling table"])
class TestEveryFunction:
    def test_slope_is_the_derivative(self, function: CalibrationFunction) -> None:
        numeric = (function.value(X + 1e-6) - function.value(X - 1e-6)) / 2e-6
        np.testing.assert_allclose(function.slope(X), numeric, rtol=1e-6)

    def test_jacobian_is_the_derivative_by_the_coefficients(self, function: CalibrationFunction) -> None:
        c = function.coefficients
        for j, column in enumerate(function.jacobian(X).T):
            step = np.zeros_like(c)
            step[j] = 0.5
            moved = function.with_coefficients(c + step).value(X) - function.with_coefficients(c - step).value(X)
            np.testing.assert_allclose(column, moved, atol=1e-12)

    def test_inverse_returns(self, function: CalibrationFunction) -> None:
        np.testing.assert_allclose(function.inverse(function.value(X)), X, rtol=1e-9)

    def test_json_returns(self, function: CalibrationFunction) -> None:
        assert functions.from_json(function.to_json()) == function

    def test_it_is_a_calibration_function(self, function: CalibrationFunction) -> None:
        assert isinstance(function, CalibrationFunction)


def test_a_table_is_not_extrapolated() -> None:
    for x in (-0.1, 100.1, math.nan):
        with pytest.raises(OutOfRange, match="outside the table"):
            FUNCTIONS[2].value([50.0, x])


def test_no_inverse_is_an_error() -> None:
    for function in (StraightLine(1, 0), Polynomial((1.0,)), Polynomial((0, 1, -1)), Table((0, 1, 2), (0, 1, 0))):
        with pytest.raises(OutOfRange):
            function.inverse([5.0])


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "straight-line", "a": math.nan, "b": 1},
        {"kind": "polynomial", "coefficients": []},
        {"kind": "table", "x": [0, 0], "y": [1, 2]},
        {"kind": "table", "x": [0, 1], "y": [1, 2, 3]},
        {"kind": "table", "x": [0], "y": [1]},
        {"kind": "table", "x": [0, 1]},
        {"kind": "spline"},
        {},
    ],
    ids=str,
)
def test_malformed_functions_are_refused(data: dict[str, object]) -> None:
    with pytest.raises(CalibrationError):
        functions.from_json(data)


@pytest.mark.parametrize(("distribution", "divisor"), [("rectangular", 3), ("triangular", 6), ("arcsine", 2)])
def test_u_of_bounded_effects(distribution: str, divisor: int) -> None:
    effect = Effect.from_json({"name": "drift", "kind": "relative", "distribution": distribution, "half_width": 0.003})
    assert effect.u == pytest.approx(0.003 / math.sqrt(divisor))
    assert Effect.from_json(effect.to_json()) == effect


def test_sensitivities_by_kind() -> None:
    value = np.array([10.0, 200.0])
    relative = Effect(name="a", kind="relative", u=0.1)
    absolute = Effect(name="b", kind="absolute", u=0.1)
    kelvin = Effect(name="c", kind="relative-per-kelvin", u=0.1, reference=23.0)
    np.testing.assert_array_equal(relative.sensitivity(value), value)
    np.testing.assert_array_equal(absolute.sensitivity(value), [1, 1])
    np.testing.assert_array_equal(kelvin.sensitivity(value, 25.0), 2 * value)
    np.testing.assert_array_equal(kelvin.sensitivity(value, [24.0, 22.0]), [10, -200])
    with pytest.raises(UnknownUncertainty, match="temperature"):
        kelvin.sensitivity(value)


@pytest.mark.parametrize(
    "fields",
    [
        {},
        {"name": ""},
        {"u": -1.0},
        {"u": math.inf},
        {"u": 0.1, "half_width": 0.1},
        {"half_width": 0.1},
        {"half_width": -0.1, "distribution": "rectangular"},
        {"u": 0.1, "kind": "odd"},
        {"u": 0.1, "distribution": "odd"},
        {"u": 0.1, "kind": "relative-per-kelvin"},
        {"u": 0.1, "reference": 20.0},
        {"u": 0.1, "dof": 0.5},
    ],
)
def test_incomplete_effects_are_refused(fields: dict[str, object]) -> None:
    with pytest.raises(CalibrationError):
        Effect.from_json({"name": "drift", "kind": "relative", **fields})


@given(st.floats(0, 100))
def test_a_table_meets_its_neighbours(x: float) -> None:
    table = FUNCTIONS[2]
    np.testing.assert_allclose(table.jacobian([x]) @ table.coefficients, table.value([x]))
    assert table.jacobian([x]).sum() == pytest.approx(1.0)


@pytest.mark.parametrize("y", [0.39, 5.0, -0.39])
def test_a_polynomial_is_not_inverted_beyond_its_turning_point(y: float) -> None:
    """x - x³ rises from -0.385 to 0.385; for 0.39 the only root, -1.156, lies on another branch."""
    with pytest.raises(OutOfRange, match="does not reach"):
        Polynomial((0.0, 1.0, 0.0, -1.0)).inverse(y)
    assert float(Polynomial((0.0, 1.0, 0.0, -1.0)).inverse(0.384)) == pytest.approx(0.5544003745317526)


@pytest.mark.parametrize("y", [math.nan, math.inf, -math.inf, [1.0, math.nan]])
@pytest.mark.parametrize("function", [StraightLine(0.0, 2.0), Polynomial((0.0, 1.0, -1.0)), Table((0, 1), (0, 2))])
def test_what_is_not_finite_has_no_indication(function: CalibrationFunction, y: float) -> None:
    with pytest.raises(OutOfRange):
        function.inverse(y)


@pytest.mark.parametrize(
    "data",
    [
        {"kind": "straight-line", "a": "x", "b": 1},
        {"kind": "table", "x": ["a", 1], "y": [1, 2]},
        {"kind": "polynomial", "coefficients": None},
    ],
)
def test_words_in_place_of_numbers_are_refused(data: dict[str, object]) -> None:
    with pytest.raises(CalibrationError, match="no numbers where they belong"):
        functions.from_json(data)


def test_interpolation_carries_the_uncertainty_that_curvature_shows() -> None:
    """A parabola between its nodes lies off the chord by c h² / 8 in the middle; at the nodes nothing is added."""
    x = np.array([0.0, 2.0, 6.0, 7.0])
    u = functions.u_between_nodes(x, 0.5 * x**2)
    np.testing.assert_allclose(u, np.diff(x) ** 2 / 8)
    assert functions.u_between_nodes(x, 0.1 - 0.7 * x).tolist() == [0.0, 0.0, 0.0]
    with pytest.raises(CalibrationError, match="too large"):
        functions.u_between_nodes([0.0, 1.0, 2.0], [1e308, -1e308, 1e308])
    table = Table(tuple(x), tuple(0.5 * x**2), (0.0,) * 3)
    at = np.array([0.0, 1.0, 2.0, 3.0, 6.0, 6.5])
    columns = table.jacobian(at)[:, 4:] * u
    np.testing.assert_allclose(np.linalg.norm(columns, axis=1), [0.0, 0.5, 0.0, 1.5, 0.0, 0.125])
    chord = np.abs(table.value(at) - 0.5 * at**2)
    np.testing.assert_allclose(np.linalg.norm(columns, axis=1), chord, atol=1e-12)


def test_a_table_with_pieces_that_are_not_straight() -> None:
    curved = Table((0.0, 2.0, 4.0), (1.0, 2.0, 3.0), (0.0, 0.5))
    np.testing.assert_allclose(curved.value([1.0, 3.0, 2.5]), [1.5, 3.0, 2.25 + 0.375])
    numeric = (curved.value(np.array([2.5]) + 1e-6) - curved.value(np.array([2.5]) - 1e-6)) / 2e-6
    np.testing.assert_allclose(curved.slope([2.5]), numeric, rtol=1e-6)
    assert functions.from_json(curved.to_json()) == curved
    assert curved.with_coefficients(curved.coefficients) == curved
    assert "between" not in Table((0.0, 1.0), (0.0, 1.0)).to_json()
    with pytest.raises(OutOfRange, match="not straight"):
        curved.inverse(2.0)
    with pytest.raises(CalibrationError, match="3 nodes with 1 pieces"):
        Table((0.0, 2.0, 4.0), (1.0, 2.0, 3.0), (0.1,))
    with pytest.raises(CalibrationError, match="show no curvature"):
        functions.u_between_nodes([0.0, 1.0], [0.0, 1.0])


def test_a_piece_along_its_own_coefficient_is_the_jacobian() -> None:
    table = Table((0.0, 2.0, 6.0, 7.0), (1.0, 2.0, 3.0, 5.0), (0.0,) * 3)
    at = np.array([0.0, 0.5, 2.0, 3.0, 5.0, 6.0, 6.7, 7.0])
    jacobian = table.jacobian(at)
    for column, unit in enumerate(0.3 * np.eye(7)):
        along = table.along(unit)
        np.testing.assert_allclose(along(at), 0.3 * jacobian[:, column], atol=1e-15)
        np.testing.assert_allclose([float(along(x)) for x in at.tolist()], 0.3 * jacobian[:, column], atol=1e-15)
