"""The sealed set: what is in it, for whom it can be read, and who signed it."""

from __future__ import annotations

import asyncio
import base64
import csv
import hashlib
import io
import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow.parquet as pq
import pytest
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory

from hil.errors import UsageError, VerificationFailed
from hil.record import RecordWriter, open_run, seal
from hil.sealing.check import verify_run
from hil.sealing.export import export_run
from hil.sealing.keys import load_private
from hil.sealing.sealer import seal_run
from runs import CHANNELS, START, make_key, openssl_verifies, write_run

READINGS = 1000
FILES = ["manifest.json", "readings.csv", "readings.json", "readings.parquet", "run.mcap"]


@pytest.fixture(scope="module")
def keys(tmp_path_factory: pytest.TempPathFactory) -> tuple[Path, Path]:
    return make_key(tmp_path_factory.mktemp("keys"))


@pytest.fixture(scope="module")
def sealed(tmp_path_factory: pytest.TempPathFactory, keys: tuple[Path, Path]) -> Path:
    """A run, sealed and signed."""
    folder = asyncio.run(write_run(tmp_path_factory.mktemp("runs") / "run", READINGS))
    made = seal_run(folder, load_private(keys[0]))
    assert (made.readings, made.signed) == (READINGS, True)
    return folder


@pytest.fixture
def closed(tmp_path: Path) -> Path:
    return asyncio.run(write_run(tmp_path / "run", 50))


def statement(folder: Path) -> dict[str, Any]:
    envelope = json.loads((folder / "sealed" / "manifest.json").read_text())
    content = json.loads(base64.b64decode(envelope["payload"]))
    assert isinstance(content, dict)
    return content


def test_the_files_of_a_sealed_run(sealed: Path) -> None:
    """And nothing is left of the making."""
    assert sorted(path.name for path in (sealed / "sealed").iterdir()) == FILES
    assert not list(sealed.glob("*.part"))


def test_openssl_verifies_the_signature(sealed: Path, keys: tuple[Path, Path], tmp_path: Path) -> None:
    """Another implementation, on bytes that are put together here as DSSE says (PAE, protocol 1.0.2)."""
    envelope = json.loads((sealed / "sealed" / "manifest.json").read_text())
    payload = base64.b64decode(envelope["payload"])
    kind = envelope["payloadType"]
    data = b" ".join([b"DSSEv1", str(len(kind)).encode(), kind.encode(), str(len(payload)).encode(), payload])
    (signature,) = envelope["signatures"]
    signed = base64.b64decode(signature["sig"])
    assert openssl_verifies(keys[1], data, signed, tmp_path)
    assert not openssl_verifies(keys[1], data + b" ", signed, tmp_path)
    _, other = make_key(tmp_path, "other")
    assert not openssl_verifies(other, data, signed, tmp_path)


def test_the_manifest_names_every_file_and_the_head(sealed: Path) -> None:
    """As an in-toto statement; hashes are computed here again."""
    content = statement(sealed)
    assert content["_type"] == "https://in-toto.io/Statement/v1"
    stated = {one["name"]: one["digest"]["sha256"] for one in content["subject"]}
    present = {path.relative_to(sealed).as_posix() for path in sealed.rglob("*") if path.is_file()}
    assert set(stated) == present - {"sealed/manifest.json"}
    for name, digest in stated.items():
        assert hashlib.sha256((sealed / name).read_bytes()).hexdigest() == digest
    predicate = content["predicate"]
    assert predicate["chain"]["head"] == open_run(sealed).chain_head
    assert predicate["readings"]["rows"] == READINGS
    assert predicate["provenance"] == "simulated"


