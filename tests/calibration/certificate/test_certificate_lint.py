"""The checks of anybody's DCC: each planted defect is named by its rule, and good certificates raise nothing."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st
from lxml import etree

from certificate_defects import DEFECTS, Defect, add, attribute, find, good, page, planted, remove, write, write_list
from hil_calibration.certificate import to_xml, validate
from hil_calibration.certificate.lint import RULES, Finding, check
from hil_calibration.certificate.lint.checking import MOST
from hil_calibration.certificate.lint.dsi import scale
from hil_calibration.certificate.model import Certificate
from hil_calibration.certificate.namespace import DCC, SI, Element
from hil_calibration.errors import CertificateError, UnitError

ROOT = Path(__file__).parents[3]
ERROR = ".//dcc:list/dcc:quantity[@refType='basic_measurementError']"
STATEMENTS = "dcc:administrativeData/dcc:statements"


@pytest.fixture(scope="module")
def xml() -> bytes:
    return to_xml(good())


@pytest.fixture(scope="module")
def small() -> bytes:
    return to_xml(good(3))


def named(found: tuple[Finding, ...], *severities: str) -> set[str]:
    """The rules of the findings of some severities."""
    return {finding.rule for finding in found if finding.severity in (severities or ("error", "warning"))}


def changed(xml: bytes, plant: Callable[[Element], None]) -> tuple[Finding, ...]:
    """What is found in a certificate that has been changed."""
    return check(planted(Defect(0, "", "", plant), xml))


def test_a_good_certificate_gives_no_finding_above_info(
    xml: bytes, simulated: Certificate, samples: Mapping[str, Certificate]
) -> None:
    for text in (xml, to_xml(simulated), *(to_xml(certificate) for certificate in samples.values())):
        assert named(check(text)) == set()
    assert named(check(xml), "info") == {"schema", "signature"}


def test_simulated_values_and_signatures_are_told(xml: bytes, simulated: Certificate) -> None:
    assert "simulated" in named(check(to_xml(simulated)), "info")
    signature = b'<ds:Signature xmlns:ds="http://www.w3.org/2000/09/xmldsig#"><ds:X/></ds:Signature>'
    signed = xml.replace(b"</dcc:digitalCalibrationCertificate>", signature + b"</dcc:digitalCalibrationCertificate>")
    (told,) = [finding for finding in check(signed) if finding.rule == "signature"]
    assert told.message.startswith("signed (1 signature)")
    assert named(check(signed)) == set()


def test_the_schema_is_applied_where_there_is_one(xml: bytes, schemas: Path) -> None:
    assert named(check(xml, schemas=schemas), "error", "warning", "info") == {"signature"}
    wrong = xml.replace(b"<dcc:customer>", b"<dcc:client>").replace(b"</dcc:customer>", b"</dcc:client>")
    (violation,) = [finding for finding in check(wrong, schemas=schemas) if finding.rule == "schema"]
    assert (violation.severity, violation.line > 0) == ("error", True)
    assert violation.place.startswith("/dcc:digitalCalibrationCertificate/")


def test_a_version_without_schema_is_told(xml: bytes, tmp_path: Path) -> None:
    for version, errors in ((b"3.3.0", set()), (b"9.9.9", {"version"}), (b"../../x", {"version"})):
        found = check(xml.replace(b'schemaVersion="3.3.0"', b'schemaVersion="' + version + b'"'), schemas=tmp_path)
        assert named(found, "error") == errors
        assert any(finding.rule == "schema" and "no schema" in finding.message for finding in found)


def test_a_schema_that_cannot_be_used_is_refused(xml: bytes, tmp_path: Path) -> None:
    path = tmp_path / "dcc" / "v3.3.0" / "dcc.xsd"
    path.parent.mkdir(parents=True)
    path.write_text("<nonsense/>")
    with pytest.raises(CertificateError, match="the schema cannot be used"):
        check(xml, schemas=tmp_path)


@pytest.mark.parametrize("defect", DEFECTS, ids=lambda defect: f"{defect.number}-{defect.rule}")
def test_each_planted_defect_is_named_by_its_rule(xml: bytes, defect: Defect) -> None:
    found = check(planted(defect, xml))
    assert named(found, "error") == {defect.rule}
    first = next(finding for finding in found if finding.rule == defect.rule)
    assert first.place.startswith("/dcc:digitalCalibrationCertificate")
    assert first.line > 0


def test_there_are_28_defects() -> None:
    assert [defect.number for defect in DEFECTS] == list(range(1, 29))
    assert {defect.rule for defect in DEFECTS} <= set(RULES)


def test_the_page_of_the_defects_is_current(schemas: Path) -> None:
    pytest.importorskip("dcclib.validation.schematron")
    written = (ROOT / "docs" / "reference" / "certificate-checks.md").read_text(encoding="utf-8")
    assert written == page(schemas), "run scripts/make_certificate_checks.py"


def statement(role: str, inner: str) -> Callable[[Element], None]:
    """Add a statement."""

    def plant(root: Element) -> None:
        text = f'<dcc:statement xmlns:dcc="{DCC}" refType="{role}"><dcc:declaration><dcc:content>x</dcc:content>'
        find(root, STATEMENTS).append(etree.fromstring(f"{text}</dcc:declaration>{inner}</dcc:statement>"))

    return plant


def verdict(text: str) -> Callable[[Element], None]:
    return write(f"{ERROR}//dcc:conformityXMLList", text)


def same_id(root: Element) -> None:
    """Give two elements one id."""
    for path in ("dcc:administrativeData", "dcc:measurementResults"):
        find(root, path).set("id", "a")


def unit_outside(declared: bool) -> Callable[[Element], None]:
    """Give the errors in a unit outside the SI."""

    def plant(root: Element) -> None:
        find(root, f"{ERROR}//si:unitXMLList").text = r"\|degRe"
        if declared:
            statement("", r"<dcc:nonSIDefinition>1.25 K</dcc:nonSIDefinition><dcc:nonSIUnit>\|degRe</dcc:nonSIUnit>")(
                root
            )

    return plant


def relative_error(texts: str) -> Callable[[Element], None]:
    """Three errors relative to reference values in pascal."""

    def plant(root: Element) -> None:
        for role, values, unit in (
            ("referenceValue", "100 200 400", r"\pascal"),
            ("measuredValue", "101 202 396", r"\pascal"),
            ("measurementError", texts, r"\percent"),
        ):
            quantity = find(root, f".//dcc:list/dcc:quantity[@refType='basic_{role}']")
            for form in list(quantity.iter(f"{{{SI}}}realListXMLList", f"{{{SI}}}hybrid"))[1:]:
                parent = form.getparent()
                if parent is not None and parent.tag == f"{{{SI}}}hybrid" and parent[0] is not form:
                    parent.remove(form)
            find(quantity, ".//si:valueXMLList").text = values
            find(quantity, ".//si:unitXMLList").text = unit

    return plant


def relative_u(texts: str) -> Callable[[Element], None]:
    """Relative uncertainties beside those of the errors, in percent."""

    def plant(root: Element) -> None:
        values = rf"<si:valueXMLList>{texts}</si:valueXMLList><si:unitXMLList>\percent</si:unitXMLList>"
        inner = f"<dcc:relativeUncertaintyXmlList>{values}</dcc:relativeUncertaintyXmlList>"
        head = f'<dcc:relativeUncertainty xmlns:dcc="{DCC}" xmlns:si="{SI}">'
        find(root, ERROR).insert(2, etree.fromstring(f"{head}{inner}</dcc:relativeUncertainty>"))

    return plant


def overall_pass_and_a_fail(root: Element) -> None:
    """A certificate that states a pass, and one result beyond its limits that is stated to fail."""
    statement("basic_conformity", "<dcc:conformity>pass</dcc:conformity>")(root)
    find(root, f"{ERROR}//dcc:quantity[@refType='basic_acceptanceLimitLower']//si:valueXMLList").text = "-0.03"
    verdict("fail fail pass")(root)


DATE = "<dcc:date>2027-03-01</dcc:date>"
ON_HIS_WORD = (
    f"{DATE}<dcc:respAuthority><dcc:name><dcc:content>Example Customer</dcc:content></dcc:name></dcc:respAuthority>"
)
BY_ANOTHER = ON_HIS_WORD.replace("Customer", "Laboratory")
CERTIFICATE = ".//dcc:measuringEquipment/dcc:certificate"

FURTHER: list[tuple[str, Callable[[Element], None], set[str]]] = [
    ("a recalibration date", statement("basic_recalibration", DATE), {"recalibration"}),
    ("a recalibration date of another's", statement("basic_recalibration", BY_ANOTHER), {"recalibration"}),
    ("a recalibration date of the customer's", statement("basic_recalibration", ON_HIS_WORD), set()),
    ("a standard without certificate", remove(CERTIFICATE), {"standard-certificate"}),
    ("a certificate without hash", write(f"{CERTIFICATE}/dcc:value", "0123"), {"standard-certificate"}),
    ("a certificate hashed by MD5", write(f"{CERTIFICATE}/dcc:procedure", "MD5"), {"standard-certificate"}),
    ("a standard that is not traceable", add(CERTIFICATE, "traceable", "false"), {"standard-validity"}),
    ("one fail among passes", verdict("pass fail pass"), {"conformity"}),
    ("all fail", verdict("fail"), {"conformity"}),
    ("two verdicts for three values", verdict("pass pass"), {"list-length"}),
    ("an unknown verdict", verdict("passed"), {"conformity"}),
    ("a conditional pass", verdict("conditionalPass"), set()),
    ("a pass of the whole, and a fail", overall_pass_and_a_fail, {"overall-conformity"}),
    ("a unit outside the SI", unit_outside(declared=False), {"unit", "conformity"}),
    ("a unit outside the SI, declared", unit_outside(declared=True), {"conformity"}),
    ("two elements with one id", same_id, {"duplicate-id"}),
    ("no identifier", write(".//dcc:uniqueIdentifier", ""), {"identifier", "empty-element"}),
    ("no customer's name", remove(".//dcc:customer/dcc:name"), {"parties"}),
    ("a day that is none", write(".//dcc:beginPerformanceDate", "2026-02-30"), {"date"}),
    ("a time zone", write(".//dcc:beginPerformanceDate", "2026-03-10+01:00"), set()),
    ("receipt after begin", write(".//dcc:receiptDate", "2026-03-11"), {"date-order"}),
    ("a text in an undeclared language", attribute(".//dcc:item/dcc:name/dcc:content", "lang", "de"), {"translation"}),
    ("a refType that is unknown", attribute(".//dcc:result", "refType", "basic_referenceStandard"), {"ref-type"}),
    ("a refType of the laboratory's", attribute(".//dcc:result", "refType", "exlab_thing"), set()),
    ("a numbered refType", attribute(".//dcc:result", "refType", "gp_table7"), set()),
    ("a relative error that follows", relative_error("1.000 1.000 -1.000"), {"conformity"}),
    ("a relative error that does not", relative_error("1.000 1.000 1.000"), {"conformity", "measurement-error"}),
    ("an error within the rounding", write_list("measurementError", lambda v: [v[0], "-0.034", v[2]]), set()),
    (
        "an error beyond it",
        write_list("measurementError", lambda v: [v[0], "-0.042", v[2]]),
        {"measurement-error"},
    ),
    ("a kelvin that is a last digit off", write_list("referenceValue", lambda v: ["253.151", *v[1:]], 1), {"hybrid"}),
    (
        "a value with a digit too many",
        write_list("measurementError", lambda v: ["-0.0400", *v[1:]]),
        {"value-rounding"},
    ),
    ("a relative U that follows", relative_u("50 57.1 100"), set()),
    ("a relative U that does not", relative_u("50 57.1 10"), {"relative-uncertainty"}),
    ("an overall pass", statement("basic_conformity", "<dcc:conformity>pass</dcc:conformity>"), set()),
    ("U in three digits", write(f"{ERROR}//si:valueExpandedMUXMLList", "0.201"), {"uncertainty-digits"}),
    ("one U for all", write(f"{ERROR}//si:valueExpandedMUXMLList", "0.020"), set()),
    ("no statement on the items", remove(f"{STATEMENTS}/dcc:statement[dcc:reference='7.8.2.1 l']"), {"statements"}),
    ("an empty list", write_list("measuredValue", lambda _: []), {"list-length", "empty-element"}),
]


@pytest.mark.parametrize(("plant", "rules"), [each[1:] for each in FURTHER], ids=[each[0] for each in FURTHER])
def test_further_defects(small: bytes, plant: Callable[[Element], None], rules: set[str]) -> None:
    assert named(changed(small, plant)) == rules


def test_values_at_the_edge_of_acceptance_are_not_judged_anew(small: bytes) -> None:
    """0.08 may have been 0.0796: a verdict on the unrounded value stands."""
    limits = write(f"{ERROR}//dcc:quantity[@refType='basic_acceptanceLimitUpper']//si:valueXMLList", "-0.03")
    edge = write_list("measurementError", lambda v: [v[0], "-0.030", v[2]])

    def plant(root: Element) -> None:
        limits(root)
        edge(root)
        verdict("pass fail pass")(root)

    assert "conformity" in named(changed(small, limits))
    assert "verdict 2" not in " ".join(finding.message for finding in changed(small, plant))


@dataclass(frozen=True)
class Stated:
    """A capability of a laboratory."""

    quantity: str
    unit: str
    U: float

    def at(self, value: float) -> float | None:
        return self.U if -30 <= value <= 0 else None


@pytest.mark.parametrize(
    ("capability", "below"),
    [
        (Stated("temperature", "Cel", 0.03), True),
        (Stated("Température", "Cel", 0.03), True),
        (Stated("temperature", "Cel", 0.0204), False),
        (Stated("temperature", "lx", 0.03), False),
        (Stated("illuminance", "Cel", 0.03), False),
    ],
)
def test_u_is_not_below_the_capability(xml: bytes, capability: Stated, below: bool) -> None:
    found = check(xml, capabilities=(capability,))
    assert named(found) == ({"capability"} if below else set())


def test_older_forms_of_uncertainty(small: bytes) -> None:
    old = (
        small.replace(b"si:measurementUncertaintyUnivariateXMLList>", b"si:x>")
        .replace(b"<si:x>", b"")
        .replace(b"</si:x>", b"")
        .replace(b"valueExpandedMUXMLList", b"uncertaintyXMLList")
        .replace(b"expandedMUXMLList", b"expandedUncXMLList")
    )
    assert b"expandedUncXMLList" in old
    assert named(check(old)) == set()
    assert named(check(old.replace(b"0.020 0.020 0.020", b"0.020 0 0.020"))) == {"uncertainty-positive"}
    assert named(check(old.replace(b"0.020 0.020 0.020", b"0.020 0.020"))) == {"list-length"}


REAL = (
    r"<si:real><si:value>{}</si:value><si:unit>\kelvin</si:unit><si:expandedUnc><si:uncertainty>{}</si:uncertainty>"
    "<si:coverageFactor>2</si:coverageFactor><si:coverageProbability>0.95</si:coverageProbability></si:expandedUnc></si:real>"
)


@pytest.mark.parametrize(("U", "rules"), [("0.020", set()), ("-0.020", {"uncertainty-positive"})])
def test_lists_of_single_values(small: bytes, U: str, rules: set[str]) -> None:  # noqa: N803
    def plant(root: Element) -> None:
        quantity = find(root, ERROR)
        values = (find(quantity, ".//si:valueXMLList").text or "").split()
        reals = "".join(REAL.format(value, U if i else "0.020") for i, value in enumerate(values))
        quantity.replace(quantity[1], etree.fromstring(f'<si:list xmlns:si="{SI}">{reals}</si:list>'))

    assert named(changed(small, plant)) == rules


CLEAN: dict[str, set[tuple[str, str]]] = {
    "dcc_gp_humidity_v1.0.xml": {
        # the two standards' certificates carry no hash
        ("warning", "standard-certificate"),
    },
    "dcc_gp_temperatur_resistance_v12.xml": {
        # two declarations hold their English text under lang="de"
        ("error", "translation"),
        # the standard's certificate carries no hash
        ("warning", "standard-certificate"),
        # the coefficients of the thermometer stand without uncertainty or covariance
        ("warning", "uncertainty-missing"),
    },
    "dcc_gp_temperature_simplified_v12.xml": {
        # a declaration holds its English text under lang="de"
        ("error", "translation"),
        # "simplified": the statement on the items is left out
        ("warning", "statements"),
        # the standard is named without its certificate
        ("warning", "standard-certificate"),
    },
    "dcc_gp_temperature_typical_v12.xml": {
        # two declarations hold their English text under lang="de"
        ("error", "translation"),
        # the standard is named without its certificate
        ("warning", "standard-certificate"),
    },
}
"""What is found in PTB's good-practice certificates above the level of a fact, and why it is right."""


