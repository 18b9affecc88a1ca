"""An ONNX model as a system under test: real models, and files that are none."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hil_drivers.capability import Frame, SystemUnderTest, Values
from hil_drivers.clock import WallClock
from hil_drivers.errors import DeviceUnreachable, OptionError
from hil_drivers.instruments.onnx_child import picture_of, prepared
from hil_drivers.instruments.questions import stimulus_json
from hil_drivers.instruments.system_onnx import USUAL, SystemOnnx
from hil_drivers.sim.signs import draw_text
from tiny_onnx import mean_model

rapidocr = pytest.importorskip("rapidocr_onnxruntime", reason="the extra 'ai' is not installed")
DIRECTION = Path(rapidocr.__file__).parent / "models" / "ch_ppocr_mobile_v2.0_cls_infer.onnx"


@asynccontextmanager
async def opened(model: Path, **options: Any) -> AsyncIterator[SystemOnnx]:
    device = SystemOnnx("model", "process:", clock=WallClock(), model=str(model), deadline=20.0, **options)
    await device.open()
    try:
        yield device
    finally:
        await device.close()


def frame(image: Any) -> Frame:
    return Frame(image, number=1, earliest=0, latest=1, codec="raw")


async def test_a_model_of_numbers_returns_a_quantity(tmp_path: Path) -> None:
    file = tmp_path / "mean.onnx"
    file.write_bytes(mean_model())
    async with opened(file, output="quantity", values=["a", "series"], domain={"a / V": (0.0, 10.0)}) as device:
        assert isinstance(device, SystemUnderTest)
        response = await device.respond(Values({"series": np.array([2.0, 3.0]), "other": 9.0, "a": 4.0}))
        assert (response.output, response.fault) == (3.0, "")
        assert device.system.digests["mean.onnx"] == sha256(mean_model()).hexdigest()
        assert device.system.settings["domain"] == {"a / V": [0.0, 10.0]}
        missing = await device.respond(Values({"a": 4.0}))
        assert (missing.output, missing.fault) == (None, "crash")
        nan = await device.respond(Values({"a": float("nan"), "series": np.zeros(1)}))
        assert nan.fault == "wrong shape"


async def test_a_published_model_sees_which_way_up_a_text_is() -> None:
    text = np.uint8(255) - (255 * draw_text("HK47X", 192, 48, 40)).astype(np.uint8)
    wanted = {"width": 192, "height": 48, "mean": 0.5, "deviation": 0.5}
    async with opened(DIRECTION, labels=["upright", "upside down"], picture=wanted, output="text") as device:
        assert (await device.respond(frame(text))).output == "upright"
        turned = np.repeat(text[::-1, ::-1, None], 3, axis=2)
        response = await device.respond(frame(turned))
        assert response.output == "upside down"
        assert response.details is not None
        assert 0.5 < response.details["score"] <= 1.0


@pytest.mark.parametrize("content", [b"", b"no model", mean_model("NoSuchOperation")])
async def test_a_file_that_is_no_model_says_so(tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "broken.onnx"
    file.write_bytes(content)
    with pytest.raises(DeviceUnreachable, match="did not start"):
        await SystemOnnx("model", "process:", clock=WallClock(), model=str(file)).open()


async def test_no_file_and_options_that_cannot_be(tmp_path: Path) -> None:
    with pytest.raises(DeviceUnreachable, match="is no file"):
        await SystemOnnx("model", "process:", clock=WallClock(), model=str(tmp_path / "none.onnx")).open()
    for wrong in ({"width": 0}, {"height": 10**6}, {"deviation": 0.0}):
        with pytest.raises(OptionError, match="a picture of"):
            SystemOnnx("model", "process:", clock=WallClock(), model="m", picture=wrong)  # type: ignore[arg-type]


@pytest.mark.parametrize("shape", [(4, 6), (4, 6, 3)])
def test_a_picture_is_given_as_the_model_wants_it(shape: tuple[int, ...]) -> None:
    image = np.arange(np.prod(shape), dtype=np.uint8).reshape(shape)
    told = stimulus_json(frame(image), raw=True)["picture"]
    assert np.array_equal(picture_of(told), image)
    same = {**USUAL, "width": 6, "height": 4, "scale": 1.0}
    rgb = prepared(image, same)
    assert rgb.shape == (1, 3, 4, 6)
    colours = np.repeat(image[:, :, None], 3, axis=2) if image.ndim == 2 else image
    assert np.array_equal(rgb[0, 0], colours[:, :, 2])
    assert prepared(image, {**same, "colour": "grey", "layout": "nhwc"}).shape == (1, 4, 6, 1)
