"""Crossed studies: a published analysis of variance, closed forms, intervals that hold, and what is refused."""

from __future__ import annotations

import math

import numpy as np
import pytest
from scipy.stats import chi2, f_oneway

from hil_calibration.errors import CalibrationError
from hil_calibration.precision import gauge_study
from hil_calibration.two_way import analysis_of_variance, crossed_study

PUBLISHED = np.array(
    [
        [[3.29, 3.41, 3.64], [2.44, 2.32, 2.42], [4.34, 4.17, 4.27], [3.47, 3.5, 3.64], [2.2, 2.08, 2.16]],
        [[3.08, 3.25, 3.07], [2.53, 1.78, 2.32], [4.19, 3.94, 4.34], [3.01, 4.03, 3.2], [2.44, 1.8, 1.72]],
        [[3.04, 2.89, 2.85], [1.62, 1.87, 2.04], [3.88, 4.09, 3.67], [3.14, 3.2, 3.11], [1.54, 1.93, 1.55]],
    ]
).transpose(1, 0, 2)
"""Three operators, five parts, three repeats: "ANOVA Gage R&R", parts 1 and 2, spcforexcel.com (knowledge, measurement
systems analysis). Table there to 3 digits; to 6 digits in github.com/owodunni/GageRnR, README."""


def test_the_published_table_and_components() -> None:
    items, operators, interaction, repeats = analysis_of_variance(PUBLISHED)
    assert [row.dof for row in (operators, items, interaction, repeats)] == [2, 4, 8, 30]
    assert operators.ss == pytest.approx(1.63035, abs=5e-6)
    assert items.ss == pytest.approx(28.9094, abs=5e-5)
    assert interaction.ss == pytest.approx(0.0650044, abs=5e-8)
    assert repeats.ss == pytest.approx(1.71213, abs=5e-6)
    assert interaction.p == pytest.approx(0.9963728209675697, rel=1e-9)
    found = crossed_study(PUBLISHED, pool=0.0)
    assert [row.f for row in found.rows[:2]] == pytest.approx([889.4582250787796, 100.32243949133408], rel=1e-9)
    assert [row.p for row in found.rows[:2]] == pytest.approx([1.264461868544231e-10, 2.1613695507793906e-06], rel=1e-6)
    assert found.operators == pytest.approx(0.231955, abs=5e-7)
    assert found.items == pytest.approx(0.89562, abs=5e-6)
    assert found.s_r.s == pytest.approx(0.238896, abs=5e-7)
    assert found.interaction == 0.0
    assert found.negative == ("interaction",)
    assert found.total == pytest.approx(0.955515, abs=5e-7)


def test_the_interaction_of_the_published_study_is_pooled_unless_told_not_to() -> None:
    found, apart = crossed_study(PUBLISHED), crossed_study(PUBLISHED, pool=0.0)
    assert (found.pooled, apart.pooled) == (True, False)
    assert [row.source for row in found.rows] == ["items", "operators", "repeats"]
    assert found.rows[2].dof == 38
    assert found.s_r.s == pytest.approx(math.sqrt((0.0650044 + 1.71213) / 38), rel=1e-5)
    assert found.p_interaction == apart.p_interaction


def test_sums_of_squares_add_up_and_agree_with_one_way_analyses() -> None:
    x = np.random.default_rng(1).normal(size=(4, 3, 5)) + np.arange(4)[:, None, None]
    items, _operators, _interaction, repeats = rows = analysis_of_variance(x)
    assert math.fsum(row.ss for row in rows) == pytest.approx(float(((x - x.mean()) ** 2).sum()), rel=1e-12)
    one_way = f_oneway(*x.reshape(4, -1))
    within = sum(row.ss for row in rows) - items.ss
    assert float(one_way.statistic) == pytest.approx(items.ms / (within / (x.size - 4)), rel=1e-12)
    cells = f_oneway(*x.reshape(12, 5))
    between = sum(row.ss for row in rows[:3]) / 11
    assert float(cells.statistic) == pytest.approx(between / repeats.ms, rel=1e-12)


def test_the_interval_of_repeatability_is_that_of_chi_square() -> None:
    found = crossed_study(PUBLISHED, pool=0.0, confidence=0.9)
    low, high = (math.sqrt(1.71213 / float(chi2.ppf(q, 30))) for q in (0.95, 0.05))
    assert found.s_r.interval == pytest.approx((low, high), rel=1e-5)


def test_effective_degrees_of_freedom_are_those_of_satterthwaite() -> None:
    found = crossed_study(PUBLISHED, pool=0.0)
    parts = [(0.815176 / 15, 2), (0.00812556 * 4 / 15, 8), (0.0570711 * 2 / 3, 30)]
    wanted = sum(part for part, _ in parts) ** 2 / sum(part**2 / dof for part, dof in parts)
    assert found.dof == pytest.approx(wanted, rel=1e-5)


