"""Independent opinions on our XML: another schema validator, PTB's business rules, another reader of DCC."""

from __future__ import annotations

import io
import sys
import types
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hil_calibration.certificate import to_xml, validate
from hil_calibration.certificate.model import Certificate


@pytest.fixture(scope="module")
def xml(full: Certificate) -> bytes:
    return to_xml(full)


@pytest.fixture(scope="module")
def second_schema(schemas: Path) -> Any:
    xmlschema = pytest.importorskip("xmlschema")
    return xmlschema.XMLSchema(str(schemas / "dcc" / "v3.3.0" / "dcc.xsd"), allow="local")


@pytest.fixture(scope="module")
def rules(schemas: Path) -> Any:
    """PTB's schematron, compiled from its source: the compiled file that dcclib ships is older."""
    source = schemas / "schematron" / "dcc.sch"
    if not source.is_file():
        pytest.skip("no schematron/dcc.sch beside the schemas")
    schematron = pytest.importorskip("dcclib.validation.schematron")
    return schematron.SchematronValidator.from_file(str(source))


@pytest.fixture
def pydcc(monkeypatch: pytest.MonkeyPatch) -> Iterator[Any]:
    """pydcc with two stubs: its import fails on OpenSSL 3.0.x, and its constructor goes online."""
    validator: Any = types.ModuleType("certvalidator")
    validator.CertificateValidator = validator.ValidationContext = validator.errors = object
    monkeypatch.setitem(sys.modules, "certvalidator", validator)
    module = pytest.importorskip("dcc.dcc")
    monkeypatch.setattr(module, "DCCXMLValidator", lambda *_, **__: None)
    yield module
    for name in ("dcc.dcc", "dcc"):
        sys.modules.pop(name, None)


def errors(rules: Any, xml: bytes) -> list[str]:
    """What the rules call an error, whichever way they say it: dcclib's own verdict counts something else."""
    said = rules.validate_str(xml.decode())
    found = (*said.failed_assertions, *said.successful_reports)
    return [one.text for one in found if one.role not in ("information", "warning")]


def test_another_validator_agrees(second_schema: Any, full: Certificate, simulated: Certificate, xml: bytes) -> None:
    for text in (xml, to_xml(simulated), to_xml(replace(full, languages=("fr",), draft=True))):
        assert [error.reason for error in second_schema.iter_errors(io.BytesIO(text))] == []


def test_both_validators_find_the_same_fault(second_schema: Any, schemas: Path, xml: bytes) -> None:
    wrong = xml.replace(b">0.95<", b">95<")
    assert wrong != xml
    assert not validate(wrong, schemas).valid
    assert any(True for _ in second_schema.iter_errors(io.BytesIO(wrong)))


def test_the_rules_of_ptb_find_no_error(rules: Any, full: Certificate, xml: bytes) -> None:
    assert errors(rules, xml) == []
    assert errors(rules, to_xml(replace(full, languages=("en",)))) == []


def test_the_rules_of_ptb_can_find_one(rules: Any, xml: bytes) -> None:
    wrong = xml.replace(b"<dcc:countryCodeISO3166_1>FR", b"<dcc:countryCodeISO3166_1>XX")
    assert any("country code" in text for text in errors(rules, wrong))


def test_another_reader_finds_the_same_strings(pydcc: Any, full: Certificate, xml: bytes) -> None:
    read = pydcc.DCC(byte_array=xml, signature_verification=False)
    assert read.uid() == full.identifier
    assert read.calibration_laboratory_name() == full.laboratory.name
    assert read.version() == "3.3.0"
    assert read.mandatory_language() == "en"
    assert read.has_previous_report()
    found = [content for _, content in read.get_calibration_results(type="xpath", lang="en")]
    columns = [column for result in full.results for column in result.columns]
    assert len(found) == len(columns)
    for content, column in zip(found, columns, strict=True):
        practical = content["hybrid"]["realListXMLList"][-1] if "hybrid" in content else content["realListXMLList"]
        assert practical["valueXMLList"] == " ".join(column.values)
        if column.U:
            stated = practical["measurementUncertaintyUnivariateXMLList"]["expandedMUXMLList"]
            assert stated["valueExpandedMUXMLList"] == " ".join(column.U)
            assert stated["coverageFactorXMLList"] == column.k
