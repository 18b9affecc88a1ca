"""Camera frames: on disk before they are on record, readable after a kill, counted where they are lost."""

from __future__ import annotations

import asyncio
import hashlib
import json
import shutil
import subprocess
import sys
import threading
from contextlib import suppress
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from mcap.reader import make_reader
from mcap_ros2.decoder import DecoderFactory
from numpy.typing import NDArray

from bench_copy import copy_bench, hil
from hil.cli.data import find_run
from hil.errors import RecordError
from hil.record import RecordWriter, open_run, seal, verify
from hil.record.image_message import image_message, pixels
from hil.record.media import MediaWriter, frames_in, read_frame
from hil.reproduction import reproduce
from hil.sealing.check import verify_run
from hil.sealing.sealer import seal_run
from history import History

FEW = ("--set", "repeats=1", "--set", "illuminances=6,8,10,13,17,25,60", "--set", "required=40 lx")


def picture(number: int, height: int = 48, width: int = 64) -> NDArray[np.uint8]:
    return np.random.default_rng(number).integers(0, 256, (height, width, 3), np.uint8)


async def record_pictures(folder: Path, count: int) -> None:
    writer = RecordWriter.create(folder, {}, window=0.01)
    writer.channel("lux", unit="lx")
    writer.keep_pictures_of(["camera"])
    for number in range(count):
        writer.picture("camera", 1000 + number, picture(number))
        writer.picture("other", 1000 + number, picture(number))
    await writer.close("complete")


async def test_pictures_are_kept_and_found_again(tmp_path: Path) -> None:
    """Bit for bit, by the row that names them; those of another camera are not kept."""
    await record_pictures(tmp_path / "run", 20)
    record = open_run(tmp_path / "run")
    assert record.channels["camera.frames"] == {"unit": "1", "device": "camera", "kind": "frames", "number": 2}
    rows = record.table("frame")
    assert [(row["t"], row["seq"], row["ch"]) for row in rows] == [(1000 + n, n, 2) for n in range(20)]
    assert {row["file"] for row in rows} == {"media/camera.frames-0000.mcap"}
    for number in (0, 7, 19):
        found = read_frame(record.folder, rows[number]["file"], number)
        assert found == picture(number).tobytes()
        assert hashlib.sha256(found).hexdigest() == rows[number]["sha256"]
        assert len(found) == rows[number]["length"]
    with pytest.raises(RecordError, match="holds no picture 20"):
        read_frame(record.folder, rows[0]["file"], 20)


async def test_a_segment_is_what_viewers_open(tmp_path: Path) -> None:
    """Indexed, with a schema; decoded by another implementation of ROS 2 messages."""
    await record_pictures(tmp_path / "run", 5)
    with (tmp_path / "run" / "media" / "camera.frames-0000.mcap").open("rb") as file:
        reader = make_reader(file, validate_crcs=True, decoder_factories=[DecoderFactory()])
        found = [image for *_, image in reader.iter_decoded_messages(topics=["camera.frames"])]
    assert [(image.height, image.width, image.encoding, image.step) for image in found] == [(48, 64, "bgr8", 192)] * 5
    assert (found[3].header.stamp.sec, found[3].header.stamp.nanosec) == (0, 1003)
    assert found[3].header.frame_id == "camera.frames"
    assert bytes(found[3].data) == picture(3).tobytes()


@given(
    hnp.arrays(
        np.uint8, st.tuples(st.integers(1, 9), st.integers(1, 9)) | st.tuples(*[st.integers(1, 9)] * 2, st.just(3))
    ),
    st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=9),
    st.integers(0, 2**62),
)
def test_any_picture_comes_back(image: NDArray[np.uint8], camera: str, t: int) -> None:
    """Of any size, grey or in colour, whatever the camera is called: numbers are aligned."""
    message = image_message(t, camera, image)
    assert pixels(message) == image.tobytes()


@given(st.binary(max_size=100))
def test_what_is_no_picture(data: bytes) -> None:
    """A ValueError, or its bytes; nothing else."""
    with suppress(ValueError):
        assert len(pixels(data)) <= len(data)


def test_pictures_of_other_shapes_are_refused() -> None:
    """Two channels; a line; floats."""
    for image in (np.zeros((4, 4, 2), np.uint8), np.zeros(4, np.uint8), np.zeros((4, 4), np.float32)):
        with pytest.raises(ValueError, match="cannot be kept"):
            image_message(0, "camera", image)  # type: ignore[arg-type]


