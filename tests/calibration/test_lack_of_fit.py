"""Lack of fit of a detection curve: quiet on data of the model, loud on data of another one."""

from __future__ import annotations

import numpy as np
import pytest
from numpy.typing import NDArray

from hil_calibration.detection_curve import fit_detection
from hil_calibration.errors import FitError
from hil_calibration.lack_of_fit import lack_of_fit

LEVELS = np.array([3.0, 4.5, 6.0, 8.0, 11.0, 15.0, 22.0, 60.0])
X = np.repeat(LEVELS, 40)
SIGNS = [f"sign {i % 20}" for i in range(len(X))]


def of_the_model(seed: int) -> NDArray[np.bool_]:
    random = np.random.default_rng(seed)
    effect = random.normal(0.0, 0.8, 20)[[i % 20 for i in range(len(X))]]
    return random.random(len(X)) < 1.0 / (1.0 + np.exp(-5.0 * np.log(X / 8.0) - effect))


@pytest.mark.soak
def test_data_of_the_model_pass() -> None:
    found = []
    for seed in range(12):
        hits = of_the_model(seed)
        found.append(lack_of_fit(fit_detection(X, hits, SIGNS), X, hits, SIGNS, X))
    assert sum(p < 0.05 for p in found) <= 1
    assert np.median(found) > 0.3


def test_a_reader_that_fails_in_the_middle_of_the_range_is_noticed() -> None:
    hits = of_the_model(1)
    hits[X == 15.0] = np.arange(40) % 2 == 0
    assert lack_of_fit(fit_detection(X, hits, SIGNS), X, hits, SIGNS, X) < 0.02


def test_separated_data_have_no_curve() -> None:
    hits = X > 7.0
    with pytest.raises(FitError):
        lack_of_fit(fit_detection(X, hits, SIGNS), X, hits, SIGNS, X)
