"""Test reports: never called certificate, their content attached as JSON, marked as what they are."""

from __future__ import annotations

import json
import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hil_calibration.certificate import TrialReport, report_json, report_pdf
from hil_calibration.certificate.model import (
    Amendment,
    Budget,
    Certificate,
    Equipment,
    Person,
    Reference,
    Software,
    Text,
)
from hil_calibration.certificate.report import Provenance, Recordings, ReportVerdict, SystemUnderTest, Table
from hil_calibration.errors import CertificateError

PICTURE = b'<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 40 20"><path d="M0 20 L40 0" stroke="black"/></svg>'


@pytest.fixture(scope="module")
def report(full: Certificate) -> TrialReport:
    return TrialReport(
        identifier="SIM-2026-0099",
        title="Detection against illuminance",
        question="At which illuminance does it read nine signs in ten?",
        laboratory=full.laboratory,
        customer=full.customer,
        equipment=(
            Equipment("Illuminance meter", "Example Instruments", "EX-LUX 1", "20002", Reference("C-1", "cd" * 32)),
            Equipment("Room thermometer", "Example Instruments", "EX-T", "1"),
        ),
        procedure=(("procedure", "detection-vs-illuminance, version 1"), ("seed", "1")),
        persons=(Person("Operator A", "operator", main_signer=True),),
        software=Software("hil-bench", "v0.1.0"),
        begin="2026-06-01",
        end="2026-06-02",
        issued="2026-06-03",
        provenance="simulated",
        deviations="none",
        limitations=("The result holds for the signs of this trial.",),
        verdict=ReportVerdict(
            "PASS", "a90 is at most 20 lx", "by the upper bound", "14.6 lx is at most 20 lx", "at most 5 %"
        ),
        results=(("a90", "13.5 lx"), ("offset", "-0.25 lx, U = 0.05 lx, k = 2")),
        tables=(
            Table("Observed", ("illuminance / lx", "read", "shown"), (("4.07", "0", "40"), ("-13.2", "35", "40"))),
        ),
        budgets=(
            Budget("a90", ("Source", "u / lx", "share / %"), (("n", "0.56", "98.0"), ("all", "0.57", "100")), share=2),
        ),
        conditions=(("air temperature", "23.4 °C"),),
        counts=(("faults of the system under test", "0"), ("void attempts (bench)", "2")),
        model=(("model", "logistic"),),
        systems=(SystemUnderTest("reader", "ocr", "1.4", (("weights", "ef" * 32),), (("deadline", "5.0"),)),),
        notes=("The curve does not describe the data well.",),
        chain_head="12" * 32,
    )


def text_of(pdf: bytes, tmp_path: Path, *options: str) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not installed (Debian package poppler-utils)")
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf)
    return subprocess.run(["pdftotext", *options, str(path), "-"], capture_output=True, check=True).stdout.decode()


def made(report: TrialReport, picture: bytes | None = PICTURE) -> bytes:
    return report_pdf(report, report_json(report), picture=picture)


def test_its_content_is_attached_as_json(report: TrialReport) -> None:
    pdf = made(report)
    with pikepdf.open(BytesIO(pdf)) as document, document.open_metadata() as metadata:
        assert metadata.pdfa_status == "3B"
        attachment = document.attachments["report.json"]
        assert attachment.get_file().mime_type == "application/json"
        content = json.loads(attachment.get_file().read_bytes())
    assert content["format"] == "hil-test-report/1"
    assert content["results"] == [["a90", "13.5 lx"], ["offset", "-0.25 lx, U = 0.05 lx, k = 2"]]
    assert content["equipment"][0]["certificate"]["sha256"] == "cd" * 32


def test_everything_is_printed(report: TrialReport, tmp_path: Path) -> None:
    text = text_of(made(report), tmp_path, "-layout")
    for expected in (
        "Test report",
        "PASS",
        "a90 is at most 20 lx",
        "at most 5 %",
        "13.5 lx",
        "−0.25 lx, U = 0.05 lx, k = 2",
        "−13.2",
        "void attempts",
        "ef" * 32,
        "12" * 32,
        "The curve does not describe the data well.",
        "What this report does not prove",
        "It is not a calibration certificate.",
        "End of the report SIM-2026-0099",
    ):
        assert expected in text, expected
    assert "Calibration certificate" not in text
    assert "certificate.xml" not in text


def test_each_page_has_identifier_number_and_mark(report: TrialReport, tmp_path: Path) -> None:
    pages = text_of(made(replace(report, draft=True)), tmp_path, "-raw").split("\f")[:-1]
    for number, page in enumerate(pages, 1):
        assert "SIM-2026-0099" in page
        assert "SIMULATED · DRAFT" in page.splitlines()[0]
        assert f"Page {number} of {len(pages)}" in page


