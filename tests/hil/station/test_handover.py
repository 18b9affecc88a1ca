"""The note of a shift, and the journal that keeps it."""

from __future__ import annotations

from pathlib import Path

import pytest

from hil.errors import RecordError, UsageError
from hil.station.disk import Disk
from hil.station.handover import Handover, last_handover
from hil.station.journal import Journal, entries


def test_whoever_goes_on_has_to_have_read_it() -> None:
    note = Handover("lamp 2 flickers", "A", 1)
    note.require_read("A")
    with pytest.raises(UsageError, match="a note that A left for the next shift is not read"):
        note.require_read("B")
    note.read("B")
    note.read("B")
    note.require_read("B")
    assert note.to_json()["read_by"] == ["B"]


async def test_a_journal_is_read_back_and_a_line_that_was_cut_off_is_left_out(tmp_path: Path) -> None:
    path, disk = tmp_path / "runs" / "service.jsonl", Disk()
    journal = Journal(path, disk)
    journal.write(1, "handover", {"operator": "A", "text": "first"})
    journal.write(2, "handover", {"operator": "A", "text": "é\nlast"})
    journal.write(3, "handoverread", {"operator": "B"})
    await disk.flush()
    with path.open("a") as file:
        file.write('{"utc": 4, "kind": "hand')
    assert last_handover(entries(path)) == Handover("é\nlast", "A", 2, ["B"])
    journal.close()
    disk.close()


def test_there_is_no_note_where_there_is_no_journal(tmp_path: Path) -> None:
    assert last_handover(entries(tmp_path / "none")) is None


def test_a_journal_that_cannot_be_opened_is_told(tmp_path: Path) -> None:
    disk = Disk()
    (tmp_path / "file").write_text("")
    with pytest.raises(RecordError, match="cannot be opened"):
        Journal(tmp_path / "file" / "service.jsonl", disk)
    disk.close()
