"""The arithmetic of a sweep, on visits whose answer is known."""

from __future__ import annotations

import math

import numpy as np
import pytest

from hil_calibration.stream import Measurements
from hil_procedures.readings import Series
from hil_procedures.sweep.characteristic import HYSTERESIS, REPEATABILITY, Visit, characteristic
from hil_procedures.sweep.parameters import Sweep
from hil_procedures.sweep.results import settled

LEVELS = (0.0, 10.0, 20.0, 30.0)
U_OFFSET, U_GAIN = 0.2, 0.01


def visit(level: float, direction: str, *, bend: float = 0.0, gap: float = 0.0, noise: float = 0.01) -> Visit:
    """Readings of 1 + 2 x + bend x² + gap where it falls, by a sensor with an unknown offset and gain."""
    random = np.random.default_rng(int(level) * 2 + (direction == "down"))
    scatter = random.normal(size=20)
    scatter = (scatter - scatter.mean()) / scatter.std(ddof=1) * noise
    value = 1.0 + 2.0 * level + bend * level**2 + gap * (direction == "down") + scatter
    shared = np.column_stack([np.full(20, U_OFFSET), U_GAIN * value])
    measured = Measurements(value, np.full(20, 1e-6), shared, ("offset", "gain"), "lx")
    return Visit(level, direction, Series(np.linspace(0.0, 19.0, 20), value, 0.0, measured))


def visits(**how: float) -> list[Visit]:
    return [
        *(visit(level, "up", **how) for level in LEVELS),
        *(visit(level, "down", **how) for level in reversed(LEVELS[:-1])),
    ]


def test_values_are_means_of_both_directions_with_what_the_sensor_shares() -> None:
    found = characteristic(visits(), {"gain": "rectangular"})
    assert [one.level for one in found.levels] == list(LEVELS)
    assert [one.value for one in found.levels] == pytest.approx([1.0, 21.0, 41.0, 61.0], abs=1e-9)
    top = found.levels[-1]
    assert top.budget.u == pytest.approx(math.hypot(U_OFFSET, 0.61, 0.01 / math.sqrt(20)), rel=1e-6)
    lines = {part.name: part for part in top.budget.parts}
    assert lines["gain"].distribution == "rectangular"
    assert lines[REPEATABILITY].u == pytest.approx(0.01 / math.sqrt(20))
    assert found.levels[0].budget.parts[2].u == pytest.approx(0.01 / math.sqrt(40))


def test_the_sensor_s_offset_cancels_in_the_hysteresis() -> None:
    found = characteristic(visits(gap=0.1), {})
    for one in found.levels[:-1]:
        assert one.hysteresis == pytest.approx(0.1, abs=1e-9)
        assert one.hysteresis_budget.u == pytest.approx(
            math.hypot(0.01 * math.sqrt(2.0 / 20.0), 0.1 * U_GAIN), rel=1e-3
        )
        (part,) = [part for part in one.budget.parts if part.name == HYSTERESIS]
        assert part.u == pytest.approx(0.05 / math.sqrt(3.0))
    assert found.levels[-1].hysteresis is None


def test_the_line_carries_the_sensor_and_the_departures_hardly_do() -> None:
    found = characteristic(visits(), {})
    line = found.line
    assert [line.a, line.b] == pytest.approx([1.0, 2.0], abs=1e-6)
    assert math.sqrt(line.covariance[1, 1]) == pytest.approx(2.0 * U_GAIN, rel=1e-3)
    assert all(one.u_departure < 0.01 for one in found.levels)


def test_a_bend_is_seen_far_beyond_its_uncertainty() -> None:
    found = characteristic(visits(bend=0.001), {})
    worst = max(found.levels, key=lambda one: abs(one.departure))
    assert abs(worst.departure) > 20.0 * worst.u_departure
    assert not found.line.consistent


@pytest.mark.soak
def test_departures_scatter_as_they_say() -> None:
    """By simulation: the departure at each level over 400 sweeps, noise and an offset and a gain drawn for each."""
    random, ratios = np.random.default_rng(9), []
    for _ in range(400):
        offset, gain = random.normal(0.0, U_OFFSET), random.normal(0.0, U_GAIN)
        drawn = []
        for one in visits(noise=1e-9):
            value = one.series.value * (1.0 + gain) + offset + random.normal(0.0, 0.05, 20)
            kept = one.series.measured
            assert kept is not None
            measured = Measurements(value, kept.u_ind, kept.shared, kept.effects, kept.unit)
            drawn.append(Visit(one.level, one.direction, Series(one.series.t, value, 0.0, measured)))
        ratios.append([one.departure / one.u_departure for one in characteristic(drawn, {}).levels])
    spread = np.sqrt(np.mean(np.square(ratios), axis=0))
    assert np.all((spread > 0.75) & (spread < 1.1))


@pytest.mark.parametrize("levels", [(1.0, 2.0), (1.0, 1.0, 2.0), (3.0, 2.0, 1.0), (1.0, 2.0, math.inf)])
def test_levels_that_do_not_rise_or_are_too_few_are_refused(levels: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="levels"):
        Sweep(levels=levels, within=0.1)


def test_what_is_settled_has_its_unit() -> None:
    p = Sweep(levels=(20.0, 40.0, 60.0), within=0.4, dwell=600.0, hold=900.0)
    assert settled(p, "K") == "the readings of the last 600 s differ by at most 0.4 K, then 900 s more"
