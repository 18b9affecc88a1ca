"""Records of every version that was ever written are opened and verified; later ones are refused in one sentence."""

from __future__ import annotations

import shutil
from pathlib import Path

import apsw
import pytest

from bench_copy import hil
from hil.errors import UsageError
from hil.record import open_run, verify
from hil.record.schema import SCRIPTS, VERSION
from hil.sealing.check import verify_run
from hil.sealing.keys import load_public

DATA = Path(__file__).parents[1] / "data"
HEAD_OF_1 = "fc82c3a9e6b9aaff362951bf962c017273d0ee53a6cb0237a043d8018a182b5e"
"""The head of the golden run's chain, as it was when version 1 was current."""


@pytest.mark.parametrize("version", SCRIPTS)
def test_every_version_has_a_golden_run_that_holds(version: int) -> None:
    """Also after the program has gone on."""
    verification = verify(DATA / f"record-v{version}")
    assert (verification.findings, verification.status) == ((), "closed")
    assert open_run(DATA / f"record-v{version}").run["record_version"] == version


def test_what_the_golden_run_of_version_1_holds() -> None:
    """A row of every table, as written in 2026."""
    record = open_run(DATA / "record-v1")
    assert (record.status, record.chain_head) == ("complete", HEAD_OF_1)
    assert list(record.channels) == ["luxmeter.illuminance", "room.temperature"]
    lux = record.readings("luxmeter.illuminance")
    assert len(lux) == 80
    assert lux.value[0] == 200.0 * 1.002
    assert lux.t[0] == 1_780_300_801_123_456_789
    assert [(p.index, p.attempt, p.state) for p in record.points()] == [
        (0, 1, "committed"),
        (1, 1, "void"),
        (1, 2, "committed"),
        (2, 1, "committed"),
    ]
    assert record.observations()[0].data == {"hit": True, "text": "é"}
    assert [event.kind for event in record.events()] == ["note", "closed"]
    assert record.table("clock")[0]["tai_offset"] == 37
    assert record.table("frame")[0]["length"] == 4
    assert record.table("amend")[0]["new"] == '"a golden run"'


@pytest.mark.parametrize("version", SCRIPTS)
def test_every_version_has_a_sealed_golden_run_that_holds(version: int, tmp_path: Path) -> None:
    """Sealed, signed and amended then; the signature is still verified now, and an altered byte still shows."""
    key = load_public(DATA / f"sealed-v{version}.pub.pem")
    found = verify_run(DATA / f"sealed-v{version}", key)
    assert found.findings == ()
    assert sum("that was given" in line for line in found.checked) == 2
    run = Path(shutil.copytree(DATA / f"sealed-v{version}", tmp_path / f"sealed-v{version}"))
    with (run / "sealed" / "readings.csv").open("a") as file:
        file.write(" ")
    assert [finding.place for finding in verify_run(run, key).findings] == ["sealed/readings.csv"]


def later(folder: Path) -> Path:
    """A record as a later version of this program would write it: other tables, hence another first link."""
    database = apsw.Connection(str(folder / "run.db"))
    database.execute("DROP TRIGGER batch_no_update")
    database.execute("UPDATE batch SET prev = ? WHERE seq = 1", ("ab" * 32,))
    database.pragma("user_version", VERSION + 1)
    database.close()
    return folder


def test_a_run_of_a_later_version_is_refused_in_one_sentence(tmp_path: Path) -> None:
    """By the reader, by verification, and on the command line, which says what to do."""
    run = later(Path(shutil.copytree(DATA / "record-v1", tmp_path / "run")))
    for use in (open_run, verify):
        with pytest.raises(UsageError, match=f"is a record of version {VERSION + 1}.*use the program that wrote it"):
            use(run)
    for command in ("show", "verify"):
        done = hil("data", command, run, cwd=tmp_path)
        assert done.returncode == 2
        assert done.stdout == ""
        assert done.stderr.count("\n") == 1
        assert done.stderr.endswith("use the program that wrote it, or a later one\n")


def test_a_header_that_was_altered_is_no_later_version(tmp_path: Path) -> None:
    """The chain still begins as one of this version."""
    run = Path(shutil.copytree(DATA / "record-v1", tmp_path / "run"))
    database = apsw.Connection(str(run / "run.db"))
    database.pragma("user_version", VERSION + 1)
    database.close()
    assert "its header was altered" in verify(run).findings[0].message
