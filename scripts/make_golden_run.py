"""Make the golden runs of the present version: a row of every table, results, and once more sealed and amended.

Run: python scripts/make_golden_run.py. It writes tests/data/record-v<VERSION> and tests/data/sealed-v<VERSION>, the
latter with the public key of a key that is thrown away, and writes none of them twice: a golden run shows that what was
written then is still read, so it is never renewed.
"""

from __future__ import annotations

import asyncio
import hashlib
import shutil
import sys
import tempfile
from pathlib import Path

import numpy as np

from hil.record import RecordWriter, seal
from hil.record.schema import VERSION
from hil.sealing.amendments import amend
from hil.sealing.keys import load_private, new_key
from hil.sealing.sealer import seal_run

DATA = Path(__file__).resolve().parents[1] / "tests" / "data"
START = 1_780_300_800_123_456_789
SECOND = 1_000_000_000
POINTS = 3
READINGS = 20


async def write(folder: Path) -> None:
    """Write the record: three points of 20 readings, the second one void at first."""
    writer = RecordWriter.create(folder, {"procedure": {"name": "golden", "version": "1"}, "provenance": "simulated"})
    lux = writer.channel("luxmeter.illuminance", unit="lx", provenance="simulated")
    room = writer.channel("room.temperature", unit="Cel", provenance="simulated")
    writer.clock(1, START, 2, offset=1e-6, root_dispersion=2e-6, root_delay=3e-6, tai_offset=37, source="chrony")
    for index in range(POINTS):
        for attempt in range(1, 3 if index == 1 else 2):
            t = START + (10 * index + attempt) * SECOND + np.arange(READINGS) * SECOND // 10
            values = 200.0 + index + np.arange(READINGS) / 8
            writer.point(index, attempt, "offered", int(t[0]), {"illuminance": 200.0})
            writer.readings(lux, t, values, values * 1.002, 0.05, 0.9, 1e-5, 0)
            writer.readings(room, int(t[-1]), 23.25, 23.2, None, 0.05, 1e-5, 16)
            void = index == 1 and attempt == 1
            if void:
                writer.point(index, attempt, "void", int(t[-1]), {}, "the temperature left its gate")
                continue
            link = {"channel": "luxmeter.illuminance", "start": int(t[0]), "end": int(t[-1])}
            writer.observation(index, attempt, int(t[-1]), {"hit": True, "text": "é"}, {"luxmeter": link})
            writer.point(index, attempt, "committed", int(t[-1]), {})
        await writer.flush()
    writer.readings(room, START + 60 * SECOND, None, None, None, None, 1e-5, 0)
    writer.frame(room, START + 60 * SECOND, "media/camera-0000.bin", 0, 4, hashlib.sha256(b"hil!").hexdigest())
    writer.event(START + 61 * SECOND, "note", {"text": "a golden run"})
    writer.amend(START + 62 * SECOND, "Operator", "a slip of the pen", "note", "a golden rum", "a golden run")
    await writer.close("complete", t=START + 63 * SECOND)


def main() -> int:
    """Make it."""
    made = [folder for folder in (DATA / f"{kind}-v{VERSION}" for kind in ("record", "sealed")) if not folder.exists()]
    if not made:
        sys.stderr.write("the golden runs of this version are there already, and stay as they are\n")
        return 1
    for folder in made:
        make(folder)
        if folder.name.startswith("sealed"):
            make_sealed(folder)
    return 0


def make(folder: Path) -> None:
    """Make a closed run."""
    (folder / "media").mkdir(parents=True)
    (folder / "media" / "camera-0000.bin").write_bytes(b"hil!")
    asyncio.run(write(folder))
    (folder / "results.json").write_text('{"run": "golden", "results": {"unrounded": {"mean": 202.1}}}\n', "utf-8")
    seal(folder)


def make_sealed(folder: Path) -> None:
    """Seal and amend it, and keep the public key beside it."""
    with tempfile.TemporaryDirectory() as scratch:
        public = new_key(Path(scratch) / "golden.pem")
        key = load_private(Path(scratch) / "golden.pem")
        shutil.copyfile(public, folder.with_name(f"{folder.name}.pub.pem"))
    seal_run(folder, key)
    amend(folder, what="nothing", why="to have an amendment", who="Operator", key=key)


if __name__ == "__main__":
    sys.exit(main())