@pytest.mark.parametrize("pool", [0.0, 0.25])
@pytest.mark.parametrize(("operators", "interaction"), [(0.5, 0.1), (0.1, 0.0)])
def test_the_intervals_hold(pool: float, operators: float, interaction: float) -> None:
    """Of 300 studies 95 % are to hold the true value: fewer than 274 would be under 0.935 with p < 0.003."""
    rng, runs, inside = np.random.default_rng(7), 300, np.zeros(3)
    between = math.hypot(operators, interaction)
    true = (0.3, between, math.hypot(between, 0.3))
    for _ in range(runs):
        x = rng.normal(0, 2, (8, 1, 1)) + rng.normal(0, operators, (1, 3, 1)) + rng.normal(0, interaction, (8, 3, 1))
        found = crossed_study(x + rng.normal(0, 0.3, (8, 3, 2)), pool=pool)
        parts = (found.s_r, found.s_L, found.s_R)
        inside += [one.interval[0] <= value <= one.interval[1] for one, value in zip(parts, true, strict=True)]
    assert inside.min() >= 268


@pytest.mark.parametrize(("operators", "interaction"), [(2.0, 0.0), (0.3, 0.0), (0.0, 0.0), (1.0, 1.0)])
@pytest.mark.parametrize("shape", [(3, 3, 2), (3, 8, 3)])
def test_each_bound_of_s_R_holds_by_itself(  # noqa: N802
    shape: tuple[int, int, int], operators: float, interaction: float
) -> None:
    """A bound may fail in 2.5 % of 1000 studies: more than 38 would come with p < 0.007."""
    rng, above, below, (a, b, n) = np.random.default_rng(17), 0, 0, shape
    true = math.hypot(operators, interaction, 1.0)
    for _ in range(1000):
        x = rng.normal(0, operators, (1, b, 1)) + rng.normal(0, interaction, (a, b, 1)) + rng.normal(0, 1, (a, b, n))
        low, high = crossed_study(x, pool=0.0).s_R.interval
        above, below = above + (low > true), below + (high < true)
    assert max(above, below) <= 38


@pytest.mark.parametrize(("shape", "small"), [((3, 3, 2), 0.09), ((10, 3, 3), 0.03)])
def test_pooling_by_the_results_themselves_makes_s_r_small(shape: tuple[int, int, int], small: float) -> None:
    """Of 1500 studies without an interaction; the 95 % interval of s_r holds it in less than that, too."""
    rng, runs, pooled, apart, inside = np.random.default_rng(11), 1500, 0.0, 0.0, 0
    for _ in range(runs):
        x = rng.normal(size=shape)
        one = crossed_study(x, pool=0.25).s_r
        pooled += one.s**2 / runs
        apart += crossed_study(x, pool=0.0).s_r.s ** 2 / runs
        inside += one.interval[0] <= 1.0 <= one.interval[1]
    assert pooled == pytest.approx(1.0 - small, abs=0.02)
    assert apart == pytest.approx(1.0, abs=0.02)
    assert pooled < apart - small / 2.0
    assert 0.925 < inside / runs < 0.955


def test_intervals_of_s_R_by_satterthwaite_alone_are_too_narrow() -> None:  # noqa: N802
    """Of 1500 studies of 10 items, 3 operators and 2 repeats (s_L = 1.7 s_r): 84 % hold s_R, 95 % were stated."""
    rng, runs, alone, ours, true = np.random.default_rng(13), 1500, 0, 0, math.hypot(1.7, 1.0)
    for _ in range(runs):
        x = rng.normal(0, 2, (10, 1, 1)) + rng.normal(0, 1.7, (1, 3, 1)) + rng.normal(0, 1, (10, 3, 2))
        found = crossed_study(x, pool=0.0)
        low, high = (found.s_R.s * math.sqrt(found.dof / chi2.ppf(q, found.dof)) for q in (0.975, 0.025))
        alone += low <= true <= high
        ours += found.s_R.interval[0] <= true <= found.s_R.interval[1]
    assert alone / runs == pytest.approx(0.84, abs=0.03)
    assert 0.94 < ours / runs < 0.97


def test_operators_that_do_not_differ_are_told_as_a_variance_that_came_out_negative() -> None:
    x = np.random.default_rng(3).normal(size=(6, 3, 4)) + 5.0 * np.arange(6)[:, None, None]
    x -= x.mean(axis=(0, 2))[None, :, None]
    found = crossed_study(x, pool=0.0)
    assert "operators" in found.negative
    assert found.operators == 0.0
    assert found.s_L.interval[0] == 0.0


def test_the_gauge_study_is_the_same_without_intervals() -> None:
    found, study = crossed_study(PUBLISHED), gauge_study(PUBLISHED)
    assert (study.repeatability, study.operators, study.parts) == (found.s_r.s, found.operators, found.items)
    assert study.gauge == pytest.approx(found.s_R.s)
    assert 0.0 < found.share < 1.0
    assert found.share == pytest.approx((study.percent / 100.0) ** 2)


@pytest.mark.parametrize(
    "results",
    [np.ones((2, 2)), np.ones((1, 2, 2)), np.ones((2, 2, 1)), np.full((2, 2, 2), np.nan), np.full((3, 3, 3), 0.1)],
)
def test_what_is_no_crossed_study_is_refused(results: np.ndarray[tuple[int, ...], np.dtype[np.float64]]) -> None:
    with pytest.raises(CalibrationError):
        crossed_study(results)


@pytest.mark.parametrize(("pool", "confidence"), [(2.0, 0.95), (0.25, 1.0), (0.25, 0.0), (0.25, 0.49)])
def test_probabilities_that_are_none_are_refused(pool: float, confidence: float) -> None:
    with pytest.raises(CalibrationError):
        crossed_study(PUBLISHED, pool=pool, confidence=confidence)
