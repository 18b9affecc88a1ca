"""Points taken rising and falling become their mean, with hysteresis as an effect; other orders are left alone."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hil_calibration.certificate.directions import Points, both_directions


def points(value: list[float], indication: list[float], u: float = 0.1) -> Points:
    return Points(np.array(indication), np.array(value), u**2 * np.eye(len(value)))


def test_the_mean_of_both_directions_and_what_they_differ_by() -> None:
    found, loop = both_directions(points([1, 5, 10, 5.01, 1], [1.0, 5.2, 10.1, 5.41, 1.1]), "X-1")
    assert found.value.tolist() == pytest.approx([1.0, 5.005, 10.0])
    assert found.indication.tolist() == pytest.approx([1.05, 5.305, 10.1])
    np.testing.assert_allclose(np.sqrt(found.covariance.diagonal()), [0.1 / math.sqrt(2), 0.1 / math.sqrt(2), 0.1])
    assert loop is not None
    assert loop.name == "X-1 hysteresis"
    assert loop.half_width == pytest.approx(0.1)
    assert loop.u == pytest.approx(0.2 / (2 * math.sqrt(3)))


def test_falling_first_is_a_loop_too() -> None:
    found, loop = both_directions(points([10, 5, 1, 5, 10], [10.0, 5.0, 1.0, 5.2, 10.3]), "X-1")
    assert found.value.tolist() == [10.0, 5.0, 1.0]
    assert loop is not None
    assert loop.half_width == pytest.approx(0.15)


@pytest.mark.parametrize(
    "value",
    [
        [1, 2, 5, 10],
        [10, 5, 2, 1],
        [1, 10, 2, 9],
        [1, 2, 2, 5],
        [1, 5, 10, 7, 3],
        [1, 5, 10, 5.01, 4.99],
    ],
    ids=["rising", "falling", "to and fro", "twice the same", "other levels", "two for one"],
)
def test_other_orders_are_left_as_they_are(value: list[float]) -> None:
    given = points(value, value)
    assert both_directions(given, "X-1") == (given, None)


def test_a_loop_without_a_difference_has_no_effect() -> None:
    found, loop = both_directions(points([1, 5, 1], [1.1, 5.1, 1.1]), "X-1")
    assert loop is None
    assert found.value.tolist() == [1.0, 5.0]
