"""Run folders: their names and their seal."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.errors import RecordError, UsageError
from hil.record import RecordWriter, create_run_folder, seal, verify
from hil.record.folder import _ulid
from hil.record.names import plain

UTC = 1_780_300_800_123_456_789


def test_the_name_of_a_run_folder(tmp_path: Path) -> None:
    """UTC, procedure, bench and a ULID; two never collide."""
    first = create_run_folder(tmp_path / "runs", "calibrate-luxmeter", "action-sim", UTC)
    second = create_run_folder(tmp_path / "runs", "calibrate-luxmeter", "action-sim", UTC)
    assert first != second
    assert re.fullmatch(r"20260601T080000Z_calibrate-luxmeter_action-sim_[0-9A-HJKMNP-TV-Z]{26}", first.name)
    assert first.is_dir()


def test_a_ulid_carries_its_time() -> None:
    """The specification's alphabet, and its example 01ARZ3NDEK of the time 1469922850259 ms (ulid/spec README)."""
    assert _ulid(1_469_922_850_259_000_000).startswith("01ARZ3NDEK")
    assert _ulid(UTC)[:10] < _ulid(UTC + 1_000_000)[:10]


@given(st.text())
def test_any_name_becomes_a_plain_part_of_a_folder(name: str) -> None:
    """No separator, no way out of the folder, never empty."""
    assert re.fullmatch(r"[A-Za-z0-9-][A-Za-z0-9.-]*", plain(name))


def test_a_folder_that_cannot_be_made(tmp_path: Path) -> None:
    """A file stands in the way."""
    (tmp_path / "runs").write_text("")
    with pytest.raises(UsageError, match="cannot be made"):
        create_run_folder(tmp_path / "runs", "p", "b", UTC)


async def test_a_seal_covers_every_file_once(tmp_path: Path) -> None:
    """And is set once, on a closed run."""
    writer = RecordWriter.create(tmp_path / "run", {})
    await writer.flush()
    with pytest.raises(RecordError, match="the run is live"):
        seal(tmp_path / "run")
    await writer.close("complete")
    (tmp_path / "run" / "media").mkdir()
    (tmp_path / "run" / "media" / "é.bin").write_bytes(b"1234")
    content = json.loads(seal(tmp_path / "run").read_text())
    assert set(content["files"]) == {"run.db", "media/é.bin"}
    assert content["files"]["media/é.bin"]["size"] == 4
    assert content["chain"] == writer.chain_head
    assert verify(tmp_path / "run").holds
    assert not list((tmp_path / "run").glob("*.part"))
    with pytest.raises(RecordError, match="sealed already"):
        seal(tmp_path / "run")


async def test_a_link_is_not_sealed(tmp_path: Path) -> None:
    """It could point anywhere."""
    writer = RecordWriter.create(tmp_path / "run", {})
    await writer.close("complete")
    (tmp_path / "run" / "link").symlink_to(tmp_path)
    with pytest.raises(RecordError, match="is a link"):
        seal(tmp_path / "run")
