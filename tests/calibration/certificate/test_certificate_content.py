"""What a certificate says beyond its table: conformity, capability, amendments, drafts, the customer's own."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace
from pathlib import Path

import pytest
from lxml import etree

from hil_calibration.certificate import to_xml, validate
from hil_calibration.certificate.conformity import Conformity
from hil_calibration.certificate.model import Amendment, Certificate, Column, Text
from hil_calibration.certificate.namespace import MAP, Element
from hil_calibration.certificate.reader import parse
from hil_calibration.certificate.statements import all_statements
from hil_calibration.certificate.text import ADJUSTED, DECISION, NO_DECISION, NOT_ADJUSTED, standard_statements
from hil_calibration.errors import CertificateError


def parsed(certificate: Certificate) -> Element:
    return etree.fromstring(to_xml(certificate))


def texts(root: Element, path: str) -> list[str]:
    return [element.text or "" for element in root.iterfind(path, MAP)]


def test_everything_together_is_valid(full: Certificate, schemas: Path) -> None:
    for certificate in (full, replace(full, languages=("fr",)), replace(full, draft=True)):
        assert validate(to_xml(certificate), schemas).findings == ()


def test_conformity_stands_at_the_values_as_ptb_writes_it(full: Certificate) -> None:
    found, left = parsed(full).findall(".//dcc:metaData[@refType='basic_conformity']", MAP)
    assert texts(found, "dcc:conformityXMLList") == ["pass pass conditionalPass fail"]
    assert texts(left, "dcc:conformityXMLList") == ["pass pass pass pass"]
    assert "Guarded acceptance" in texts(found, "dcc:declaration/dcc:content")[0]
    limits = {q.get("refType"): texts(q, ".//si:valueXMLList") for q in found.iterfind("dcc:data/dcc:quantity", MAP)}
    assert limits == {
        "basic_toleranceLimitLower": ["-0.10"],
        "basic_acceptanceLimitLower": ["-0.06"],
        "basic_acceptanceLimitUpper": ["0.06 0.06 0.06 0.05"],
        "basic_toleranceLimitUpper": ["0.10"],
    }


def test_limits_in_percent_stand_beside_the_unit_one(full: Certificate) -> None:
    error = full.results[2].columns[2]
    assert error.unit == "%"
    judged = Conformity(
        ("pass", "pass", "pass"), "within 2 %", "simple acceptance", ("-2.0",), ("2.0",), ("-2.0",), ("2.0",)
    )
    result = replace(full.results[2], columns=(*full.results[2].columns[:2], replace(error, conformity=judged)))
    data = parsed(replace(full, results=(result,))).find(".//dcc:metaData/dcc:data", MAP)
    assert data is not None
    assert texts(data, "dcc:quantity/si:hybrid/si:realListXMLList/si:valueXMLList")[:2] == ["-0.020", "-2.0"]


def test_capability_is_stated_for_each_value(full: Certificate) -> None:
    path = ".//dcc:metaData[@refType='basic_isInCMC']/dcc:validXMLList"
    assert texts(parsed(full), path) == ["true true false true"] * 2


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"verdicts": ("pass",)}, "1 verdicts, 4 expected"),
        ({"verdicts": ("good",) * 4}, "unknown verdict 'good'"),
        ({"tolerance_lower": (), "tolerance_upper": ()}, "without a tolerance limit"),
        ({"acceptance_upper": ()}, "a limit of tolerance or of acceptance alone"),
        ({"tolerance_lower": ("0.2",)}, "above the upper one"),
        ({"tolerance_upper": ("0.1", "0.1")}, "2 limits of basic_toleranceLimitUpper"),
        ({"tolerance_upper": ("1,0",)}, "'1,0' is not a decimal number"),
        ({"rule": ""}, "decision rule is empty"),
        ({"specification": " x"}, "blanks at its ends"),
    ],
)
def test_conformity_that_nobody_could_check_is_refused(
    full: Certificate, changes: dict[str, object], message: str
) -> None:
    error = full.results[0].columns[2]
    assert error.conformity is not None
    with pytest.raises(CertificateError, match=message):
        replace(error, conformity=replace(error.conformity, **changes))  # type: ignore[arg-type]


def test_one_side_may_be_without_a_limit() -> None:
    judged = Conformity(("pass", "fail"), "at most 1 lx", "simple", tolerance_upper=("1",), acceptance_upper=("1",))
    column = Column("E", "", "lx", ("0.5", "1.5"), ("0.1", "0.1"), conformity=judged)
    assert [role for role, _ in judged.limits()] == ["basic_acceptanceLimitUpper", "basic_toleranceLimitUpper"]
    assert column.conformity is judged


def test_capability_for_another_number_of_values_is_refused() -> None:
    with pytest.raises(CertificateError, match="1 statements on the capability, 2 expected"):
        Column("E", "", "lx", ("0.5", "1.5"), in_cmc=(True,))


def test_an_amendment_names_the_original_its_hash_and_the_reason(full: Certificate) -> None:
    core = parsed(full).find(".//dcc:coreData", MAP)
    assert core is not None
    assert texts(core, "dcc:reportAmendedSubstituted/*") == ["amended", "EX-2026-0042"]
    assert texts(core, "dcc:previousReport/dcc:referralID") == ["EX-2026-0042"]
    assert texts(core, "dcc:previousReport/dcc:value") == ["ab" * 32]
    assert texts(core, "dcc:previousReport/dcc:description/dcc:content")[0] == "serial number corrected"
    first = all_statements(full)[0]
    assert first.reference == "7.8.8"
    assert "EX-2026-0042" in first.declaration.en
    assert "numéro de série corrigé" in first.declaration.fr


def test_dates_of_receipt_issue_and_recalibration(full: Certificate) -> None:
    root = parsed(full)
    assert texts(root, ".//dcc:receiptDate") == [full.begin]
    assert texts(root, ".//dcc:issueDate") == [full.issued]
    path = ".//dcc:statement[@refType='basic_recalibration']"
    assert texts(root, f"{path}/dcc:date") == ["2027-11-01"]
    assert texts(root, f"{path}/dcc:respAuthority/dcc:name/dcc:content") == [full.customer.name]
    assert "basic_recalibration" not in to_xml(replace(full, recalibration="")).decode()


def test_persons_have_their_role_in_both_languages(full: Certificate) -> None:
    root = parsed(full)
    assert texts(root, ".//dcc:respPerson/dcc:role") == ["operator", "reviewer", "authoriser"]
    assert "Opérateur" in texts(root, ".//dcc:respPerson/dcc:description/dcc:content")
    assert "Authorised for issue by Technical Manager C" in all_statements(full)[-2].declaration.en
    assert not any(s.reference == "7.8.2.1 o" for s in all_statements(replace(full, draft=True)))


def test_what_the_customer_said_is_marked(full: Certificate) -> None:
    root = parsed(full)
    path = ".//dcc:item/dcc:identifications/dcc:identification[dcc:issuer='customer']/dcc:value"
    assert texts(root, path) == ["INV-0042"]
    (said,) = [s for s in all_statements(full) if s.reference == "7.8.2.2"]
    assert said.declaration.en.endswith("Model, tolerance limits.")


def test_opinions_stand_last_and_are_called_so(full: Certificate) -> None:
    last = all_statements(full)[-1]
    assert (last.reference, last.name) == ("7.8.7", Text("Opinions and interpretations", "Avis et interprétations"))


def test_a_draft_says_so(full: Certificate) -> None:
    assert all_statements(replace(full, draft=True))[0].declaration.en.startswith("DRAFT")
    assert "DRAFT" not in to_xml(full).decode()


def test_deviations_are_a_required_field(full: Certificate) -> None:
    told = standard_statements(simulated=False, deviations="the lamp was replaced at 100 lx")
    assert any("the lamp was replaced" in s.declaration.fr for s in told)
    assert any(s.declaration.en.endswith(": none.") for s in standard_statements(simulated=False, deviations="none"))
    with pytest.raises(CertificateError, match=r"no statement on deviations .*7\.8\.2\.1 n"):
        replace(full, statements=tuple(s for s in full.statements if s.reference != "7.8.2.1 n"))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: replace(c, recalibration="2020-01-01"), "after the recalibration"),
        (lambda c: replace(c, item=replace(c.item, received="2099-01-01")), "the receipt .* is after the end"),
        (lambda c: replace(c, amends=replace(c.amends, identifier=c.identifier)), "it amends itself"),
        (lambda c: replace(c, amends=Amendment("X", "AB", "typing error")), "not a SHA-256"),
        (lambda c: replace(c, item=replace(c.item, condition="", supplied=("condition",))), "supplied no condition"),
        (lambda c: replace(c, identifier="x" * 101), "the identifier has 101 characters"),
        (lambda c: replace(c, customer=replace(c.customer, name="n" * 201)), "the name has 201 characters"),
    ],
)
def test_what_no_certificate_may_say_is_refused(
    full: Certificate, change: Callable[[Certificate], Certificate], message: str
) -> None:
    with pytest.raises(CertificateError, match=message):
        change(full)


@pytest.mark.parametrize(
    ("unit", "value", "expanded", "si", "expanded_si", "dsi"),
    [
        ("h", "1.50", "0.01", "5400.00", "36.00", r"\second"),
        ("mbar", "-2.5e-1", "0.1", "-25", "10", r"\pascal"),
        ("L", "12.0", "0.1", "0.0120", "0.0001", r"\metre\tothe{3}"),
        ("Cel", "-273.15", "0.1", "0.00", "0.1", r"\kelvin"),
    ],
)
def test_practical_units_stand_beside_si_exactly(
    full: Certificate,
    unit: str,
    value: str,
    expanded: str,
    si: str,
    expanded_si: str,
    dsi: str,
) -> None:
    column = Column("Q", "basic_measuredValue", unit, (value,), (expanded,))
    root = parsed(replace(full, results=(replace(full.results[2], columns=(column,)),)))
    first = root.find(".//dcc:list/dcc:quantity/si:hybrid/si:realListXMLList", MAP)
    assert first is not None
    assert [*texts(first, "si:valueXMLList"), *texts(first, "si:unitXMLList")] == [si, dsi]
    assert texts(first, ".//si:valueExpandedMUXMLList") == [expanded_si]


def test_what_is_written_reads_back(full: Certificate) -> None:
    document = parse(to_xml(full))
    assert document.identifier == full.identifier
    assert len(document.results) == 3
    error = document.results[0].role("basic_measurementError")
    assert error is not None
    assert error.forms[0].values == tuple(float(v) for v in full.results[0].columns[2].values)


@pytest.mark.parametrize("version", ["2.3.0", "2.4.0", "3.0.0", "3.1.2", "3.2.1", "3.3.0"])
def test_the_same_content_of_an_older_version_reads_the_same(full: Certificate, version: str) -> None:
    """Leniently: what only later versions know does not disturb."""
    xml = to_xml(full)
    older = xml.replace(b'schemaVersion="3.3.0"', f'schemaVersion="{version}"'.encode())
    signed = older.replace(
        b"</dcc:digitalCalibrationCertificate>",
        b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"/></dcc:digitalCalibrationCertificate>',
    )
    assert replace(parse(signed), schema_version="", sha256="") == replace(parse(xml), schema_version="", sha256="")


@pytest.mark.parametrize("version", ["2.2.0", "3.4.0", "4.0.0", "", "3.3"])
def test_versions_that_are_not_understood_are_refused_by_name(full: Certificate, version: str) -> None:
    xml = to_xml(full).replace(b'schemaVersion="3.3.0"', f'schemaVersion="{version}"'.encode())
    with pytest.raises(CertificateError, match=r"DCC version .* 2\.3 to 3\.3 are understood"):
        parse(xml)


def test_statements_never_contradict_the_results(full: Certificate) -> None:
    certificate = replace(full, statements=standard_statements(simulated=False, deviations="none"))
    said = all_statements(certificate)
    assert (ADJUSTED in said, NOT_ADJUSTED in said) == (True, False)
    assert (DECISION in said, NO_DECISION in said) == (True, False)
    neither = all_statements(replace(certificate, results=certificate.results[2:]))
    assert (ADJUSTED in neither, NOT_ADJUSTED in neither) == (False, True)
    assert (DECISION in neither, NO_DECISION in neither) == (False, True)
