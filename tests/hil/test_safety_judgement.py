"""Conditions judged with uncertainty, and conditions that do not depend on anything."""

from __future__ import annotations

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import norm

from hil.safety.constancy import constant
from hil.safety.expression import Rate, parse
from hil.safety.judgement import Look, Reading, probability


def look(**readings: tuple[float, float]) -> Look:
    return Look({name: Reading(*reading) for name, reading in readings.items()})


@given(st.floats(-50, 50), st.floats(0.01, 10))
def test_a_limit_is_judged_by_the_normal_distribution(value: float, u: float) -> None:
    assert probability(parse("x > 3"), look(x=(value, u))) == pytest.approx(norm.sf(3.0, value, u), abs=1e-12)
    assert probability(parse("not (x > 3)"), look(x=(value, u))) == pytest.approx(norm.cdf(3.0, value, u), abs=1e-12)


@pytest.mark.parametrize(
    ("text", "bound"),
    [
        ("x > 3", 1.0),
        ("x > 4", 0.0),
        ("x >= 4", 1.0),
        ("x < 4", 0.0),
        ("x <= 4", 1.0),
        ("x == 4", 1.0),
        ("x == 4.1", 0.0),
        ("not (x == 4)", 0.0),
        ("x - y > 1.5", 1.0),
        ("x * y == 8", 1.0),
        ("x / y > 1.9 and x + y < 6.1", 1.0),
        ("x / (y - 2) > 0", 1.0),
        ("1 > 2", 0.0),
    ],
)
def test_without_uncertainty_a_comparison_holds_or_not(text: str, bound: float) -> None:
    assert probability(parse(text), look(x=(4.0, 0.0), y=(2.0, 0.0))) == bound


@pytest.mark.parametrize("text", ["x == 4", "not (x == 4)", "x > 4", "x < 4", "not (x > 4)", "x - x > 1"])
def test_what_is_no_number_counts_as_dangerous(text: str) -> None:
    assert probability(parse(text), look(x=(math.nan, 0.0))) == 1.0
    assert probability(parse("x > 4"), look(x=(3.0, math.nan))) == 1.0


def test_uncertainties_of_two_channels_add_up_for_nothing_is_known_of_their_correlation() -> None:
    seen = look(x=(4.0, 0.3), y=(2.0, 0.4))
    assert probability(parse("x - y > 3"), seen) == pytest.approx(norm.sf(3.0, 2.0, 0.7))
    assert probability(parse("2 * x > 9"), seen) == pytest.approx(norm.sf(9.0, 8.0, 0.6))
    assert probability(parse("x - x > 0.1"), seen) == 0.0, "a channel is fully correlated with itself"


@given(st.floats(-3, 3), st.floats(-3, 3), st.floats(-0.999, 0.999))
def test_the_bounds_hold_for_any_correlation(a: float, b: float, r: float) -> None:
    """Against the bivariate normal distribution by Monte Carlo (seeded by the values)."""
    import numpy as np

    generator = np.random.default_rng(abs(hash((a, b, r))) % 2**32)
    x, y = generator.multivariate_normal([a, b], [[1, r], [r, 1]], 4000).T
    seen = look(x=(a, 1.0), y=(b, 1.0))
    tolerance = 4 * math.sqrt(0.25 / 4000)
    assert np.mean((x > 1) & (y > 1)) <= probability(parse("x > 1 and y > 1"), seen) + tolerance
    assert np.mean((x > 1) | (y > 1)) <= probability(parse("x > 1 or y > 1"), seen) + tolerance
    if a - b < 0.5:
        assert np.mean(x - y > 0.5) <= probability(parse("x - y > 0.5"), seen) + tolerance


def test_what_has_no_value_holds() -> None:
    seen = Look({"x": Reading(1.0), "y": Reading(fault="is stale")})
    assert probability(parse("x > 5 and y > 5"), seen) == 1.0
    assert probability(parse("not (y > 5)"), seen) == 1.0
    assert seen.fault(parse("x > 5 or y > 5")) == "y is stale"
    assert seen.fault(parse("z > 5")) == "z has no value yet"
    assert seen.fault(parse("rate(x, 5 s) > 5")) == "the rate of x has no value yet"


def test_what_is_looked_at_and_not_compared() -> None:
    seen = Look({"x": Reading(1.0), "y": Reading(fault="is stale")}, lost=["chamber"], tripped=["hot"])
    told = {text: probability(parse(text), seen) for text in ("stale(x)", "stale(y)", "lost(chamber)", "lost(io)")}
    assert told == {"stale(x)": 0.0, "stale(y)": 1.0, "lost(chamber)": 1.0, "lost(io)": 0.0}
    assert probability(parse("interlock(hot) and not interlock(cold)"), seen) == 1.0
    assert probability(parse("not lost(chamber)"), seen) == 0.0
    assert probability(parse("rate(x, 5 s) > 1"), Look(seen.readings, {Rate("x", 5.0): Reading(2.0)})) == 1.0


def test_the_margin_widens_every_limit() -> None:
    seen = look(x=(84.0, 0.0))
    assert probability(parse("x > 85"), seen) == 0.0
    assert probability(parse("x > 85"), seen, margin=2.0) == 1.0
    assert probability(parse("x < 83"), seen, margin=2.0) == 1.0
    assert probability(parse("not (x <= 85)"), seen, margin=2.0) == 1.0


@pytest.mark.parametrize(
    ("text", "told"),
    [
        ("x > 5 or x < 10", True),
        ("x > 5 and x < 3", False),
        ("x > 5 and not (x > 4)", False),
        ("x >= 5 and x <= 5", None),
        ("x > 5 and x < 5", False),
        ("x > 5 or x <= 5", True),
        ("x == 1 and x == 2", False),
        ("x > 5 or y < 10", None),
        ("(x > 5 or y > 1) and x < 3 and y < 0", False),
        ("rate(x, 5 s) > 2 and rate(x, 5 s) < 1", False),
        ("rate(x, 5 s) > 2 and rate(x, 6 s) < 1", None),
        ("lost(a) or not lost(a)", True),
        ("stale(x) and not stale(x)", False),
        ("x - y > 1 or not (x - y > 1)", True),
        ("1 > 2", False),
        ("2 > 1", True),
        ("1 / 0 > 1", True),
        ("x > 1e308 and x < -1e308", False),
        ("x > 1 / 3", None),
        ("5 < x and 3 > x", False),
    ],
)
def test_a_condition_that_depends_on_nothing_is_known(text: str, told: bool | None) -> None:
    assert constant(parse(text)) is told


@given(st.lists(st.tuples(st.sampled_from((">", ">=", "<", "<=")), st.integers(-3, 3)), min_size=1, max_size=4))
def test_what_is_called_constant_is_so_for_every_value(limits: list[tuple[str, int]]) -> None:
    for word in (" and ", " or "):
        condition = parse(word.join(f"x {relation} {limit}" for relation, limit in limits))
        seen = {probability(condition, look(x=(x / 4, 0.0))) for x in range(-20, 21)}
        assert constant(condition) is (bool(seen.pop()) if len(seen) == 1 else None)


def test_the_question_is_left_open_where_there_are_too_many_combinations() -> None:
    assert constant(parse(" or ".join(f"lost(d{n})" for n in range(20)) + " or 2 > 1")) is None
