"""What certificates of others look like: forms of uncertainty, one value for many, units, and what they rest on."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from hil_calibration.calibration import Instrument
from hil_calibration.certificate import Certificate, calibration_record, to_xml
from hil_calibration.certificate.dependence import dependence
from hil_calibration.certificate.document import DccEquipment, DccReference
from hil_calibration.certificate.importer import PointCorrelation
from hil_calibration.certificate.model import Equipment, Reference, Text
from hil_calibration.certificate.reader import parse, read
from hil_calibration.errors import CertificateError, NotApplicable, UnknownCorrelation
from hil_calibration.function import Table
from hil_calibration.stream import evaluate
from table_nodes import covariance_at_nodes, values_at_nodes

LUXMETER = Instrument("Example Instruments", "EX-LUX 1", "20001")

NEW = """<si:measurementUncertaintyUnivariateXMLList>
          <si:expandedMUXMLList>
            <si:valueExpandedMUXMLList>{U}</si:valueExpandedMUXMLList>
            <si:coverageFactorXMLList>{k}</si:coverageFactorXMLList>
            <si:coverageProbabilityXMLList>0.95</si:coverageProbabilityXMLList>
          </si:expandedMUXMLList>
        </si:measurementUncertaintyUnivariateXMLList>"""
NEW_STANDARD = """<si:measurementUncertaintyUnivariateXMLList><si:standardMUXMLList>
<si:valueStandardMUXMLList>{u}</si:valueStandardMUXMLList></si:standardMUXMLList>
</si:measurementUncertaintyUnivariateXMLList>"""
NEW_INTERVAL = """<si:measurementUncertaintyUnivariateXMLList><si:coverageIntervalMUXMLList>
<si:valueStandardMUXMLList>{u}</si:valueStandardMUXMLList><si:intervalMinXMLList>-1 -1 -1</si:intervalMinXMLList>
<si:intervalMaxXMLList>1 1 1</si:intervalMaxXMLList></si:coverageIntervalMUXMLList>
</si:measurementUncertaintyUnivariateXMLList>"""
OLD = """<si:expandedUncXMLList><si:uncertaintyXMLList>{U}</si:uncertaintyXMLList>
<si:coverageFactorXMLList>{k}</si:coverageFactorXMLList>
<si:coverageProbabilityXMLList>0.95</si:coverageProbabilityXMLList></si:expandedUncXMLList>"""
OLD_INTERVAL = """<si:coverageIntervalXMLList><si:standardUncXMLList>{u}</si:standardUncXMLList>
<si:intervalMinXMLList>-1 -1 -1</si:intervalMinXMLList><si:intervalMaxXMLList>1 1 1</si:intervalMaxXMLList>
<si:coverageProbabilityXMLList>0.95</si:coverageProbabilityXMLList></si:coverageIntervalXMLList>"""


def table(uncertainty: str, *, reference: str = "1.0 2.0 4.0", unit: str = r"\lux", version: str = "3.3.0") -> bytes:
    """A certificate of the shape that other laboratories write, everything in it fictitious."""

    def quantity(role: str, values: str, stated: str = "") -> str:
        return f"""<dcc:quantity refType="{role}"><dcc:name><dcc:content>{role}</dcc:content></dcc:name>
        <si:realListXMLList><si:valueXMLList>{values}</si:valueXMLList><si:unitXMLList>{unit}</si:unitXMLList>{stated}
        </si:realListXMLList></dcc:quantity>"""

    return f"""<dcc:digitalCalibrationCertificate xmlns:dcc="https://ptb.de/dcc" xmlns:si="https://ptb.de/si"
  schemaVersion="{version}"><dcc:administrativeData><dcc:coreData><dcc:uniqueIdentifier>X-1</dcc:uniqueIdentifier>
  <dcc:beginPerformanceDate>2026-03-10</dcc:beginPerformanceDate>
  <dcc:endPerformanceDate>2026-03-10</dcc:endPerformanceDate></dcc:coreData><dcc:items><dcc:item>
  <dcc:name><dcc:content>Luxmeter</dcc:content></dcc:name>
  <dcc:manufacturer><dcc:name><dcc:content>Example Instruments</dcc:content></dcc:name></dcc:manufacturer>
  <dcc:model>EX-LUX 1</dcc:model><dcc:identifications><dcc:identification><dcc:issuer>manufacturer</dcc:issuer>
  <dcc:value>20001</dcc:value></dcc:identification></dcc:identifications></dcc:item></dcc:items>
  <dcc:calibrationLaboratory><dcc:contact><dcc:name><dcc:content>Other Laboratory</dcc:content></dcc:name></dcc:contact>
  </dcc:calibrationLaboratory></dcc:administrativeData><dcc:measurementResults><dcc:measurementResult>
  <dcc:name><dcc:content>R</dcc:content></dcc:name><dcc:results><dcc:result>
  <dcc:name><dcc:content>Illuminance</dcc:content></dcc:name><dcc:data><dcc:list>
  {quantity("basic_referenceValue", reference)}{quantity("basic_measuredValue", "1.1 2.1 4.1")}
  {quantity("basic_measurementError", "0.1 0.1 0.1", uncertainty)}
  </dcc:list></dcc:data></dcc:result></dcc:results></dcc:measurementResult></dcc:measurementResults>
  </dcc:digitalCalibrationCertificate>""".encode()


@pytest.mark.parametrize(
    ("uncertainty", "version"),
    [
        (OLD.format(U="0.2", k="2"), "2.4.0"),
        (OLD.format(U="0.2 0.2 0.2", k="2 2 2"), "3.0.0"),
        (OLD_INTERVAL.format(u="0.1"), "3.1.2"),
        (OLD_INTERVAL.format(u="0.1 0.1 0.1"), "3.2.1"),
        (NEW.format(U="0.2", k="2"), "3.3.0"),
        (NEW.format(U="0.2 0.2 0.2", k="2"), "3.3.0"),
        (NEW_STANDARD.format(u="0.1"), "3.3.0"),
        (NEW_INTERVAL.format(u="0.1 0.1 0.1"), "3.3.0"),
    ],
)
def test_every_form_of_uncertainty_gives_one_record(uncertainty: str, version: str) -> None:
    document = parse(table(uncertainty, version=version))
    record = calibration_record(document, unit="lx", instrument=LUXMETER, point_correlation=0.5)
    assert values_at_nodes(record).tolist() == [1.0, 2.0, 4.0]
    assert np.allclose(covariance_at_nodes(record), 0.01 * (0.5 + 0.5 * np.eye(3)))


def test_one_value_stands_for_every_row() -> None:
    # As D-SI has it: a list of one value, with its U, beside lists of three.
    text = table(NEW.format(U="0.2", k="2"), reference="1.0").replace(b"0.1 0.1 0.1", b"0.1")
    record = calibration_record(parse(text), unit="lx", instrument=LUXMETER, point_correlation="full")
    assert values_at_nodes(record).tolist() == [1.0, 1.0, 1.0]
    assert np.allclose(covariance_at_nodes(record), 0.01)
    with pytest.raises(CertificateError, match=r"columns of \[2, 3\] rows"):
        calibration_record(
            parse(table(NEW.format(U="0.2", k="2"), reference="1.0 2.0")),
            unit="lx",
            instrument=LUXMETER,
            point_correlation="full",
        )


def test_a_multiple_of_the_unit_is_converted() -> None:
    document = parse(table(NEW.format(U="0.2", k="2"), unit=r"\kilo\lux"))
    record = calibration_record(document, unit="lx", instrument=LUXMETER, point_correlation="full")
    assert np.allclose(values_at_nodes(record), [1000.0, 2000.0, 4000.0])
    assert record.valid_range == pytest.approx((1100.0, 4100.0))
    assert np.allclose(covariance_at_nodes(record), 100.0**2)
    with pytest.raises(NotApplicable, match="no table of indications and reference values in Cel"):
        calibration_record(document, unit="Cel", instrument=LUXMETER, point_correlation="full")


CELL = """<si:covarianceXMLList><si:valueXMLList>{}</si:valueXMLList><si:unitXMLList>{}</si:unitXMLList>
</si:covarianceXMLList>"""


def region(rows: list[list[str]], unit: str = r"\lux\tothe{2}") -> str:
    """A coverage region as D-SI 2.2 states it, with the covariance of a list of values."""
    columns = "".join(
        f"<si:columnXMLList>{''.join(CELL.format(cell, unit) for cell in row)}</si:columnXMLList>" for row in rows
    )
    return f"""<si:measurementUncertaintyMultivariateXMLList><si:ellipsoidalRegionMUXMLList>
    <si:covarianceMatrixXMLList>{columns}</si:covarianceMatrixXMLList>
    <si:coverageFactorXMLList>2.8</si:coverageFactorXMLList>
    <si:coverageProbabilityXMLList>0.95</si:coverageProbabilityXMLList>
    </si:ellipsoidalRegionMUXMLList></si:measurementUncertaintyMultivariateXMLList>"""


COVARIANCE = [["0.01", "0.005", "0.002"], ["0.005", "0.01", "0.005"], ["0.002", "0.005", "0.04"]]


@pytest.mark.parametrize("univariate", ["", NEW.format(U="0.2 0.2 0.4", k="2")])
def test_a_covariance_that_a_certificate_states_is_taken(univariate: str) -> None:
    document = parse(table(univariate + region(COVARIANCE)))
    record = calibration_record(document, unit="lx", instrument=LUXMETER, point_correlation="matrix")
    assert np.allclose(covariance_at_nodes(record), np.array(COVARIANCE, dtype=float))
    assert "covariance of the points as the certificate states it" in record.assumption
    kilo = parse(table(region(COVARIANCE, r"\kilo\lux\tothe{2}"), unit=r"\kilo\lux"))
    record = calibration_record(kilo, unit="lx", instrument=LUXMETER, point_correlation="matrix")
    assert np.allclose(covariance_at_nodes(record), 1e6 * np.array(COVARIANCE, dtype=float))


@pytest.mark.parametrize(
    ("stated", "message"),
    [
        (region(COVARIANCE[:2]), "a covariance of 2 columns for 3 values"),
        (region([*COVARIANCE[:2], ["0.003", "0.005", "0.04"]]), "not symmetric"),
        (region([["-0.01", *COVARIANCE[0][1:]], *COVARIANCE[1:]]), "below zero on its diagonal"),
        (region(COVARIANCE, r"\lux"), "a covariance in .* of values in lx"),
        (NEW.format(U="0.2 0.2 0.2", k="2") + region(COVARIANCE), "are not those of its covariance"),
    ],
)
def test_a_covariance_that_contradicts_itself_is_refused(stated: str, message: str) -> None:
    with pytest.raises(CertificateError, match=message):
        parse(table(stated))


def test_a_matrix_that_is_not_stated_is_refused() -> None:
    with pytest.raises(UnknownCorrelation, match="embeds no covariance"):
        calibration_record(
            parse(table(NEW.format(U="0.2", k="2"))), unit="lx", instrument=LUXMETER, point_correlation="matrix"
        )


def test_kelvin_alone_will_do_for_celsius() -> None:
    text = table(NEW.format(U="0.2", k="2"), unit=r"\kelvin", reference="283.15 293.15 303.15").replace(
        b"1.1 2.1 4.1", b"283.25 293.25 303.25"
    )
    document = parse(text)
    record = calibration_record(document, unit="Cel", instrument=LUXMETER, point_correlation="independent")
    assert np.allclose(values_at_nodes(record), [10.0, 20.0, 30.0])
    assert np.allclose(covariance_at_nodes(record), 0.01 * np.eye(3))


def test_the_equipment_comes_back_with_its_certificate(samples: Mapping[str, Certificate]) -> None:
    standard = Equipment(
        Text("Lamp", "Lampe"), "Example Instruments", "EX-LAMP", "7", Reference("LAMP-1", "0123456789abcdef" * 4)
    )
    document = parse(to_xml(replace(samples["climate-probe.xml"], equipment=(standard,))))
    assert document.equipment == (
        DccEquipment(
            "Lamp",
            "Example Instruments",
            "EX-LAMP",
            "7",
            ("basic_normalUsed",),
            DccReference("LAMP-1", "0123456789abcdef" * 4),
        ),
    )
    assert document.traceable is False  # the sample says of itself that no traceability exists


@pytest.mark.parametrize(
    ("procedure", "value", "sha256"),
    [
        ("SHA-256", "AB" * 32, "ab" * 32),
        ("analogue", "analogue", ""),
        ("SHA256", "SHA256-value", ""),
        ("SHA512", "ab" * 32, ""),
    ],
)
def test_a_hash_is_one_only_if_it_is(
    samples: Mapping[str, Certificate], procedure: str, value: str, sha256: str
) -> None:
    standard = Equipment("Lamp", "Example Instruments", "EX-LAMP", "7", Reference("LAMP-1", "0" * 64))
    xml = to_xml(replace(samples["climate-probe.xml"], equipment=(standard,))).decode()
    xml = xml.replace("<dcc:procedure>SHA256", f"<dcc:procedure>{procedure}").replace("0" * 64, value)
    xml = xml.replace(f"{value}</dcc:value>", f"{value}</dcc:value><dcc:inValidityRange>false</dcc:inValidityRange>")
    (found,) = parse(xml.encode()).equipment
    assert found.certificate == DccReference("LAMP-1", sha256, in_range=False)


def test_ptb_certificates_name_what_they_rest_on(ptb: Path) -> None:
    thermometer, mirror = read(ptb / "dcc_gp_humidity_v1.0.xml").equipment
    assert (thermometer.name, thermometer.serial) == ("Pt 100 thermometer", "Temperaturmesstechnik GmbH")
    assert mirror.certificate == DccReference("GP-mE-Certificate-y")
    assert read(ptb / "dcc_gp_temperature_typical_v12.xml").equipment[0].certificate is None


@pytest.mark.parametrize("correlation", ["full", "independent"])
def test_between_its_points_a_certificate_is_less_certain_than_at_them(correlation: PointCorrelation) -> None:
    """The reference values bend by 1 lx per 1 lx in the middle: the error of a chord there is known from no other."""
    document = parse(table(NEW.format(U="0.2 0.2 0.2", k="2 2 2"), reference="1.0 2.5 4.0"))
    record = calibration_record(document, unit="lx", instrument=LUXMETER, point_correlation=correlation)
    assert isinstance(record.function, Table)
    measured = evaluate(record, [1.1, 1.6, 2.1, 3.1, 4.1])
    at_points = 0.1
    np.testing.assert_allclose(measured.u[[0, 2, 4]], at_points)
    curvature = 2 * (1.5 - 0.75) / 3.0
    own = 0.1 if correlation == "full" else 0.1 / np.sqrt(2)
    np.testing.assert_allclose(measured.u[[1, 3]], np.hypot(own, curvature * np.array([1.0, 4.0]) / 8))
    assert "u of interpolation" in record.assumption


def test_two_points_show_no_curve_and_the_record_says_so() -> None:
    text = table(NEW.format(U="0.2", k="2"), reference="1.0 2.0").replace(b"1.1 2.1 4.1", b"1.1 2.1")
    record = calibration_record(
        parse(text.replace(b"0.1 0.1 0.1", b"0.1 0.1")), unit="lx", instrument=LUXMETER, point_correlation="full"
    )
    assert "straight between two points" in record.assumption


def test_how_much_results_depend_on_the_assumed_correlation() -> None:
    """Straight points of u = 0.1 lx: what is fully correlated cancels in a difference, what is independent averages."""
    document = parse(table(NEW.format(U="0.2 0.2 0.2", k="2 2 2")))
    full, independent = dependence(document, unit="lx", instrument=LUXMETER)
    assert (full.reading, full.mean, full.difference) == pytest.approx((0.2, 0.2, 0.0), abs=1e-9)
    quarter, three = np.array([0.25, 0.75, 0.0]), np.array([0.0, 0.375, 0.625])
    assert independent.reading == pytest.approx(0.2 * np.hypot(0.75, 0.25))
    assert independent.mean == pytest.approx(0.2 * np.linalg.norm(quarter + three) / 2)
    assert independent.difference == pytest.approx(0.2 * np.linalg.norm(three - quarter))
    assert "their difference 0.15 lx" in independent.told
    with pytest.raises(NotApplicable):
        dependence(document, unit="Cel", instrument=LUXMETER)