@pytest.mark.parametrize("name", CLEAN)
def test_clean_samples_raise_only_what_can_be_defended(ptb: Path, schemas: Path, name: str) -> None:
    path = ptb / name
    if not path.is_file():
        pytest.skip(f"no {name} among the samples")
    found = check(path.read_bytes(), schemas=schemas)
    assert {(f.severity, f.rule) for f in found if f.severity != "info"} == CLEAN[name]
    facts = {f.rule for f in found if f.severity == "info"}
    assert facts <= {"signature", "issue-date", "software-release", "translation"}


def test_a_wrong_sample_is_wrong(ptb: Path, schemas: Path) -> None:
    path = ptb / "siliziumkugel_wrong_schema.xml"
    if not path.is_file():
        pytest.skip("no siliziumkugel_wrong_schema.xml among the samples")
    found = check(path.read_bytes(), schemas=schemas)
    assert {finding.line for finding in found if finding.rule == "schema"} == {37}


ON_OTHERS: dict[int, Callable[[Element], None]] = {
    3: write(f"{ERROR}//si:uncertaintyXMLList", "-0.061"),
    5: write(".//dcc:endPerformanceDate", "1957-08-12"),
    8: remove(".//dcc:result/dcc:name/dcc:content[@lang='en']"),
    13: write(f"{ERROR}//si:uncertaintyXMLList", "0.061 0.061 0.061 0.061"),
    16: write_list("measurementError", lambda v: [*v[:2], "0.137", *v[3:]]),
    19: write(f"{ERROR}//si:uncertaintyXMLList", "0.000"),
    21: write(f"{ERROR}//si:uncertaintyXMLList", "0.06123456"),
    22: remove(".//dcc:results//si:expandedUncXMLList"),
    24: add(".//dcc:measuringEquipment", "certificate", ""),
}
"""Defects planted another way: that certificate is of DCC 3.1 and has the older form of uncertainty."""


