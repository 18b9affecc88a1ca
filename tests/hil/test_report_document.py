"""The report of a run as PDF: from the data of its page, with the laboratory's template, whatever its strings hold."""

from __future__ import annotations

import hashlib
import json
import os
import re
import shutil
import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import pikepdf
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench_copy import hil
from hil.bench.config import find_bench
from hil.outcome import BudgetTable, DetectionPicture
from hil.report import Instrument, MeasurementReport, ReportData, System
from hil.report.document import ReportFacts, document_pdf, report_document
from hil.report.model import MADE
from hil.results import SummaryTable, Verdict
from hil_calibration.certificate.model import Organisation, Person, Software
from hil_calibration.errors import CertificateError

LABORATORY = Organisation("Example Laboratory", "1 Example Street", "00000", "Exampletown", "XX")
FACTS = ReportFacts(
    laboratory=LABORATORY,
    customer=LABORATORY,
    persons=(Person("Operator A", "operator", main_signer=True),),
    software=Software("hil-bench", "v0.1.0"),
    begin="2026-06-01",
    end="2026-06-01",
    issued="2026-06-02",
    chain_head="ef" * 32,
    languages=("en",),
    draft=True,
)
MEASURED = MeasurementReport(
    title="Soak",
    question="How steady is the air?",
    identifier="SIM-01EXAMPLE",
    provenance="simulated",
    verdict=None,
    tables=(SummaryTable("Steadiness", ("quantity", "value / °C"), (("mean", "23.40"), ("drift", ""))),),
    budgets=(BudgetTable("Mean", "K", (("probe", "0.010", "100.0"), ("combined", "0.010", "100.0"))),),
    conditions=(("temperature of the room", "23.1 °C"),),
    instruments=(Instrument("probe", "Probe", "Example Instruments", "P", "SN-2"),),
    identification=(("procedure", "soak, version 1"), (MADE, "2026-06-02 08:00:00 UTC")),
    limitations=("It holds for this place.",),
)
TRIAL = ReportData(
    title="Detection",
    question="When?",
    identifier="SIM-02EXAMPLE",
    provenance="simulated",
    verdict=Verdict("FAIL", "a90 is at most 20 lx", "by its bounds", "25 lx is above 20 lx"),
    picture=DetectionPicture("lx", "Illuminance", ((5.0, 1, 40),), ((5.1, False),), (), 0.9, None, None, None, 20.0),
    results=(("a90", "25 lx"),),
    budget=(),
    conditions=(),
    counts=(("bench faults", "3"),),
    fit=(("link", "logit"),),
    instruments=(Instrument("lux", "Luxmeter", "Example Instruments", "LX", "SN-1", "C-7", "ab" * 32),),
    systems=(System("reader", "recogniser", "1.4", (("model", "cd" * 32),), (("threads", "1"),)),),
    identification=(("run", "01EXAMPLE"),),
    limitations=("Nothing else.",),
    risk="at most 5 %",
)


def text_of(pdf: bytes, tmp_path: Path) -> str:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not installed (Debian package poppler-utils)")
    path = tmp_path / "report.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-raw", str(path), "-"], capture_output=True, check=True)
    return " ".join(done.stdout.decode().split())


def test_a_trial_is_printed_with_verdict_risk_and_counts(tmp_path: Path) -> None:
    text = text_of(document_pdf(TRIAL, FACTS), tmp_path)
    for expected in ("FAIL", "25 lx is above 20 lx", "at most 5 %", "bench faults 3", "C-7", "cd" * 32, "successes"):
        assert expected in text


def test_measurements_are_printed_with_tables_and_budgets(tmp_path: Path) -> None:
    text = text_of(document_pdf(MEASURED, FACTS), tmp_path)
    for expected in ("Steadiness", "23.40", "probe 0.010 100.0", "SN-2", "DRAFT", "SIMULATED"):
        assert expected in text


def test_the_moment_at_which_the_page_was_made_is_no_content_of_a_document() -> None:
    again = replace(MEASURED, identification=(("procedure", "soak, version 1"), (MADE, "tomorrow")))
    assert document_pdf(again, FACTS) == document_pdf(MEASURED, FACTS)


@settings(max_examples=20, deadline=None)
@given(st.text(max_size=300))
def test_strings_of_systems_and_scripts_never_stop_a_report(words: str) -> None:
    system = System(words, words, words, (), ((words, words),))
    data = replace(TRIAL, systems=(system,), question=words, notes=(words,), results=((words, words),))
    report = report_document(data, FACTS)
    assert not re.search("[\x00-\x1f\u202e]", report.question)


