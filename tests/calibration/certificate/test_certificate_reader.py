from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import replace
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from hil_calibration.calibration import CalibrationRecord, Instrument
from hil_calibration.certificate import calibration_record, embedded_function, read, to_xml
from hil_calibration.certificate.document import DccDocument
from hil_calibration.certificate.model import Certificate, Column
from hil_calibration.certificate.reader import parse
from hil_calibration.effect import Effect
from hil_calibration.errors import (
    CalibrationError,
    CertificateError,
    NotApplicable,
    UnknownCorrelation,
    UnknownUncertainty,
)
from hil_calibration.function import Polynomial, StraightLine, Table
from table_nodes import covariance_at_nodes, values_at_nodes

PTB_SENSOR = Instrument("String", "String", "string-manufacturer-item")


def instrument(certificate: Certificate) -> Instrument:
    return Instrument(certificate.item.manufacturer, certificate.item.model, certificate.item.serial)


def document(certificate: Certificate) -> DccDocument:
    return parse(to_xml(certificate))


def test_what_was_written_is_read(simulated: Certificate, tmp_path: Path) -> None:
    path = tmp_path / "certificate.xml"
    path.write_bytes(to_xml(simulated))
    found = read(path)
    assert found.sha256 == hashlib.sha256(path.read_bytes()).hexdigest()
    assert (found.schema_version, found.identifier, found.simulated) == ("3.3.0", "SIM-2026-0007", True)
    assert found.issuer == simulated.laboratory.name
    assert (found.item.manufacturer, found.item.model, found.item.serial) == (
        "Example Instruments",
        "EX-LUX 1",
        "20001",
    )
    assert (found.begin, found.end, found.issued) == (date(2026, 3, 10), date(2026, 3, 10), date(2026, 3, 12))
    assert found.chain_head == simulated.chain_head
    assert found.function == simulated.function
    (table,) = found.results
    for quantity, column in zip(table.quantities, simulated.results[0].columns, strict=True):
        assert quantity.ref_types == (column.ref_type,)
        form = quantity.form("lx")
        assert form is not None
        assert form.values == tuple(map(float, column.values))
        assert tuple(map(float, column.U)) == form.U
        assert form.k == (2.0,) * len(column.U)
    temperature = found.conditions[0].role("basic_temperatureMin")
    assert temperature is not None
    assert [(form.unit, form.values) for form in temperature.forms] == [("K", (295.95,)), ("Cel", (22.8,))]


