"""Errors of the stimulus and of the reference: corrections against simulated truth, assumptions told, refusals."""

from __future__ import annotations

import math
from functools import partial

import numpy as np
import pytest

from hil_calibration.errors import CalibrationError, FitError, UnknownUncertainty
from hil_calibration.performance import corrected_pose_repeatability, fit_pod, pose_repeatability
from hil_calibration.stimulus_error import with_stimulus_uncertainty

SLOPE, MIDDLE, U_X = 1.0, 5.0, 0.6
TRUTH = MIDDLE + 1.2815515655446004 / SLOPE  # probit: p = 0.9 at the standard normal quantile


def presented(seed: int) -> tuple[np.ndarray, np.ndarray]:
    """Measured stimulus and detection of 400 presentations; the true stimulus is not known to the fit."""
    from scipy.special import ndtr

    generator = np.random.default_rng(seed)
    true = generator.uniform(1.0, 9.0, 400)
    hits = generator.random(400) < ndtr(SLOPE * (true - MIDDLE))
    return true + generator.normal(0.0, U_X, 400), hits.astype(float)


@pytest.mark.soak
def test_the_correction_takes_off_the_bias_and_its_bound_covers() -> None:
    slopes, naive, above, scaled = [], [], 0, []
    for seed in range(40):
        x, hits = presented(seed)
        found = with_stimulus_uncertainty(x, hits, 1, U_X, "probit", seed=1, draws=20)
        slopes.append(found.slope)
        naive.append(found.as_measured.slope)
        above += found.bound() >= TRUTH
        scaled.append((found.a() - TRUTH) / found.u_a())
    # A probit curve with normal errors is flattened by the root of 1 + (slope u)^2, were the truth spread evenly.
    assert np.mean(naive) == pytest.approx(SLOPE / math.hypot(1.0, SLOPE * U_X), rel=0.05)
    assert np.mean(slopes) == pytest.approx(SLOPE, rel=0.06)
    assert abs(np.mean(slopes) - SLOPE) < abs(np.mean(naive) - SLOPE) / 2
    assert above >= 34
    assert 0.6 < np.std(scaled) < 1.5


def test_the_same_seed_gives_the_same_numbers_and_no_error_no_correction() -> None:
    x, hits = presented(1)
    one, two = (with_stimulus_uncertainty(x, hits, 1, U_X, seed=7, draws=20) for _ in range(2))
    assert (one.intercept, one.slope) == (two.intercept, two.slope)
    assert one.a() < one.as_measured.a()
    assert one.bound(side="lower") < one.a() < one.bound()
    assert "SIMEX" in one.method
    exact = with_stimulus_uncertainty(x, hits, 1, 0.0, seed=7)
    assert (exact.a(), exact.u_a()) == pytest.approx((exact.as_measured.a(), exact.as_measured.u_a()))


def test_a_shift_and_a_unit_of_the_stimulus_change_no_result() -> None:
    x, hits = presented(2)
    one = with_stimulus_uncertainty(x, hits, 1, U_X, "probit", seed=7, draws=20)
    other = with_stimulus_uncertainty(1000 * (x + 3), hits, 1, 1000 * U_X, "probit", seed=7, draws=20)
    assert other.a() == pytest.approx(1000 * (one.a() + 3), rel=1e-6)
    assert other.u_a() == pytest.approx(1000 * one.u_a(), rel=1e-5)


def test_stimulus_uncertainty_is_refused_where_it_is_none() -> None:
    x, hits = presented(3)
    for u in (-0.1, math.nan, math.inf, [0.1, 0.2]):
        with pytest.raises(UnknownUncertainty, match="u_x"):
            with_stimulus_uncertainty(x, hits, 1, u, seed=1)
    with pytest.raises(CalibrationError, match="20 to"):
        with_stimulus_uncertainty(x, hits, 1, U_X, seed=1, draws=2)
    with pytest.raises(FitError, match="separated"):
        with_stimulus_uncertainty([1, 2, 3, 4], [0, 0, 1, 1], 1, 0.1, seed=1)
    with pytest.raises(CalibrationError, match="confidence"):
        with_stimulus_uncertainty(x, hits, 1, 0.0, seed=1).bound(confidence=0.2)


def test_data_without_slope_name_no_stimulus() -> None:
    flat = fit_pod([1.0, 2.0, 3.0, 4.0], [5, 6, 6, 5], 10)
    assert flat.slope_significance == pytest.approx(0.0, abs=1e-9)
    for ask in (flat.a, flat.u_a, partial(flat.bound, method="delta"), flat.bound):
        with pytest.raises(FitError, match="slope is not significant"):
            ask()
    with pytest.raises(FitError, match="slope is not significant"):
        with_stimulus_uncertainty([1.0, 2.0, 3.0, 4.0], [5, 6, 6, 5], 10, 0.0, seed=1).a()


def test_false_calls_and_ceiling_are_told_and_used() -> None:
    generator = np.random.default_rng(4)
    x = np.repeat(np.linspace(0.0, 10.0, 21), 100)
    p = 0.05 + 0.85 / (1.0 + np.exp(-1.5 * (x - 5.0)))
    hits = (generator.random(len(x)) < p).astype(float)
    plain = fit_pod(x, hits, 1)
    assert (plain.false_rate, plain.ceiling) == (0.0, 1.0)
    known = fit_pod(x, hits, 1, false_rate=0.05, ceiling=0.9)
    assert (known.false_rate, known.ceiling) == (0.05, 0.9)
    assert known.slope == pytest.approx(1.5, abs=3 * math.sqrt(known.covariance[1, 1]))
    assert known.deviance < plain.deviance - 50
    level = 5.0 + math.log(0.75 / 0.10) / 1.5
    assert known.a(0.8) == pytest.approx(level, abs=3 * known.u_a(0.8))
    assert known.bound(0.8, side="lower") < known.a(0.8) < known.bound(0.8)
    assert known.curve([-100.0, 100.0]).p == pytest.approx([0.05, 0.9])
    with pytest.raises(CalibrationError, match=r"not between 0\.05 and 0\.9"):
        known.a(0.9)
    for low, high in ((0.5, 0.5), (-0.1, 1.0), (0.0, 1.1)):
        with pytest.raises(CalibrationError, match="false rate"):
            fit_pod(x, hits, 1, false_rate=low, ceiling=high)


def test_repeatability_corrected_for_the_reference_stands_apart() -> None:
    generator = np.random.default_rng(5)
    robot = generator.normal(0.0, 0.05, (4000, 3))
    seen = robot + generator.normal(0.0, 0.03, (4000, 3))
    found = corrected_pose_repeatability(seen, 0.03)
    assert found.as_defined == pose_repeatability(seen)
    assert found.corrected == pytest.approx(pose_repeatability(robot), rel=0.02)
    assert found.noise_share == pytest.approx(0.03**2 / (0.05**2 + 0.03**2), rel=0.05)
    assert "not ISO 9283" in found.label
    assert corrected_pose_repeatability(seen, [0.0, 0.0, 0.0]).corrected == found.as_defined


def test_a_reference_noisier_than_all_that_is_seen_is_refused() -> None:
    points = np.random.default_rng(6).normal(0.0, 0.01, (30, 3))
    with pytest.raises(FitError, match="explains all the scatter"):
        corrected_pose_repeatability(points, 0.02)
    for u in (-0.1, math.nan, [0.1, 0.1]):
        with pytest.raises(UnknownUncertainty, match="3 axes"):
            corrected_pose_repeatability(points, u)
