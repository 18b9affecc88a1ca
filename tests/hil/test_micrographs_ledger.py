"""Contours of a run, found again and corrected on its record: nothing is overwritten."""

from __future__ import annotations

import asyncio
import json
import shutil
import sqlite3
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest

from hil.cli.__main__ import run as hil
from hil.errors import UsageError, VerificationFailed
from hil.micrographs.answers import dashboard
from hil.micrographs.corrections import Contour, Correction, Sent
from hil.micrographs.ledger import Ledger, Outdated
from hil.micrographs.source import Micrographs
from hil.sealing.amendments import amend, amendments
from hil.sealing.check import verify_run
from hil.sealing.keys import load_private, load_public
from hil_drivers.instruments.stimuli import digest
from hil_drivers.virtual.micrograph import PIXEL, Micrograph
from hil_drivers.virtual.particles import SETTINGS
from micrographs_run import make_run, pictures
from runs import make_key, write_run

SQUARE = Contour("touching", ((1.0, 1.0), (9.0, 1.0), (9.0, 9.0), (1.0, 9.0)))


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return make_run(tmp_path_factory.mktemp("micrographs"))


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    return Path(shutil.copytree(original, tmp_path / original.name))


def sent(*contours: Contour, after: int = 0, u_rim: float | None = 0.5) -> Sent:
    return Sent(Correction(contours, u_rim), after, "Operator A", "it was missed")


def contents(run: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in run.rglob("*") if path.is_file()}


def test_what_was_found_is_what_the_record_says(original: Path) -> None:
    found = pictures(original)
    assert [entry.name for entry in found.entries] == ["inside/1", "inside/2", "inside/3", "outside/1"]
    assert [entry.inside for entry in found.entries] == [True, True, True, False]
    one = found.found(0)
    assert (one.width, one.height, one.pixel) == (256, 256, PIXEL)
    assert [contour.predicted for contour in one.contours] == list(range(20))
    assert {contour.kind for contour in one.contours} == {"isolated", "touching"}
    assert found.done == 1
    assert found.png(0).startswith(b"\x89PNG")


def test_corrections_are_amendments_of_which_the_last_counts(run: Path, tmp_path: Path) -> None:
    private, public = make_key(tmp_path)
    before, found = contents(run), pictures(run)
    predicted = found.found(1).contours
    ledger = Ledger(found, load_private(private))
    first = ledger.save(1, sent(*predicted, SQUARE))
    assert ledger.save(1, sent(*predicted[1:], SQUARE, after=1, u_rim=0.8)).name == "0002.json"
    ledger.save(0, sent(*found.found(0).contours[2:], u_rim=None))
    after = contents(run)
    assert first.name == "0001.json"
    assert {name: after[name] for name in before} == before
    assert verify_run(run, None).holds
    assert [finding.place for finding in verify_run(run, load_public(public)).findings] == ["sealed"]
    told = [one.what for one in amendments(run)]
    assert told == [
        "contours of picture inside/2: 1 drawn",
        "contours of picture inside/2: 1 taken away",
        "contours of picture inside/1: 2 taken away",
    ]
    again = Ledger(pictures(run))
    (one, two), (three,) = again.corrections()[1], again.corrections()[0]
    assert one.correction == Correction((*predicted, SQUARE), 0.5)
    assert two.correction == Correction((*predicted[1:], SQUARE), 0.8)
    assert two.amendment.signed
    assert [(kept.amendment.correction or {})["supersedes"] for kept in (one, two, three)] == [None, 1, None]
    assert again.last(1) == two
    assert again.last(2) is None


def test_two_devices_may_show_pictures_of_one_name(run: Path) -> None:
    """Another seed makes another `inside/2`, which has its own corrections."""
    found = pictures(run)
    sha256 = digest(Micrograph().make("inside", 1, 99).values)
    other = replace(found.entries[1], seed=99, sha256=sha256, point=9, output=None)
    both = Micrographs(run, found.model, (*found.entries, other))
    ledger = Ledger(both)
    ledger.save(1, sent(SQUARE))
    ledger.save(4, sent(SQUARE))
    kept = ledger.corrections()
    assert {number: [each.amendment.number for each in of] for number, of in kept.items()} == {1: [1], 4: [2]}


def test_sizes_as_predicted_stay_while_those_after_correction_change(run: Path) -> None:
    found = pictures(run)
    ledger = Ledger(found)
    for number in range(4):
        found.found(number)
    before = dashboard(found, ledger)
    assert (before["pictures"], before["outside"], before["corrected"]) == (3, 1, 0)
    assert before["predicted"] == before["after_correction"]
    kept = [contour for contour in found.found(0).contours if contour.kind == "touching"]
    ledger.save(0, sent(*kept, SQUARE))
    ledger.save(3, sent(SQUARE))
    after = dashboard(found, ledger)
    assert after["corrected"] == 1
    assert [(one["count"], one["median"]) for one in after["predicted"]] == [
        (one["count"], one["median"]) for one in before["predicted"]
    ]
    isolated, touching = after["after_correction"]
    assert isolated["count"] == before["predicted"][0]["count"] - (20 - len(kept))
    assert touching["count"] == before["predicted"][1]["count"] + 1
    assert sum(touching["counts"]) == touching["count"]


