"""What chance does to the figures of a pose, against simulated poses whose scatter is known."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from hil_calibration.errors import CalibrationError, FitError
from hil_calibration.performance import pose_accuracy, pose_repeatability
from hil_calibration.pose_scatter import length_interval, repeatability_of_samples

CYCLES = 30
ORIGIN = [0.0, 0.0, 0.0]


def sets(count: int, seed: int, offset: float = 0.0) -> NDArray[np.float64]:
    """Sets of positions with unit deviation along each axis, ``offset`` away from the origin."""
    positions: NDArray[np.float64] = np.random.default_rng(seed).standard_normal((count, CYCLES, 3))
    positions[:, :, 0] += offset
    return positions


def test_repeatability_of_poses_that_scatter_alike_along_all_axes() -> None:
    """RP = 3.54 sigma with a deviation of 0.33 sigma for 30 cycles, by 20 000 sets of an independent simulation."""
    found = repeatability_of_samples(np.eye(3), CYCLES)
    assert found.mean == pytest.approx(3.54, abs=0.02)
    assert found.sd == pytest.approx(0.33, abs=0.015)
    assert found.dof == pytest.approx(0.5 * (3.54 / 0.33) ** 2, rel=0.1)


@pytest.mark.parametrize(("offset", "accuracy"), [(0.0, 0.291), (0.5, 0.567), (1.0, 1.035), (2.0, 2.018)])
def test_accuracy_is_too_large_near_zero(offset: float, accuracy: float) -> None:
    found = [pose_accuracy(points, ORIGIN) for points in sets(1500, 1, offset)]
    assert np.mean(found) == pytest.approx(accuracy, abs=0.015)


def test_the_noise_of_the_reference_adds_to_repeatability() -> None:
    """By sqrt(1 + (noise/sigma)²)."""
    poses = sets(400, 2)
    noisy = poses + 0.75 * sets(400, 3)
    ratio = np.mean([pose_repeatability(p) for p in noisy]) / np.mean([pose_repeatability(p) for p in poses])
    assert ratio == pytest.approx(math.hypot(1.0, 0.75), rel=0.02)


@pytest.mark.parametrize("spread", [(1.0, 1.0, 1.0), (1.0, 0.3, 0.1), (1.0, 0.0, 0.0)])
def test_the_samples_are_those_of_the_formula(spread: tuple[float, float, float]) -> None:
    """For any shape of scatter, turned in any way."""
    turn = np.linalg.qr(np.random.default_rng(4).standard_normal((3, 3)))[0]
    root = turn * np.array(spread)
    drawn = [pose_repeatability(points @ root.T) for points in sets(800, 5)]
    found = repeatability_of_samples(root @ root.T, CYCLES)
    assert found.mean == pytest.approx(np.mean(drawn), rel=0.02)
    assert found.sd == pytest.approx(np.std(drawn), rel=0.1)


def test_no_scatter_is_no_repeatability() -> None:
    found = repeatability_of_samples(np.zeros((3, 3)), 10)
    assert (found.mean, found.sd, found.dof) == (0.0, 0.0, math.inf)


@pytest.mark.parametrize("true", [0.0, 0.5, 1.0, 2.0, 5.0, 30.0])
def test_the_interval_of_a_length_holds_the_truth_as_often_as_it_says(true: float) -> None:
    """Value ± 2 u holds it in 74 of 100 cases at 0. This one in 95.45; in 97.7 near it, missing on one side alone."""
    lengths = [float(np.linalg.norm(error)) for error in sets(70, 6, true).reshape(-1, 3)]
    intervals = [length_interval(length, 1.0, 0.9545) for length in lengths]
    inside = np.mean([low <= true <= high for low, high in intervals])
    assert 0.94 <= inside <= (0.99 if true <= 3.0 else 0.97)


def test_the_interval_of_a_length() -> None:
    low, high = length_interval(10.0, 1.0, 0.9545)
    assert (low, high) == pytest.approx((7.90, 11.90), abs=0.02), "moved by the bias u²/length"
    assert length_interval(1.0, 1.0, 0.9545)[0] == 0.0
    assert length_interval(0.0, 1.0, 0.9545) == pytest.approx(length_interval(math.sqrt(2.0), 1.0, 0.9545))
    near, far = length_interval(19.999, 1.0, 0.95), length_interval(20.001, 1.0, 0.95)
    assert near == pytest.approx(far, abs=0.01), "both ways of finding it meet"
    assert length_interval(0.02, 0.001, 0.95) == pytest.approx(
        tuple(0.001 * end for end in length_interval(20.0, 1.0, 0.95))
    )


def test_what_is_no_scatter_is_refused() -> None:
    with pytest.raises(FitError, match="shape"):
        repeatability_of_samples([1.0, 2.0], CYCLES)
    with pytest.raises(FitError, match="negative"):
        repeatability_of_samples([[1.0, 2.0], [2.0, 1.0]], CYCLES)
    for n in (1, 1001):
        with pytest.raises(CalibrationError, match="2 to 1000"):
            repeatability_of_samples(np.eye(3), n)
    with pytest.raises(CalibrationError, match="length"):
        length_interval(-1.0, 1.0, 0.95)
    with pytest.raises(CalibrationError, match="u is"):
        length_interval(1.0, 0.0, 0.95)
    with pytest.raises(CalibrationError, match="coverage"):
        length_interval(1.0, 1.0, 1.0)
