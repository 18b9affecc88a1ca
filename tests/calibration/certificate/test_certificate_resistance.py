"""Certificates of resistance thermometers: a table of temperature against resistance, and coefficients."""

from __future__ import annotations

from dataclasses import replace
from datetime import date
from pathlib import Path

import numpy as np
import pytest

from hil_calibration import CalibrationRecord, CallendarVanDusen, Instrument, Table, evaluate
from hil_calibration.certificate.coefficients import callendar_van_dusen, fitted
from hil_calibration.certificate.document import DccDocument, DccQuantity, DccTable, Form
from hil_calibration.certificate.importer import calibration_record, embedded_function
from hil_calibration.certificate.reader import read
from hil_calibration.errors import CertificateError, NotApplicable
from table_nodes import covariance_at_nodes

PROBE = Instrument("Example Instruments", "PT100", "SN0007")
TRUE = CallendarVanDusen(100.0225, 3.9102e-3, -5.79e-7)
TEMPERATURES = np.array([-20.0, 0.0, 25.0, 50.0, 85.0])


def column(role: str, unit: str, values: np.ndarray, expanded: tuple[float, ...] = ()) -> DccQuantity:
    form = Form(unit, "", tuple(values.tolist()), expanded, (2.0,) * len(expanded))
    return DccQuantity("", (role,), (form,))


def constant(name: str, unit: str, value: float) -> DccTable:
    return DccTable("coefficients", (), (DccQuantity(name, (), (Form(unit, "", (value,)),)),))


POINTS = DccTable(
    "Temperature",
    (),
    (
        column("basic_referenceValue", "Cel", TEMPERATURES, (0.006,) * 5),
        column("basic_measuredValue", "Ohm", TRUE.inverse(TEMPERATURES), (0.0032,) * 5),
    ),
)
COEFFICIENTS = tuple(
    constant(name, unit, value)
    for name, unit, value in (("R0", "Ohm", TRUE.r0), ("A", "Cel-1", TRUE.a), ("B", "K-2", TRUE.b))
)


def certificate(*results: DccTable) -> DccDocument:
    from hil_calibration.certificate.document import DccItem

    item = DccItem("probe", PROBE.manufacturer, PROBE.model, PROBE.serial)
    day = date(2026, 2, 1)
    return DccDocument("3.3.0", "T-1", "", (item,), day, day, day, results, (), False, "ab" * 32)


def record_of(document: DccDocument, correlation: float = 0.0) -> CalibrationRecord:
    return calibration_record(
        document, unit="Cel", indication_unit="Ohm", instrument=PROBE, point_correlation=correlation
    )


def test_a_table_of_temperature_against_resistance_is_a_record_in_ohm() -> None:
    record = record_of(certificate(POINTS))
    assert isinstance(record.function, Table)
    assert (record.unit, record.indication_unit) == ("Cel", "Ohm")
    assert record.valid_range == tuple(TRUE.inverse([-20.0, 85.0]).tolist())
    u = np.hypot(0.003, 0.0016 * TRUE.slope(TRUE.inverse(TEMPERATURES)))
    np.testing.assert_allclose(np.sqrt(covariance_at_nodes(record).diagonal()), u, rtol=1e-3)


@pytest.mark.parametrize("correlation", [0.0, 0.4, 1.0])
def test_stated_coefficients_are_the_function(correlation: float) -> None:
    record = record_of(certificate(POINTS, *COEFFICIENTS), correlation)
    assert record.function == TRUE
    assert "least-squares fit" in record.assumption
    measured = evaluate(record, TRUE.inverse(TEMPERATURES))
    u = np.hypot(0.003, 0.0016 * TRUE.slope(TRUE.inverse(TEMPERATURES)))
    np.testing.assert_allclose(measured.value, TEMPERATURES, atol=1e-9)
    assert np.all(measured.u <= u * 1.01)
    if correlation == 1.0:
        np.testing.assert_allclose(measured.u, u, rtol=0.01)


