"""An image cascade as a system under test: the published one on its one face, and what it or its file can do wrong."""

from __future__ import annotations

import sys
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import cv2
import numpy as np
import pytest

from hil_drivers.capability import Frame, SystemUnderTest, Values
from hil_drivers.clock import WallClock
from hil_drivers.data_set import load
from hil_drivers.errors import DeviceUnreachable, DriverError, MissingExtra, OptionError
from hil_drivers.instruments.cascade_child import places_of
from hil_drivers.instruments.system_cascade import SystemCascade
from hil_drivers.sim.camera import expose
from hil_drivers.sim.portraits import PLACES, camera, main, original, photograph, scene, write

pytest.importorskip("skimage", reason="the extra 'ai' is not installed")

QUARTERS = {
    "upper-left": (0.0, 0.0, 0.5, 0.5),
    "upper-right": (0.5, 0.0, 1.0, 0.5),
    "lower-left": (0.0, 0.5, 0.5, 1.0),
    "lower-right": (0.5, 0.5, 1.0, 1.0),
}


@asynccontextmanager
async def opened(**options: Any) -> AsyncIterator[SystemCascade]:
    device = SystemCascade("faces", "process:", clock=WallClock(), **{"deadline": 20.0, **options})
    await device.open()
    try:
        yield device
    finally:
        await device.close()


def frame(image: Any) -> Frame:
    return Frame(np.ascontiguousarray(image, dtype=np.uint8), number=0, earliest=0, latest=0, codec="")


def seen(content: str, illuminance: float, *, distance: float = 1.0, index: int = 0) -> Frame:
    picture = scene(original(), content, distance)
    return frame(expose(picture, illuminance, camera(illuminance), seed=1, name="camera", index=index))


async def test_the_published_cascade_sees_the_face_where_it_is_and_none_elsewhere() -> None:
    astronaut = photograph()
    async with opened(smallest=60) as device:
        assert isinstance(device, SystemUnderTest)
        found = await device.respond(frame(astronaut[:256]))
        assert (found.output, found.fault) == (1, "")
        assert found.details is not None
        ((left, top, width, height),) = found.details["boxes"]
        assert abs(left + width / 2 - 222) < 15
        assert abs(top + height / 2 - 114) < 15
        assert 0.0 < found.details["inference"] < found.latency
        grey = await device.respond(frame(astronaut[:256].mean(axis=2)))
        assert grey.output == 1
        assert (await device.respond(frame(astronaut[256:]))).output == 0
        tiny = await device.respond(frame(np.full((20, 30), 90)))
        assert (tiny.output, tiny.fault) == (0, "")


async def test_it_names_the_place_down_to_little_light_and_less_of_it_from_farther_away() -> None:
    async with opened(places=QUARTERS) as device:
        for content in PLACES:
            assert (await device.respond(seen(content, 200.0))).output == content
        assert (await device.respond(seen("", 200.0))).output == ""
        counts = {}
        for illuminance, distance in ((2.0, 1.0), (6.0, 1.0), (20.0, 1.0), (6.0, 1.6)):
            pictures = [seen("lower-left", illuminance, distance=distance, index=i) for i in range(8)]
            answers = [(await device.respond(each)).output for each in pictures]
            counts[illuminance, distance] = answers.count("lower-left")
    assert counts[2.0, 1.0] <= 2
    assert counts[20.0, 1.0] >= 7
    assert counts[2.0, 1.0] <= counts[6.0, 1.0] <= counts[20.0, 1.0]
    assert counts[6.0, 1.6] < counts[6.0, 1.0]


def test_a_box_belongs_to_the_place_of_its_middle() -> None:
    boxes = [[60, 10, 20, 20], [10, 10, 20, 20], [40, 40, 20, 20]]
    assert places_of(boxes, (100, 100), QUARTERS) == "upper-left upper-right lower-right"
    assert places_of([], (100, 100), QUARTERS) == ""


async def test_model_and_settings_are_its_identity() -> None:
    digests = []
    for places in (None, QUARTERS):
        async with opened(places=places) as device:
            (model,) = device.folder().glob("lbpcascade*.xml")
            assert device.system.digests[model.name] == sha256(model.read_bytes()).hexdigest()
            assert "scikit-image " in device.system.version
            digests.append(device.system.digests["settings"])
    assert digests[0] != digests[1]


async def test_a_picture_too_large_for_the_deadline_is_a_time_out_and_the_next_is_answered() -> None:
    noise = np.random.default_rng(1).integers(0, 255, (3000, 3000))
    async with opened(deadline=0.5, smallest=24) as device:
        assert (await device.respond(frame(noise))).fault == "time-out"
    async with opened() as device:
        with pytest.raises(DriverError, match="takes pictures"):
            await device.respond(Values({"sound": np.zeros(3)}))
        assert (await device.respond(frame(np.zeros((50, 50))))).output == 0


async def test_a_file_that_is_no_cascade_says_so(tmp_path: Path) -> None:
    for name, text, told in (("none.xml", None, "is no file"), ("broken.xml", "<cascade/>", "did not start")):
        if text is not None:
            (tmp_path / name).write_text(text, encoding="utf-8")
        with pytest.raises(DeviceUnreachable, match=told):
            await SystemCascade("faces", "process:", clock=WallClock(), model=str(tmp_path / name)).open()


async def test_a_missing_package_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "skimage", None)
    with pytest.raises(MissingExtra, match=r"hil-bench\[ai\]"):
        await SystemCascade("faces", "process:", clock=WallClock()).open()


@pytest.mark.parametrize(
    ("wrong", "told"),
    [
        ({"smallest": 10}, "windows of 10"),
        ({"smallest": 90, "largest": 80}, "windows of 90 to 80"),
        ({"growth": 1.0}, "growth 1"),
        ({"step": float("nan")}, "step nan"),
        ({"neighbours": 0}, "0 neighbours"),
        ({"places": {"a": (0.5, 0.0, 0.5, 1.0)}}, "the place 'a'"),
        ({"places": {"two words": (0.0, 0.0, 0.5, 1.0)}}, "the place 'two words'"),
    ],
)
def test_options_that_cannot_be(wrong: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        SystemCascade("faces", "process:", clock=WallClock(), **wrong)


def test_the_data_set_is_the_same_each_time_and_holds_no_face_where_it_says_so(tmp_path: Path) -> None:
    counts = [write(tmp_path / name, repeats=1) for name in ("one", "other")]
    one, other = (load(tmp_path / name) for name in ("one", "other"))
    assert one.sha256 == other.sha256
    assert len(one.entries) == counts[0] == 50
    assert {entry.content for entry in one.entries} == {*PLACES, ""}
    picture = cv2.imdecode(np.frombuffer(one.read(one.entries[0].recording), np.uint8), cv2.IMREAD_UNCHANGED)
    assert picture is not None
    assert picture.shape == (160, 160)
    for wrong, told in (({"distance": 3.0}, "distance = 3"), ({"repeats": 0}, "0 repeats"), ({}, "already")):
        with pytest.raises(OptionError, match=told):
            write(tmp_path / "one", **wrong)


def test_a_data_set_that_is_there_already_is_refused_in_a_sentence(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "dataset.toml").touch()
    monkeypatch.setattr("sys.argv", ["portraits", str(tmp_path)])
    with pytest.raises(SystemExit, match=r"^hil: .*there is a data set already"):
        main()
