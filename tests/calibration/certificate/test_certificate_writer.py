from __future__ import annotations

from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from hil_calibration.certificate import to_xml, validate
from hil_calibration.certificate.model import Certificate
from hil_calibration.certificate.namespace import MAP, Element
from hil_calibration.certificate.statements import all_statements
from hil_calibration.errors import CertificateError


def parsed(certificate: Certificate) -> Element:
    return etree.fromstring(to_xml(certificate))


def texts(root: Element, path: str) -> list[str]:
    return [element.text or "" for element in root.iterfind(path, MAP)]


def test_valid_against_the_schema(simulated: Certificate, samples: Mapping[str, Certificate], schemas: Path) -> None:
    for certificate in (simulated, *samples.values()):
        check = validate(to_xml(certificate), schemas)
        assert check.findings == ()
        assert check.valid


def test_as_found_and_as_left_are_two_results_with_their_status(simulated: Certificate, schemas: Path) -> None:
    found, left = (replace(simulated.results[0], status=s) for s in ("beforeAdjustment", "afterAdjustment"))
    xml = to_xml(replace(simulated, results=(found, left)))
    assert validate(xml, schemas).valid
    path = ".//dcc:measurementResult/dcc:influenceConditions/dcc:influenceCondition[1]/dcc:status"
    assert texts(etree.fromstring(xml), path) == ["beforeAdjustment", "afterAdjustment"]


def test_one_language_is_enough(simulated: Certificate, schemas: Path) -> None:
    xml = to_xml(replace(simulated, languages=("fr",)))
    assert validate(xml, schemas).valid
    assert b'lang="en"' not in xml


def test_the_same_certificate_gives_the_same_bytes(simulated: Certificate) -> None:
    assert to_xml(simulated) == to_xml(replace(simulated))


def test_shipped_samples_are_what_the_script_makes(samples: Mapping[str, Certificate], shipped: Path) -> None:
    for name, certificate in samples.items():
        assert (shipped / name).read_bytes() == to_xml(certificate), "run scripts/make_sample_certificates.py"


def test_samples_say_that_they_are_fictitious(samples: Mapping[str, Certificate]) -> None:
    for certificate in samples.values():
        assert certificate.identifier.startswith("SAMPLE-")
        assert "fictitious" in certificate.statements[0].declaration.en
        assert "fictif" in certificate.statements[0].declaration.fr
        assert not any(statement.traceable for statement in certificate.statements)


def test_a_simulated_certificate_says_so_first_in_both_languages(simulated: Certificate) -> None:
    assert all_statements(simulated)[0].declaration.en.startswith("SIMULATED")
    first = parsed(simulated).find(".//dcc:statement", MAP)
    assert first is not None
    declared = texts(first, "dcc:declaration/dcc:content")
    assert len(declared) == 2
    assert all("SIMULATED" in text for text in declared)
    assert texts(first, "dcc:traceable") == ["false"]
    assert texts(parsed(simulated), "dcc:comment/hil:record/hil:simulated") == ["true"]


def test_a_simulated_certificate_claims_no_traceability(simulated: Certificate) -> None:
    assert "true" not in texts(parsed(simulated), ".//dcc:statement/dcc:traceable")


def test_celsius_stands_beside_kelvin_and_percent_beside_one(samples: Mapping[str, Certificate]) -> None:
    root = parsed(samples["climate-probe.xml"])
    temperature, humidity = (
        [texts(e, "si:valueXMLList") + texts(e, "si:unitXMLList") for e in hybrid]
        for hybrid in root.iterfind(".//dcc:quantity[@refType='basic_measuredValue']/si:hybrid", MAP)
    )
    assert temperature == [
        ["283.19 293.18 303.20 313.21", r"\kelvin"],
        ["10.04 20.03 30.05 40.06", r"\degreecelsius"],
    ]
    assert humidity == [["0.206 0.454 0.695", r"\one"], ["20.6 45.4 69.5", r"\percent"]]


def test_uncertainties_are_in_the_current_form(simulated: Certificate) -> None:
    root = parsed(simulated)
    path = ".//dcc:list//si:measurementUncertaintyUnivariateXMLList/si:expandedMUXMLList/si:valueExpandedMUXMLList"
    assert texts(root, path) == ["0.045 0.045 0.86"]
    assert not list(root.iterfind(".//si:expandedUncXMLList", MAP))


def test_the_standards_certificate_is_named_with_its_hash(simulated: Certificate) -> None:
    path = ".//dcc:measuringEquipment[@refType='basic_normalUsed']/dcc:certificate"
    assert texts(parsed(simulated), f"{path}/dcc:referralID") == ["SAMPLE-2025-0901"]
    assert texts(parsed(simulated), f"{path}/dcc:value") == ["0" * 64]


def test_no_element_is_empty(simulated: Certificate) -> None:
    for element in parsed(simulated).iter():
        assert len(element) or (element.text or "").strip(), element.tag


def test_without_schemas_it_says_that_nothing_was_validated(simulated: Certificate, tmp_path: Path) -> None:
    for directory in (None, tmp_path):
        check = validate(to_xml(simulated), directory)
        assert not check.validated
        assert not check.valid
        assert "not validated" in check.message


def test_the_schema_finds_a_violation(simulated: Certificate, schemas: Path) -> None:
    wrong = to_xml(simulated).replace(b"<dcc:coreData>", b"<dcc:coreData><dcc:nothing/>")
    check = validate(wrong, schemas)
    assert check.validated
    assert not check.valid
    assert "nothing" in check.findings[0]


def test_a_schema_that_is_none_is_an_error(simulated: Certificate, tmp_path: Path) -> None:
    path = tmp_path / "dcc" / "v3.3.0" / "dcc.xsd"
    path.parent.mkdir(parents=True)
    path.write_text("no schema")
    with pytest.raises(CertificateError, match="the schema cannot be used"):
        validate(to_xml(simulated), tmp_path)
