"""The arithmetic of a soak: Allan deviations of known noises, drift, and an uncertainty that minds correlation."""

from __future__ import annotations

import math

import numpy as np
import pytest
from numpy.typing import NDArray

from hil_calibration.errors import CalibrationError
from hil_calibration.stream import Measurements
from hil_procedures.readings import Series
from hil_procedures.soak.parameters import BATCHES, Soak
from hil_procedures.soak.steadiness import BATCH_SCATTER, allan_deviations, steadiness

Array = NDArray[np.float64]
NEEDED = {"setpoint": 40.0, "within": 0.4, "abandon": 2.0}


def series(values: Array, u_shared: float = 0.0, step: float = 10.0, resolution: float = 1e-9) -> Series:
    n = len(values)
    measured = Measurements(values, np.full(n, resolution), np.full((n, 1), u_shared), ("offset",), "Cel")
    return Series(np.arange(n, dtype=np.float64) * step, values, 0.0, measured)


def test_white_noise_falls_by_the_root_of_the_averaging_time() -> None:
    values = np.random.default_rng(1).normal(20.0, 0.5, 40_000)
    for tau, deviation, differences in allan_deviations(np.linspace(0.0, 79_998.0, 40_000), values)[:8]:
        assert deviation == pytest.approx(0.5 / math.sqrt(tau / 2.0), rel=0.06)
        assert differences == 40_000 - 2 * round(tau / 2.0) + 1


def test_a_random_walk_rises_by_the_root_of_the_averaging_time() -> None:
    values = np.cumsum(np.random.default_rng(2).normal(0.0, 0.1, 100_000))
    for tau, deviation, _ in allan_deviations(np.linspace(0.0, 99_999.0, 100_000), values)[3:9]:
        assert deviation == pytest.approx(0.1 * math.sqrt(tau / 3.0), rel=0.15)


def test_it_is_the_definition_summed_out() -> None:
    values = np.random.default_rng(3).normal(0.0, 1.0, 60)
    (_, first, _), (_, second, _) = allan_deviations(np.linspace(0.0, 59.0, 60), values)[:2]
    assert first == pytest.approx(math.sqrt(np.mean(np.diff(values) ** 2) / 2.0))
    pairs = (values[:-1] + values[1:]) / 2.0
    assert second == pytest.approx(math.sqrt(np.mean((pairs[2:] - pairs[:-2]) ** 2) / 2.0))


def test_readings_at_unequal_intervals_are_refused() -> None:
    with pytest.raises(CalibrationError, match="equal intervals"):
        allan_deviations(np.array([0.0, 1.0, 2.0, 5.0]), np.zeros(4))


def test_a_drift_is_found_per_hour_within_its_uncertainty() -> None:
    t = np.linspace(0.0, 7190.0, 720)
    noise = np.random.default_rng(4).normal(0.0, 0.02, 720)
    found = steadiness(series(40.0 + 0.3 * t / 3600.0 + noise, u_shared=0.05), BATCHES, {})
    assert found.drift == pytest.approx(0.3, abs=3.0 * found.drift_budget.u)
    assert found.drift_budget.u < 0.01
    assert found.budget.u > 0.05, "what the calibration leaves unknown does not average out"


def test_what_all_readings_share_does_not_drift() -> None:
    values = np.random.default_rng(5).normal(40.0, 0.02, 480)
    budgets = [steadiness(series(values, u_shared=u), BATCHES, {}).drift_budget for u in (0.0, 1.0)]
    assert budgets[0].u == pytest.approx(budgets[1].u, rel=1e-6)


@pytest.mark.soak
def test_the_uncertainty_of_the_mean_holds_though_neighbouring_readings_are_correlated() -> None:
    """Autoregressive noise of correlation 0.9: the root of n would state a third of what there is."""
    random, inside, naive = np.random.default_rng(6), 0, 0
    for _ in range(400):
        values = np.empty(1200)
        values[0] = random.normal() / math.sqrt(1.0 - 0.81)
        for i, step in enumerate(random.normal(size=1199), 1):
            values[i] = 0.9 * values[i - 1] + step
        found = steadiness(series(values), BATCHES, {})
        (scatter,) = [part for part in found.budget.parts if part.name == BATCH_SCATTER]
        inside += abs(found.mean) <= 2.25 * scatter.u
        naive += abs(found.mean) <= 2.0 * found.s / math.sqrt(1200)
    assert inside >= 360, (
        "Student's t for 11 degrees of freedom covers 95.45 %, a little less by what correlation is left"
    )
    assert naive < 220


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"duration": 60.0, "interval": 10.0}, "has less than 48 readings"),
        ({"limit": 3.0}, "abandoned within its limit"),
        ({"setpoint": math.nan}, "finite"),
        ({"within": 0.0}, "greater than 0"),
    ],
)
def test_settings_that_cannot_be_are_refused(wrong: dict[str, float], told: str) -> None:
    with pytest.raises(ValueError, match=told):
        Soak(**{**NEEDED, **wrong})
