"""Precision and comparison: published figures, closed forms, simulations, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hil_calibration.comparison import bland_altman, e_n, equivalence, zeta
from hil_calibration.errors import CalibrationError, UnknownCorrelation, UnknownUncertainty
from hil_calibration.precision import algorithm_a, gauge_study, mandel, repeatability_reproducibility

ANOVA = [
    *(
        [
            0.999156418,
            0.999474238,
            0.999339856,
            1.000160754,
            1.000744245,
            1.000737791,
            1.000495481,
            0.9995736,
            1.000723728,
            1.00060071,
        ],
    ),
    *(
        [
            1.000349612,
            0.999883249,
            0.999050897,
            1.00017474,
            0.999602596,
            1.000824172,
            0.999356241,
            0.999806955,
            1.000643518,
            1.000444615,
        ],
    ),
    *(
        [
            0.999757491,
            0.999817772,
            1.000194482,
            0.999679647,
            1.000937242,
            1.000470251,
            0.999027869,
            0.999911651,
            0.999590441,
            1.000451023,
        ],
    ),
    *(
        [
            0.999719098,
            0.99964781,
            1.000822782,
            0.999409639,
            0.999109266,
            1.000785761,
            0.999307039,
            1.000469276,
            1.000654864,
            1.000987112,
        ],
    ),
]
"""suncal, test_dataset.py: one-way analysis of variance, checked there with a spreadsheet."""


def test_repeatability_of_published_groups() -> None:
    found = repeatability_reproducibility(ANOVA)
    assert found.s_r == pytest.approx(0.0006244, abs=1e-7)
    assert (found.s_L, found.s_R, found.negative) == (0.0, found.s_r, True)


@pytest.mark.parametrize("sizes", [[4] * 60, [2, 6] * 30])
def test_variances_of_a_simulation_come_back(sizes: list[int]) -> None:
    generator = np.random.default_rng(3)
    groups = [10 + generator.normal(0, 0.5) + generator.normal(0, 0.2, n) for n in sizes]
    found = repeatability_reproducibility(groups)
    assert found.s_r == pytest.approx(0.2, rel=0.15)
    assert found.s_L == pytest.approx(0.5, rel=0.3)
    assert found.s_R == pytest.approx(math.hypot(found.s_r, found.s_L))
    assert found.mean == pytest.approx(np.average([g.mean() for g in groups], weights=sizes))


@pytest.mark.parametrize("groups", [[[1.0, 2.0]], [[1.0], [2.0]], [[1.0, math.nan], [1.0]], [[], [1.0, 2.0]]])
def test_groups_without_repeatability_are_refused(groups: list[list[float]]) -> None:
    with pytest.raises(CalibrationError):
        repeatability_reproducibility(groups)


@pytest.mark.parametrize(
    ("p", "n", "h", "k"),
    [(3, 2, (1.15, 1.15), (1.65, 1.71)), (5, 2, (1.57, 1.72), (1.81, 2.05)), (8, 2, (1.75, 2.06), (1.88, 2.26))],
)
def test_critical_values_of_mandel(p: int, n: int, h: tuple[float, float], k: tuple[float, float]) -> None:
    """h as in ISO 5725-2, tables 6 and 7 (recalled); k by its closed form."""
    found = mandel(np.random.default_rng(1).normal(size=(p, n)).tolist())
    assert found.h_critical == pytest.approx(h, abs=0.006)
    assert found.k_critical == pytest.approx(k, abs=0.006)
    assert float(found.h.sum()) == pytest.approx(0, abs=1e-12)
    assert float((found.k**2).mean()) == pytest.approx(1)


def test_an_outlying_laboratory_shows_in_h_and_a_noisy_one_in_k() -> None:
    generator = np.random.default_rng(4)
    groups = generator.normal(5, 0.1, (8, 4))
    groups[2] += 2.0
    groups[5] = 5 + (groups[5] - 5) * 20
    found = mandel(groups.tolist())
    assert int(np.argmax(found.h)) == 2
    assert found.k[5] > found.k_critical[1]


def test_a_gauge_study_gives_its_variances_back() -> None:
    generator = np.random.default_rng(5)
    parts, operators = generator.normal(0, 2.0, (60, 1, 1)), generator.normal(0, 0.5, (1, 30, 1))
    found = gauge_study(parts + operators + generator.normal(0, 0.3, (60, 30, 3)))
    assert found.repeatability == pytest.approx(0.3, rel=0.03)
    assert found.operators == pytest.approx(0.5, rel=0.3)
    assert found.parts == pytest.approx(2.0, rel=0.2)
    assert found.total == pytest.approx(math.hypot(found.gauge, found.parts))
    assert found.categories == math.floor(1.41 * found.parts / found.gauge)


def test_an_interaction_is_not_pooled() -> None:
    generator = np.random.default_rng(6)
    noise, cells = generator.normal(0, 0.1, (20, 20, 3)), generator.normal(0, 1.0, (20, 20, 1))
    found = gauge_study(cells + noise)
    assert not found.pooled
    assert found.interaction == pytest.approx(1.0, rel=0.15)
    assert found.p_interaction < 1e-6


def test_algorithm_a_bears_an_outlier() -> None:
    generator = np.random.default_rng(7)
    values = generator.normal(5.0, 0.2, 200)
    values[:5] = 50.0
    found = algorithm_a(values)
    assert found.mean == pytest.approx(5.0, abs=0.05)
    assert found.s == pytest.approx(0.2, rel=0.15)
    assert algorithm_a([3.0, 3.0, 3.0, 3.0, 9.0]).mean == pytest.approx(3.0)


def test_scores() -> None:
    assert e_n(10.3, 0.3, 10.0, 0.4) == pytest.approx(0.6)
    assert e_n(10.3, 0.3, 10.0, 0.4, covariance=0.06) == pytest.approx(0.3 / math.sqrt(0.13))
    assert zeta(10.3, 0.15, 10.0, 0.2) == pytest.approx(1.2)
    assert e_n(1.0, 0.0, 2.0, 0.5) == -2.0


def test_impossible_scores_are_refused() -> None:
    for u in (-0.1, math.nan, math.inf):
        with pytest.raises(UnknownUncertainty):
            e_n(1.0, u, 1.0, 0.1)
    with pytest.raises(UnknownUncertainty, match="no uncertainty"):
        e_n(1.0, 0.0, 1.0, 0.0)
    with pytest.raises(UnknownUncertainty, match="no uncertainty"):
        zeta(1.0, 0.1, 1.1, 0.1, covariance=0.01)
    with pytest.raises(UnknownCorrelation):
        zeta(1.0, 0.1, 1.1, 0.1, covariance=0.02)


def test_a_large_uncertainty_makes_nothing_equivalent() -> None:
    assert equivalence(10.0, 0.1, 10.1, 0.1, margin=0.5).equivalent
    assert not equivalence(10.0, 0.5, 10.1, 0.5, margin=0.5).equivalent
    shared = equivalence(10.0, 0.5, 10.1, 0.5, margin=0.5, covariance=0.25)
    assert shared.U == 0.0
    assert shared.equivalent
    assert "does not exceed the margin 0.5" in shared.reason


def test_limits_of_agreement() -> None:
    found = bland_altman([1.2, -0.4, 0.3, 2.1, -1.0, 0.6, 0.9, -0.2, 1.5, 0.0])
    assert (found.bias, found.sd) == pytest.approx((0.5, 0.9463379711052261), abs=1e-9)
    assert found.limits == pytest.approx((-1.3548224233662431, 2.354822423366243), abs=1e-9)
    assert found.bias_interval[0] < found.bias < found.bias_interval[1]
    with pytest.raises(CalibrationError):
        bland_altman([1.0, 2.0])


def test_a_robust_mean_where_most_values_are_equal() -> None:
    """The median absolute deviation is 0 there, and stayed so."""
    found = algorithm_a([3.0, 3.0, 3.0, 3.0, 3.1, 2.9])
    assert found.s > 0.0
    assert algorithm_a([0.1 + 0.2, 0.3, 0.3]).s == pytest.approx(0.0, abs=1e-15)
