"""The recogniser with its real model, and with children that misbehave."""

from __future__ import annotations

import asyncio
import os
import select
import signal
import subprocess
import sys
from collections.abc import AsyncIterator, Iterator
from contextlib import contextmanager
from hashlib import file_digest
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hil_drivers.capability import Frame, SystemUnderTest
from hil_drivers.clock import WallClock
from hil_drivers.errors import AddressError, DeviceUnreachable, DriverError, MissingExtra
from hil_drivers.instruments.recogniser import Recogniser
from hil_drivers.instruments.recogniser_child import PREFIX, frame, stretched

pytest.importorskip("rapidocr_onnxruntime", reason="the extra 'ai' is not installed")


def sign(text: str, contrast: int = 160) -> NDArray[np.uint8]:
    """A rendered sign, 320 x 96 pixels."""
    import matplotlib
    from PIL import Image, ImageDraw, ImageFont

    path = Path(matplotlib.__file__).parent / "mpl-data" / "fonts" / "ttf" / "DejaVuSans.ttf"
    picture = Image.new("L", (320, 96), 40 + contrast)
    ImageDraw.Draw(picture).text((160, 48), text, font=ImageFont.truetype(str(path), 40), fill=40, anchor="mm")
    return np.asarray(picture, dtype=np.uint8).copy()


def shown(image: NDArray[np.uint8]) -> Frame:
    return Frame(image, number=1, earliest=0, latest=1, codec="y4m")


class CountingClock(WallClock):
    """Counts the exchanges under way."""

    held = 0
    taken = 0

    @contextmanager
    def exchange(self) -> Iterator[None]:
        self.held += 1
        self.taken += 1
        try:
            yield
        finally:
            self.held -= 1


@pytest.fixture
async def clock() -> CountingClock:
    return CountingClock()


@pytest.fixture
async def reader(clock: CountingClock) -> AsyncIterator[Recogniser]:
    device = Recogniser("reader", "process:", clock=clock, deadline=20.0)
    await device.open()
    yield device
    await device.close()
    assert clock.held == 0


def child_pid(reader: Recogniser) -> int:
    assert reader._child is not None
    return reader._child._process.pid


async def test_reads_signs_and_says_what_it_is(reader: Recogniser, clock: CountingClock) -> None:
    assert isinstance(reader, SystemUnderTest)
    taken = clock.taken
    for text in ("HK47X", "WN3EA"):
        response = await reader.respond(shown(sign(text)))
        assert (response.output, response.fault) == (text, "")
        assert 0.0 < response.latency < 20.0
        assert response.details is not None
        assert 0.5 < response.details["confidence"] <= 1.0
    assert clock.taken == taken + 2

    import rapidocr_onnxruntime

    model = Path(rapidocr_onnxruntime.__file__).parent / "models" / "ch_PP-OCRv4_rec_infer.onnx"
    with model.open("rb") as file:
        assert reader.system.digests[model.name] == file_digest(file, "sha256").hexdigest()
    assert reader.system.settings["threads"] == 1
    assert reader.system.settings["stretch"] == [1.0, 99.0]
    assert set(reader.system.digests) == {model.name, "settings"}


async def test_low_contrast_and_colour_read_alike(reader: Recogniser) -> None:
    """The contrast stretch: 12 grey levels suffice without noise; three channels are averaged."""
    grey = sign("VH7KP", contrast=12)
    colour = np.repeat(grey[:, :, None], 3, axis=2)
    assert (await reader.respond(shown(grey))).output == "VH7KP"
    assert (await reader.respond(shown(colour))).output == "VH7KP"


async def test_a_blank_picture_is_no_fault(reader: Recogniser) -> None:
    response = await reader.respond(shown(np.full((96, 320), 80, dtype=np.uint8)))
    assert (response.output, response.fault) == ("", "")


async def test_killed_while_idle_is_a_crash_and_the_next_stimulus_is_answered(reader: Recogniser) -> None:
    before = reader.system
    os.kill(child_pid(reader), signal.SIGKILL)
    response = await reader.respond(shown(sign("HK47X")))
    assert (response.output, response.fault) == (None, "crash")
    assert response.details is not None
    assert response.details["exit"] == -signal.SIGKILL
    assert (await reader.respond(shown(sign("HK47X")))).output == "HK47X"
    assert reader.system == before


async def test_killed_over_a_stimulus_is_a_crash(reader: Recogniser) -> None:
    pid = child_pid(reader)
    os.kill(pid, signal.SIGSTOP)
    answer = asyncio.create_task(reader.respond(shown(sign("HK47X"))))
    await asyncio.sleep(0)
    assert reader._child is not None
    assert reader._child._asked
    os.kill(pid, signal.SIGKILL)
    assert (await answer).fault == "crash"
    assert (await reader.respond(shown(sign("HK47X")))).output == "HK47X"


async def test_a_hung_child_is_a_time_out_and_is_ended(clock: CountingClock) -> None:
    reader = Recogniser("reader", "process:", clock=clock, deadline=0.2)
    await reader.open()
    pid = child_pid(reader)
    os.kill(pid, signal.SIGSTOP)
    response = await reader.respond(shown(sign("HK47X")))
    assert response.fault == "time-out"
    assert 0.2 <= response.latency < 2.0
    with pytest.raises(ProcessLookupError):
        os.kill(pid, 0)
    await reader.close()