def test_the_parquet_file_holds_the_readings_in_the_measured_encodings(sealed: Path) -> None:
    """zstd, differences for the time, bytes split for numbers; units in its metadata."""
    file = pq.ParquetFile(sealed / "sealed" / "readings.parquet")
    group = file.metadata.row_group(0)
    columns = {group.column(i).path_in_schema: group.column(i) for i in range(group.num_columns)}
    assert {column.compression for column in columns.values()} == {"ZSTD"}
    assert "DELTA_BINARY_PACKED" in columns["t"].encodings
    assert "BYTE_STREAM_SPLIT" in columns["value"].encodings
    about = json.loads(file.schema_arrow.metadata[b"hil"])
    assert {name: meta["unit"] for name, meta in about["channels"].items()} == CHANNELS
    table, record = file.read(), open_run(sealed)
    for name in CHANNELS:
        rows, readings = table.filter(np.array(table["channel"].to_pylist()) == name), record.readings(name)
        for column in ("raw", "value", "u_ind", "u", "u_t"):
            found = rows[column].to_numpy(zero_copy_only=False)
            np.testing.assert_array_equal(found, getattr(readings, column))
        np.testing.assert_array_equal(rows["t"].cast("int64").to_numpy(), readings.t)
        np.testing.assert_array_equal(rows["flags"].to_numpy(), readings.flags)
    assert table["value"].null_count == READINGS // 5


def test_the_csv_file_is_read_by_a_program_that_knows_nothing(sealed: Path) -> None:
    """Every number comes back to the last bit, times with nine digits; the sidecar says what they mean."""
    text = (sealed / "sealed" / "readings.csv").read_text(encoding="utf-8")
    rows = list(csv.DictReader(io.StringIO(text)))
    record = open_run(sealed)
    lux = record.readings("luxmeter.illuminance")
    found = [row for row in rows if row["channel"] == "luxmeter.illuminance"]
    assert rows[0]["time"] == "2026-06-01T08:00:00.123456789Z"
    assert [np.datetime64(row["time"][:-1], "ns").astype(int) for row in found] == lux.t.tolist()
    assert [float(row["raw"]) for row in found] == lux.raw.tolist()
    values = [float(row["value"]) if row["value"] else np.nan for row in found]
    np.testing.assert_array_equal(values, lux.value)
    sidecar = json.loads((sealed / "sealed" / "readings.json").read_text())
    assert sidecar["channels"]["room.temperature"]["unit"] == "Cel"
    assert (sidecar["provenance"], sidecar["clock"]) == ("simulated", "not synchronised with UTC")
    assert set(sidecar["columns"]) == set(rows[0]) - {"channel"}


def test_the_mcap_file_is_read_by_other_programs(sealed: Path) -> None:
    """By MCAP's own reader, which checks each chunk, and by a decoder of ROS 2 messages."""
    record = open_run(sealed)
    with (sealed / "sealed" / "run.mcap").open("rb") as file:
        reader = make_reader(file, validate_crcs=True, decoder_factories=[DecoderFactory()])
        summary = reader.get_summary()
        assert summary is not None
        topics = {channel.topic: channel for channel in summary.channels.values()}
        assert topics["luxmeter.illuminance"].metadata["unit"] == "lx"
        assert summary.statistics is not None
        counts = {summary.channels[k].topic: n for k, n in summary.statistics.channel_message_counts.items()}
        expected = {"luxmeter.illuminance": 500, "room.temperature": 500, "hil/run": 1, "hil/event": 2}
        assert counts == expected | {"hil/point": 8, "hil/observation": 4}
        lux = record.readings("luxmeter.illuminance")
        decoded = list(reader.iter_decoded_messages(topics=["luxmeter.illuminance"]))
        assert [message.log_time for _, _, message, _ in decoded] == lux.t.tolist()
        assert [message.sequence for _, _, message, _ in decoded] == lux.row.tolist()
        np.testing.assert_array_equal([one.value for *_, one in decoded], lux.value)
        assert [(one.raw, one.flags) for *_, one in decoded] == list(zip(lux.raw, lux.flags, strict=True))
        some = reader.iter_messages(
            topics=["luxmeter.illuminance"], starting_at=int(lux.t[3]), ending_before=int(lux.t[9])
        )
        assert [message.log_time for _, _, message in some] == lux.t[3:9].tolist()
        events = [json.loads(message.data) for _, _, message in reader.iter_messages(topics=["hil/event"])]
        assert events[0] == {"t": START + 99_900_000_000, "kind": "note", "data": {"text": "é"}}