@pytest.mark.parametrize("defect", DEFECTS[:26], ids=lambda defect: f"{defect.number}-{defect.rule}")
def test_the_defects_are_named_in_a_certificate_of_others(ptb: Path, defect: Defect) -> None:
    path = ptb / "dcc_gp_temperature_typical_v12.xml"
    if not path.is_file():
        pytest.skip(f"no {path.name} among the samples")
    root = etree.fromstring(path.read_bytes())
    before = {(finding.rule, finding.message) for finding in check(path.read_bytes())}
    ON_OTHERS.get(defect.number, defect.plant)(root)
    if defect.number == 24:
        defect.plant(root)
    after = [finding for finding in check(etree.tostring(root)) if (finding.rule, finding.message) not in before]
    assert named(tuple(after), "error") == {defect.rule}


ROOT_TAG = f'<dcc:digitalCalibrationCertificate xmlns:dcc="{DCC}" xmlns:si="{SI}" schemaVersion="3.3.0">'
HOSTILE = {
    "nothing": b"",
    "not XML": b"%PDF-1.7 nothing",
    "bomb": b'<!DOCTYPE a [<!ENTITY b "bb"><!ENTITY c "&b;&b;&b;">]><a>&c;</a>',
    "external entity": b'<!DOCTYPE a [<!ENTITY x SYSTEM "file:///etc/hostname">]><a>&x;</a>',
    "deep": b"<a>" * 100_000 + b"</a>" * 100_000,
    "another root": b"<a/>",
    "unknown encoding": b'<?xml version="1.0" encoding="nonsense"?><a/>',
}