async def test_segments_are_ended_at_their_size(tmp_path: Path) -> None:
    """And those of an earlier part of the run are never written again."""
    rows: list[tuple[Any, ...]] = []
    for _ in range(2):
        media = MediaWriter(tmp_path, rows.append, segment=30_000)
        for number in range(9):
            assert media.put(1, "camera", number, picture(number))
        await media.close()
    files = sorted(path.name for path in (tmp_path / "media").iterdir())
    assert files == [f"camera-{number:04d}.mcap" for number in range(6)]
    assert [row[2:4] for row in rows[:9]] == [(f"media/{files[n // 3]}", n % 3) for n in range(9)]
    for row in rows:
        assert read_frame(tmp_path, row[2], row[3]) == picture(row[0]).tobytes()


async def test_pictures_that_find_no_room_are_a_gap_on_record(tmp_path: Path) -> None:
    """While the disk is busy with others; each one is counted, none is dropped in silence."""
    writer = RecordWriter.create(tmp_path / "run", {}, window=0.01)
    writer.keep_pictures_of(["camera"])
    writer.picture("camera", 1, picture(1))
    media = writer._media
    assert media is not None
    busy, go_on = threading.Event(), threading.Event()
    write = media._write

    def slow(pictures: Any) -> None:
        busy.set()
        go_on.wait()
        write(pictures)

    media._write, media._capacity = slow, 3 * picture(1).nbytes  # type: ignore[method-assign]
    writer.picture("camera", 2, picture(2))
    await asyncio.to_thread(busy.wait)
    for t in range(3, 10):
        writer.picture("camera", t, picture(t))
    go_on.set()
    lost = writer.lost
    assert lost >= 5
    await writer.close("complete")
    record = open_run(tmp_path / "run")
    gaps = record.events("gap")
    assert sum(gap.data["channels"]["camera.frames"] for gap in gaps) == lost
    assert len(record.table("frame")) == 9 - lost
    assert gaps[-1].data["last"] == 9


async def test_a_full_disk_ends_the_pictures_not_the_record(tmp_path: Path) -> None:
    """A file stands where the folder should be: the next call says so, and the record is closed all the same."""
    writer = RecordWriter.create(tmp_path / "run", {}, window=0.01)
    writer.keep_pictures_of(["camera"])
    (tmp_path / "run" / "media").write_text("")
    writer.picture("camera", 1, picture(1))
    assert writer._media is not None
    await writer._media._end
    with pytest.raises(RecordError, match="pictures cannot be written"):
        writer.picture("camera", 2, picture(2))
    with pytest.raises(RecordError, match="pictures cannot be written"):
        await writer.close("failed")
    assert open_run(tmp_path / "run").status == "failed"


WRITER = """
import asyncio, json, sys
from pathlib import Path
import numpy as np
from hil.record import RecordWriter

async def main():
    writer = RecordWriter.create(Path(sys.argv[1]), {}, window=0.02)
    writer.keep_pictures_of(["camera"])
    writer.subscribe(lambda committed: print(json.dumps(committed.rows), flush=True))
    for number in range(10**9):
        image = np.random.default_rng(number).integers(0, 256, (96, 128, 3), np.uint8)
        writer.picture("camera", number, image)
        await asyncio.sleep(0)

asyncio.run(main())
"""


@pytest.mark.parametrize("pictures", [1, 30, 300])
def test_a_killed_run_has_every_picture_that_is_on_record(tmp_path: Path, pictures: int) -> None:
    """kill -9: the segment has neither end nor index, is read up to the tear, and each row's bytes are there."""
    folder = tmp_path / "run"
    with subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout is not None
        while json.loads(child.stdout.readline()) < len(("record_version", "channel")) + pictures:
            pass
        child.kill()
    assert verify(folder).holds
    rows = open_run(folder).table("frame")
    assert len(rows) >= pictures
    files = {row["file"] for row in rows}
    found = {file: [pixels(message) for _, message in frames_in(folder / file)] for file in files}
    for row in rows:
        assert hashlib.sha256(found[row["file"]][row["seq"]]).hexdigest() == row["sha256"]


def test_a_torn_segment_is_read_up_to_the_tear(tmp_path: Path) -> None:
    """Wherever it was torn."""
    asyncio.run(record_pictures(tmp_path / "run", 3))
    path = tmp_path / "run" / "media" / "camera.frames-0000.mcap"
    whole, counts = path.read_bytes(), []
    for size in range(8, len(whole), 997):
        path.write_bytes(whole[:size])
        counts.append(sum(1 for _ in frames_in(path)))
    assert counts == sorted(counts)
    assert set(counts) <= {0, 1, 2, 3}
    path.write_bytes(b"no segment at all")
    with pytest.raises(RecordError, match="not a segment"):
        list(frames_in(path))


