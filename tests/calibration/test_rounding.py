"""Rounding for reports: exact in decimals, for every finite number."""

from __future__ import annotations

import doctest
from decimal import Context, Decimal, localcontext

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_calibration import rounding
from hil_calibration.errors import CalibrationError
from hil_calibration.rounding import Rule, report


@pytest.mark.parametrize(
    ("value", "expanded", "digits", "rule", "expected"),
    [
        (10000.025, 0.0583, 2, "nearest", ("10000.025", "0.058")),  # EA-4/02 S2
        (50000838.0, 92.5, 2, "up", ("50000838", "93")),  # GUM H.1
        (199.98, 1.0, 2, "nearest", ("200.0", "1.0")),
        (1.0, 0.0996, 2, "nearest", ("1.00", "0.10")),
        (1.0, 0.995, 2, "nearest", ("1.0", "1.0")),
        (-0.04, 1.0, 2, "nearest", ("0.0", "1.0")),
        (-0.4, 9.96, 2, "nearest", ("0", "10")),
        (56789.0, 1234.0, 2, "nearest", ("56800", "1200")),
        (1.0, 0.145, 2, "nearest", ("1.00", "0.15")),
        (1.0, 0.141, 2, "up", ("1.00", "0.15")),
        (1.0, 0.14, 2, "up", ("1.00", "0.14")),
        (1.0, 0.0104, 2, "ea5", ("1.000", "0.010")),  # lowered by 3.8 %
        (1.0, 0.0145, 1, "ea5", ("1.00", "0.02")),  # 31 % lower to nearest: up
        (1.0, 0.0145, 1, "nearest", ("1.00", "0.01")),
        (0.25, 1.0, 1, "nearest", ("0", "1")),
        (2.5, 1.0, 1, "nearest", ("2", "1")),
        (1e-10, 2.5e-12, 2, "nearest", ("0.0000000001000", "0.0000000000025")),
    ],
)
def test_published_and_boundary_cases(
    value: float,
    expanded: float,
    digits: int,
    rule: Rule,
    expected: tuple[str, str],
) -> None:
    assert report(value, expanded, digits, rule) == expected


@given(
    st.floats(allow_nan=False, allow_infinity=False),
    st.floats(min_value=5e-324, allow_infinity=False, allow_nan=False),
    st.sampled_from([1, 2]),
    st.sampled_from(["nearest", "up", "ea5"]),
)
def test_every_finite_pair_is_reported_within_half_a_digit(
    value: float, expanded: float, digits: int, rule: Rule
) -> None:
    reported = report(value, expanded, digits, rule)
    y, u = Decimal(reported.value), Decimal(reported.U)
    exact = Decimal(repr(expanded))
    assert "e" not in (reported.value + reported.U).lower()
    assert not (y == 0 and reported.value.startswith("-"))
    assert y.as_tuple().exponent == u.as_tuple().exponent
    assert len(u.normalize(Context(prec=400)).as_tuple().digits) <= digits
    assert u > 0
    last = Decimal((0, (1,), u.adjusted() - digits + 1))
    with localcontext(prec=800):
        assert abs(y - Decimal(repr(value))) <= last / 2
    if rule == "up":
        assert u >= exact
    if rule == "ea5":
        assert float(u) >= 0.95 * expanded * (1 - 1e-15)


@pytest.mark.parametrize(
    ("value", "expanded", "digits"),
    [(1, 0, 2), (1, -1, 2), (1, float("nan"), 2), (float("inf"), 1, 2), (1, 1, 3), (1, 1, 0)],
)
def test_what_cannot_be_reported_is_refused(value: float, expanded: float, digits: int) -> None:
    with pytest.raises(CalibrationError):
        report(value, expanded, digits)


def test_the_examples_of_the_documentation_hold() -> None:
    assert doctest.testmod(rounding) == (0, 2)