@pytest.mark.parametrize("data", HOSTILE.values(), ids=HOSTILE.keys())
def test_what_is_no_dcc_is_one_finding(data: bytes) -> None:
    (finding,) = check(data, where="a.xml")
    assert (finding.rule, finding.severity) == ("document", "error")
    assert finding.message.startswith("a.xml: ")


def test_an_empty_certificate_lacks_everything() -> None:
    found = named(check(f"{ROOT_TAG}</dcc:digitalCalibrationCertificate>".encode()), "error")
    assert {"identifier", "parties", "serial-number", "main-signer", "statements", "date", "issue-date"} <= found


def test_many_findings_of_a_rule_are_told_once() -> None:
    many = "<dcc:quantity refId='x'/>" * 20_000
    found = [
        f
        for f in check(f"{ROOT_TAG}{many}</dcc:digitalCalibrationCertificate>".encode())
        if f.rule == "dangling-reference"
    ]
    assert len(found) == MOST + 1
    assert any("more than" in finding.message for finding in found)


@given(st.binary(max_size=300) | st.text(max_size=300).map(lambda text: f"{ROOT_TAG}{text}".encode()))
def test_no_bytes_raise(data: bytes) -> None:
    assert all(finding.message for finding in check(data))


NASTY = st.sampled_from(
    (
        "",
        " ",
        "NaN",
        "INF",
        "1E999",
        "-1e-400",
        "1e308",
        "9" * 61,
        "٣",
        "0",
        "-",
        "a  b",
        "|x",
        r"\tothe{2}",
        r"\per",
        "\\",
    )
) | st.text(alphabet=st.characters(exclude_categories=("Cs", "Cc")), max_size=8)