@pytest.fixture(scope="module")
def segment(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("media") / "run"
    asyncio.run(record_pictures(folder, 2))
    return folder / "media" / "camera.frames-0000.mcap"


@given(st.data())
def test_a_damaged_segment_is_read_or_refused(segment: Path, data: st.DataObject) -> None:
    """Whatever was altered, above all lengths and names at its beginning: pictures, or a RecordError."""
    content = bytearray(segment.read_bytes())
    for _ in range(data.draw(st.integers(1, 4))):
        content[data.draw(st.integers(0, 600) | st.integers(0, len(content) - 1))] = data.draw(st.integers(0, 255))
    damaged = segment.with_name("damaged.mcap")
    damaged.write_bytes(content)
    with suppress(RecordError):
        assert sum(1 for _ in frames_in(damaged)) <= 2


def test_a_length_past_any_file_is_refused(segment: Path) -> None:
    content = bytearray(segment.read_bytes())
    lengths = [at for at in range(600) if frames_or_refusal(segment, content, at)]
    assert lengths, "some byte is the highest of a length"


def frames_or_refusal(segment: Path, content: bytearray, at: int) -> bool:
    """Whether a segment whose byte ``at`` is 128 is refused; it is read or refused, never anything else."""
    damaged = segment.with_name("long.mcap")
    damaged.write_bytes(content[:at] + b"\x80" + content[at + 1 :])
    try:
        list(frames_in(damaged))
    except RecordError:
        return True
    return False


@pytest.mark.soak
def test_a_bench_says_that_pictures_are_kept(history: History, tmp_path: Path) -> None:
    """A trial with its camera's frames: on record, sealed into the run's MCAP, verified, reproduced."""
    camera = "[devices.camera]\n"
    bench = Path(shutil.copytree(history.bench.parent, tmp_path / "bench")) / history.bench.name
    bench.write_text(bench.read_text().replace(camera, f'{camera}record = "frames"\n'))
    done = hil("run", "detection-vs-illuminance", "--bench", bench, *FEW, cwd=tmp_path, timeout=300.0)
    assert done.returncode in (0, 1, 3), done.stderr
    folder = find_run("last", tmp_path / "runs")
    record = open_run(folder)
    digests = [event.data["sha256"] for event in record.events("frame")]
    assert [row["sha256"] for row in record.table("frame")] == digests
    assert len(digests) > 10
    seal_run(folder, None)
    with (folder / "sealed" / "run.mcap").open("rb") as file:
        reader = make_reader(file, validate_crcs=True)
        found = [pixels(message.data) for *_, message in reader.iter_messages(topics=["camera.frames"])]
    assert [hashlib.sha256(image).hexdigest() for image in found] == digests
    assert verify_run(folder).holds
    assert reproduce(folder).agrees


def test_a_bench_that_asks_for_something_else(tmp_path: Path) -> None:
    """Refused with the line to mend."""
    camera = "[devices.camera]\n"
    bench = copy_bench(tmp_path / "bench", (camera, f'{camera}record = "movies"\n'))
    refused = hil("bench", "check", bench, cwd=tmp_path)
    assert refused.returncode == 2
    assert '"digests" or "frames"' in refused.stderr


def test_only_a_camera_has_frames_to_keep(tmp_path: Path) -> None:
    """A key that does nothing is refused."""
    panel = "[devices.panel]\n"
    bench = copy_bench(tmp_path / "bench", (panel, f'{panel}record = "frames"\n'))
    refused = hil("bench", "check", bench, cwd=tmp_path)
    assert refused.returncode == 2
    assert "only a camera has frames to keep" in refused.stderr + refused.stdout


async def test_a_golden_frame_is_not_a_segment(tmp_path: Path) -> None:
    """Frames that version 1 recorded in other files are sealed with the run, not copied."""
    writer = RecordWriter.create(tmp_path / "run", {})
    number = writer.channel("camera", unit="1")
    writer.frame(number, 1, "media/camera.bin", 0, 4, "ab" * 32)
    await writer.close("complete")
    seal(tmp_path / "run")
    assert seal_run(tmp_path / "run", None).readings == 0
