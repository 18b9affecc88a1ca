"""Intervals that hold whenever one stops: exactly, by simulation, and beside looking at Clopper-Pearson's."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy.stats import binom

from hil_calibration.errors import CalibrationError
from hil_calibration.performance import proportion_interval
from hil_calibration.systems.anytime import confidence_sequence, log_evidence


@pytest.mark.parametrize("p", [0.01, 0.3, 0.5, 0.93])
@pytest.mark.parametrize("n", [1, 7, 60])
def test_the_evidence_has_the_mean_one_under_the_truth(p: float, n: int) -> None:
    mean = sum(binom.pmf(k, n, p) * math.exp(log_evidence(k, n, p)) for k in range(n + 1))
    assert mean == pytest.approx(1.0, rel=1e-9)


@given(st.integers(1, 10**6), st.data(), st.sampled_from([0.5, 0.9, 0.95, 0.999]))
def test_the_interval_ends_where_the_evidence_reaches_its_limit(n: int, data: st.DataObject, confidence: float) -> None:
    k = data.draw(st.integers(0, n))
    low, high = confidence_sequence(k, n, confidence)
    assert 0.0 <= low <= k / n <= high <= 1.0
    for end in (low, high):
        if 1e-12 < end < 1.0 - 1e-9:
            assert log_evidence(k, n, end) == pytest.approx(-math.log(1.0 - confidence), abs=1e-5)
    assert (low == 0.0) == (k == 0)
    assert (high == 1.0) == (k == n)
    clopper = proportion_interval(k, n, confidence)
    assert n < 5 or confidence < 0.9 or high - low > clopper[1] - clopper[0]


def miss(p: float, n: int, confidence: float) -> float:
    """The exact probability that one of the intervals of the first ``n`` trials leaves ``p`` out."""
    limit = -math.log(1.0 - confidence)
    state, missed = np.ones(1), 0.0
    for trials in range(1, n + 1):
        moved = np.zeros(trials + 1)
        moved[:-1] += state * (1.0 - p)
        moved[1:] += state * p
        out = np.array([log_evidence(k, trials, p) >= limit for k in range(trials + 1)])
        missed += float(moved[out].sum())
        moved[out] = 0.0
        state = moved
    return missed


@pytest.mark.parametrize("p", [0.02, 0.1, 0.5, 0.8])
def test_looking_after_every_trial_misses_no_more_often_than_stated(p: float) -> None:
    assert 0.0 < miss(p, 300, 0.95) <= 0.05
    assert 0.01 < miss(p, 300, 0.8) <= 0.2


def test_stopping_when_narrow_covers_where_looking_at_clopper_pearson_does_not() -> None:
    """2000 series that stop at the worst moment of 400: when the truth is left out, if it ever is."""
    rng = np.random.default_rng(1)
    p, series, n = 0.3, 2000, 400
    successes = np.cumsum(rng.random((series, n)) < p, axis=1)
    outside = {
        name: np.array([[not low <= p <= high for low, high in row] for row in _table(interval, n)])
        for name, interval in (("anytime", confidence_sequence), ("clopper-pearson", proportion_interval))
    }
    rows = np.arange(n)
    missed = {name: float(np.mean(table[rows, successes].any(axis=1))) for name, table in outside.items()}
    assert missed["anytime"] <= 0.05
    assert missed["clopper-pearson"] > 0.12


def _table(interval: object, n: int) -> list[list[tuple[float, float]]]:
    assert callable(interval)
    return [
        [interval(min(k, trials), trials) for k in range(n + 1)] if trials % 10 == 0 else [(0.0, 1.0)] * (n + 1)
        for trials in range(1, n + 1)
    ]


def test_nothing_is_known_before_the_first_trial() -> None:
    assert confidence_sequence(0, 0) == (0.0, 1.0)


@pytest.mark.parametrize(
    ("k", "n", "confidence"), [(2, 1, 0.95), (-1, 5, 0.95), (0, -1, 0.95), (1, 2, 1.0), (1, 2, 0.0)]
)
def test_what_is_no_count_is_refused(k: int, n: int, confidence: float) -> None:
    with pytest.raises(CalibrationError):
        confidence_sequence(k, n, confidence)
