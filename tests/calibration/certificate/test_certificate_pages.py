"""The printed page: what stands where, whatever the content; a template of the laboratory's own."""

from __future__ import annotations

import re
import shutil
import subprocess
import xml.etree.ElementTree as ET
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from hil_calibration.certificate import specimen, to_pdf, to_xml, validate
from hil_calibration.certificate.model import Certificate, Column, Function, Result, Text
from hil_calibration.certificate.plots import result_charts
from hil_calibration.certificate.printing import printed
from hil_calibration.certificate.specimen import try_template
from hil_calibration.errors import CertificateError

WIDTH, MARGIN = 595.3, 60.0
"""Points: of an A4 page, and what is left free at either side."""


def run(tmp_path: Path, pdf: bytes, *options: str) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not installed (Debian package poppler-utils)")
    path = tmp_path / "certificate.pdf"
    path.write_bytes(pdf)
    return subprocess.run(["pdftotext", *options, str(path), "-"], capture_output=True, check=True).stdout.decode()


def text_of(certificate: Certificate, tmp_path: Path) -> str:
    return run(tmp_path, to_pdf(certificate, to_xml(certificate)), "-raw")


def words(tmp_path: Path, pdf: bytes) -> list[tuple[str, float, float]]:
    """Every word with its left and right end on the page, in points."""
    root = ET.fromstring(run(tmp_path, pdf, "-bbox"))
    return [
        (e.text or "", float(e.attrib["xMin"]), float(e.attrib["xMax"]))
        for e in root.iter("{http://www.w3.org/1999/xhtml}word")
    ]


def points(certificate: Certificate, n: int) -> Certificate:
    """The same with one table of n points, numbers of every form."""
    values = tuple(f"{(-1) ** i * (i + 0.125) * 10.0 ** (i % 7 - 3):.6g}" for i in range(n))
    columns = (
        Column(Text("Reference value", "Référence"), "basic_referenceValue", "V", values),
        Column(Text("Indication", "Indication"), "basic_measuredValue", "V", values),
        Column(
            Text("Error", "Erreur"), "basic_measurementError", "V", values, ("1.5e-05",) * n, k=" ".join(["2.05"] * n)
        ),
    )
    return replace(certificate, results=(Result("Voltage", columns),))


def one_limit(result: Result) -> Result:
    """The same table with limits that hold for all its values."""
    error = result.columns[2]
    assert error.conformity is not None
    judged = replace(error.conformity, acceptance_upper=("0.06",))
    return replace(result, columns=(*result.columns[:2], replace(error, conformity=judged)))


def test_as_found_and_as_left_stand_side_by_side(full: Certificate, tmp_path: Path) -> None:
    full = replace(full, results=(*map(one_limit, full.results[:2]), full.results[2]))
    text = run(tmp_path, to_pdf(full, to_xml(full)), "-layout")
    (found, left) = (full.results[0].columns[2].values, full.results[1].columns[2].values)
    for before, after in zip(found, left, strict=True):
        assert re.search(rf"{re.escape(printed(before))} .* {re.escape(printed(after))}\b", text)


def test_conformity_and_capability_are_columns(full: Certificate, tmp_path: Path) -> None:
    text = run(tmp_path, to_pdf(full, to_xml(full)), "-layout")
    assert re.search(r"conditional pass\s+≤|conditional pass\s+no", text)
    for expected in ("Within CMC", "Tolerance", "−0.10 … 0.10 K", "Guarded acceptance, w = U.", "JCGM 106:2012, 8.3.3"):
        assert expected in text
    assert "−0.06 … 0.05" in text


def test_where_the_table_would_be_too_wide_they_stand_below_each_other(full: Certificate, tmp_path: Path) -> None:
    wide = tuple(
        replace(r, columns=(*r.columns, *(replace(c, ref_type="") for c in r.columns))) for r in full.results[:2]
    )
    text = text_of(replace(full, results=wide), tmp_path)
    assert "as found à réception" in text
    assert "as found and as left" not in text


def test_what_else_a_certificate_says_is_printed(full: Certificate, tmp_path: Path) -> None:
    text = " ".join(text_of(full, tmp_path).split())
    for expected in (
        "EX-2026-0042-1",
        "Replaces Remplace EX-2026-0042",
        "2027-11-01",
        "(stated by the customer)",
        "INV-0042",
        "Opinions and interpretations",
        "The probe suits the chamber.",
        "Reviewed by",
    ):
        assert expected in text


