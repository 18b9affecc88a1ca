"""The arithmetic of the luxmeter calibration, on sessions whose answer is known."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from numpy.typing import NDArray

from hil_calibration.effect import Effect
from hil_calibration.reporting import ReportingPolicy
from hil_calibration.stream import Measurements
from hil_procedures.luxmeter.conformity import decisions, stated, verdict
from hil_procedures.luxmeter.errors import DRIFT, HYSTERESIS, combined
from hil_procedures.luxmeter.function import calibration_function
from hil_procedures.luxmeter.parameters import CalibrateLuxmeter
from hil_procedures.luxmeter.session import (
    ITEM_NOISE,
    ITEM_RESOLUTION,
    LAMP,
    REFERENCE_NOISE,
    REFERENCE_RESOLUTION,
    Independent,
    Session,
)

Array = NDArray[np.float64]

LEVELS = np.array([2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0])
ORDER = [*range(7), *range(5, -1, -1), 0]
DIRECTION = ("up",) * 7 + ("down",) * 6 + ("return",)
CERTIFICATE, DRIFT_OF_REFERENCE, OFFSET = "EX-1 1 illuminance/1", "reference drift", "zero of the reference"


def session(gain: float = 1.02, noise: float = 1e-4) -> Session:
    """An item that reads ``gain`` times the reference; rising and falling differ by 0.2 % of the gain."""
    level = LEVELS[ORDER]
    hysteresis = np.array([0.001 if direction == "down" else -0.001 for direction in DIRECTION])
    shared = np.column_stack([0.0045 * level, 0.0017 * level, np.full(len(level), 0.001)])
    unlimited = np.full(len(level), math.inf)

    def part(name: str, relative: float, dof: float = math.inf) -> Independent:
        return Independent(name, relative * level, np.full(len(level), dof))

    return Session(
        level=level,
        direction=DIRECTION,
        reference=Measurements(
            level.copy(), np.zeros(len(level)), shared, (CERTIFICATE, DRIFT_OF_REFERENCE, OFFSET), "lx"
        ),
        indication=level * gain * (1.0 + hysteresis),
        independent=(
            part(REFERENCE_NOISE, noise, 16.0),
            part(REFERENCE_RESOLUTION, 0.0),
            part(LAMP, 0.0),
            part(ITEM_NOISE, noise, 8.0),
            Independent(ITEM_RESOLUTION, np.full(len(level), 0.003), unlimited, "rectangular"),
        ),
        dark=0.02,
        temperature=23.4,
        distributions={DRIFT_OF_REFERENCE: "rectangular"},
    )


def test_the_error_is_the_mean_of_rising_and_falling() -> None:
    found = combined(session(), 0.001)
    assert found.level == pytest.approx(LEVELS)
    assert found.error[:-1] == pytest.approx(0.02 * LEVELS[:-1])
    assert found.error[-1] == pytest.approx(LEVELS[-1] * (1.02 * 0.999 - 1.0))
    assert found.hysteresis[:-1] == pytest.approx(0.001 * 1.02 * LEVELS[:-1])
    assert math.isnan(found.hysteresis[-1])
    assert found.drift == pytest.approx(0.0)


def test_the_uncertainty_is_the_root_of_the_sum_of_squares() -> None:
    found = combined(session(), 0.001)
    i = 3
    level = LEVELS[i]
    hysteresis = 0.00102 * level / math.sqrt(3.0)
    noise = 1e-4 * level / math.sqrt(2.0)
    shared = math.sqrt((0.0045 * level) ** 2 + (0.0017 * level) ** 2 + 0.001**2)
    resolution = 0.003 / math.sqrt(2.0)
    expected = math.sqrt(shared**2 + 2 * noise**2 + resolution**2 + hysteresis**2)
    assert found.u[i] == pytest.approx(expected)
    by_name = {part.name: part.u[i] for part in found.contributions}
    assert by_name[HYSTERESIS] == pytest.approx(hysteresis)
    assert by_name[DRIFT] == pytest.approx(0.0)
    assert by_name["certificate EX-1 1 illuminance"] == pytest.approx(0.0045 * level)


def test_few_readings_give_few_degrees_of_freedom() -> None:
    many, few = combined(session(), 0.001), combined(session(noise=0.02), 0.001)
    assert (many.dof > 50).all()
    assert (few.dof < 50).all()
    assert (few.dof > 8).all()


def test_a_drift_of_the_session_enters_every_level() -> None:
    drifting = session()
    indication = drifting.indication.copy()
    indication[-1] *= 1.004
    found = combined(replace(drifting, indication=indication), 0.001)
    by_name = {part.name: part.u for part in found.contributions}
    assert found.drift == pytest.approx(0.004)
    assert by_name[DRIFT] == pytest.approx(LEVELS * 0.002 / math.sqrt(3.0), rel=1e-9)


def test_named_effects_and_covariance_together_are_the_whole_uncertainty() -> None:
    measured = session()
    found = combined(measured, 0.001)
    line = found.fit()
    function = calibration_function(measured, found, line, 0.001)
    names = [effect.name for effect in function.effects]
    assert names[:2] == [CERTIFICATE, DRIFT_OF_REFERENCE]
    assert OFFSET not in names
    covariance = np.array([[float(cell) for cell in row] for row in function.covariance])
    a, b = (float(text) for text in function.coefficients)
    for x in (3.0, 30.0, 150.0):
        gradient = np.array([1.0, x])
        whole = gradient @ line.covariance @ gradient
        relative = sum(float(effect.u) ** 2 for effect in function.effects[:2])
        parts = gradient @ covariance @ gradient + relative * (a + b * x) ** 2
        assert parts == pytest.approx(whole, rel=5e-3)


def test_the_line_takes_out_the_error() -> None:
    line = combined(session(), 0.001).fit()
    assert line.consistent
    assert line.b == pytest.approx(1.0 / 1.02, rel=5e-4)
    assert line.a == pytest.approx(0.0, abs=2e-3)


def test_readings_without_any_scatter_have_unlimited_degrees_of_freedom() -> None:
    found = combined(session(noise=0.0), 0.001)
    assert np.isinf(found.dof).all()


def test_an_effect_that_lowers_the_reference_values_is_not_embedded_with_the_wrong_sign() -> None:
    cold = session()
    shared = cold.reference.shared.copy()
    shared[:, 1] *= -1.0
    measured = replace(cold, reference=replace(cold.reference, shared=shared))
    found = combined(measured, 0.001)
    line = found.fit()
    function = calibration_function(measured, found, line, 0.001)
    names = [effect.name for effect in function.effects]
    assert CERTIFICATE in names
    assert DRIFT_OF_REFERENCE not in names
    covariance = np.array([[float(cell) for cell in row] for row in function.covariance])
    gradient, value = np.array([1.0, 30.0]), line.a + line.b * 30.0
    parts = gradient @ covariance @ gradient + (float(function.effects[0].u) * value) ** 2
    assert parts == pytest.approx(gradient @ line.covariance @ gradient, rel=5e-3)


def test_the_function_holds_at_the_temperature_of_its_calibration() -> None:
    own = Effect(
        name="temperature coefficient of the item",
        kind="relative-per-kelvin",
        distribution="rectangular",
        half_width=0.001,
        reference=23.0,
    )
    measured = replace(session(), item_effects=(own,), temperature=21.5)
    found = combined(measured, 0.001)
    (embedded,) = [e for e in calibration_function(measured, found, found.fit(), 0.001).effects if e.name == own.name]
    assert (embedded.kind, float(embedded.reference), float(embedded.half_width)) == (
        "relative-per-kelvin",
        21.5,
        0.001,
    )


@pytest.mark.parametrize("levels", [(5, 5, 10, 20, 50, 100), (200, 100, 50, 20, 10, 5)])
def test_levels_that_do_not_rise_are_refused(levels: tuple[float, ...]) -> None:
    with pytest.raises(ValueError, match="do not rise"):
        CalibrateLuxmeter(levels=levels)


def test_conformity_is_decided_level_by_level_and_its_limits_are_stated() -> None:
    found = combined(session(gain=1.02), 0.001)
    policy = ReportingPolicy()
    for mpe, rule, outcome in (
        (0.05, "guarded-acceptance", "PASS"),
        (0.021, "simple", "PASS"),
        (0.019, "simple", "FAIL"),
    ):
        made = decisions(found, mpe, rule, policy)  # type: ignore[arg-type]
        decided = verdict(made, found.level.tolist(), mpe)
        assert decided is not None
        assert decided.outcome == outcome
        errors = [f"{error:.3f}" for error in found.error]
        conformity = stated(made, errors, found.reference.tolist(), mpe)
        assert conformity is not None
        assert conformity.verdicts == tuple(one.verdict for one in made)
        assert conformity.tolerance_upper[3] == f"{mpe * found.reference[3]:.4f}"
        band = 0.0 if rule == "simple" else 2.0 * found.u[3]
        assert float(conformity.acceptance_upper[3]) == pytest.approx(mpe * found.reference[3] - band, abs=1e-4)


def test_a_guard_band_wider_than_the_tolerance_accepts_nothing() -> None:
    found = combined(session(gain=1.0), 0.001)
    mpe = 0.005
    made = decisions(found, mpe, "guarded-acceptance", ReportingPolicy())
    assert {one.verdict for one in made} == {"fail"}
    conformity = stated(made, [f"{error:.3f}" for error in found.error], found.reference.tolist(), mpe)
    assert conformity is not None
    assert set(conformity.acceptance_upper) == set(conformity.acceptance_lower) == {"0.0000"}
    assert "nothing is accepted" in str(conformity.rule)


def test_without_a_maximum_permissible_error_nothing_is_decided() -> None:
    found = combined(session(), 0.001)
    assert decisions(found, None, "simple", ReportingPolicy()) == []
    assert verdict([], found.level.tolist(), None) is None
    assert stated([], [], [], None) is None
