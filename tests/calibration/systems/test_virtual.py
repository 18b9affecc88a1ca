"""Calibration of a virtual instrument: what is found of synthetic answers with known bias and scatter."""

from __future__ import annotations

from dataclasses import replace

import numpy as np
import pytest

from hil_calibration.errors import CalibrationError
from hil_calibration.systems.virtual import Trials, calibrate, calibrates, near_duplicates

DOMAIN = {"snr": (1.0, 10.0)}


def trials(subjects: int, *, outside: int = 0, bias: float = 0.5, seed: int = 1) -> Trials:
    """Two answers of each subject: scatter 1 between subjects and 2 within; ten times as wide outside the domain."""
    rng = np.random.default_rng(seed)
    n = 2 * (subjects + outside)
    inside = np.arange(n) < 2 * subjects
    names = tuple(f"s{i // 2}" for i in range(n))
    error = bias + np.repeat(rng.normal(0, 1, n // 2), 2) + rng.normal(0, 2, n)
    error = np.where(inside, error, 10.0 * error)
    reference = rng.uniform(50, 150, n)
    snr = np.where(inside, rng.uniform(1.5, 9.0, n), 0.3)
    return Trials(reference + error, reference, names, {"snr": snr}, inside)


def test_bias_and_scatter_are_found_with_an_uncertainty_that_holds() -> None:
    held = 0
    for seed in range(60):
        found = calibrate(trials(120, seed=seed), DOMAIN, u_reference=0.0).instrument
        held += abs(found.bias - 0.5) <= 2.0 * found.u_bias
    assert 51 <= held <= 60
    assert found.sd == pytest.approx(np.sqrt(5.0), rel=0.15)
    assert found.u > found.sd


def test_the_interval_holds_inside_the_domain_and_collapses_outside() -> None:
    found = calibrate(trials(400, outside=100), DOMAIN, u_reference=0.1).coverage
    assert found.within is not None
    assert found.within.share == pytest.approx(0.9, abs=0.05)
    assert found.outside is not None
    assert found.outside.share < 0.4


def test_no_subject_is_on_both_sides_and_nothing_outside_the_domain_calibrates() -> None:
    found = calibrate(trials(60, outside=20), DOMAIN, u_reference=0.0)
    assert not set(found.made.subjects) & set(found.tested.subjects)
    assert found.made.in_domain.all()
    assert {subject: calibrates(subject, 0.5) for subject in found.made.subjects}.keys() == set(found.made.subjects)
    other = calibrate(trials(60, outside=20), DOMAIN, u_reference=0.0, salt="b")
    assert set(other.made.subjects) != set(found.made.subjects)


def test_a_reading_outside_the_domain_has_no_u_and_no_interval() -> None:
    one = calibrate(trials(60), DOMAIN, u_reference=0.0).instrument
    low, high = one.domain["snr"]
    assert low > 1.0
    assert high < 10.0
    inside = one(100.0, {"snr": 5.0})
    assert inside.domain_ok
    assert inside.u == one.u
    assert inside.interval == pytest.approx(
        (inside.value - one.conformal.half_width, inside.value + one.conformal.half_width)
    )
    for features in ({"snr": 0.5}, {"snr": 11.0}, {}, {"snr": float("nan")}):
        outside = one(100.0, features)
        assert (outside.u, outside.interval, outside.domain_ok) == (None, None, False)


def test_the_error_of_the_references_is_in_the_uncertainty_of_the_bias() -> None:
    without, beside = (calibrate(trials(60), DOMAIN, u_reference=u).instrument.u_bias for u in (0.0, 3.0))
    assert beside == pytest.approx(np.hypot(without, 3.0))


def test_too_few_subjects_and_unknown_features_are_refused() -> None:
    with pytest.raises(CalibrationError, match="subjects to calibrate with"):
        calibrate(trials(12), DOMAIN, u_reference=0.0)
    nowhere = trials(60)
    nowhere = replace(nowhere, in_domain=np.zeros_like(nowhere.in_domain))
    with pytest.raises(CalibrationError, match="no subject to calibrate with in the domain"):
        calibrate(nowhere, DOMAIN, u_reference=0.0)
    with pytest.raises(CalibrationError, match="give no interval that covers"):
        calibrate(trials(60), DOMAIN, u_reference=0.0, coverage=0.999)
    with pytest.raises(CalibrationError, match="no feature 'other'"):
        calibrate(trials(60), {"other": (0.0, 1.0)}, u_reference=0.0)
    with pytest.raises(CalibrationError, match="for 2 answers"):
        Trials(np.ones(2), np.ones(2), ("a",), {}, np.ones(2, bool))


def test_near_duplicates_are_counted() -> None:
    made = np.array([[0.0, 0.0], [1.0, 1.0]])
    assert near_duplicates(made, np.array([[0.001, 0.0], [0.5, 0.5]]), 0.01) == 1
    assert near_duplicates(np.zeros((0, 2)), made, 0.01) == 0