def test_replayed_and_measured_values_are_told_apart(report: TrialReport, tmp_path: Path) -> None:
    synthetic = replace(report, provenance="replayed", recordings="synthetic")
    assert "recordings that are synthetic" in text_of(made(synthetic), tmp_path)
    unknown = replace(report, provenance="replayed", recordings="not stated")
    assert "Origin of recordings not stated" in text_of(made(unknown), tmp_path)
    real = replace(report, identifier="REC-1", provenance="replayed", recordings="recorded")
    text = text_of(made(real), tmp_path)
    assert "nothing was measured on this bench" in " ".join(text.split())
    assert "REPLAYED" in text
    assert "SIMULATED" not in text
    measured = replace(report, identifier="R-1", provenance="measured")
    text = text_of(made(measured), tmp_path)
    assert "SIMULATED" not in text
    assert "REPLAYED" not in text


@pytest.mark.parametrize(
    ("identifier", "provenance", "recordings"),
    [
        ("R-1", "simulated", "none"),
        ("SIM-1", "measured", "none"),
        ("REC-1", "measured", "none"),
        ("REC-1", "simulated", "none"),
        ("REC-1", "replayed", "synthetic"),
        ("REC-1", "replayed", "not stated"),
        ("SIM-1", "replayed", "recorded"),
        ("R-1", "replayed", "recorded"),
        ("SIM-1", "replayed", "none"),
        ("SIM-1", "simulated", "recorded"),
    ],
)
def test_an_identifier_that_says_another_origin_is_refused(
    report: TrialReport, identifier: str, provenance: Provenance, recordings: Recordings
) -> None:
    with pytest.raises(CertificateError, match=identifier):
        replace(report, identifier=identifier, provenance=provenance, recordings=recordings)


def test_measurements_without_a_requirement_have_no_verdict(report: TrialReport, tmp_path: Path) -> None:
    text = text_of(made(replace(report, verdict=None, results=(), counts=(), systems=()), picture=None), tmp_path)
    assert "no statement of conformity is made" in text
    assert "PASS" not in text


def test_an_amended_report_names_the_original(report: TrialReport, tmp_path: Path) -> None:
    amended = replace(report, identifier="SIM-2", amends=Amendment("SIM-2026-0099", "ab" * 32, "wrong customer"))
    text = " ".join(text_of(made(amended), tmp_path, "-raw").split())
    assert "This report replaces SIM-2026-0099" in text
    assert "Reason: wrong customer" in text


def test_the_same_report_gives_the_same_bytes(report: TrialReport) -> None:
    assert made(report) == made(replace(report))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda r: replace(r, identifier="R-1"), "does not fit simulated values"),
        (lambda r: replace(r, provenance="measured"), "does not fit measured values"),
        (lambda r: replace(r, end="2026-05-01"), "is after the end"),
        (lambda r: replace(r, results=(), tables=()), "no results"),
        (lambda r: replace(r, persons=()), "nobody signs"),
        (lambda r: replace(r, deviations=""), "deviations from the procedure is empty"),
        (lambda r: replace(r, chain_head="x"), "not a head of the record's hash chain"),
        (lambda r: replace(r, counts=(("a\x00", "b"),)), "control characters"),
        (lambda r: replace(r, tables=(Table("T", ("a", "b"), (("1",),)),)), "1 cells in a row, 2 expected"),
        (lambda r: replace(r, amends=Amendment(r.identifier, "ab" * 32, "x")), "it amends itself"),
    ],
)
def test_what_no_report_may_say_is_refused(
    report: TrialReport, change: Callable[[TrialReport], TrialReport], message: str
) -> None:
    with pytest.raises(CertificateError, match=message):
        change(report)


@settings(max_examples=20, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.text(min_size=1, max_size=60))
def test_any_text_makes_a_page_or_a_reason(report: TrialReport, words: str) -> None:
    try:
        hostile = replace(
            report,
            title=words,
            question=words,
            results=((words, words),),
            notes=(words,),
            opinions=(Text(words, words),),
        )
        pdf = made(hostile)
    except CertificateError:
        return
    assert pdf.startswith(b"%PDF")
    assert json.loads(report_json(hostile))["title"] == words


def test_a_laboratory_can_replace_the_template(report: TrialReport, tmp_path: Path) -> None:
    template = tmp_path / "ours.typ"
    template.write_text('#import "common.typ": *\n#show: document-page\nOurs: #d.title', encoding="utf-8")
    pdf = report_pdf(report, report_json(report), template=template)
    assert "Ours: Detection against illuminance" in text_of(pdf, tmp_path)
