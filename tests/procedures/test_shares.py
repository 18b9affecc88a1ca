"""Shares of right answers and levels of a curve as they are compared: what ± 2 u of a difference holds, exactly."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
from numpy.typing import NDArray
from scipy.stats import beta, binom, t

from hil_calibration.comparison import equivalence
from hil_calibration.coverage import coverage_factor
from hil_calibration.detection_curve import OBSERVATIONS
from hil_procedures.shares import COUNTS, level, share

Array = NDArray[np.float64]


@pytest.mark.parametrize(("right", "shown"), [(0, 5), (5, 5), (3, 16), (40, 40)])
def test_a_share_is_the_posterior_of_a_uniform_prior(right: int, shown: int) -> None:
    found, posterior = share(right, shown), beta(right + 1, shown - right + 1)
    assert [found.value, found.u] == pytest.approx([posterior.mean(), posterior.std()])
    assert found.parts == {COUNTS: found.u}
    assert (found.unit, found.dof) == ("1", math.inf)


def test_none_of_few_and_all_of_few_are_uncertain() -> None:
    none, every = share(0, 5), share(5, 5)
    assert none.value == pytest.approx(1.0 - every.value)
    assert [none.u, every.u] == pytest.approx([0.1237, 0.1237], abs=5e-5)
    assert not equivalence(none.value, none.u, share(0, 5).value, none.u, margin=0.1).equivalent


@pytest.mark.parametrize(("n", "least"), [(4, 0.83), (8, 0.88), (16, 0.91), (32, 0.92)])
def test_u_of_the_difference_of_two_shares_covers(n: int, least: float) -> None:
    """Over all pairs of true shares in steps of 0.5 %, the probability that d ± U holds their difference, summed over
    all outcomes: in the mean as stated, at the worst pair somewhat less. It is the worst where one share is near 0 and
    the other near 1."""
    counts, held = np.arange(n + 1), inside(n)
    true = np.linspace(0.0025, 0.9975, 200)
    chance = np.array([binom.pmf(counts, n, p) for p in true])
    covered = np.array([[chance[i] @ held(p - q) @ chance[j] for j, q in enumerate(true)] for i, p in enumerate(true)])
    assert covered.mean() > 0.95
    assert covered.min() > least


def inside(n: int) -> Callable[[float], Array]:
    """For a true difference, at which outcomes of both runs d ± U holds it."""
    found = [share(k, n) for k in range(n + 1)]
    pairs = [[equivalence(a.value, a.u, b.value, b.u, margin=1.0) for b in found] for a in found]
    d, U = (np.array([[getattr(one, name) for one in row] for row in pairs]) for name in ("difference", "U"))  # noqa: N806
    return lambda true: (np.abs(d - true) <= U).astype(float)


def test_a_level_has_the_degrees_of_freedom_of_its_signs_instead_of_a_wider_u() -> None:
    """Four signs: what was widened by t over the normal quantile, both one-sided 95 %, comes back as k."""
    widened = 0.4 * t.ppf(0.95, 3) / 1.6448536
    found = level(16.0, "lx", [{"name": OBSERVATIONS, "u": widened}], among=4, confidence=0.95)
    assert found.u == pytest.approx(0.4)
    assert found.dof == pytest.approx(3.0)
    assert found.of_size
    assert not level(-1.2, "dB", [{"name": OBSERVATIONS, "u": 0.3}], among=4, confidence=0.95).of_size
    assert coverage_factor(found.dof) * found.u == pytest.approx(0.4 * t.ppf(0.97725, 3), rel=1e-3)
    certified = level(
        16.0, "lx", [{"name": OBSERVATIONS, "u": widened}, {"name": "scale", "u": -0.3}], among=4, confidence=0.95
    )
    assert certified.parts["scale"] == -0.3
    assert certified.u == pytest.approx(0.5)
    assert certified.dof == pytest.approx(3.0 * (0.5 / 0.4) ** 4)