def test_control_characters_are_shown_by_their_code_and_long_texts_end() -> None:
    report = report_document(replace(TRIAL, question="a\nb\x00c\u202e", notes=("x" * 30_000,), title="t" * 500), FACTS)
    assert report.question == r"a\u000ab\u0000c\u202e"
    assert report.notes[0].endswith("… (30000 characters)")
    assert len(report.title) == 200


def test_values_that_are_marked_wrongly_are_refused() -> None:
    with pytest.raises(CertificateError, match="does not fit measured values"):
        report_document(replace(TRIAL, provenance="measured"), FACTS)


PROCEDURE = '''
from hil import Design, Parameters, Results, SummaryTable, Trial, procedure
from hil.outcome import MeasurementOutcome
from hil_drivers.capability import Actuator

class Brief(Parameters):
    """None."""

@procedure("brief", version="1", roles={"light": Actuator})
async def brief(trial: Trial, p: Brief) -> None:
    """Switch a light."""
    async for point in trial.points():
        await trial.role("light", Actuator).set(point.level)

@brief.plan
def plan(p):
    return Design({"level": "lx"}, [{"level": 10.0}], duration=1)

@brief.analysis
def analyse(record, p):
    table = SummaryTable("Levels", ("level / lx",), (("10",),))
    return Results((table,), {}, document=MeasurementOutcome("Levels", "Which?", (), (), (), ("None.",)))
'''
TEMPLATE = '#import "common.typ": *\n#show: document-page\nPage of Example Laboratory for #d.title'


def test_a_run_writes_it_with_the_template_of_the_laboratory(tmp_path: Path) -> None:
    shutil.copytree(find_bench("action-sim").parent, tmp_path / "bench")
    (tmp_path / "brief.py").write_text(PROCEDURE, encoding="utf-8")
    (tmp_path / "bench" / "page.typ").write_text(TEMPLATE, encoding="utf-8")
    laboratory = tmp_path / "bench" / "lab.toml"
    laboratory.write_text(laboratory.read_text(encoding="utf-8") + 'report_template = "page.typ"\n', encoding="utf-8")
    done = hil("run", "brief.py", "--bench", "bench/action-sim.toml", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "report (PDF):" in done.stdout
    (path,) = tmp_path.glob("runs/*/report.pdf")
    assert "Page of Example Laboratory for Levels" in text_of(path.read_bytes(), tmp_path)
    with pikepdf.open(path) as document:
        content = json.loads(document.attachments["report.json"].get_file().read_bytes())
    assert content["title"] == "Levels"


@pytest.mark.parametrize("key", ["template", "report_template"])
def test_a_template_that_cannot_be_used_stops_a_run_before_it_begins(key: str, tmp_path: Path) -> None:
    shutil.copytree(find_bench("action-sim").parent, tmp_path / "bench")
    (tmp_path / "brief.py").write_text(PROCEDURE, encoding="utf-8")
    (tmp_path / "bench" / "page.typ").write_text("#nothing", encoding="utf-8")
    laboratory = tmp_path / "bench" / "lab.toml"
    laboratory.write_text(laboratory.read_text(encoding="utf-8") + f'{key} = "page.typ"\n', encoding="utf-8")
    done = hil("run", "brief.py", "--bench", "bench/action-sim.toml", cwd=tmp_path)
    assert done.returncode == 2
    assert "page.typ: the template does not compile: unknown variable: nothing" in done.stderr
    assert not (tmp_path / "runs").exists()


@pytest.mark.parametrize(
    "place",
    [
        {"LC_ALL": "C", "TZ": "Pacific/Kiritimati"},
        pytest.param({"LC_ALL": "fr_FR.UTF-8", "TZ": "UTC"}, marks=pytest.mark.soak),
    ],
)
def test_locale_and_time_zone_change_no_byte(place: dict[str, str], tmp_path: Path) -> None:
    import_it = (
        "import hashlib, importlib.util, sys; spec = importlib.util.spec_from_file_location('it', sys.argv[1]); "
        "it = importlib.util.module_from_spec(spec); spec.loader.exec_module(it); "
        "print(hashlib.sha256(it.document_pdf(it.TRIAL, it.FACTS)).hexdigest())"
    )
    support = str(Path(__file__).parents[1] / "support")
    done = subprocess.run(
        [sys.executable, "-c", import_it, __file__],
        env={**os.environ, **place, "PYTHONPATH": support, "PYTHONHASHSEED": "3"},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    assert done.stdout.strip() == hashlib.sha256(document_pdf(TRIAL, FACTS)).hexdigest()
