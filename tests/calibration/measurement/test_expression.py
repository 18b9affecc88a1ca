"""Expressions: the grammar, what it refuses, and exact derivatives."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_calibration.errors import CalibrationError
from hil_calibration.measurement.derivative import gradient, second_order
from hil_calibration.measurement.expression import FUNCTIONS, Expression

EVERYTHING = (
    "arctan2(y, x) * exp(x * y) + sin(x)**3 / sqrt(y) + x**y + log10(y) * arcsin(x / 9) + hypot(x, y) * cosh(x) + 2**x"
    " + arccos(x / 9) + arctan(x) + sinh(y / 3) + tanh(x) + arcsinh(y) + arccosh(y + 1) + arctanh(x / 9) + expm1(x)"
    " + log(y) + log2(x) + log1p(x) + tan(x / 3) + cos(y) - 1 / x"
)
AT = {"x": 1.3, "y": 2.1}


def test_names_are_in_order_and_constants_are_none() -> None:
    assert Expression("b * a + b + pi * e").names == ("b", "a")


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("__import__('os').system('x')", "the function that is no name"),
        ("__import__('os')", "the function __import__"),
        ("x.real", "this (attribute)"),
        ("x[0]", "this (subscript)"),
        ("lambda: 1", "this (lambda)"),
        ("1 if x else 2", "this (if exp)"),
        ("x < 2", "this (compare)"),
        ("x // 2", "this (floor div)"),
        ("x @ y", "this (mat mult)"),
        ("~x", "this (invert)"),
        ("[x]", "this (list)"),
        ("(x := 2)", "this (named expr)"),
        ("f'{x}'", "this (joined str)"),
        ("'text'", "the constant 'text'"),
        ("True", "the constant True"),
        ("2j", "the constant 2j"),
        ("1e999", "a number that is too large"),
        ("sine(x)", "the function sine; did you mean sin?"),
        ("sin", "the function sin without parentheses"),
        ("sin(x, y)", "sin with other than 1 argument"),
        ("sin(x=1)", "sin with other than 1 argument"),
        ("sin(*x)", "this (starred)"),
        ("é + 1", "the name 'é'"),
        ("-" * 300 + "x", "nesting deeper than 100"),
        ("x" + "+x" * 30_000, "an expression of 60001 characters"),
        ("", "is no expression"),
        ("x; y", "is no expression"),
        ("(((", "is no expression"),
        ("\0", "is no expression"),
    ],
)
def test_what_is_not_of_the_grammar_is_refused_by_name(text: str, told: str) -> None:
    with pytest.raises(CalibrationError) as raised:
        Expression(text, where="model.toml: model")
    assert told in str(raised.value)
    assert str(raised.value).startswith("model.toml: model: ")


@given(text=st.text(max_size=60))
def test_any_text_is_an_expression_or_refused(text: str) -> None:
    try:
        expression = Expression(text)
    except CalibrationError:
        return
    expression.evaluate(dict.fromkeys(expression.names, 0.7))


@given(text=st.text(alphabet="xy0.1+-*/() einscopltaqrg,", max_size=40))
def test_what_looks_like_an_expression_is_one_or_refused(text: str) -> None:
    try:
        expression = Expression(text)
    except CalibrationError:
        return
    at = dict.fromkeys(expression.names, 0.7)
    value, slopes = gradient(expression, at)
    plain = float(expression.evaluate(at))
    assert slopes.shape == (len(at),)
    assert value == pytest.approx(plain, rel=1e-9) or not math.isfinite(plain)


@pytest.mark.parametrize("text", ["1 / 0", "10**10**10", "(-1)**0.5", "x / 0"])
def test_what_leaves_the_domain_is_not_finite_and_raises_nothing(text: str) -> None:
    assert not np.isfinite(Expression(text).evaluate({"x": 1.0}))


def test_a_sum_of_a_thousand_terms_is_no_nesting() -> None:
    names = [f"x{i}" for i in range(1000)]
    expression = Expression(" + ".join(f"{i + 1} * {name}" for i, name in enumerate(names)))
    value, slopes = gradient(expression, dict.fromkeys(names, 1.0))
    assert value == 500_500
    assert slopes.tolist() == [float(i + 1) for i in range(1000)]


def test_derivatives_agree_with_differences_in_extended_precision() -> None:
    expression, found = Expression(EVERYTHING), second_order(Expression(EVERYTHING), AT)
    h = np.longdouble(2e-4)

    def f(i: int, j: int) -> np.longdouble:
        at = {"x": np.longdouble(1.3) + i * h, "y": np.longdouble(2.1) + j * h}
        return np.longdouble(expression.evaluate(at))

    first = [(f(1, 0) - f(-1, 0)) / (2 * h), (f(0, 1) - f(0, -1)) / (2 * h)]
    mixed = (f(1, 1) - f(1, -1) - f(-1, 1) + f(-1, -1)) / (4 * h**2)
    twice = [(f(1, 0) - 2 * f(0, 0) + f(-1, 0)) / h**2, (f(0, 1) - 2 * f(0, 0) + f(0, -1)) / h**2]
    xyy = (f(1, 1) - 2 * f(1, 0) + f(1, -1) - f(-1, 1) + 2 * f(-1, 0) - f(-1, -1)) / (2 * h**3)
    yxx = (f(1, 1) - 2 * f(0, 1) + f(-1, 1) - f(1, -1) + 2 * f(0, -1) - f(-1, -1)) / (2 * h**3)
    xxx = (f(2, 0) - 2 * f(1, 0) + 2 * f(-1, 0) - f(-2, 0)) / (2 * h**3)
    assert found.first == pytest.approx(np.array(first, dtype=float), rel=1e-6)
    assert found.second == pytest.approx(np.array([[twice[0], mixed], [mixed, twice[1]]], dtype=float), rel=1e-5)
    assert found.third[0, 1] == pytest.approx(float(xyy), rel=1e-4)
    assert found.third[1, 0] == pytest.approx(float(yxx), rel=1e-4)
    assert found.third[0, 0] == pytest.approx(float(xxx), rel=1e-4)
    assert gradient(expression, AT)[1] == pytest.approx(found.first, rel=1e-12)


def test_the_test_above_covers_every_function() -> None:
    assert {name for name in FUNCTIONS if f"{name}(" in EVERYTHING} == set(FUNCTIONS)


@pytest.mark.parametrize(("y", "x"), [(1.0, 2.0), (1.0, -2.0), (-1.0, -2.0), (-3.0, 1.0), (3.0, -1.0), (0.0, -1.0)])
def test_arctan2_has_its_branch_and_its_slopes(y: float, x: float) -> None:
    value, slopes = gradient(Expression("arctan2(y, x)"), {"y": y, "x": x})
    square = x**2 + y**2
    assert value == pytest.approx(math.atan2(y, x))
    assert slopes == pytest.approx([x / square, -y / square])