def test_without_a_key_the_manifest_says_that_it_is_not_signed(closed: Path) -> None:
    """Plainly."""
    assert not seal_run(closed, None).signed
    envelope = json.loads((closed / "sealed" / "manifest.json").read_text())
    assert envelope["signatures"] == []
    assert statement(closed)["signer"] is None


def test_a_run_is_sealed_once(sealed: Path) -> None:
    """What was signed stays."""
    with pytest.raises(UsageError, match="sealed already; amend it"):
        seal_run(sealed, None)


def test_a_record_that_does_not_hold_is_not_sealed(closed: Path) -> None:
    """And nothing is left of the attempt."""
    content = bytearray((closed / "run.db").read_bytes())
    content[content.index(b'"hit":true') + 8] ^= 1
    (closed / "run.db").write_bytes(content)
    with pytest.raises(VerificationFailed, match="is not sealed: its record does not hold: observation row"):
        seal_run(closed, None)
    assert {path.name for path in closed.iterdir()} == {"run.db", "results.json", "closed.json"}


async def test_a_run_under_way_is_not_sealed(tmp_path: Path) -> None:
    """Nor one that was never closed."""
    writer = RecordWriter.create(tmp_path / "run", {})
    await writer.flush()
    with pytest.raises(UsageError, match="under way"):
        seal_run(tmp_path / "run", None)
    await writer.close("complete")
    with pytest.raises(UsageError, match="was not closed"):
        seal_run(tmp_path / "run", None)


def test_what_an_earlier_attempt_left_is_cleared_away(closed: Path) -> None:
    """A seal that was killed half way."""
    (closed / "sealed.part").mkdir()
    (closed / "sealed.part" / "readings.csv").write_text("torn")
    seal_run(closed, None)
    assert sorted(path.name for path in (closed / "sealed").iterdir()) == FILES
    assert not (closed / "sealed.part").exists()


async def test_a_run_without_readings_is_sealed(tmp_path: Path) -> None:
    """A run that failed at its start has a record as well."""
    folder = tmp_path / "run"
    writer = RecordWriter.create(folder, {})
    await writer.close("failed")
    seal(folder)
    assert seal_run(folder, None).readings == 0
    assert pq.read_table(folder / "sealed" / "readings.parquet").num_rows == 0


SEALER = """
import sys
from pathlib import Path
from hil.sealing.sealer import seal_run
seal_run(Path(sys.argv[1]), None)
"""


def test_a_seal_that_is_killed_is_made_again(tmp_path: Path) -> None:
    """kill -9 at several moments: the run holds, is not half sealed, and is sealed by the next attempt."""
    folder = asyncio.run(write_run(tmp_path / "run", 200_000))
    for name in ("sealed.part", "sealed.part/readings.csv", "sealed.part/readings.json"):
        with subprocess.Popen([sys.executable, "-c", SEALER, str(folder)]) as child:
            while not (folder / name).exists() and child.poll() is None:
                pass
            child.kill()
        assert verify_run(folder).holds
        if (folder / "sealed").exists():
            break
        assert (folder / "sealed.part").exists()
    shutil.rmtree(folder / "sealed", ignore_errors=True)
    assert seal_run(folder, None).readings == 200_000
    assert verify_run(folder).holds


async def test_a_live_run_is_exported_as_far_as_it_is(tmp_path: Path) -> None:
    """Channels and readings of this moment."""
    writer = RecordWriter.create(tmp_path / "run", {})
    lux = writer.channel("lux", unit="lx")
    writer.readings(lux, START, 1.0, 1.0, 0.1, 0.1, 1e-6, 0)
    await writer.flush()
    for kind in ("csv", "parquet", "mcap"):
        assert export_run(tmp_path / "run", kind, tmp_path / "exported").readings == 1
    await writer.close("complete")
    assert pq.read_table(tmp_path / "exported" / "run.readings.parquet").num_rows == 1