def test_a_draft_says_so_on_each_page(full: Certificate, simulated: Certificate, tmp_path: Path) -> None:
    for text in text_of(replace(full, draft=True), tmp_path).split("\f")[:-1]:
        assert "DRAFT" in text.splitlines()[0]
        assert text.split()[-5:] == list("DRAFT")
    for text in text_of(replace(simulated, draft=True), tmp_path).split("\f")[:-1]:
        assert "SIMULATED · DRAFT" in text.splitlines()[0]


@pytest.mark.parametrize("n", [1, 150])
def test_every_number_is_in_the_xml_and_on_the_page(full: Certificate, n: int, tmp_path: Path) -> None:
    certificate = points(full, n)
    xml = to_xml(certificate)
    text = " ".join(run(tmp_path, to_pdf(certificate, xml), "-raw").split())
    for column in certificate.results[0].columns:
        assert " ".join(column.values).encode() in xml
        assert all(printed(number) in text for number in (*column.values, *column.U))
    assert "1.5 × 10⁻⁵" in text


def test_names_and_texts_of_any_length_stay_on_the_page(full: Certificate, tmp_path: Path) -> None:
    name, text = "Nam" * 66, "long" * 2_400 + " " + "words " * 1_600 + "end"
    certificate = replace(
        full,
        laboratory=replace(full.laboratory, name=name, street=name),
        customer=replace(full.customer, name=name, email="m" * 200),
        item=replace(full.item, description=name, model=name, serial="9" * 200, condition=text.strip()),
        equipment=tuple(replace(e, name=name, model=name, serial="8" * 200) for e in full.equipment),
        methods=tuple(replace(m, name=name, norm=name, description=text) for m in full.methods),
        persons=tuple(replace(p, name=name) for p in full.persons),
        opinions=(Text(text, text),),
        identifier="I" * 100,
    )
    pdf = to_pdf(certificate, to_xml(certificate))
    off = [word for word in words(tmp_path, pdf) if not MARGIN <= word[1] <= word[2] <= WIDTH - MARGIN]
    assert off == []
    with pikepdf.open(BytesIO(pdf)) as document:
        assert len(document.pages) < 40


def test_long_names_of_columns_stay_on_the_page(full: Certificate, tmp_path: Path) -> None:
    columns = tuple(replace(column, name="Indicatedtemperature" * 10) for column in full.results[0].columns)
    results = tuple(replace(result, columns=columns, name="T" * 200) for result in full.results[:2])
    pdf = to_pdf(replace(full, results=results), to_xml(replace(full, results=results)))
    assert [w for w in words(tmp_path, pdf) if not MARGIN <= w[1] <= w[2] <= WIDTH - MARGIN] == []


def test_drawings_are_made_of_the_results(full: Certificate) -> None:
    curve, errors, *_ = result_charts(full.results, ("fr",))
    assert "à réception" in curve
    assert "Erreur d&#x27;indication ± U / K" in errors
    assert errors.count('stroke-dasharray="5 3"') == 2
    assert ET.fromstring(curve).tag.endswith("svg")


@pytest.mark.parametrize(
    "values", [("1",), ("1", "1"), ("0", "0"), ("1e300", "-1e300"), ("5e-324", "1"), ("1e17", "100000000000000001")]
)
def test_numbers_that_no_axis_holds_are_not_drawn_or_drawn(full: Certificate, values: tuple[str, ...]) -> None:
    columns = (
        Column("R", "basic_referenceValue", "V", values),
        Column("E", "basic_measurementError", "V", values, ("1",) * len(values)),
        Column("I", "basic_measuredValue", "V", values),
    )
    for svg in result_charts((Result("V", columns),), ("en",)):
        assert "nan" not in svg
        assert "inf" not in svg
    certificate = replace(full, results=(Result("V", columns),))
    assert to_pdf(certificate, to_xml(certificate)).startswith(b"%PDF")


def test_the_budget_is_drawn_as_bars(simulated: Certificate) -> None:
    rows = (("drift", "0.0017", "75.0"), ("noise", "0.0010", "25.0"), ("combined", "0.0020", "100.0"))
    budget = replace(simulated.budgets[0], rows=rows)
    plain, bars = (replace(simulated, budgets=(b,)) for b in (budget, replace(budget, share=2)))
    assert to_pdf(bars, to_xml(bars)) != to_pdf(plain, to_xml(plain))
    with pytest.raises(CertificateError, match="no column 3 to draw as bars"):
        replace(budget, share=3)


TEMPLATE = """#import "common.typ": *
#show: document-page
#masthead()
Our own page for #d.identifier
#columns(d.results.first().columns)
"""


