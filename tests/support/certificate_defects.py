"""A good certificate of 100 points from our own writer, and 28 defects to plant into it, each with its rule."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from decimal import Decimal
from importlib import import_module
from pathlib import Path
from typing import Any

from lxml import etree

from hil_calibration.certificate import to_xml, validate
from hil_calibration.certificate.lint import check
from hil_calibration.certificate.model import (
    Certificate,
    Column,
    Condition,
    Conformity,
    Equipment,
    Item,
    Method,
    Organisation,
    Person,
    Reference,
    Result,
    Software,
    Text,
)
from hil_calibration.certificate.namespace import DCC, MAP, Element
from hil_calibration.certificate.text import UNCERTAINTY, standard_statements

POINTS = 100


def good(points: int = POINTS) -> Certificate:
    """A thermometer, compared from −20 °C on, with conformity, in two languages."""
    place = {"street": "1 Example Street", "post_code": "00000", "city": "Exampletown", "country": "FR"}
    laboratory = Organisation("Example Laboratory", **place)
    return Certificate(
        identifier="EX-2026-0042",
        laboratory=laboratory,
        customer=Organisation("Example Customer", **place),
        item=Item(Text("Thermometer", "Thermomètre"), "Example Instruments", "EX-T 1", "40001", received="2026-03-02"),
        equipment=(
            Equipment(
                Text("Reference thermometer", "Thermomètre de référence"),
                "Example Instruments",
                "EX-REF 1",
                "90001",
                Reference("EX-2025-0901", "0123456789abcdef" * 4),
            ),
        ),
        methods=(
            Method(
                Text("Comparison", "Comparaison"),
                Text("In a stirred bath.", "Dans un bain agité."),
                norm="EX-P-02",
                ref_type="gp_method",
            ),
            UNCERTAINTY,
        ),
        conditions=(
            Condition(Text("Air", "Air"), "basic_temperature", "Cel", "22.8", "23.2", value="23.0", U="0.3", k="2"),
            Condition(Text("Humidity", "Humidité"), "basic_humidityRelative", "%", "43", "47"),
        ),
        results=(_table(points),),
        statements=standard_statements(
            simulated=False,
            deviations="none",
            decision=Text("Simple acceptance, guard band w = 0.02 K.", "Acceptation simple, bande de garde 0,02 K."),
        ),
        persons=(Person("Reviewer R", "reviewer"), Person("Authoriser A", "authoriser", main_signer=True)),
        software=Software("hil", "v0.1.0"),
        begin="2026-03-10",
        end="2026-03-11",
        issued="2026-03-12",
        simulated=False,
    )


def _table(points: int) -> Result:
    references = [Decimal("-20.000") + Decimal("0.955") * i for i in range(points)]
    errors = [Decimal(i % 9 - 4) / 100 for i in range(points)]
    indications = [
        (reference + error).quantize(Decimal("0.01")) for reference, error in zip(references, errors, strict=True)
    ]
    rounded = [(x - r).quantize(Decimal("0.001")) for x, r in zip(indications, references, strict=True)]
    conformity = Conformity(
        tuple("pass" for _ in range(points)),
        Text("Error within ±0.10 K", "Erreur dans ±0,10 K"),
        Text("Guard band w = 0.02 K", "Bande de garde w = 0,02 K"),
        ("-0.10",),
        ("0.10",),
        ("-0.08",),
        ("0.08",),
    )
    return Result(
        Text("Temperature", "Température"),
        (
            Column(Text("Reference value", "Valeur de référence"), "basic_referenceValue", "Cel", _texts(references)),
            Column(Text("Indication", "Indication"), "basic_measuredValue", "Cel", _texts(indications)),
            Column(
                Text("Error", "Erreur"),
                "basic_measurementError",
                "K",
                _texts(rounded),
                ("0.020",) * points,
                conformity=conformity,
            ),
        ),
    )


def _texts(numbers: list[Decimal]) -> tuple[str, ...]:
    return tuple(str(number) for number in numbers)


@dataclass(frozen=True)
class Defect:
    """A defect: what is wrong, the rule that must name it, and how it is planted into a tree."""

    number: int
    what: str
    rule: str
    plant: Callable[[Element], None]


def find(root: Element, path: str) -> Element:
    """The first element at a path."""
    found = root.find(path, MAP)
    assert found is not None, path
    return found


def write(path: str, text: str) -> Callable[[Element], None]:
    """Replace the text of the first element at a path."""

    def plant(root: Element) -> None:
        find(root, path).text = text

    return plant


def write_all(tag: str, change: Callable[[list[str]], list[str]]) -> Callable[[Element], None]:
    """Change the words of every list of a name."""

    def plant(root: Element) -> None:
        for element in root.iterfind(f".//si:{tag}", MAP):
            element.text = " ".join(change((element.text or "").split()))

    return plant


def write_list(role: str, change: Callable[[list[str]], list[str]], forms: int = 2) -> Callable[[Element], None]:
    """Change the words of the values of a quantity of the results, in its first form or in both."""

    def plant(root: Element) -> None:
        quantity = find(root, f".//dcc:list/dcc:quantity[@refType='basic_{role}']")
        lists = quantity.findall("si:realListXMLList", MAP) or quantity.findall("si:hybrid/si:realListXMLList", MAP)
        for form in lists[:forms]:
            values = find(form, "si:valueXMLList")
            values.text = " ".join(change((values.text or "").split()))

    return plant


def remove(path: str) -> Callable[[Element], None]:
    """Remove every element at a path."""

    def plant(root: Element) -> None:
        found = root.findall(path, MAP)
        assert found, path
        for element in found:
            parent = element.getparent()
            assert parent is not None
            parent.remove(element)

    return plant


def add(path: str, tag: str, text: str) -> Callable[[Element], None]:
    """Append an element of the DCC to the first element at a path."""

    def plant(root: Element) -> None:
        etree.SubElement(find(root, path), f"{{{DCC}}}{tag}").text = text

    return plant


def attribute(path: str, name: str, value: str) -> Callable[[Element], None]:
    """Set an attribute of the first element at a path."""

    def plant(root: Element) -> None:
        find(root, path).set(name, value)

    return plant


def _double_blank(root: Element) -> None:
    element = find(root, ".//dcc:results//si:valueXMLList")
    element.text = (element.text or "").replace(" ", "  ", 1)


def _altered(texts: list[str]) -> list[str]:
    return [*texts[:7], str(Decimal(texts[7]) + Decimal("0.030")), *texts[8:]]


def _kelvin(texts: list[str]) -> list[str]:
    return [str(Decimal(text) - Decimal("0.150")) for text in texts]


_CORE = "dcc:administrativeData/dcc:coreData"
_ERROR = ".//dcc:list/dcc:quantity[@refType='basic_measurementError']"
_U = "valueExpandedMUXMLList"

DEFECTS = (
    Defect(
        1,
        "coverage probability 95 instead of 0.95",
        "coverage",
        write_all("coverageProbabilityXMLList", lambda _: ["95"]),
    ),
    Defect(2, "coverage factor 0.5", "coverage-factor", write_all("coverageFactorXMLList", lambda _: ["0.5"])),
    Defect(3, "negative U", "uncertainty-positive", write_all(_U, lambda u: [f"-{u[0]}", *u[1:]])),
    Defect(4, "empty serial number", "serial-number", write(".//dcc:items//dcc:identification/dcc:value", "")),
    Defect(5, "end before begin", "date-order", write(f"{_CORE}/dcc:beginPerformanceDate", "2026-03-12")),
    Defect(6, "no usedMethods", "methods", remove(".//dcc:usedMethods")),
    Defect(7, "no influenceConditions", "conditions", remove(".//dcc:influenceConditions")),
    Defect(8, "a translation is missing", "translation", remove(".//dcc:result/dcc:name/dcc:content[@lang='fr']")),
    Defect(9, "software release not vX.Y.Z", "software-release", write(".//dcc:release", "0.1.0 (beta)")),
    Defect(10, "dangling refId", "dangling-reference", attribute(".//dcc:result", "refId", "nowhere")),
    Defect(11, "double blank in a list", "list-blanks", _double_blank),
    Defect(12, "2 units for 100 values", "list-length", write(f"{_ERROR}//si:unitXMLList", r"\kelvin \kelvin")),
    Defect(13, "99 U for 100 values", "list-length", write_all(_U, lambda u: u[:-1])),
    Defect(14, "99 indications for 100 references", "list-length", write_list("measuredValue", lambda v: v[:-1])),
    Defect(15, "kelvin list is not the °C list + 273.15", "hybrid", write_list("measuredValue", _kelvin, forms=1)),
    Defect(16, "error is not indication − reference", "measurement-error", write_list("measurementError", _altered)),
    Defect(17, r"unknown unit \kelvinn", "unit", write(f"{_ERROR}//si:unitXMLList", r"\kelvinn")),
    Defect(
        18,
        "misspelt refType",
        "ref-type",
        attribute(".//dcc:list/dcc:quantity[@refType='basic_measuredValue']", "refType", "basic_mesuredValue"),
    ),
    Defect(19, "U = 0", "uncertainty-positive", write_all(_U, lambda u: ["0.000", *u[1:]])),
    Defect(20, "NaN value", "not-a-number", write_list("measurementError", lambda v: ["NaN", *v[1:]])),
    Defect(21, "U with 7 digits", "uncertainty-digits", write_all(_U, lambda u: ["0.02012345", *u[1:]])),
    Defect(
        22,
        "no uncertainty at all",
        "uncertainty-missing",
        remove(".//dcc:results//si:measurementUncertaintyUnivariateXMLList"),
    ),
    Defect(23, "no measuringEquipments", "standards", remove(".//dcc:measuringEquipments")),
    Defect(
        24,
        "reference with inValidityRange = false",
        "standard-validity",
        add(".//dcc:measuringEquipment/dcc:certificate", "inValidityRange", "false"),
    ),
    Defect(25, "no statements", "statements", remove(".//dcc:statements")),
    Defect(26, "no mainSigner", "main-signer", remove(".//dcc:mainSigner")),
    Defect(27, "issueDate missing", "issue-date", remove(f"{_CORE}/dcc:issueDate")),
    Defect(28, "issueDate before the end", "date-order", write(f"{_CORE}/dcc:issueDate", "2026-03-10")),
)


def planted(defect: Defect, xml: bytes) -> bytes:
    """A certificate with a defect."""
    root = etree.fromstring(xml)
    defect.plant(root)
    return etree.tostring(root, xml_declaration=True, encoding="UTF-8")


def schematron_errors(rules: Any, xml: bytes) -> set[str]:
    """What PTB's rules call an error, by the role of each: dcclib's own verdict counts something else."""
    said = rules.validate_str(xml.decode())
    found = (*said.failed_assertions, *said.successful_reports)
    return {one.text for one in found if one.role == "error"}


def page(schemas: Path) -> str:
    """The page of the 28 defects and of all rules."""
    from hil_calibration.certificate.lint import RULES

    xml = to_xml(good())
    rules = import_module("dcclib.validation.schematron").SchematronValidator.from_file(
        str(schemas / "schematron" / "dcc.sch")
    )
    rows, caught = [], [0, 0, 0]
    for defect in DEFECTS:
        wrong = planted(defect, xml)
        named = {finding.rule for finding in check(wrong) if finding.severity == "error"}
        judged = (
            bool(validate(wrong, schemas).violations),
            bool(schematron_errors(rules, wrong)),
            defect.rule in named,
        )
        caught = [count + hit for count, hit in zip(caught, judged, strict=True)]
        marks = " | ".join("found" if hit else "–" for hit in judged)
        rows.append(f"| {defect.number} | {defect.what} | {marks} | `{defect.rule}` |")
    table = [f"| `{rule.name}` | {rule.severity} | {_cell(rule.about)} | {rule.clause} |" for rule in RULES.values()]
    return PAGE.format(rows="\n".join(rows), xsd=caught[0], sch=caught[1], ours=caught[2], rules="\n".join(table))


def _cell(text: str) -> str:
    return text.replace("|", "\\|")


PAGE = """<!-- Made by scripts/make_certificate_checks.py; do not edit. -->
# Checks of a certificate

What [`hil certificate check`](../how-to/check-a-certificate.md) looks for in a DCC of any laboratory.

## 28 defects

Each defect was planted into a good certificate of 100 points, and the file given to three judges: the DCC 3.3.0 schema
(XSD), PTB's business rules (`dcc.sch`, compiled from its source; rules of the role `error`), and `hil certificate
check` without a schema. On the good certificate none of the three has an error.

| # | planted defect | XSD | PTB's rules | hil | rule |
|---|---|---|---|---|---|
{rows}
| | found | {xsd} | {sch} | {ours} | |

## Rules

*error*: the certificate may not be relied upon as it stands. *warning*: a reader should ask. *info*: a fact. The
severity is that of the rule's gravest finding: coefficients (`gp_coefficients`) without an uncertainty are a warning, a
missing date of issue before DCC 3.2 a fact. A clause stands where its wording has been read.

| rule | severity | demands | clause |
|---|---|---|---|
| `document` | error | The file is XML without a document type, and a DCC; else nothing more is checked. |  |
{rules}
"""