@pytest.mark.parametrize(("correlation", "r"), [("full", 1.0), ("independent", 0.0), (0.25, 0.25), (1, 1.0)])
def test_a_table_becomes_a_record(samples: Mapping[str, Certificate], correlation: Any, r: float) -> None:
    certificate = samples["reference-luxmeter.xml"]
    found = document(certificate)
    record = calibration_record(found, unit="lx", instrument=instrument(certificate), point_correlation=correlation)
    assert isinstance(record.function, Table)
    assert record.function.x == (1.0045, 2.009, 5.022, 10.05, 20.11, 50.22, 100.5, 201.2, 503.4, 1007.0)
    assert record.function.y == (1.0, 2.0, 5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
    u = 0.0045 * np.array(record.function.y)
    expected = r * np.outer(u, u) + (1 - r) * np.diag(u**2)
    assert np.allclose(covariance_at_nodes(record), expected, rtol=1e-12)
    assert (record.quantity, record.unit, record.valid_range) == ("illuminance", "lx", (1.0045, 1007.0))
    assert record.certificates == {"SAMPLE-2026-0001": found.sha256}
    assert record.provenance == "measured"
    assert str(correlation) in record.assumption
    assert record.date == date(2026, 3, 10)


def test_the_unit_chooses_among_quantities(samples: Mapping[str, Certificate]) -> None:
    certificate = samples["climate-probe.xml"]
    found, probe = document(certificate), instrument(certificate)
    temperature = calibration_record(found, unit="Cel", instrument=probe, point_correlation="full")
    assert values_at_nodes(temperature).tolist() == [10.0, 20.0, 30.0, 40.0]
    assert np.allclose(covariance_at_nodes(temperature), 0.05**2)
    kelvin = calibration_record(found, unit="K", instrument=probe, point_correlation="full")
    assert kelvin.valid_range == (283.19, 313.21)
    humidity = calibration_record(found, unit="%", instrument=probe, point_correlation="independent")
    assert humidity.quantity == "relative humidity"
    assert np.allclose(covariance_at_nodes(humidity), 0.6**2 * np.eye(3))
    with pytest.raises(NotApplicable, match="no table of indications and reference values in lx"):
        calibration_record(found, unit="lx", instrument=probe, point_correlation="full")


def test_our_own_function_comes_back_with_covariance_and_effects(simulated: Certificate) -> None:
    record = calibration_record(
        document(simulated), unit="lx", instrument=instrument(simulated), point_correlation="matrix"
    )
    assert record.function == StraightLine(-0.0123456789, 0.98765432101)
    assert record.covariance.tolist() == [[0.00042, -1.25e-06], [-1.25e-06, 2.5e-05]]
    drift, temperature = record.effects
    assert (drift.name, drift.half_width, drift.u) == ("drift", 0.003, 0.0017320508075688774)
    assert (temperature.u, temperature.reference, temperature.dof) == (0.0005, 23.0, 12.0)
    assert math.isinf(drift.dof)
    assert record.provenance == "simulated"
    assert record.valid_range == (0.009, 98.80)


@pytest.mark.parametrize("function", [StraightLine(-0.1 / 3, 1 / 0.7), Polynomial((0.1, 0.9, 1e-5 / 3))])
def test_a_record_survives_its_certificate(simulated: Certificate, function: StraightLine | Polynomial) -> None:
    p = len(function.coefficients)
    root = np.linspace(-1.0, 1.0, p * p).reshape(p, p) / 7.0
    made = CalibrationRecord(
        instrument=instrument(simulated),
        quantity="illuminance",
        unit="lx",
        function=function,
        covariance=root @ root.T,
        effects=(
            Effect(name="drift", kind="relative", distribution="rectangular", half_width=0.003, source="maker"),
            Effect(name="zero", kind="absolute", u=0.1 / 3, dof=7),
        ),
        valid_range=(0.1, 1000.0 / 3),
        date=date(2026, 3, 10),
    )
    certificate = replace(simulated, function=embedded_function(made))
    found = calibration_record(document(certificate), unit="lx", instrument=made.instrument, point_correlation="matrix")
    assert found.function == made.function
    assert found.covariance.tolist() == made.covariance.tolist()
    assert (found.effects, found.valid_range) == (made.effects, made.valid_range)


def test_a_table_is_not_embedded(samples: Mapping[str, Certificate]) -> None:
    certificate = samples["reference-luxmeter.xml"]
    record = calibration_record(
        document(certificate), unit="lx", instrument=instrument(certificate), point_correlation="full"
    )
    with pytest.raises(CertificateError, match="'table' is not embedded"):
        embedded_function(record)


@pytest.mark.parametrize("field", ["manufacturer", "model", "serial"])
def test_another_instrument_is_refused(simulated: Certificate, field: str) -> None:
    other = replace(instrument(simulated), **{field: "another"})
    with pytest.raises(NotApplicable, match="give the certificate of this instrument"):
        calibration_record(document(simulated), unit="lx", instrument=other, point_correlation="full")


@pytest.mark.parametrize("correlation", [None, "partly", 1.5, -0.1, True])
def test_an_unknown_correlation_is_refused(simulated: Certificate, correlation: Any) -> None:
    with pytest.raises(UnknownCorrelation, match="declare"):
        calibration_record(
            document(simulated), unit="lx", instrument=instrument(simulated), point_correlation=correlation
        )


def test_no_matrix_in_a_certificate_of_others(samples: Mapping[str, Certificate]) -> None:
    certificate = samples["reference-luxmeter.xml"]
    with pytest.raises(UnknownCorrelation, match="embeds no covariance"):
        calibration_record(
            document(certificate), unit="lx", instrument=instrument(certificate), point_correlation="matrix"
        )


def table_of(certificate: Certificate, *columns: Column) -> Certificate:
    return replace(certificate, results=(replace(certificate.results[0], columns=columns),))


def test_an_unknown_uncertainty_is_refused(simulated: Certificate) -> None:
    reference, indication, error = simulated.results[0].columns
    unknown = table_of(simulated, reference, indication, replace(error, U=()))
    with pytest.raises(UnknownUncertainty, match="no expanded uncertainty"):
        calibration_record(document(unknown), unit="lx", instrument=instrument(unknown), point_correlation="full")


def test_two_of_three_columns_are_enough(simulated: Certificate) -> None:
    reference, indication, error = simulated.results[0].columns
    for columns in ((reference, error), (indication, error)):
        certificate = table_of(simulated, *columns)
        record = calibration_record(
            document(certificate), unit="lx", instrument=instrument(certificate), point_correlation="full"
        )
        assert np.allclose(values_at_nodes(record), [0.020, 5.0, 100.0])
        assert np.allclose(record.valid_range, [0.009, 98.8])
        assert np.allclose(np.sqrt(covariance_at_nodes(record).diagonal()), [0.0225, 0.0225, 0.43])


def test_uncertainties_of_reference_and_indication_combine(simulated: Certificate) -> None:
    reference, indication, _ = simulated.results[0].columns
    expanded = ("0.3", "0.3", "0.3"), ("0.4", "0.4", "0.4")
    certificate = table_of(simulated, replace(reference, U=expanded[0]), replace(indication, U=expanded[1]))
    record = calibration_record(
        document(certificate), unit="lx", instrument=instrument(certificate), point_correlation="independent"
    )
    assert np.allclose(np.sqrt(covariance_at_nodes(record).diagonal()), 0.25)


def test_results_as_found_are_not_a_calibration(simulated: Certificate) -> None:
    result = simulated.results[0]
    shifted = replace(result.columns[0], values=("0.030", "5.100", "101.00"))
    found = replace(result, status="beforeAdjustment", columns=(shifted, *result.columns[1:]))
    left = replace(result, status="afterAdjustment")
    both = replace(simulated, results=(found, left))
    wanted = {"unit": "lx", "instrument": instrument(simulated), "point_correlation": "full"}
    assert calibration_record(document(both), **wanted).function.coefficients[2] == 100.0  # type: ignore[arg-type]
    with pytest.raises(NotApplicable, match="only results before an adjustment"):
        calibration_record(document(replace(both, results=(found,))), **wanted)  # type: ignore[arg-type]


def test_a_repeated_indication_is_refused(simulated: Certificate) -> None:
    reference, indication, error = simulated.results[0].columns
    twice = table_of(simulated, reference, replace(indication, values=("5.022", "5.022", "98.80")), error)
    with pytest.raises(CertificateError, match="one indication stands for two values"):
        calibration_record(document(twice), unit="lx", instrument=instrument(twice), point_correlation="full")


def test_ptb_temperature_certificate(ptb: Path) -> None:
    # PTB good practice, DCC 3.1.1: the deprecated form of U, one U for five points, K beside °C.
    for name in ("typical", "simplified"):
        found = read(ptb / f"dcc_gp_temperature_{name}_v12.xml")
        record = calibration_record(found, unit="Cel", instrument=PTB_SENSOR, point_correlation="full")
        assert isinstance(record.function, Table)
        assert record.function.x == (33.17, 100.06, 175.21, 250.16, 319.92)
        assert record.function.y == (33.098, 99.971, 175.103, 250.169, 320.004)
        assert np.allclose(covariance_at_nodes(record), 0.0305**2)
        assert record.date == date(1957, 8, 13)
        assert not found.simulated


def test_ptb_humidity_certificate_has_u_in_one_unit_only(ptb: Path) -> None:
    found = read(ptb / "dcc_gp_humidity_v1.0.xml")
    assert [item.serial for item in found.items] == ["123456789 Ma", "Fs 135792468 Hu"]
    (table,) = found.results
    error = table.role("basic_measurementError")
    assert error is not None
    form = error.form("%")
    assert form is not None
    assert np.allclose(form.U, [0.6, 0.8, 1.0, 1.1, 1.0, 0.8, 0.6])
    probe = Instrument("Feuchtemesstechnik GmbH", "H2OMeas 6789-1", "Fs 135792468 Hu")
    record = calibration_record(found, unit="%", instrument=probe, point_correlation="full")
    assert np.allclose(values_at_nodes(record), [20.05, 50.0, 80.05, 90.1])  # rising and falling, the mean of both
    (loop,) = record.effects
    assert (loop.name, loop.distribution) == (f"{found.identifier} hysteresis", "rectangular")
    assert loop.half_width == pytest.approx(0.45)  # -1.2 % falling, -0.3 % rising at 80 %
    assert np.allclose(np.sqrt(covariance_at_nodes(record).diagonal()), [0.3, 0.4, 0.5, 0.55])


def test_ptb_resistance_certificate_indicates_in_another_unit(ptb: Path) -> None:
    found = read(ptb / "dcc_gp_temperatur_resistance_v12.xml")
    assert [table.name for table in found.results] == ["Measuring results", "Coefficients"]
    with pytest.raises(NotApplicable, match=r"no table of indications and reference values in Cel; .*kg\.m2"):
        calibration_record(found, unit="Cel", instrument=PTB_SENSOR, point_correlation="full")


def test_old_silicon_sphere_is_readable_though_invalid(ptb: Path) -> None:
    found = read(ptb / "siliziumkugel_wrong_schema.xml")
    assert found.schema_version == "2.4.0"
    mass = found.results[0].quantities[0].forms[0]
    assert mass.unit == "kg"
    assert len(mass.U) == 1


def test_a_web_page_is_no_certificate(ptb: Path) -> None:
    with pytest.raises(CertificateError, match="document type declaration"):
        read(ptb / "siliziumkugel_3_0_0.xml")


LIST_OF_REALS = """<si:list><si:listUnit>\\lux</si:listUnit>{common}
<si:real><si:value>1.0</si:value>{own}</si:real><si:real><si:value>2.0</si:value>{own}</si:real></si:list>"""
OLD_FORM = """<si:expandedUnc><si:uncertainty>0.2</si:uncertainty><si:coverageFactor>2</si:coverageFactor>
<si:coverageProbability>0.95</si:coverageProbability></si:expandedUnc>"""

OLD_INTERVAL = """<si:coverageInterval><si:standardUnc>0.1</si:standardUnc><si:intervalMin>0.8</si:intervalMin>
<si:intervalMax>1.2</si:intervalMax><si:coverageProbability>0.95</si:coverageProbability></si:coverageInterval>"""


def rewritten(certificate: Certificate, element: str) -> bytes:
    root = etree.fromstring(to_xml(certificate))
    prefixes = {"si": "https://ptb.de/si", "dcc": "https://ptb.de/dcc"}
    quantity = root.find(".//dcc:quantity[@refType='basic_referenceValue']", prefixes)
    assert quantity is not None
    quantity.remove(quantity[-1])
    quantity.append(etree.fromstring(element.replace("<si:list>", '<si:list xmlns:si="https://ptb.de/si">')))
    return etree.tostring(root)


@pytest.mark.parametrize(
    "element",
    [
        LIST_OF_REALS.format(common="", own=OLD_FORM),
        LIST_OF_REALS.format(common=f"<si:listUnivariateUnc>{OLD_FORM}</si:listUnivariateUnc>", own=""),
        LIST_OF_REALS.format(
            common="<si:listMeasurementUncertaintyUnivariate><si:standardMU><si:valueStandardMU>0.1</si:valueStandardMU>"
            "</si:standardMU></si:listMeasurementUncertaintyUnivariate>",
            own="",
        ),
        LIST_OF_REALS.format(common="", own=OLD_INTERVAL),
        LIST_OF_REALS.format(
            common="",
            own="<si:measurementUncertaintyUnivaraite>"
            f"{OLD_INTERVAL.replace('coverageInterval', 'coverageIntervalMU')}</si:measurementUncertaintyUnivaraite>",
        ),
    ],
)
def test_lists_of_single_values_are_read(simulated: Certificate, element: str) -> None:
    quantity = parse(rewritten(simulated, element)).results[0].role("basic_referenceValue")
    assert quantity is not None
    (form,) = quantity.forms
    assert (form.unit, form.values, form.u) == ("lx", (1.0, 2.0), (0.1, 0.1))


def changed(certificate: Certificate, old: str, new: str) -> bytes:
    xml = to_xml(certificate).decode()
    assert old in xml
    return xml.replace(old, new).encode()


@pytest.mark.parametrize(
    ("old", "new", "message"),
    [
        ("0.045 0.045 0.86", "0.045 0.045", "2 uncertainties for 3 values"),
        ("0.009 5.022 98.80", "0.009 5.022 abc", "'abc' is not a number"),
        ("0.009 5.022 98.80", "0.009 5.022 1_0", "'1_0' is not a number"),
        ('schemaVersion="3.3.0"', 'schemaVersion="4.0.0"', "DCC version '4.0.0'"),
        ('schemaVersion="3.3.0"', 'schemaVersion="2.1.0"', "DCC version '2.1.0'"),
        ("digitalCalibrationCertificate", "calibrationCertificate", "not a digital calibration certificate"),
        ("<dcc:uniqueIdentifier>SIM-2026-0007</dcc:uniqueIdentifier>", "", "unique identifier is empty"),
        ("<hil:row>-1.25e-06 2.5e-05</hil:row>", "", "1 rows of the covariance"),
        ("-0.011 0.022 -1.20</si", "-0.011</si", "3 uncertainties for 1 values"),
    ],
)
def test_inconsistent_certificates_are_refused(simulated: Certificate, old: str, new: str, message: str) -> None:
    with pytest.raises(CertificateError, match=message):
        parse(changed(simulated, old, new))


def test_a_unit_that_nobody_knows_keeps_its_name(simulated: Certificate) -> None:
    found = parse(changed(simulated, r"\lux", "|footcandle"))
    assert {form.unit for q in found.results[0].quantities for form in q.forms} == {""}
    with pytest.raises(NotApplicable, match=r"\|footcandle"):
        calibration_record(found, unit="lx", instrument=instrument(simulated), point_correlation="full")


def test_a_date_may_carry_a_time_zone(simulated: Certificate) -> None:
    found = parse(changed(simulated, "2026-03-10</dcc:endP", "2026-03-10+01:00</dcc:endP"))
    assert found.end == date(2026, 3, 10)


BOMB = """<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa">{entities}]>
<b attribute="&i;">&i;</b>""".format(
    entities="".join(
        f'<!ENTITY {name} "{f"&{before};" * 10}">' for before, name in zip("abcdefgh", "bcdefghi", strict=True)
    )
)


@pytest.mark.parametrize(
    "data",
    [
        BOMB.encode(),
        BOMB.encode("utf-16"),
        b'<!DOCTYPE r SYSTEM "file:///etc/hostname"><r/>',
        b'<!DOCTYPE r [<!ENTITY x SYSTEM "file:///etc/hostname">]><r>&x;</r>',
    ],
)
def test_document_types_and_entities_are_refused(data: bytes) -> None:
    with pytest.raises(CertificateError, match="document type declaration"):
        parse(data)


@pytest.mark.parametrize("data", [b"", b"no XML", b"<a>", b"\x00", b"<r/>", b"<?xml version='1.0' encoding='x'?><r/>"])
def test_anything_else_is_refused(data: bytes) -> None:
    with pytest.raises(CertificateError):
        parse(data)


def test_a_missing_file_is_named(tmp_path: Path) -> None:
    with pytest.raises(CertificateError, match=r"nowhere\.xml: cannot be read"):
        read(tmp_path / "nowhere.xml")


def survive(data: bytes, wanted: Instrument) -> None:
    """Whatever the bytes: a document or an error of ours, and the same for its record."""
    try:
        found = parse(data)
    except CertificateError:
        return
    for correlation in ("full", "matrix"):
        with suppress(CalibrationError):
            calibration_record(found, unit="lx", instrument=wanted, point_correlation=correlation)


@given(st.binary(max_size=300))
def test_random_bytes_raise_nothing_else(data: bytes) -> None:
    survive(data, Instrument("a", "b", "c"))


FUZZ = settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
BAD_TEXT = st.sampled_from(["", "NaN", "-1", "0", "1e999", "1 2", "x" * 50, "\\", "ünit", "9" * 400, "2026-02-30"])


@FUZZ
@given(start=st.integers(0, 20_000), length=st.integers(0, 200), inserted=st.binary(max_size=20))
def test_damaged_bytes_raise_nothing_else(simulated: Certificate, start: int, length: int, inserted: bytes) -> None:
    xml = to_xml(simulated)
    survive(xml[:start] + inserted + xml[start + length :], instrument(simulated))


@FUZZ
@given(
    places=st.lists(st.tuples(st.integers(0, 600), st.sampled_from(["drop", "twice", "text"]), BAD_TEXT), max_size=4)
)
def test_damaged_content_raises_nothing_else(simulated: Certificate, places: list[tuple[int, str, str]]) -> None:
    root = etree.fromstring(to_xml(simulated))
    for index, action, text in places:
        elements = list(root.iter())
        element = elements[index % len(elements)]
        parent = element.getparent()
        if parent is None:
            continue
        if action == "drop":
            parent.remove(element)
        elif action == "twice":
            parent.append(etree.fromstring(etree.tostring(element)))
        else:
            element.text = text
    survive(etree.tostring(root), instrument(simulated))