def test_a_laboratory_can_replace_the_template(full: Certificate, tmp_path: Path) -> None:
    template = tmp_path / "ours.typ"
    template.write_text(TEMPLATE, encoding="utf-8")
    pdf = to_pdf(full, to_xml(full), template=template)
    text = run(tmp_path, pdf, "-raw")
    assert "Our own page for EX-2026-0042-1" in text
    assert "Statements" not in text
    with pikepdf.open(BytesIO(pdf)) as document, document.open_metadata() as metadata:
        assert metadata.pdfa_status == "3B"


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("A page and nothing else", "does not attach the document for machines"),
        ("#nothing", "the template does not compile: unknown variable: nothing"),
        ("#let x = (", "the template does not compile: unclosed delimiter"),
        ('#panic("no")', "the template does not compile: panicked with: no"),
        ('#read("/etc/hostname")', "the template does not compile: file not found"),
        ('#read("../../../../etc/hostname")', "the template does not compile: path .* would escape"),
        ('#read("secret.txt")', "the template does not compile: file not found"),
        ('#image("secret.txt")', "the template does not compile: file not found"),
        ('#include "secret.typ"', "the template does not compile: file not found"),
        ('#import "@preview/cetz:0.3.0": *', "asks for a package of typst"),
        ('#import "@local/cetz:0.3.0": *', "asks for a package of typst"),
    ],
)
def test_a_template_that_cannot_be_used_is_refused(
    full: Certificate, source: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    for name in ("secret.txt", "secret.typ"):
        (tmp_path / name).write_text("secret", encoding="utf-8")
    template = tmp_path / "ours.typ"
    template.write_text(source, encoding="utf-8")
    monkeypatch.chdir(tmp_path)
    with pytest.raises(CertificateError, match=message) as caught:
        to_pdf(full, to_xml(full), template=template)
    assert caught.value.where == str(template)
    assert "hil-typst-" not in str(caught.value)


@pytest.mark.parametrize("content", [None, b"\xff\xfe"])
def test_a_template_that_is_no_text_is_refused(full: Certificate, content: bytes | None, tmp_path: Path) -> None:
    template = tmp_path / "ours.typ"
    if content is not None:
        template.write_bytes(content)
    with pytest.raises(CertificateError, match=r"the template (cannot be read|is not UTF-8)"):
        to_pdf(full, to_xml(full), template=template)


def test_the_template_of_the_documentation_compiles(full: Certificate, tmp_path: Path) -> None:
    page = Path(__file__).parents[3] / "docs" / "how-to" / "print-in-your-own-layout.md"
    (block,) = re.findall(r"^```typst\n(.*?)^```$", page.read_text(encoding="utf-8"), re.DOTALL | re.MULTILINE)
    svg = "<svg xmlns='http://www.w3.org/2000/svg' width='9' height='9'><path d='M0 0h9v9z'/></svg>"
    logo = f'#image(bytes("{svg}"), alt: "logo")\n'
    template = tmp_path / "ours.typ"
    template.write_text(block + logo, encoding="utf-8")
    text = run(tmp_path, to_pdf(full, to_xml(full), template=template), "-raw")
    assert "End of the certificate EX-2026-0042-1" in text
    assert "Influence conditions" not in text


def test_specimens_are_valid_and_every_shipped_template_sets_its_own(schemas: Path) -> None:
    assert validate(to_xml(specimen.certificate()), schemas).findings == ()
    shipped = Path(specimen.__file__).parent
    try_template(shipped / "cert.typ", "certificate")
    try_template(shipped / "report.typ", "report")
    with pytest.raises(CertificateError, match="does not compile"):
        try_template(shipped / "report.typ", "certificate")


@pytest.mark.parametrize(
    ("kind", "n", "expected"),
    [
        ("callendar-van-dusen", 4, "x = R₀ · (1 + A · y + B · y² + C · (y − 100 °C) · y³)"),
        ("straight-line", 2, "y = a + b · x"),
        ("polynomial", 4, "y = a + b · x + c · x² + d · x³"),
        ("polynomial", 10, "The covariance of the coefficients is in the attached file."),
        ("table", 17, "straight lines between the points"),
    ],
)
def test_a_function_is_printed_by_its_own_formula(
    full: Certificate, kind: str, n: int, expected: str, tmp_path: Path
) -> None:
    coefficients = tuple(f"{i}.{i}23456789e-0{i % 9}" for i in range(n))
    function = Function(kind, "Ohm", "Cel", "18.5", "390.5", coefficients, ((("1.23456789012345e-15",) * n),) * n)
    pdf = to_pdf(replace(full, function=function), to_xml(replace(full, function=function)))
    text = " ".join(run(tmp_path, pdf, "-raw").split())
    assert expected in text
    assert all(printed(coefficient) in text for coefficient in coefficients)
    assert [w for w in words(tmp_path, pdf) if not MARGIN <= w[1] <= w[2] <= WIDTH - MARGIN] == []