def test_a_correction_of_another_state_or_of_nothing_is_refused(run: Path) -> None:
    found = pictures(run)
    ledger, predicted = Ledger(found), found.found(0).contours
    with pytest.raises(UsageError, match="picture inside/1: nothing is changed"):
        ledger.save(0, sent(*predicted, u_rim=None))
    with pytest.raises(Outdated, match="it has no correction"):
        ledger.save(0, sent(*predicted[1:], after=1))
    Ledger(pictures(run)).save(0, sent(*predicted, SQUARE))
    with pytest.raises(Outdated, match="amendment 1 of Operator A is the last; load the picture again"):
        ledger.save(0, sent(*predicted[1:]))
    with pytest.raises(UsageError, match="nothing is changed"):
        ledger.save(0, sent(*predicted, SQUARE, after=1))
    ledger.save(0, sent(*predicted, SQUARE, after=1, u_rim=0.25))
    assert [one.what for one in amendments(run)][1].endswith("another uncertainty of rims drawn by hand")


def test_an_amendment_that_was_altered_or_is_no_correction_of_this_run_stops_it(run: Path) -> None:
    found = pictures(run)
    ledger = Ledger(found)
    file = ledger.save(0, sent(SQUARE))
    facts: dict[str, Any] = next(amendments(run)).correction or {}
    for odd, told in (
        ({"picture": {**facts["picture"], "sha256": "0" * 64}}, "the picture on record is another one"),
        ({"picture": {**facts["picture"], "name": "inside/9"}}, "there is no such picture"),
        ({"picture": "inside/1"}, "there is no such picture"),
        ({"contours": [{"kind": "isolated", "predicted": 99}]}, "contour 1: no contour of this number was predicted"),
        ({"u_rim": None}, "u_rim: contours were drawn by hand"),
    ):
        path = amend(run, what="a", why="b", who="c", key=None, correction={**facts, **odd})
        with pytest.raises(VerificationFailed, match=told):
            ledger.corrections()
        path.unlink()
    amend(run, what="the operator was Operator B", why="a slip", who="c", key=None)
    assert list(ledger.corrections()) == [0]
    file.write_text(file.read_text().replace("e", "f", 1))
    with pytest.raises(VerificationFailed, match=r"0001\.json"):
        Ledger(found).corrections()


def test_another_model_picture_or_answer_is_not_taken_for_that_of_the_run(
    run: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    found = pictures(run)
    for odd, told in (({"sha256": "0" * 64}, "has another SHA-256"), ({"output": 44.0}, "and 44.0 is on record")):
        other = Micrographs(run, found.model, (replace(found.entries[0], **odd),))
        with pytest.raises(VerificationFailed, match=told):
            other.found(0)
    unanswered = Micrographs(run, found.model, (replace(found.entries[0], output=None, inside=False),))
    assert unanswered.found(0) == found.found(0)
    monkeypatch.setitem(SETTINGS, "apart", 8)
    with pytest.raises(
        VerificationFailed, match=r"its model is version 1, method .*, and the one installed is version 1"
    ):
        pictures(run)


def test_sizes_are_told_without_a_page(run: Path, capsys: pytest.CaptureFixture[str]) -> None:
    Ledger(pictures(run)).save(0, sent(SQUARE))
    assert hil(["data", "micrographs", str(run), "--json"]) == 0
    told = json.loads(capsys.readouterr().out)
    documented = "after_correction corrected edges outside pictures predicted run statements unit"
    assert sorted(told) == documented.split()
    assert (told["unit"], told["pictures"], told["corrected"]) == ("nm", 3, 1)
    assert [one["kind"] for one in told["predicted"]] == ["isolated", "touching"]
    assert hil(["data", "show", str(run), "--json"]) == 0
    shown = json.loads(capsys.readouterr().out)
    assert [one["who"] for one in shown["amendments"]] == ["Operator A"]


def test_what_can_not_be_shown_is_refused_in_one_sentence(
    run: Path, tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    def told(code: int, folder: Path, *options: str) -> str:
        assert hil(["data", "micrographs", str(folder), *options]) == code
        out, err = capsys.readouterr()
        assert out == ""
        assert err.count("\n") == 1
        return err

    other = asyncio.run(write_run(tmp_path / "other", 20))
    assert "is no run of micrographs; give a run of a bench with stimuli micrograph" in told(2, other)
    assert "others than its owner may use this key" in told(2, run, "--key", str(readable_by_all(tmp_path)))
    amend(run, what="a", why="b", who="c", key=None)
    (run / "amendments" / "0001.json").write_text("{}")
    assert "does not hold: amendments/0001.json " in told(6, run, "--json")
    shutil.rmtree(run / "amendments")
    altered = shutil.copytree(run, tmp_path / "altered" / run.name)
    with closing(sqlite3.connect(altered / "run.db")) as record, record:
        record.execute("DROP TRIGGER event_no_update")
        record.execute("UPDATE event SET data = '{\"name\": \"stimuli micrograph\"}' WHERE kind = 'data set'")
    assert "does not hold: event row 3 (batch 2) was altered; run `hil data verify` on it" in told(6, altered)
    (run / "closed.json").unlink()
    assert "the run is not closed; wait until it has ended" in told(2, run)


def readable_by_all(folder: Path) -> Path:
    private, _ = make_key(folder)
    private.chmod(0o644)
    return private
