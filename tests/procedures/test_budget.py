"""Budgets as they are printed."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_FLOOR

import pytest

from hil_procedures.budget import Budget, Part, budget_table, two_digits
from hil_procedures.pose.results import outwards


@pytest.mark.parametrize(
    ("u", "told"),
    [
        (0.1, "0.10"),
        (0.0996, "0.10"),
        (1.0, "1.0"),
        (12.3, "12"),
        (120.0, "120"),
        (0.000125, "0.00013"),
        (3e-5, "3.0e-05"),
    ],
)
def test_an_uncertainty_has_two_digits_and_a_power_of_ten_only_where_it_is_small(u: float, told: str) -> None:
    assert two_digits(u) == told


def test_a_budget_of_large_uncertainties_is_in_plain_numbers() -> None:
    made = budget_table("", "J", Budget((Part("scatter", 300.0), Part("mass", 400.0))))
    assert [row[1] for row in made.rows] == ["400", "300", "500"]


def test_bounds_of_a_pose_go_as_far_as_its_value_and_still_bound() -> None:
    assert outwards(0.5439, "0.97", ROUND_FLOOR) == "0.54"
    assert outwards(1.2551, "0.97", ROUND_CEILING) == "1.26"