@st.composite
def spoilt(draw: st.DrawFn, xml: bytes) -> bytes:
    """A certificate with elements removed, doubled, moved, renamed and rewritten."""
    root = etree.fromstring(xml)
    for _ in range(draw(st.integers(1, 6))):
        elements = list(root.iter("*"))[1:]
        if len(elements) < 2:
            break
        element = elements[draw(st.integers(0, len(elements) - 1))]
        parent = element.getparent()
        assert parent is not None
        what = draw(st.sampled_from(("remove", "double", "text", "attribute", "move", "rename")))
        if what == "remove":
            parent.remove(element)
        elif what == "double":
            parent.append(etree.fromstring(etree.tostring(element)))
        elif what == "text":
            element.text = draw(NASTY).replace("\ufffe", "").replace("\uffff", "")
        elif what == "attribute":
            name = draw(st.sampled_from(("refType", "refId", "id", "lang")))
            element.set(name, draw(NASTY).replace("\ufffe", "").replace("\uffff", ""))
        elif what == "move":
            root.append(element)
        else:
            element.tag = draw(st.sampled_from(elements)).tag
    return etree.tostring(root)


@given(st.data())
@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
def test_no_spoilt_certificate_raises(small: bytes, data: st.DataObject) -> None:
    for finding in check(data.draw(spoilt(small)), capabilities=(Stated("temperature", "Cel", 0.03),)):
        assert finding.rule in (*RULES, "document")
        assert finding.message


