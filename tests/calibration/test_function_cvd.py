"""The Callendar-Van Dusen function: IEC 60751's own numbers, derivatives, inverse, refusal; and a record in Ohm."""

from __future__ import annotations

import json
import math
from dataclasses import replace
from datetime import date

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_calibration import CalibrationFunction, CalibrationRecord, CallendarVanDusen, Instrument, evaluate
from hil_calibration import function as functions
from hil_calibration.errors import CalibrationError, OutOfRange, UnitError
from hil_calibration.function import StraightLine

PT100 = CallendarVanDusen(100.0)

TABLE = {-200: 18.52, -100: 60.26, 0: 100.0, 100: 138.51, 200: 175.86, 400: 247.09, 600: 313.71, 850: 390.48}
"""IEC 60751:2022, table 1: temperature in Cel, resistance in Ohm to two decimals."""

COMPUTED = {-100: 60.25584, -50: 80.3063, -20: 92.1599, 20: 107.7935, 50: 119.3971, 100: 138.5055, 150: 157.3251}
"""The same by hand from its clause 5.2, with more decimals."""


def test_it_gives_the_numbers_of_the_standard() -> None:
    for temperature, resistance in TABLE.items():
        assert PT100.inverse(temperature) == pytest.approx(resistance, abs=0.0051)
    for temperature, resistance in COMPUTED.items():
        assert PT100.inverse(temperature) == pytest.approx(resistance, abs=6e-5)
        assert PT100.value(resistance) == pytest.approx(temperature, abs=2e-4)
    assert PT100.inverse(850.0) == pytest.approx(390.481125, abs=1e-9)


def bisected(function: CallendarVanDusen, resistance: float) -> float:
    """The temperature by nothing but the equation of the standard and halving."""

    def forward(t: float) -> float:
        cubic = function.c * (t - 100.0) * t**3 if t < 0 else 0.0
        return function.r0 * (1 + function.a * t + function.b * t * t + cubic)

    low, high = -201.0, 851.0
    for _ in range(80):
        middle = (low + high) / 2
        low, high = (middle, high) if forward(middle) < resistance else (low, middle)
    return low


@given(
    st.floats(-200.0, 850.0),
    st.floats(10.0, 1000.0),
    st.floats(3.85e-3, 3.99e-3),
    st.floats(-6.2e-7, -5.4e-7),
    st.sampled_from([0.0, -4.183e-12]),
)
def test_the_temperature_is_that_of_the_equation(t: float, r0: float, a: float, b: float, c: float) -> None:
    function = CallendarVanDusen(r0, a, b, c)
    resistance = float(function.inverse(t))
    assert float(function.value(resistance)) == pytest.approx(t, abs=1e-8)
    assert bisected(function, resistance) == pytest.approx(t, abs=1e-8)


def test_a_thermometer_without_b_is_linear() -> None:
    assert CallendarVanDusen(100.0, 4e-3, 0.0, 0.0).value([90.0, 140.0]) == pytest.approx([-25.0, 100.0])


X = PT100.inverse([-180.0, -40.0, -1e-3, 0.0, 1e-3, 25.0, 420.0])


def test_slope_and_jacobian_are_derivatives() -> None:
    numeric = (PT100.value(X + 1e-4) - PT100.value(X - 1e-4)) / 2e-4
    np.testing.assert_allclose(PT100.slope(X), numeric, rtol=1e-6)
    c = PT100.coefficients
    for j, column in enumerate(PT100.jacobian(X).T):
        step = np.zeros(4)
        step[j] = 1e-5 * abs(c[j])
        moved = PT100.with_coefficients(c + step).value(X) - PT100.with_coefficients(c - step).value(X)
        np.testing.assert_allclose(column, moved / (2 * step[j]), rtol=2e-5, atol=1e-3)
        np.testing.assert_allclose(column, PT100.along(np.eye(4)[j])(X))


def test_json_returns_and_it_is_a_calibration_function() -> None:
    again = functions.from_json(json.loads(json.dumps(PT100.to_json())))
    assert again == PT100
    assert isinstance(PT100, CalibrationFunction)


@pytest.mark.parametrize("resistance", [5.0, -1.0, 400.0, 9.9e37, math.nan, math.inf])
def test_what_is_no_temperature_is_refused(resistance: float) -> None:
    with pytest.raises(OutOfRange, match="outside the Callendar-Van Dusen function, -200 to 850 Cel"):
        PT100.value([100.0, resistance])


@pytest.mark.parametrize("coefficients", [(0.0,), (-100.0,), (100.0, 0.0), (math.nan,), (100.0, 4e-3, math.inf)])
def test_malformed_coefficients_are_refused(coefficients: tuple[float, ...]) -> None:
    with pytest.raises(CalibrationError):
        CallendarVanDusen(*coefficients)


U = np.array([0.002, 4e-6, 1e-8, 0.0])
RECORD = CalibrationRecord(
    instrument=Instrument("Example Instruments", "PT100", "SN0007"),
    quantity="temperature",
    unit="Cel",
    indication_unit="Ohm",
    function=CallendarVanDusen(100.012, 3.9102e-3, -5.79e-7),
    covariance=np.outer(U, U) * np.array([[1, 0.3, 0, 0], [0.3, 1, -0.8, 0], [0, -0.8, 1, 0], [0, 0, 0, 1]]),
    valid_range=(60.0, 180.0),
    date=date(2026, 2, 1),
)


def test_a_channel_in_ohm_measures_in_degrees_celsius() -> None:
    ohms = np.array([92.0, 109.7, 138.6])
    measured = evaluate(RECORD, ohms, u_indication=1e-3, resolution=1e-6)
    assert measured.unit == "Cel"
    np.testing.assert_allclose(RECORD.function.inverse(measured.value), ohms)
    slope, jacobian = RECORD.function.slope(ohms), RECORD.function.jacobian(ohms)
    np.testing.assert_allclose(
        measured.shared @ measured.shared.T, jacobian @ RECORD.covariance @ jacobian.T, atol=1e-12
    )
    np.testing.assert_allclose(measured.u_ind, 1e-3 * slope, rtol=1e-6)


def test_its_uncertainty_is_what_monte_carlo_gives() -> None:
    random = np.random.default_rng(20260201)
    drawn = random.multivariate_normal(RECORD.function.coefficients, RECORD.covariance, size=4000)
    values = [float(RECORD.function.with_coefficients(c).value(92.0)) for c in drawn]
    assert float(evaluate(RECORD, 92.0).u[0]) == pytest.approx(np.std(values), rel=0.05)


def test_the_unit_of_the_indication_is_kept_and_checked() -> None:
    again = CalibrationRecord.from_json(json.loads(json.dumps(RECORD.to_json())))
    assert (again, again.indication_unit) == (RECORD, "Ohm")
    with pytest.raises(OutOfRange, match="are outside 60 to 180 Ohm"):
        RECORD.require_in_range([20.0])
    with pytest.raises(UnitError):
        replace(RECORD, indication_unit="Ohms")


def test_a_record_of_before_loads_with_its_id() -> None:
    plain = replace(RECORD, function=StraightLine(0.0, 1.0), covariance=np.zeros((2, 2)), indication_unit="Cel")
    kept = plain.to_json()
    assert "indication_unit" not in kept
    again = CalibrationRecord.from_json(kept)
    assert (again.id, again.indication_unit) == (plain.id, "Cel")
