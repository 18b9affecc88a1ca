"""Verification: the first place that does not hold is named, and nothing malformed ends in a traceback."""

from __future__ import annotations

import asyncio
import json
import shutil
from collections.abc import Callable
from pathlib import Path

import apsw
import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from hil.errors import RecordError, UsageError
from hil.record import RecordWriter, Verification, open_run, seal, verify
from hil.record.chain import batch_hash, canonical
from hil.record.folder import read_seal

BATCHES = 4
READINGS = 50


async def write(folder: Path, *, close: bool = True) -> RecordWriter:
    """Four batches of 50 readings, an observation and two states each."""
    writer = RecordWriter.create(folder, {"procedure": "x"}, window=10.0)
    channel = writer.channel("lux", unit="lx")
    for n in range(BATCHES):
        t = np.arange(n * READINGS, (n + 1) * READINGS)
        writer.readings(channel, t, 200.0 + t / 10, 201.0 + t / 10, 0.1, 0.9, 1e-6, 0)
        writer.point(n, 1, "observing", int(t[0]), {"illuminance": 200.0})
        writer.observation(n, 1, int(t[-1]), {"hit": n % 2 == 0}, {"lux": {"start": int(t[0]), "end": int(t[-1])}})
        writer.point(n, 1, "committed", int(t[-1]), {})
        await writer.flush()
    if close:
        await writer.close("complete")
    return writer


