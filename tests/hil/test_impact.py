"""What rests on an instrument, on the runs of a small laboratory."""

from __future__ import annotations

import hashlib
import json
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest
from click.testing import CliRunner

from hil.bench import load_bench
from hil.cli.root import cli
from hil.documents.register import Entry, Register
from hil.errors import UsageError
from hil.impact import impact
from history import History

START = date(2026, 6, 1)
pytestmark = pytest.mark.timeout(300)


def names(history: History) -> tuple[str, str]:
    return history.calibration.name, history.after.name


def number(history: History) -> str:
    return str(json.loads((history.calibration / "results.json").read_text(encoding="utf-8"))["document"])


@pytest.mark.parametrize("instrument", ["20001", "reference-luxmeter"])
def test_a_standard_reaches_later_runs_through_the_certificate_it_made(history: History, instrument: str) -> None:
    found = impact(instrument, START, history.runs)
    assert [(i.serial, i.name) for i in found.instruments] == [("20001", "reference-luxmeter")]
    calibration, after = found.uses
    assert (calibration.run, after.run) == names(history)
    assert (calibration.role, calibration.through, calibration.document) == ("reference", (), number(history))
    assert (after.role, after.through, after.date) == ("luxmeter", (number(history),), "2026-06-01")
    assert str(history.calibration / "certificate.pdf") in calibration.files
    assert not found.unread


def test_an_instrument_used_itself_needs_no_certificate_between(history: History) -> None:
    calibration, after = impact("luxmeter", START, history.runs).uses
    assert calibration.role == "luxmeter (under calibration)"
    assert (after.role, after.through) == ("luxmeter", ())
    probe = impact("30001", START, history.runs).uses
    assert [use.through for use in probe] == [(), ()]
    assert "temperature" in probe[0].role


def test_runs_before_the_day_do_not_count(history: History) -> None:
    assert impact("20001", date(2026, 6, 2), history.runs).uses == ()


def copied(history: History, folder: Path) -> Path:
    return Path(shutil.copytree(history.runs, folder / "runs"))


def test_a_certificate_that_was_changed_later_still_leads_on(history: History, tmp_path: Path) -> None:
    runs = copied(history, tmp_path)
    certificate = runs / history.calibration.name / "certificate.xml"
    certificate.write_bytes(certificate.read_bytes() + b"\n")
    (runs / history.calibration.name / "results.json").unlink()  # the seal alone knows what was issued
    assert [use.run for use in impact("20001", START, runs).uses] == list(names(history))


def test_a_certificate_of_another_run_does_not(history: History, tmp_path: Path) -> None:
    runs = copied(history, tmp_path)
    for name in ("certificate.xml", "closed.json", "results.json"):
        (runs / history.calibration.name / name).unlink()
    assert [use.run for use in impact("20001", START, runs).uses] == [history.calibration.name]


def test_a_record_that_cannot_be_read_is_told(history: History, tmp_path: Path) -> None:
    runs = copied(history, tmp_path)
    database = runs / history.after.name / "run.db"
    database.write_bytes(b"no database" * 1000)
    found = impact("20001", START, runs)
    assert [use.run for use in found.uses] == [history.calibration.name]
    (unread,) = found.unread
    assert unread.startswith(history.after.name)
    done = invoke("20001", "--since", "2026-06-01", "--runs", runs)
    assert done.return_value == 4
    assert "unknown, for it cannot be read" in done.output


def test_an_unknown_instrument_is_refused_and_a_registered_one_is_not(history: History, tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="did you mean 'reference-luxmeter'"):
        impact("reference-luxmetre", START, history.runs)
    register = load_bench(history.bench).equipment.instruments
    assert impact("climate-probe", START, tmp_path, register).uses == ()


def invoke(*args: Any) -> Any:
    arguments = ["impact", *map(str, args)]
    return CliRunner().invoke(cli, arguments, standalone_mode=False, catch_exceptions=False)


def test_the_command_tells_it_to_people_and_programs(history: History) -> None:
    done = invoke("20001", "--since", "2026-06-01", "--runs", history.runs)
    assert done.return_value == 0
    assert "Example Instruments EX-LUX 1, serial 20001 (reference-luxmeter)" in done.output
    assert f"luxmeter   {number(history)}" in done.output
    assert "Since 2026-06-01: 2 runs and 1 document in" in done.output
    told = json.loads(invoke("20001", "--since", "2026-06-01", "--runs", history.runs, "--json").output)
    assert [run["run"] for run in told["runs"]] == list(names(history))


def test_a_folder_that_is_not_there_is_no_answer(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="there is no such folder"):
        impact("reference-luxmeter", date(2026, 6, 1), tmp_path / "nowhere")


def without_its_draft(history: History, folder: Path) -> tuple[Path, Path, bytes]:
    """The runs, the calibration's run without any trace of the certificate that it made, and that certificate."""
    runs = copied(history, folder)
    run = runs / history.calibration.name
    made = (run / "certificate.xml").read_bytes()
    for name in ("certificate.xml", "closed.json", "results.json"):
        (run / name).unlink()
    return runs, run, made


def test_a_document_that_was_issued_leads_on_by_its_file(history: History, tmp_path: Path) -> None:
    runs, run, made = without_its_draft(history, tmp_path)
    final = run / "documents" / "C-1" / "final" / "certificate.xml"
    final.parent.mkdir(parents=True)
    final.write_bytes(made)
    calibration, after = impact("20001", START, runs).uses
    assert (calibration.run, after.run) == names(history)
    assert str(final) in calibration.files


def test_a_document_that_was_issued_leads_on_by_the_register_and_is_listed(history: History, tmp_path: Path) -> None:
    runs, run, made = without_its_draft(history, tmp_path)
    sha256 = hashlib.sha256(made).hexdigest()
    register = Register(runs)
    register.enter(Entry("C-1", "certificate", run.name, {"certificate.xml": sha256}, "A. Signer", "2026-06-02"))
    register.enter(
        Entry("C-2", "certificate", run.name, {"certificate.xml": "0" * 64}, "A. Signer", "2026-06-03", "C-1")
    )
    calibration, after = impact("20001", START, runs).uses
    assert (after.run, after.through) == (history.after.name, (run.name,))
    assert [(each.identifier, each.replaced_by) for each in calibration.issued] == [("C-1", "C-2"), ("C-2", "")]
    assert after.issued == ()
    told = invoke("20001", "--since", "2026-06-01", "--runs", runs).output
    assert "issued: certificate C-1, by A. Signer, 2026-06-02, replaced by C-2" in told
    assert "2 runs and 2 documents" in told


def test_a_register_of_documents_that_was_altered_is_told(history: History, tmp_path: Path) -> None:
    runs = copied(history, tmp_path)
    (runs / "documents.jsonl").write_text("{}\n", encoding="utf-8")
    done = invoke("20001", "--since", "2026-06-01", "--runs", runs)
    assert done.return_value == 4
    assert "documents.jsonl: line 1 was altered" in done.output
