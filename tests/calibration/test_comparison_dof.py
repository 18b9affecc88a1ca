"""U(d) with few degrees of freedom: Welch-Satterthwaite against published and independent numbers, and its coverage."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy import stats

from hil.comparing.results import dof_of
from hil_calibration.comparison import equivalence
from hil_calibration.coverage import coverage_factor
from hil_calibration.errors import UnknownUncertainty

Array = NDArray[np.float64]


def test_the_example_of_the_gum() -> None:
    """GUM G.4.1: relative standard uncertainties of means of 10, 5 and 15 observations give 19 degrees of freedom."""
    budget = {"1": {"u": 0.25, "dof": 9}, "2": {"u": 0.57, "dof": 4}, "3": {"u": 0.82, "dof": 14}}
    assert dof_of(budget) == pytest.approx(19.0, abs=0.1)
    assert math.hypot(0.25, 0.57, 0.82) == pytest.approx(1.03, abs=0.005)
    assert dof_of({**budget, "certificate": {"u": 0.1}}) > dof_of(budget)
    assert dof_of({"certificate": {"u": 0.1}}) == math.inf


@pytest.mark.parametrize(("dof", "k"), [(1, 13.97), (2, 4.53), (4, 2.87), (10, 2.28), (20, 2.13), (50, 2.0)])
def test_the_factors_of_table_g2(dof: float, k: float) -> None:
    """GUM table G.2, 95.45 %; from 50 degrees of freedom on k = 2, which is 2.05 there."""
    found = equivalence(1.0, 0.5, 1.0, 0.0, margin=1.0, dof1=dof)
    assert found.k == pytest.approx(k, abs=0.005)
    assert found.dof == dof
    assert pytest.approx(found.k * 0.5) == found.U


def test_two_means_as_welch_has_them() -> None:
    """Against scipy's test of two means with unequal variances."""
    one, other = np.array([10.1, 10.4, 9.8, 10.0, 10.3]), np.array([9.2, 10.9, 8.8])
    (x1, u1, dof1), (x2, u2, dof2) = mean_of(one), mean_of(other)
    found = equivalence(x1, u1, x2, u2, margin=1.0, dof1=dof1, dof2=dof2)
    welch = stats.ttest_ind(one, other, equal_var=False)
    assert found.dof == pytest.approx(welch.df)
    assert found.difference / (found.U / found.k) == pytest.approx(welch.statistic)


def test_what_is_shared_leaves_the_difference_and_not_the_degrees_of_freedom() -> None:
    """A certificate that both share: u(d), its degrees of freedom and k are those of what remains."""
    shared, scatter, dof = 0.4, 0.3, 4.0
    u = math.hypot(shared, scatter)
    whole = dof_of({"certificate": {"u": shared}, "scatter": {"u": scatter, "dof": dof}})
    both = equivalence(1.0, u, 1.1, u, margin=1.0, covariance=shared**2, dof1=whole, dof2=whole)
    alone = equivalence(1.0, scatter, 1.1, scatter, margin=1.0, dof1=dof, dof2=dof)
    assert (both.dof, both.k, both.U) == pytest.approx((alone.dof, alone.k, alone.U))
    assert both.dof == pytest.approx(8.0)


def test_degrees_of_freedom_are_checked_and_default_to_infinity() -> None:
    assert (equivalence(1.0, 0.1, 1.1, 0.1, margin=1.0).k, equivalence(1.0, 0.0, 1.1, 0.0, margin=1.0).U) == (2.0, 0.0)
    for dof in (0.5, math.nan, -1.0):
        with pytest.raises(UnknownUncertainty, match="dof2"):
            equivalence(1.0, 0.1, 1.1, 0.1, margin=1.0, dof2=dof)


@pytest.mark.parametrize("ratio", [1.0, 4.0])
@pytest.mark.parametrize(("n1", "n2"), [(3, 3), (5, 5), (5, 12)])
def test_u_of_d_covers_with_few_observations_and_k_2_did_not(n1: int, n2: int, ratio: float) -> None:
    """8000 pairs of runs: n observations each, with standard deviations 1 and ``ratio``, and a certificate each.

    U(d) holds the true difference in 95 % of them at least, but for chance and for what Welch-Satterthwaite is short
    of where one of three observations dominates; k = 2 is too small.
    """
    draw, runs = np.random.default_rng(20281128), 8_000
    sides = [one_run(draw, runs, n1, 1.0), one_run(draw, runs, n2, ratio)]
    (x1, u1, dof1), (x2, u2, dof2) = sides
    found = [
        equivalence(*each[:4], margin=1.0, dof1=each[4], dof2=each[5])
        for each in zip(x1, u1, x2, u2, dof1, dof2, strict=True)
    ]
    d, U = (np.array([getattr(one, name) for one in found]) for name in ("difference", "U"))  # noqa: N806
    k = np.array([one.k for one in found])
    assert np.mean(np.abs(d) <= U) > 0.94
    assert np.mean(np.abs(d) <= 2.0 * U / k) < 0.94
    assert k[0] == coverage_factor(found[0].dof)


def one_run(draw: np.random.Generator, runs: int, n: int, sd: float) -> tuple[Array, Array, Array]:
    """Means of n observations about 0 with an error of a certificate, their u and effective degrees of freedom."""
    certificate = 0.1 * sd
    x = draw.normal(0.0, sd, (runs, n)) + draw.normal(0.0, certificate, (runs, 1))
    scatter = x.std(axis=1, ddof=1) / math.sqrt(n)
    u = np.hypot(scatter, certificate)
    return x.mean(axis=1), u, (n - 1.0) * (u / scatter) ** 4


def mean_of(x: Array) -> tuple[float, float, float]:
    return float(x.mean()), float(x.std(ddof=1)) / math.sqrt(len(x)), len(x) - 1.0