@given(st.text(alphabet="\\{}tohemrpkilgna|-0123456789.", max_size=30))
def test_no_unit_raises_but_a_unit_error(text: str) -> None:
    with suppress(UnitError):
        assert scale(text).factor > 0


@pytest.mark.parametrize(
    ("dsi", "factor", "dimension"),
    [
        (r"\one", "1", {}),
        (r"\percent", "0.01", {}),
        (r"\hecto\pascal", "100", {"kg": 1, "m": -1, "s": -2}),
        (r"\kilo\metre\per\hour", "0.2777777777777777777777777777777777777777777777777777777777778", {"m": 1, "s": -1}),
        (r"\centi\metre\tothe{3}", "0.000001", {"m": 3}),
        (r"\volt\per\ampere", "1", {"kg": 1, "m": 2, "s": -3, "A": -2}),
        (r"\lux", "1", {"cd": 1, "m": -2}),
    ],
)
def test_units_have_their_scale(dsi: str, factor: str, dimension: dict[str, int]) -> None:
    found = scale(dsi)
    assert float(found.factor) == pytest.approx(float(factor), rel=1e-15)
    assert {symbol: int(power) for symbol, power in found.dimension} == dimension
    assert found.offset == 0


def test_our_units_are_known_with_the_same_scale() -> None:
    from hil_calibration import unit

    units = ("lx", "mV", "kPa", "K", "Ohm", "L", "t", "bar", "deg", "dB", "''", "eV", "By", "[ppm]", "min", "mm/s2")
    for ucum in units:
        base = {"lx": "lm/m2", "L": "m3", "t": "kg", "bar": "Pa"}.get(ucum, ucum)
        ours, theirs = scale(unit.to_dsi(ucum)), scale(unit.to_dsi(base))
        assert ours.dimension == theirs.dimension
        assert float(ours.factor / theirs.factor) == pytest.approx(unit.factor(ucum, base), rel=1e-12)


def test_validation_of_bytes_and_of_the_check_agree(xml: bytes, schemas: Path) -> None:
    wrong = xml.replace(b">0.95<", b">95<")
    lines: list[Any] = [violation.line for violation in validate(wrong, schemas).violations]
    assert [f.line for f in check(wrong, schemas=schemas) if f.rule == "schema"] == lines != []


def test_old_prefixes_do_not_matter(small: bytes) -> None:
    other = small.replace(b"dcc:", b"d:").replace(b"xmlns:dcc", b"xmlns:d")
    found = check(other)
    assert named(found) == set()
    wrong = other.replace(b"<d:mainSigner>true", b"<d:mainSigner>false")
    (finding,) = [one for one in check(wrong) if one.severity == "error"]
    found_there: Any = etree.fromstring(wrong).xpath(finding.place, namespaces={"d": DCC})
    assert [element.tag for element in found_there] == [f"{{{DCC}}}respPersons"]