@pytest.fixture(scope="module")
def original(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A sealed run with results and media."""
    folder = tmp_path_factory.mktemp("runs") / "run"
    asyncio.run(write(folder))
    (folder / "results.json").write_text('{"gain": "1.0023"}\n')
    (folder / "media").mkdir()
    (folder / "media" / "camera.mcap").write_bytes(bytes(range(256)))
    seal(folder)
    assert verify(folder).holds
    return folder


@pytest.fixture
def run(original: Path, tmp_path: Path) -> Path:
    """A copy to be tampered with."""
    return Path(shutil.copytree(original, tmp_path / "run"))


@pytest.fixture
def unsealed(run: Path) -> Path:
    """The same without its seal: the chain alone must show what was done."""
    (run / "closed.json").unlink()
    return run


def tampered(run: Path, *statements: str) -> tuple[str, str]:
    """The first finding after ``statements``, with every trigger out of the way and back again."""
    db = apsw.Connection(str(run / "run.db"))
    triggers = db.execute("SELECT name, sql FROM sqlite_schema WHERE type = 'trigger'").fetchall()
    for name, _ in triggers:
        db.execute(f"DROP TRIGGER {name}")
    for statement in statements:
        db.execute(statement)
    for _, sql in triggers:
        db.execute(str(sql))
    db.close()
    verification = verify(run)
    assert verification.findings
    return verification.findings[0].place, verification.findings[0].message


def test_an_untouched_run_holds(original: Path) -> None:
    """What was checked, and where it ends."""
    verification = verify(original / "run.db")
    assert (verification.findings, verification.status) == ((), "closed")
    assert verification.ends["batch"] == BATCHES + 1
    assert verification.ends["readings"] == BATCHES * READINGS
    assert verification.ends["points"] == BATCHES
    assert verification.ends["hash"] == open_run(original).chain_head
    sealed = {path.relative_to(original).as_posix() for path in original.rglob("*") if path.is_file()}
    files = ", ".join(sorted(sealed - {"closed.json"}))
    assert f"closed.json: the files {files}" in verification.checked
    assert verify(original) == verification


@pytest.mark.parametrize(
    ("statement", "place", "message"),
    [
        ("UPDATE reading SET value = value + 1e-9 WHERE rowid = 120", "reading row 120 (batch 3)", "was altered"),
        ("UPDATE reading SET value = NULL WHERE rowid = 1", "reading row 1 (batch 1)", "was altered"),
        ("UPDATE reading SET flags = 1 WHERE rowid = 200", "reading row 200 (batch 4)", "was altered"),
        (
            "UPDATE observation SET data = '{\"hit\":true}' WHERE point = 1",
            "observation row 2 (batch 2)",
            "was altered",
        ),
        ("UPDATE run SET value = '\"y\"' WHERE key = 'procedure'", "run row 2 (batch 1)", "was altered"),
        ("UPDATE channel SET name = 'other'", "channel row 1 (batch 1)", "was altered"),
        ("UPDATE event SET t = t + 1", "event row 1 (batch 5)", "was altered"),
        ("DELETE FROM reading WHERE rowid = 77", "reading row 77 (batch 2)", "was removed"),
        ("DELETE FROM reading WHERE rowid > 195", "reading row 196 (batch 4)", "was removed"),
        ("DELETE FROM point WHERE state = 'observing'", "point row 1 (batch 1)", "was removed"),
        ("INSERT INTO reading SELECT * FROM reading WHERE rowid = 1", "reading row 201", "was inserted"),
        ("INSERT INTO reading(rowid, t, ch, flags) VALUES (-5, 1, 1, 0)", "reading row -5", "was inserted"),
        ("INSERT INTO event VALUES (1, 'note', '{}')", "event row 2", "was inserted"),
        ("INSERT INTO amend VALUES (1, 'a', 'b', 'c', 'd', 'e')", "amend row 1", "was inserted"),
        ("UPDATE batch SET t = t + 1 WHERE seq = 2", "batch 2", "its time, row ranges, marks or hash were altered"),
        ("UPDATE batch SET hash = prev WHERE seq = 2", "batch 2", "its time, row ranges, marks or hash were altered"),
        ("UPDATE batch SET prev = hash WHERE seq = 3", "batch 3", "is not chained to the batch before it"),
        ("UPDATE batch SET marks = x'00' WHERE seq = 3", "batch 3", "its time, row ranges"),
        ("UPDATE batch SET rows = '[1]' WHERE seq = 3", "batch 3", "its row ranges were altered"),
        ("UPDATE batch SET rows = '{\"reading\":[1,50]}' WHERE seq = 3", "batch 3", "its row ranges do not continue"),
        ("UPDATE batch SET rows = '{\"batch\":[1,2]}' WHERE seq = 3", "batch 3", "its row ranges were altered"),
        ("DELETE FROM batch WHERE seq = 3", "batch 3", "was removed: batch 4 comes next"),
        ("DELETE FROM batch", "run row 1", "was inserted"),
        ("INSERT INTO batch VALUES (6, 1, '{}', x'', 'a', 'b')", "batch 6", "is not chained to the batch before it"),
    ],
)
def test_the_chain_names_the_first_place(unsealed: Path, statement: str, place: str, message: str) -> None:
    """Altered, removed, inserted: in every kind of table."""
    found = tampered(unsealed, statement)
    assert found[0] == place
    assert found[1].startswith(message)


def test_a_batch_after_the_end(unsealed: Path) -> None:
    """Chained as it should be; but only a run that is resumed goes on after it was closed."""
    head, event = open_run(unsealed).chain_head, (1, "note", "{}")
    content, marks = canonical([event])
    rows = '{"event":[2,2]}'
    found = batch_hash(head, BATCHES + 2, 1, rows, marks, [content])
    added = f"INSERT INTO batch VALUES ({BATCHES + 2}, 1, '{rows}', x'{marks.hex()}', '{head}', '{found}')"
    place, message = tampered(unsealed, "INSERT INTO event VALUES (1, 'note', '{}')", added)
    assert (place, message) == (f"batch {BATCHES + 2}", "was appended after the run was closed")


def test_reordered_rows(unsealed: Path) -> None:
    """Two readings have changed places."""
    place, message = tampered(
        unsealed,
        "UPDATE reading SET rowid = -1 WHERE rowid = 60",
        "UPDATE reading SET rowid = 60 WHERE rowid = 65",
        "UPDATE reading SET rowid = 65 WHERE rowid = -1",
    )
    assert (place, message) == ("reading row 60 (batch 2)", "is not where it was: rows were reordered")


def test_reordered_batches(unsealed: Path) -> None:
    """Two batches have changed places."""
    place, _ = tampered(
        unsealed,
        "UPDATE batch SET seq = 100 WHERE seq = 2",
        "UPDATE batch SET seq = 2 WHERE seq = 3",
        "UPDATE batch SET seq = 3 WHERE seq = 100",
    )
    assert place == "batch 2"


def test_the_end_before_the_first_break_is_told(unsealed: Path) -> None:
    """Everything up to there holds."""
    tampered(unsealed, "UPDATE reading SET raw = 0 WHERE rowid = 120")
    ends = verify(unsealed).ends
    assert (ends["batch"], ends["readings"], ends["points"]) == (2, 100, 2)


def test_a_record_cut_after_a_batch_does_not_match_its_seal(run: Path) -> None:
    """The chain alone holds; its head is not the sealed one."""
    place, message = tampered(
        run, "DELETE FROM batch WHERE seq = 5", "DELETE FROM event", "UPDATE run SET value = value"
    )
    assert (place, message) == ("closed.json", "names another head of the chain than the record has")


def test_altered_definitions_are_found(unsealed: Path) -> None:
    """A missing trigger, an added view."""
    db = apsw.Connection(str(unsealed / "run.db"))
    db.execute("DROP TRIGGER reading_no_update")
    db.close()
    assert verify(unsealed).findings[0].place == "run.db: reading_no_update"
    assert verify(unsealed).findings[0].message.endswith("is missing")
    db = apsw.Connection(str(unsealed / "run.db"))
    db.execute("CREATE VIEW average AS SELECT avg(value) FROM reading")
    db.execute("PRAGMA user_version = 2")
    db.close()
    assert "header" in verify(unsealed).findings[0].message


def test_files_of_a_sealed_run(run: Path) -> None:
    """Missing, added, altered; and a missing seal."""
    (run / "results.json").write_text('{"gain": "1.0024"}\n')
    (run / "media" / "camera.mcap").unlink()
    (run / "media" / "other.mcap").write_bytes(b"")
    found = {finding.place: finding.message for finding in verify(run).findings}
    assert set(found) == {"results.json", "media/camera.mcap", "media/other.mcap"}
    assert "altered" in found["results.json"]
    assert "missing" in found["media/camera.mcap"]
    assert "added" in found["media/other.mcap"]
    (run / "closed.json").unlink()
    assert [finding.place for finding in verify(run).findings] == ["closed.json"]
    (run / "run.db").unlink()
    with pytest.raises(UsageError, match=r"no run\.db"):
        verify(run)


def test_a_sealed_run_without_its_record(run: Path) -> None:
    """The seal names what is missing."""
    (run / "run.db").unlink()
    verification = verify(run)
    assert [(f.place, f.message) for f in verification.findings] == [("run.db", "the file is missing")]


def test_a_link_in_a_run(run: Path) -> None:
    """It could point anywhere."""
    (run / "elsewhere").symlink_to("/")
    assert "is a link" in verify(run).findings[0].message


@pytest.mark.parametrize(
    "text", ["", "{}", "[]", '{"a":1}\n', "\x00", '"\\ud800"', "[" * 100_000, "9" * 5000, '{"digest":"a"}\n']
)
def test_a_seal_that_is_none(run: Path, text: str) -> None:
    """One finding, whatever stands there."""
    (run / "closed.json").write_text(text)
    assert [finding.place for finding in verify(run).findings] == ["closed.json"]


def flipped(path: Path, offset: int, check: Callable[[], None]) -> None:
    """Check with one bit of ``path`` flipped, and flip it back."""
    content = bytearray(path.read_bytes())
    content[offset] ^= 1 << offset % 8
    path.write_bytes(content)
    check()
    content[offset] ^= 1 << offset % 8
    path.write_bytes(content)


@pytest.mark.parametrize(
    ("name", "stride"), [("run.db", 409), ("closed.json", 11), ("results.json", 1), ("media/camera.mcap", 5)]
)
def test_a_flipped_bit_anywhere_is_found(run: Path, name: str, stride: int) -> None:
    """In every file of the run, used or unused space alike, and the file is named."""

    def check() -> None:
        verification = verify(run)
        assert any(finding.place == name for finding in verification.findings), verification
        assert verification.status == "closed"

    for offset in range(0, (run / name).stat().st_size, stride):
        flipped(run / name, offset, check)
    assert verify(run).holds


def test_every_byte_of_the_seal_counts(run: Path) -> None:
    """Its own digest and form protect it."""

    def check() -> None:
        with pytest.raises((ValueError, RecordError)):
            read_seal(run)

    for offset in range((run / "closed.json").stat().st_size):
        flipped(run / "closed.json", offset, check)


@pytest.fixture(scope="module")
def interrupted(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A run that was not closed, with its log beside it."""
    folder = tmp_path_factory.mktemp("interrupted") / "run"

    async def leave(source: Path) -> None:
        writer = await write(source, close=False)
        shutil.copytree(source, folder, ignore=shutil.ignore_patterns("*-shm"))
        await writer.close("complete")

    asyncio.run(leave(folder.with_name("source")))
    return folder


def test_an_interrupted_run_tells_its_end(interrupted: Path) -> None:
    """Nothing is wrong with it; it ends at its last batch."""
    before = sorted((path.name, path.read_bytes()) for path in interrupted.iterdir())
    verification = verify(interrupted)
    assert (verification.findings, verification.status) == ((), "interrupted")
    assert (verification.ends["batch"], verification.ends["readings"], verification.ends["points"]) == (4, 200, 4)
    assert verification.ending.startswith("the record ends with batch 4 of 20")
    assert verification.status == "interrupted"
    assert sorted((path.name, path.read_bytes()) for path in interrupted.iterdir()) == before


def is_prefix(verification: Verification, run: Path) -> bool:
    """What holds is what was written, up to the end that is told."""
    count = verification.ends["readings"]
    readings = open_run(run).readings("lux")
    return bool(np.array_equal(readings.value[:count], 201.0 + np.arange(count) / 10))


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_interrupted_run_never_lies(interrupted: Path, tmp_path: Path, data: st.DataObject) -> None:
    """Flipped bits and cut tails of the file and its log: a finding, or a true beginning of the record."""
    run = tmp_path / "run"
    shutil.rmtree(run, ignore_errors=True)
    shutil.copytree(interrupted, run)
    path = run / data.draw(st.sampled_from(["run.db", "run.db-wal"]))
    content = bytearray(path.read_bytes())
    for offset in data.draw(st.lists(st.integers(0, len(content) - 1), max_size=3)):
        content[offset] ^= 1 << data.draw(st.integers(0, 7))
    path.write_bytes(content[: data.draw(st.just(len(content)) | st.integers(0, len(content)))])
    verification = verify(run)
    assert verification.status == "interrupted"
    assert verification.findings or verification.ends["readings"] == 0 or is_prefix(verification, run)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
def test_a_damaged_closed_record_never_ends_in_a_traceback(original: Path, tmp_path: Path, data: st.DataObject) -> None:
    """Without its seal: a finding, or every value is as it was written."""
    run = tmp_path / "run"
    shutil.rmtree(run, ignore_errors=True)
    run.mkdir()
    content = bytearray((original / "run.db").read_bytes())
    start = data.draw(st.integers(0, len(content) - 1))
    garbage = data.draw(st.binary(min_size=1, max_size=40))
    content[start : start + len(garbage)] = garbage
    (run / "run.db").write_bytes(content)
    verification = verify(run)
    chain = [finding for finding in verification.findings if finding.place != "closed.json"]
    assert chain or (verification.ends["readings"] == 200 and is_prefix(verification, run))


async def test_a_live_run_is_verified_without_disturbing_it(tmp_path: Path) -> None:
    """What is on disk so far holds."""
    writer = await write(tmp_path / "run", close=False)
    verification = verify(tmp_path / "run")
    assert (verification.findings, verification.status) == ((), "live")
    assert verification.ends["hash"] == writer.chain_head
    await writer.close("complete")


def test_nothing_at_all(tmp_path: Path) -> None:
    """A path that is not there, a folder that is not a run, an empty file."""
    for path in (tmp_path / "absent", tmp_path):
        with pytest.raises(UsageError):
            verify(path)
    (tmp_path / "run.db").write_bytes(b"")
    assert not verify(tmp_path).holds
    (tmp_path / "run.db").write_text(json.dumps({}))
    assert not verify(tmp_path).holds