async def test_a_cancelled_question_does_not_answer_the_next(reader: Recogniser) -> None:
    cancelled = asyncio.create_task(reader.respond(shown(sign("WN3EA"))))
    await asyncio.sleep(0)
    assert reader._child is not None
    assert reader._child._asked
    cancelled.cancel()
    with pytest.raises(asyncio.CancelledError):
        await cancelled
    assert (await reader.respond(shown(sign("HK47X")))).output == "HK47X"


def test_the_child_ends_with_a_killed_parent() -> None:
    code = (
        "import asyncio, os, signal\n"
        "from hil_drivers.clock import WallClock\n"
        "from hil_drivers.instruments.recogniser import Recogniser\n"
        "async def main():\n"
        "    reader = Recogniser('reader', 'process:', clock=WallClock())\n"
        "    await reader.open()\n"
        "    print(reader._child._process.pid, flush=True)\n"
        "    await asyncio.get_running_loop().run_in_executor(None, input)\n"
        "asyncio.run(main())\n"
    )
    with subprocess.Popen(
        [sys.executable, "-c", code], stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
    ) as parent:
        assert parent.stdout is not None
        child = os.pidfd_open(int(parent.stdout.readline()))
        parent.kill()
    ended, _, _ = select.select([child], [], [], 10.0)
    os.close(child)
    assert ended


class Misbehaving(Recogniser):
    """A child that starts well, then sends ``answer`` to the first stimulus."""

    answer = b""
    start = frame({"versions": {"rapidocr-onnxruntime": "0"}, "digests": {}})

    def command(self) -> list[str]:
        code = (
            f"import sys; w = sys.stdout.buffer; w.write({self.start!r}); w.flush();"
            f"sys.stdin.buffer.read(8); w.write({self.answer!r}); w.flush(); sys.stdin.buffer.read()"
        )
        return [sys.executable, "-S", "-c", code]


@pytest.mark.parametrize(
    "answer",
    [
        b"Segmentation fault, or so it says\n",
        PREFIX.pack(5, 0) + b"{nope",
        frame({"id": 1, "text": None, "confidence": 0.9}),
        frame({"id": 1, "text": "HK47X", "confidence": float("nan")}),
        frame({"id": 1, "text": "HK47X"}),
        frame({"text": "HK47X", "confidence": 0.9}),
        frame({"id": 1, "text": "HK47X", "confidence": 0.9}, b"and more"),
        PREFIX.pack(2, 0) + b"[]",
        PREFIX.pack(100_000, 0) + b"[" * 100_000,
    ],
)
async def test_garbage_is_the_wrong_shape(answer: bytes, clock: CountingClock) -> None:
    reader = Misbehaving("reader", "process:", clock=clock)
    reader.answer = answer
    await reader.open()
    response = await reader.respond(shown(sign("HK47X")))
    assert (response.output, response.fault) == (None, "wrong shape")
    await reader.close()


async def test_a_child_that_does_not_start_says_why(clock: CountingClock) -> None:
    class Broken(Recogniser):
        def command(self) -> list[str]:
            return [sys.executable, "-S", "-c", "raise SystemExit('the model file is gone')"]

    with pytest.raises(DeviceUnreachable, match="reader: the child did not start: the model file is gone"):
        await Broken("reader", "process:", clock=clock).open()


async def test_a_missing_extra_is_named(clock: CountingClock, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setitem(sys.modules, "rapidocr_onnxruntime", None)
    with pytest.raises(MissingExtra, match=r"pip install 'hil-bench\[ai\]'"):
        await Recogniser("reader", "process:", clock=clock).open()


async def test_a_region_is_read_and_must_lie_within_the_picture(clock: CountingClock) -> None:
    reader = Recogniser("reader", "process:", clock=clock, region=[60, 20, 320, 96], deadline=20.0)
    await reader.open()
    scene = np.full((200, 500), 200, dtype=np.uint8)
    scene[20:116, 60:380] = sign("HK47X")
    assert (await reader.respond(shown(scene))).output == "HK47X"
    with pytest.raises(DriverError, match="leaves a picture of 320 x 96 pixels"):
        await reader.respond(shown(sign("HK47X")))
    assert reader.system.settings["region"] == (60, 20, 320, 96)
    await reader.close()


def test_refuses_bad_options() -> None:
    with pytest.raises(AddressError, match="use process:"):
        Recogniser("reader", "tcp://x:1", clock=WallClock())
    with pytest.raises(DriverError, match="not a region"):
        Recogniser("reader", "process:", clock=WallClock(), region=[0, 0, 0, 4])
    with pytest.raises(DriverError, match="not two rising percentiles"):
        Recogniser("reader", "process:", clock=WallClock(), stretch=(99.0, 1.0))


@settings(deadline=None)
@given(st.integers(1, 20), st.integers(1, 20), st.sampled_from([0, 3]), st.integers(0, 2**32 - 1))
def test_the_stretch_fills_the_range(height: int, width: int, channels: int, seed: int) -> None:
    shape = (height, width, channels) if channels else (height, width)
    image = np.random.default_rng(seed).integers(0, 256, shape, dtype=np.uint8)
    out = stretched(image, 0.0, 100.0)
    assert out.shape == (height, width)
    if np.ptp(image.astype(float).mean(axis=2) if channels else image):
        assert (out.min(), out.max()) == (0, 255)
    else:
        assert not out.any()