def test_the_fit_is_that_of_scattered_certificates() -> None:
    """By simulation: points scattered by their covariance and fitted anew give the covariance of the temperatures."""
    random = np.random.default_rng(7)
    ohms, u = TRUE.inverse(TEMPERATURES), 0.003
    found = fitted(TRUE, ohms, TEMPERATURES, u**2 * np.eye(5), where="T-1")
    values = []
    for _ in range(3000):
        seen = TEMPERATURES + u * random.standard_normal(5)
        design = np.column_stack([np.ones(5), seen, seen**2])
        rest = ohms - TRUE.r0 * TRUE.c * np.where(seen < 0, (seen - 100) * seen**3, 0.0)
        c0, c1, c2 = np.linalg.lstsq(design, rest, rcond=None)[0]
        again = CallendarVanDusen(c0, c1 / c0, c2 / c0)
        values.append(again.value(TRUE.inverse([10.0, 70.0])))
    jacobian = TRUE.jacobian(TRUE.inverse([10.0, 70.0]))
    expected = np.sqrt((jacobian @ found.covariance @ jacobian.T).diagonal())
    np.testing.assert_allclose(np.std(values, axis=0), expected, rtol=0.06)


def test_coefficients_that_miss_their_points_are_an_effect_or_refused() -> None:
    near = (constant("R0", "Ohm", TRUE.r0 + 0.001), *COEFFICIENTS[1:])
    (effect,) = record_of(certificate(POINTS, *near)).effects
    assert effect.half_width == pytest.approx(0.001 * 1.329 / 0.3815, rel=0.01)
    far = (constant("R0", "Ohm", TRUE.r0 + 0.1), *COEFFICIENTS[1:])
    with pytest.raises(CertificateError, match=r"its coefficients miss its points by up to 0\.3"):
        record_of(certificate(POINTS, *far))
    with pytest.raises(CertificateError, match="the coefficient R0 is listed twice"):
        record_of(certificate(POINTS, *COEFFICIENTS, COEFFICIENTS[0]))
    assert callendar_van_dusen(certificate(POINTS, *COEFFICIENTS[:2])) is None


def test_the_units_must_be_those_of_the_certificate() -> None:
    with pytest.raises(NotApplicable, match="no table of indications and reference values in Cel; it has"):
        calibration_record(certificate(POINTS), unit="Cel", instrument=PROBE, point_correlation="full")
    with pytest.raises(NotApplicable, match="in Cel against V"):
        calibration_record(
            certificate(POINTS), unit="Cel", indication_unit="V", instrument=PROBE, point_correlation="full"
        )


def test_a_function_in_ohm_survives_its_certificate() -> None:
    made = record_of(certificate(POINTS, *COEFFICIENTS))
    embedded = replace(certificate(POINTS), function=embedded_function(made))
    found = calibration_record(
        embedded, unit="Cel", indication_unit="Ohm", instrument=PROBE, point_correlation="matrix"
    )
    assert found.function == made.function
    assert found.covariance.tolist() == made.covariance.tolist()
    assert (found.indication_unit, found.valid_range, found.effects) == ("Ohm", made.valid_range, made.effects)
    with pytest.raises(NotApplicable, match="leads from Ohm to Cel, not to Cel"):
        calibration_record(embedded, unit="Cel", instrument=PROBE, point_correlation="matrix")


def test_a_certificate_of_ptb_s_good_practice_is_understood(ptb: Path) -> None:
    document = read(ptb / "dcc_gp_temperatur_resistance_v12.xml")
    item = document.item
    probe = Instrument(item.manufacturer, item.model, item.serial)
    record = calibration_record(document, unit="Cel", indication_unit="Ohm", instrument=probe, point_correlation="full")
    assert isinstance(record.function, CallendarVanDusen)
    assert (record.function.r0, record.function.a) == (100.0225, 0.0039155)
    measured = evaluate(record, [100.022, 123.288])
    np.testing.assert_allclose(measured.value, [-0.001, 60.0], atol=0.002)
    assert record.effects[0].half_width == pytest.approx(0.0018, abs=1e-4)
    assert np.all((measured.u > 0.004) & (measured.u < 0.008))
