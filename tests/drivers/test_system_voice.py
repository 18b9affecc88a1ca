"""A voice detector as a system under test: the published model, and whatever it or its file can do wrong."""

from __future__ import annotations

from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from hashlib import sha256
from itertools import pairwise
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.capability import Frame, SystemUnderTest, Values
from hil_drivers.clock import WallClock
from hil_drivers.errors import DeviceUnreachable, DriverError, OptionError
from hil_drivers.instruments.questions import is_intervals
from hil_drivers.instruments.system_voice import SystemVoice
from hil_drivers.instruments.voice_child import intervals
from hil_drivers.virtual.speech import RATE, Speaker, utterance
from tiny_onnx import log_mean_voice_model, mean_model


@asynccontextmanager
async def opened(**options: Any) -> AsyncIterator[SystemVoice]:
    device = SystemVoice("detector", "process:", clock=WallClock(), **{"deadline": 20.0, **options})
    await device.open()
    try:
        yield device
    finally:
        await device.close()


def sound(samples: Any, rate: float = RATE) -> Values:
    return Values({"sound": np.asarray(samples, dtype=np.float64), "rate": float(rate)})


def speech(lead: float = 0.5) -> Any:
    rng = np.random.default_rng(3)
    return 0.05 * utterance(rng, Speaker(120.0, 1.0), lead=lead, duration=1.6).sound


async def test_the_published_model_hears_where_the_speech_is_and_none_in_noise() -> None:
    noise = 0.02 * np.random.default_rng(1).standard_normal(2 * RATE)
    async with opened() as device:
        assert isinstance(device, SystemUnderTest)
        heard = await device.respond(sound(speech()))
        assert (heard.fault, is_intervals(heard.output)) == ("", True)
        assert 0.4 < heard.output[0][0] < 0.8
        assert heard.details is not None
        assert len(heard.details["probabilities"]) == 50
        assert 0.0 < heard.details["inference"] < heard.latency
        assert (await device.respond(sound(noise))).output == []
        assert (await device.respond(sound(speech()))).output == heard.output, "the state began anew"
        narrow = await device.respond(sound(speech()[::2], 8000))
        assert narrow.output


async def test_model_and_settings_are_its_identity() -> None:
    async with opened(threshold=0.3) as device:
        model = device.folder() / "silero_vad.onnx"
        assert device.system.digests["silero_vad.onnx"] == sha256(model.read_bytes()).hexdigest()
        assert device.system.settings["threshold"] == 0.3
        assert device.system.settings["package"].startswith("silero-vad ")
        digest = device.system.digests["settings"]
    async with opened(threshold=0.5) as device:
        assert device.system.digests["settings"] != digest


async def test_a_probability_that_is_no_number_is_a_wrong_shape_and_the_next_sound_is_answered(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="the extra 'ai' is not installed")
    (tmp_path / "log.onnx").write_bytes(log_mean_voice_model())
    async with opened(model=str(tmp_path / "log.onnx"), threshold=0.9) as device:
        assert (await device.respond(sound(np.full(RATE, -0.5)))).fault == "wrong shape"
        loud = await device.respond(sound(np.concatenate([np.full(1024, 0.5), np.full(1024, 3.0)])))
        assert (loud.output, loud.fault) == ([[0.064, 0.128]], "")


async def test_a_sound_too_long_for_the_deadline_is_a_time_out_and_the_next_is_heard() -> None:
    async with opened(deadline=0.5) as device:
        assert (await device.respond(sound(np.zeros(600 * RATE)))).fault == "time-out"
        assert (await device.respond(sound(speech()))).output


async def test_a_model_of_another_form_crashes(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="the extra 'ai' is not installed")
    (tmp_path / "mean.onnx").write_bytes(mean_model())
    async with opened(model=str(tmp_path / "mean.onnx")) as device:
        response = await device.respond(sound(speech()))
        assert (response.output, response.fault) == (None, "crash")
        assert response.details is not None
        assert "input" in response.details["last words"].lower()


async def test_a_file_that_is_no_model_says_so(tmp_path: Path) -> None:
    pytest.importorskip("onnxruntime", reason="the extra 'ai' is not installed")
    with pytest.raises(DeviceUnreachable, match="is no file"):
        await SystemVoice("detector", "process:", clock=WallClock(), model=str(tmp_path / "none.onnx")).open()
    (tmp_path / "broken.onnx").write_bytes(b"no model")
    with pytest.raises(DeviceUnreachable, match="did not start"):
        await SystemVoice("detector", "process:", clock=WallClock(), model=str(tmp_path / "broken.onnx")).open()


@pytest.mark.parametrize("wrong", [{"threshold": 0.0}, {"threshold": float("nan")}, {"threads": 0}])
def test_options_that_cannot_be(wrong: dict[str, Any]) -> None:
    with pytest.raises(OptionError, match="threshold ="):
        SystemVoice("detector", "process:", clock=WallClock(), **wrong)


@pytest.mark.parametrize(
    "stimulus",
    [
        Frame(np.zeros((2, 2), np.uint8), 1, 0, 1, "raw"),
        Values({"rate": 16000.0}),
        sound([]),
        sound([[0.0]]),
        sound([0.0, float("nan")]),
        sound([0.0], 44100),
    ],
)
def test_what_is_no_sound_for_it_is_refused(stimulus: Frame | Values) -> None:
    with pytest.raises(DriverError, match="takes sounds"):
        SystemVoice("detector", "process:", clock=WallClock()).question(stimulus)


@given(st.lists(st.floats(0.0, 1.0), max_size=40), st.floats(0.01, 0.99))
def test_intervals_hold_the_windows_at_or_above_the_threshold_and_no_others(
    given: list[float], threshold: float
) -> None:
    found = intervals(given, threshold, 0.032)
    assert is_intervals(found)
    for number, probability in enumerate(given):
        middle = (number + 0.5) * 0.032
        assert any(begin < middle < end for begin, end in found) == (probability >= threshold)
    assert all(later[0] > earlier[1] for earlier, later in pairwise(found)), "neighbours are joined"


@pytest.mark.parametrize(
    "wrong",
    [None, "text", [1.0], [[0.0]], [[1.0, 1.0]], [[2.0, 1.0]], [[0, 2], [1, 3]], [[0.0, float("inf")]], [[0, True]]],
)
def test_what_are_no_intervals(wrong: object) -> None:
    assert not is_intervals(wrong)
