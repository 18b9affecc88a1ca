"""What a service learns from the journal of those before it, however long or damaged that is."""

from __future__ import annotations

import tracemalloc
from pathlib import Path

import pytest

from hil.station.disk import Disk
from hil.station.handover import Handover
from hil.station.journal import Journal, entries
from hil.station.past import REMEMBERED, past

NONSENSE = """\
{"utc": 1, "kind": "handover"}
{"utc": "x", "kind": "handover", "operator": "A", "text": "?"}
{"utc": 1, "kind": "lease", "epoch": "x"}
{"utc": 1, "kind": "queueadd", "command_id": "a", "request_sha256": [1]}
{"utc": 1, "kind": "queueadd", "command_id": 5, "request_sha256": "x"}
["kind": "lease"]
"kind": "lease"
{"kind": 7, "command_id": ""}
null
"""


def test_nothing_is_known_where_nothing_was(tmp_path: Path) -> None:
    found = past(tmp_path / "none")
    assert (found.epoch, found.handover, list(found.given)) == (0, None, [])


def test_lines_that_make_no_sense_are_left_out(tmp_path: Path) -> None:
    path = tmp_path / "service.jsonl"
    good = '{"utc": 5, "kind": "handover", "operator": "A", "text": "é", "command_id": "c", "request_sha256": "d"}\n'
    path.write_bytes(NONSENSE.encode() + good.encode() + b'\xff\xfe\n{"utc": 6, "kind": "lease", "epoch": 7}\n{"ut')
    found = past(path)
    assert (found.epoch, found.handover) == (7, Handover("é", "A", 5))
    assert [entry["command_id"] for entry in found.given] == ["c"]


def test_a_journal_of_years_does_not_fill_the_memory(tmp_path: Path) -> None:
    path = tmp_path / "service.jsonl"
    with path.open("w") as file:
        for number in range(3 * REMEMBERED):
            file.write(f'{{"utc": 1, "kind": "note", "command_id": "{number}", "request_sha256": "x"}}\n')
            file.write(f'{{"utc": 1, "kind": "not watched", "reason": "{"x" * 100}"}}\n')
    tracemalloc.start()
    found = past(path)
    _, peak = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    assert [found.given[0]["command_id"], found.given[-1]["command_id"]] == [
        str(2 * REMEMBERED),
        str(3 * REMEMBERED - 1),
    ]
    assert peak < 20e6


@pytest.mark.parametrize("told", ["\u2028 \x85", "\udcff"])
async def test_what_follows_a_line_that_was_cut_off_is_kept_whatever_it_says(tmp_path: Path, told: str) -> None:
    path, disk = tmp_path / "service.jsonl", Disk()
    path.write_text('{"utc": 4, "kind": "hand')
    journal = Journal(path, disk)
    journal.write(5, "item ended", {"error": told})
    await disk.flush()
    assert [entry["error"] for entry in entries(path)] == [told]
    journal.close()
    disk.close()
