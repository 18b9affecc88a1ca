"""Detection against illuminance of an image cascade, on a data set that is made of a picture in a package."""

from __future__ import annotations

import json
import shutil
from collections import Counter
from pathlib import Path

import pytest

from hil.bench.config import shipped_benches
from hil.record import open_run
from hil.run import run_procedure
from hil_drivers.sim.portraits import ILLUMINANCES, PLACES, write

pytest.importorskip("skimage", reason="the extra 'ai' is not installed")

CASCADE = """driver = "cascade"
places.upper-left = [0.0, 0.0, 0.5, 0.5]
places.upper-right = [0.5, 0.0, 1.0, 0.5]
places.lower-left = [0.0, 0.5, 0.5, 1.0]
places.lower-right = [0.5, 0.5, 1.0, 1.0]"""


def bench_of_faces(folder: Path) -> Path:
    """The shipped data-set bench, with the cascade and its pictures in place of reader and signs."""
    shipped = shipped_benches()["dataset"]
    for name in ("lab.toml", "equipment.toml"):
        shutil.copy(shipped.parent / name, folder / name)
    write(folder / "portraits", repeats=1)
    text = shipped.read_text(encoding="utf-8")
    for old, new in (('folder = "signs"', 'folder = "portraits"'), ('driver = "recogniser"', CASCADE)):
        assert old in text
        text = text.replace(old, new)
    path = folder / "faces.toml"
    path.write_text(text, encoding="utf-8")
    return path


async def test_the_published_cascade_finds_the_face_from_some_illuminance_on(tmp_path: Path) -> None:
    settings = {
        "signs": ",".join(PLACES),
        "illuminances": ",".join(f"{level:g}" for level in ILLUMINANCES),
        "repeats": "1",
        "blanks": "1",
    }
    outcome = await run_procedure(
        "detection-vs-illuminance",
        str(bench_of_faces(tmp_path)),
        settings=settings,
        seed=1,
        speed=None,
        out=tmp_path / "runs",
        operator="Operator A",
        on_event=lambda _: None,
    )
    assert outcome.status == "complete", outcome.error
    record = open_run(outcome.folder)
    hits: Counter[float] = Counter()
    for observation in record.observations():
        told = observation.data
        assert told["fault"] == ""
        assert told["latency"] > 0.0
        hits[told["illuminance"]] += told["hit"] and told["sign"] != ""
    assert hits[ILLUMINANCES[0]] <= 1
    assert [hits[level] for level in ILLUMINANCES[-3:]] == [4, 4, 4]
    (system,) = record.events("system")
    assert len(system.data["digests"]["lbpcascade_frontalface_opencv.xml"]) == 64
    assert set(system.data["settings"]["places"]) == set(PLACES)
    results = json.loads((outcome.folder / "results.json").read_text(encoding="utf-8"))["results"]
    assert 3.0 < results["unrounded"]["a90"] < 15.0
