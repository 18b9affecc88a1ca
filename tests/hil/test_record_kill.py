"""A killed writer: nothing acknowledged is lost, and verification says where the record ends."""

from __future__ import annotations

import asyncio
import json
import random
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hil.errors import RecordError
from hil.record import RecordWriter, open_run, seal, verify

WRITER = """
import asyncio, json, sys
from pathlib import Path
import numpy as np
from hil.record import RecordWriter

async def main():
    writer = RecordWriter.create(Path(sys.argv[1]), {"procedure": "endless"}, window=0.02)
    channel = writer.channel("lux", unit="lx")
    committed_points = []

    def acknowledge(committed):
        points = sum(appended <= committed.appended for appended in committed_points)
        print(json.dumps([committed.batch, committed.readings, points, committed.hash]), flush=True)

    writer.subscribe(acknowledge)
    number = 0
    while True:
        t = np.arange(number * 60, (number + 1) * 60)
        writer.readings(channel, t, t / 10, t / 7, 0.1, 0.2, 1e-6, 0)
        writer.point(number, 1, "committed", int(t[-1]), {"illuminance": 200.0})
        committed_points.append(writer.appended)
        writer.observation(number, 1, int(t[-1]), {"hit": True}, {})
        number += 1
        await asyncio.sleep(0.001)

asyncio.run(main())
"""


@contextmanager
def writing(folder: Path) -> Iterator[subprocess.Popen[str]]:
    """A child process that writes until it is killed, and acknowledges each commit."""
    with subprocess.Popen([sys.executable, "-c", WRITER, str(folder)], stdout=subprocess.PIPE, text=True) as child:
        try:
            yield child
        finally:
            child.kill()


def next_acknowledged(child: subprocess.Popen[str]) -> list[Any]:
    assert child.stdout is not None
    acknowledged = json.loads(child.stdout.readline())
    assert isinstance(acknowledged, list)
    return acknowledged


def killed_after(folder: Path, acknowledgements: int) -> list[Any]:
    """Kill -9 after some acknowledgements; the last one that was printed whole."""
    with writing(folder) as child:
        for _ in range(acknowledgements):
            last = next_acknowledged(child)
        child.kill()
        assert child.stdout is not None
        for line in child.stdout:
            if line.endswith("\n"):
                last = json.loads(line)
    return last


def check_nothing_lost(folder: Path, acknowledged: list[Any]) -> None:
    batch, readings, points, head = acknowledged
    verification = verify(folder)
    assert (verification.findings, verification.status) == ((), "interrupted")
    ends = verification.ends
    assert ends["batch"] >= batch
    assert ends["readings"] >= readings
    assert ends["points"] >= points
    record = open_run(folder)
    assert record.status == "interrupted"
    assert record.table("batch")[batch - 1]["hash"] == head
    kept = record.readings("lux")
    assert len(kept) == ends["readings"]
    np.testing.assert_array_equal(kept.t, np.arange(len(kept)))
    np.testing.assert_array_equal(kept.value, kept.t / 7)
    assert [o.point for o in record.observations()] == list(range(ends["points"]))


@pytest.mark.parametrize("acknowledgements", [1, 2, 7])
def test_nothing_acknowledged_is_lost(tmp_path: Path, acknowledgements: int) -> None:
    """A real kill -9, and a record that needs no repair."""
    check_nothing_lost(tmp_path / "run", killed_after(tmp_path / "run", acknowledgements))


def test_an_interrupted_run_is_not_sealed(tmp_path: Path) -> None:
    """A seal says that a run was closed."""
    killed_after(tmp_path / "run", 1)
    with pytest.raises(RecordError, match="the run is interrupted"):
        seal(tmp_path / "run")


@pytest.mark.soak
@pytest.mark.timeout(1200)
def test_a_hundred_kills(tmp_path: Path) -> None:
    """Design, section 9: 0 acknowledged readings lost over 100 kills."""
    random_count = random.Random(1)
    for number in range(100):
        folder = tmp_path / str(number)
        check_nothing_lost(folder, killed_after(folder, random_count.randint(1, 25)))
        shutil.rmtree(folder)


def test_a_live_run_is_read_from_another_process(tmp_path: Path) -> None:
    """Everything acknowledged is visible at once, while the writer goes on."""
    folder = tmp_path / "run"
    with writing(folder) as child:
        for _ in range(5):
            batch, readings, points, _ = next_acknowledged(child)
            record = open_run(folder)
            assert record.status == "live"
            assert len(record.readings("lux")) >= readings
            assert len(record.observations()) >= points
            verification = verify(folder)
            assert (verification.findings, verification.status) == ((), "live")
            assert verification.ends["batch"] >= batch


async def test_a_reader_does_not_keep_a_run_from_closing(tmp_path: Path) -> None:
    """It holds nothing open between calls."""
    writer = RecordWriter.create(tmp_path, {})
    await writer.flush()
    record = open_run(tmp_path)
    assert record.status == "live"
    await writer.close("complete")
    assert record.status == "complete"


READER = """
import json, os, shutil, sys, tempfile
import hil.record.reader
if os.geteuid() == 0:
    os.setuid(65534)
record = hil.record.reader.open_run(sys.argv[1])
print(json.dumps([record.run["procedure"], record.status, str(record.path.parent) != sys.argv[1]]))
"""


def test_an_interrupted_run_where_nothing_may_be_written() -> None:
    """Its log needs a writable folder: an ordinary user reads a copy of it."""
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "run"
        killed_after(folder, 1)
        (folder / "run.db-shm").unlink(missing_ok=True)
        Path(scratch).chmod(0o755)
        folder.chmod(0o555)
        child = subprocess.run([sys.executable, "-c", READER, str(folder)], capture_output=True, text=True, check=False)
        folder.chmod(0o755)
    assert child.stdout.strip() == '["endless", "interrupted", true]', child.stderr


async def test_the_loop_goes_away_without_closing(tmp_path: Path) -> None:
    """The thread neither fails nor keeps the process alive."""
    code = (
        "import asyncio, sys\nfrom pathlib import Path\nfrom hil.record import RecordWriter\n"
        "async def main():\n"
        "    writer = RecordWriter.create(Path(sys.argv[1]), {}, window=0.0)\n"
        "    await writer.flush()\n"
        "    writer.event(1, 'note', {})\n"
        "asyncio.run(main())\n"
    )
    child = await asyncio.create_subprocess_exec(
        sys.executable, "-c", code, str(tmp_path / "run"), stderr=asyncio.subprocess.PIPE
    )
    _, errors = await child.communicate()
    assert (child.returncode, errors) == (0, b"")
    assert verify(tmp_path / "run").status == "interrupted"
