"""Sound: WAVE files, recordings of a data set, and speech made by rule whose label is true."""

from __future__ import annotations

import io
import wave
from datetime import date
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.capability import Source
from hil_drivers.clock import WallClock
from hil_drivers.data_set import About, Quantity
from hil_drivers.data_set_writer import DataSetWriter
from hil_drivers.errors import RemoteProtocolError
from hil_drivers.instruments.dataset import Dataset
from hil_drivers.sound import active, read_wave, wave_bytes
from hil_drivers.virtual.speech import RATE, Speaker, utterance


@given(
    st.lists(st.floats(-1.0, 1.0), min_size=1, max_size=50),
    st.sampled_from([1, 2, 4]),
    st.sampled_from([8000, 16000, 44100]),
)
def test_what_is_written_is_read_to_half_a_step(samples: list[float], width: int, rate: int) -> None:
    found, told = read_wave(wave_bytes(np.array(samples), rate, width=width))
    step = 2.0 ** (1 - 8 * width)
    assert told == rate
    assert np.abs(found - np.minimum(samples, 1.0 - step)).max() <= 0.5 * step * (1 + 1e-9)


@given(st.binary(max_size=80), st.integers(0, 60))
def test_no_wave_file_is_told_and_nothing_else_is_raised(noise: bytes, place: int) -> None:
    whole = wave_bytes(np.zeros(10), RATE)
    for data in (noise, whole[:place], whole[:place] + noise + whole[place + len(noise) :]):
        try:
            samples, _ = read_wave(data)
        except ValueError:
            continue
        assert samples.ndim == 1
        assert samples.size


def test_two_channels_are_refused() -> None:
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(2)
        file.setsampwidth(2)
        file.setframerate(RATE)
        file.writeframes(bytes(16))
    with pytest.raises(ValueError, match="2 channels"):
        read_wave(buffer.getvalue())


async def test_a_data_set_gives_out_its_sounds(tmp_path: Path) -> None:
    about = About(name="sounds", date=date(2026, 6, 1), origin="rendered", index="index.csv")
    made = DataSetWriter(tmp_path / "sounds", about, {"snr": Quantity(unit="1", correlation="full", match=0.1)})
    for number, level in enumerate((0.5, 2.0)):
        data = wave_bytes(np.full(100, 0.25 * (number + 1)), RATE)
        made.add(f"{number}.wav", data, content="word", subject="A", references={"snr": (level, 0.01)})
    made.add("2.wav", b"no sound", content="broken", references={"snr": (1.0, 0.01)})
    made.close()
    device = Dataset("data", "dataset:", clock=WallClock(), folder=str(tmp_path / "sounds"), interval=1e-3)
    await device.open()
    assert isinstance(device, Source)
    used: list[str] = []
    device.on_use = lambda recording: used.append(recording.file)
    await device.show("word")
    await device.write("snr.set", 2.0)
    taken = await device.take()
    assert (taken.subject, taken.values["rate"], used) == ("A", 16000.0, ["1.wav"])
    assert taken.values["sound"] == pytest.approx(np.full(100, 0.5))
    assert (await device.read("snr")).value == 2.0
    await device.show("broken")
    await device.write("snr.set", 1.0)
    with pytest.raises(RemoteProtocolError, match="neither sound nor table"):
        await device.take()
    await device.close()


@pytest.mark.parametrize("seed", range(8))
def test_the_label_of_an_utterance_is_true(seed: int) -> None:
    rng = np.random.default_rng(seed)
    said = utterance(rng, Speaker.drawn(rng), lead=0.4, duration=1.28)
    assert said.onset == 0.4
    assert 0.55 < said.end <= 1.28
    assert np.mean(np.square(said.sound[said.active])) == pytest.approx(1.0)
    assert not said.sound[~said.active].any()
    edges = np.flatnonzero(np.diff(said.active.astype(int)) == 1)
    assert 1 <= len(edges) <= 4, "syllables with pauses between them"


def test_the_same_seed_says_the_same_and_another_something_else() -> None:
    one, same, other = (
        utterance(np.random.default_rng(seed), Speaker(120.0, 1.0), lead=0.1, duration=1.0).sound for seed in (1, 1, 2)
    )
    assert np.array_equal(one, same)
    assert not np.array_equal(one, other)


def test_a_voice_has_its_pitch() -> None:
    """The period of the vowel, by autocorrelation, is that of a pitch that falls by a quarter."""
    said = utterance(np.random.default_rng(5), Speaker(200.0, 1.0), lead=0.0, duration=0.4).sound
    vowel = said[2400:4000]
    lags = np.arange(RATE // 260, RATE // 120)
    alike = [float(vowel[lag:] @ vowel[:-lag]) for lag in lags]
    assert 145.0 < RATE / lags[int(np.argmax(alike))] < 205.0


@given(st.integers(0, 2**32 - 1))
def test_the_active_parts_of_speech_without_noise_are_its_syllables(seed: int) -> None:
    rng = np.random.default_rng(seed)
    said = utterance(rng, Speaker.drawn(rng), lead=0.3, duration=1.28)
    found = np.zeros(len(said.sound), dtype=bool)
    parts = active(0.1 * said.sound, RATE)
    for first, end in parts:
        found[first:end] = True
    assert not np.any(found & ~said.active), "no sample of a pause"
    assert np.mean(found[said.active]) > 0.98, "the ends of a syllable are quiet"
    assert 2 <= len(parts) <= 5


def test_silence_has_no_active_part() -> None:
    assert active(np.zeros(100), RATE) == []
    assert active(np.zeros(0), RATE) == []
