"""Calibration of a virtual instrument with few subjects: the interval holds, the bias has their degrees of freedom."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.special import ndtr

from hil_calibration.systems.virtual import Trials, calibrate, calibrates

DOMAIN = {"snr": (1.0, 10.0)}
MADE = [f"s{number}" for number in range(200) if calibrates(f"s{number}", 0.5)][:19]
TESTED = [f"s{number}" for number in range(200) if not calibrates(f"s{number}", 0.5)][:2]
"""Subjects by the part in which they are."""


def trials(seed: int) -> Trials:
    """One answer of each subject, with an error of standard deviation 1."""
    n = len(MADE) + len(TESTED)
    error = np.random.default_rng(seed).normal(0.0, 1.0, n)
    return Trials(100.0 + error, np.full(n, 100.0), (*MADE, *TESTED), {"snr": np.full(n, 5.0)}, np.ones(n, dtype=bool))


def test_the_interval_holds_with_few_subjects() -> None:
    """19 normal errors: residuals about a bias that they made themselves give 0.882 for 0.9 (by 6000 draws)."""
    shares = []
    for seed in range(1000):
        found = calibrate(trials(seed), DOMAIN, u_reference=0.0).instrument
        low, high = found.bias - found.conformal.half_width, found.bias + found.conformal.half_width
        shares.append(float(ndtr(high) - ndtr(low)))
    assert np.mean(shares) == pytest.approx(0.9, abs=0.009)


def test_the_bias_has_the_degrees_of_freedom_of_its_subjects() -> None:
    alone, beside = (calibrate(trials(1), DOMAIN, u_reference=u).instrument for u in (0.0, 3.0))
    assert alone.dof == pytest.approx(len(MADE) - 1)
    assert beside.dof > 100.0 * alone.dof
