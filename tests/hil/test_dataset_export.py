"""The pictures of a run as a data set: only what counts, with the mean of its gate and every shared effect."""

from __future__ import annotations

import asyncio
import math
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.errors import UsageError
from hil.record import RecordWriter, seal
from hil.record.image_message import image, image_message
from hil.sealing.dataset_export import export_dataset
from hil_calibration.calibration import CalibrationRecord, Instrument
from hil_calibration.effect import Effect
from hil_calibration.function import StraightLine
from hil_drivers.data_set import load

BEGIN = 1_780_000_000_000_000_000
SECOND = 1_000_000_000

CALIBRATION = CalibrationRecord(
    instrument=Instrument("maker", "model", "1"),
    quantity="illuminance",
    unit="lx",
    function=StraightLine(0.0, 1.0),
    covariance=np.zeros((2, 2)),
    effects=(Effect(name="certificate", kind="relative", u=0.003),),
    valid_range=(0.0, 1000.0),
    date=date(2026, 6, 1),
)
TRANSFER = Effect(name="uniformity", kind="relative", u=0.004)


def recorded(folder: Path, *, keep: bool = True, provenance: str = "measured") -> Path:
    """A run of two points, the first of which had a void attempt; each attempt took one picture."""
    folder.mkdir()
    asyncio.run(_record(folder, keep, provenance))
    seal(folder)
    return folder


async def _record(folder: Path, keep: bool, provenance: str) -> None:
    facts = {"procedure": {"name": "trial"}, "bench": {"name": "rig"}, "roles": {}, "provenance": provenance}
    writer = RecordWriter.create(folder, facts)
    lux = writer.channel(
        "head.illuminance",
        unit="lx",
        period=None,
        calibration=CALIBRATION.to_json(),
        transfer=[TRANSFER.to_json()],
    )
    if keep:
        writer.keep_pictures_of(["camera"])
    writer.event(BEGIN, "bench clock", {"bench": 0, "wall": BEGIN})
    attempts = [(0, 1, "void", "AB"), (0, 2, "committed", "AB"), (1, 1, "committed", "")]
    for number, (point, attempt, state, content) in enumerate(attempts):
        t = BEGIN + number * 10 * SECOND
        writer.event(t, "scene", {"device": "panel", "content": content})
        for k, value in enumerate((100.0, 101.0, 102.0)):
            writer.readings(lux, t + (k + 1) * SECOND, value, value, 0.0, 0.3, 1e-6, 0)
        writer.picture("camera", t + 2 * SECOND, np.full((3, 5), number, np.uint8))
        link = {"channel": "head.illuminance", "start": t + SECOND, "end": t + 3 * SECOND}
        writer.observation(point, attempt, t + 3 * SECOND, {"hit": True}, {"head.illuminance": link})
        writer.point(point, attempt, state, t + 4 * SECOND, {"sign": content})
    await writer.close("complete")


def test_what_counts_becomes_a_data_set(tmp_path: Path) -> None:
    made = export_dataset(recorded(tmp_path / "run"), tmp_path / "set")
    assert (made.pictures, made.left_out) == (2, 1)
    data = load(made.folder)
    assert (data.about.origin, data.about.date) == ("recorded", date(2026, 5, 28))
    assert [entry.content for entry in data.entries] == ["AB", ""]
    value, u = data.entries[0].references["illuminance"]
    assert value == 101.0
    assert u == pytest.approx(math.hypot(1 / math.sqrt(3), 101 * 0.003, 101 * 0.004), rel=1e-5)
    assert data.quantities["illuminance"].match == 0.1


def test_what_cannot_become_one_is_refused(tmp_path: Path) -> None:
    with pytest.raises(UsageError, match="kept no pictures"):
        export_dataset(recorded(tmp_path / "bare", keep=False), tmp_path / "set")
    with pytest.raises(UsageError, match="a data set already"):
        export_dataset(recorded(tmp_path / "again", provenance="replayed"), tmp_path / "set")
    run = recorded(tmp_path / "run")
    with pytest.raises(UsageError, match="in the folder of the run"):
        export_dataset(run, run / "set")
    export_dataset(run, tmp_path / "set")
    with pytest.raises(UsageError, match="there is a data set already"):
        export_dataset(run, tmp_path / "set")


@given(
    height=st.integers(1, 9),
    width=st.integers(1, 9),
    colours=st.booleans(),
    camera=st.text(max_size=9),
    t=st.integers(0),
)
def test_a_picture_keeps_its_shape(height: int, width: int, colours: bool, camera: str, t: int) -> None:
    shape = (height, width, 3) if colours else (height, width)
    picture = np.arange(np.prod(shape), dtype=np.uint64).astype(np.uint8).reshape(shape)
    assert np.array_equal(image(image_message(t, camera, picture)), picture)
