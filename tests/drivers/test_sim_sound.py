"""Sound in the simulated room: loudspeakers, air and microphone by their physics; a listener whose curve is known."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from numpy.typing import NDArray

from hil_drivers.sim.devices.audio_analyser import AudioAnalyserDevice
from hil_drivers.sim.sound import acoustics
from hil_drivers.sim.sound.listener import Listening, SyntheticListener
from hil_drivers.sim.sound.room import Sound, SoundRoom
from hil_drivers.sim.world import World
from hil_drivers.sim.world_file import Fault, WorldFile
from hil_drivers.sound import active
from hil_drivers.virtual.speech import Speaker, utterance

RATE = 16_000
QUIET = -40.0
"""dB: no noise to speak of."""
EXACT = {"distribution": "normal", "u": 0.0}
SPEECH_RMS = 0.1


def spoken(number: int = 1, *, seed: int = 3, said: bool = True) -> Sound:
    rng = np.random.default_rng(seed)
    samples = SPEECH_RMS * utterance(rng, Speaker(130.0, 1.0), lead=0.2, duration=1.0).sound
    return Sound(f"sound {seed}", samples, tuple(active(samples, RATE)), said, number)


def world(
    seed: int = 1, *, effects: tuple[dict[str, Any], ...] = (), temperature: float = 20.0, **analyser: Any
) -> World:
    device = {"kind": "audio-analyser", "tolerance": EXACT, **analyser}
    stated = {"seed": seed, "devices": {"analyser": device}, "effects": list(effects)}
    return World(WorldFile.model_validate({**stated, "room": {"temperature": temperature, "temperature_swing": 0.0}}))


def room(seed: int = 1, **stated: Any) -> SoundRoom:
    made = world(seed, **stated)
    device = made.file.devices["analyser"]
    assert isinstance(device, AudioAnalyserDevice)
    return SoundRoom("analyser", device, made)


def silent(**stated: Any) -> dict[str, Any]:
    """Loudspeakers and microphone without noise of their own, in a quiet room."""
    return {
        "ambient": QUIET,
        "speech": {"noise_floor": QUIET, **stated},
        "noise": {"noise_floor": QUIET},
        "microphone": {"noise_floor": QUIET},
    }


def test_the_speed_of_sound_is_that_of_air() -> None:
    assert acoustics.speed_of_sound(0.0) == pytest.approx(331.3)
    assert acoustics.speed_of_sound(20.0) == pytest.approx(343.2, abs=0.05)


@given(st.floats(-30, 130))
def test_a_level_and_its_pressure_are_each_others_inverse(level: float) -> None:
    assert acoustics.level(acoustics.pressure(level)) == pytest.approx(level, abs=1e-9)
    assert acoustics.pressure(level + 20.0) == pytest.approx(10.0 * acoustics.pressure(level))


@given(st.floats(20, 400), st.sampled_from([8000, 16000, 48000]))
@settings(max_examples=20, deadline=None)
def test_a_high_pass_halves_the_power_at_its_corner_and_falls_by_40_db_in_a_decade(corner: float, rate: int) -> None:
    impulse = np.zeros(rate // 2)
    impulse[0] = 1.0
    response = acoustics.HighPass(corner, rate)(impulse)

    def decibels(frequency: float) -> float:
        wave = np.exp(-2j * math.pi * frequency * np.arange(len(response)) / rate)
        return float(20.0 * np.log10(np.abs(np.sum(response * wave))))

    assert decibels(corner) == pytest.approx(-3.01, abs=0.01)
    assert decibels(corner / 10.0) == pytest.approx(-40.0, abs=0.2)
    assert decibels(rate / 2.0) == pytest.approx(0.0, abs=1e-3)


@given(st.integers(0, 2000), st.integers(0, 2**32 - 1))
@settings(max_examples=30, deadline=None)
def test_a_whole_delay_moves_the_samples(by: int, seed: int) -> None:
    signal = np.zeros(4096)
    signal[:1024] = np.random.default_rng(seed).standard_normal(1024)
    later = acoustics.delayed(signal, by / RATE, RATE)
    assert np.allclose(later[by : by + 1024], signal[:1024], atol=1e-9)
    assert np.allclose(np.delete(later, slice(by, by + 1024)), 0.0, atol=1e-9)


@given(st.floats(0.0, 0.02), st.floats(200.0, 4000.0))
@settings(max_examples=30, deadline=None)
def test_a_delay_between_two_samples_is_that_of_the_wave(delay: float, frequency: float) -> None:
    t = np.arange(8192) / RATE
    rise = np.exp(-0.5 * np.square((t - 0.25) / 0.03))
    wave = rise * np.sin(2.0 * math.pi * frequency * t)
    shifted = np.exp(-0.5 * np.square((t - delay - 0.25) / 0.03)) * np.sin(2.0 * math.pi * frequency * (t - delay))
    assert np.allclose(acoustics.delayed(wave, delay, RATE), shifted, atol=1e-6)


def measured_speech(**stated: Any) -> float:
    found = room(**silent(**stated)).measure(spoken(), 0.1, 0.0, 0).speech
    assert found is not None
    return found


@given(st.floats(0.3, 4.0))
@settings(max_examples=5, deadline=None)
def test_twice_as_far_is_6_db_less(distance: float) -> None:
    near, far = measured_speech(distance=distance), measured_speech(distance=2.0 * distance)
    assert 20.0 * math.log10(near / far) == pytest.approx(6.02, abs=0.02)


def test_the_pressure_is_that_of_the_sensitivity_and_the_drive() -> None:
    found = measured_speech(distance=1.0, sensitivity=1.5, high_pass=1.0)
    assert found == pytest.approx(1.5 * 0.1 * SPEECH_RMS, rel=0.01)


@pytest.mark.parametrize("temperature", [5.0, 35.0])
@pytest.mark.parametrize("distance", [0.5, 8.0])
def test_the_way_takes_as_long_as_the_air_says(distance: float, temperature: float) -> None:
    found = room(temperature=temperature, **silent(distance=distance, high_pass=5.0)).measure(spoken(), 0.1, 0.0, 0)
    assert found.delay is not None
    assert found.delay / RATE == pytest.approx(distance / acoustics.speed_of_sound(temperature), abs=1.0 / RATE)


def test_the_quiet_room_has_the_noise_of_all_its_parts() -> None:
    parts: dict[str, Any] = {
        "ambient": 30.0,
        "speech": {"distance": 1.0, "noise_floor": 27.0},
        "noise": {"distance": 2.0},
    }
    levels = [30.0, 27.0, 20.0 - 6.02, 25.0]
    sound = spoken(said=False)
    found = [room(**parts, microphone={"noise_floor": 25.0}).measure(sound, 0.1, 0.0, t).noise for t in (0, 10**6)]
    expected = math.sqrt(sum(acoustics.pressure(each) ** 2 for each in levels))
    assert found == pytest.approx([expected, expected], rel=0.04)
    assert found[0] != found[1], "at another time it is another noise"


@given(st.floats(0.02, 0.2), st.floats(0.02, 0.1))
@settings(max_examples=6, deadline=None)
def test_the_ratio_is_that_of_the_powers(speech: float, noise: float) -> None:
    quiet = room(**silent())
    one, other = (quiet.measure(spoken(), speech, rms, 0).ratio for rms in (noise, 0.5 * noise))
    assert one is not None
    assert other is not None
    assert other / one == pytest.approx(4.0, rel=0.01)


def test_what_is_measured_is_what_the_record_holds() -> None:
    made = world()
    device = made.file.devices["analyser"]
    assert isinstance(device, AudioAnalyserDevice)
    for number, t in ((1, 0), (2, 10**9), (3, 10**12)):
        heard = SoundRoom("analyser", device, made)
        measured = heard.measure(spoken(number), 0.3, 0.03, t).ratio
        heard.record(spoken(number), 0.3, 0.03, t + 10**10)
        last = made.part(Listening).last
        assert last is not None
        assert measured == pytest.approx(last.ratio, rel=0.01)


def test_the_noise_of_a_sound_is_the_same_each_time_and_that_of_the_next_is_another() -> None:
    quiet = room(**silent())

    def played(number: int, t: int) -> NDArray[np.int16]:
        return quiet.record(spoken(number, said=False), 0.3, 0.05, t)

    assert np.abs(played(1, 0).astype(int) - played(1, 10**9)).max() <= 1, "to the rounding of a sample"
    assert np.abs(played(1, 0).astype(int) - played(2, 0)).max() > 100


def test_a_seed_gives_the_same_bits_in_any_order_and_another_seed_others() -> None:
    sound = spoken()
    first = room(1)
    forward = [first.record(sound, 0.3, 0.05, t) for t in (0, 32_000_000, 10**10)]
    again = room(1)
    backward = [again.record(sound, 0.3, 0.05, t) for t in (10**10, 32_000_000, 0)][::-1]
    assert all(np.array_equal(a, b) for a, b in zip(forward, backward, strict=True))
    assert not np.array_equal(forward[0], room(2).record(sound, 0.3, 0.05, 0))


def test_the_indication_has_the_errors_that_the_bench_declares() -> None:
    effect = {"name": "spectra", "device": "analyser", "point": "snr", "kind": "relative"}
    drawn = world(effects=({**effect, "distribution": "normal", "u": 0.05},))
    error = drawn.truth.effects["spectra"]
    device = drawn.file.devices["analyser"]
    assert isinstance(device, AudioAnalyserDevice)
    with_it = SoundRoom("analyser", device, drawn).measure(spoken(), 0.3, 0.05, 0).ratio
    without = room().measure(spoken(), 0.3, 0.05, 0).ratio
    assert abs(error) > 1e-3
    assert without is not None
    assert with_it == pytest.approx(without / (1.0 + error), rel=1e-9)


def test_a_loudspeaker_is_louder_than_stated_by_what_the_seed_draws() -> None:
    drawn = [
        room(seed, tolerance={"distribution": "normal", "u": 0.5}).measure(spoken(), 0.1, 0.0, 0).speech
        for seed in range(8)
    ]
    levels = [acoustics.level(each) for each in drawn if each is not None]
    assert len(levels) == 8
    assert 0.15 < np.std(levels, ddof=1) < 1.1


def test_a_muted_loudspeaker_is_not_heard() -> None:
    made = world()
    made.faults.append(Fault.model_validate({"device": "analyser", "kind": "muted"}))
    device = made.file.devices["analyser"]
    assert isinstance(device, AudioAnalyserDevice)
    mute = SoundRoom("analyser", device, made)
    found = mute.measure(spoken(), 0.3, 0.05, 0)
    assert (found.speech, found.ratio) == (None, None)
    assert mute.heard_after(spoken(), mute.record(spoken(), 0.3, 0.05, 0)) is None


def test_a_microphone_that_is_overdriven_says_so() -> None:
    assert room(microphone={"full_scale": 0.001}).measure(spoken(), 0.3, 0.05, 0).overload
    assert not room().measure(spoken(), 0.3, 0.05, 0).overload


def listening(**curve: Any) -> tuple[SyntheticListener, SoundRoom]:
    devices = {"analyser": {"kind": "audio-analyser"}, "ear": {"kind": "synthetic", "stimulus": "snr", **curve}}
    made = World(WorldFile.model_validate({"seed": 1, "devices": devices}))
    ear: Any = made.file.devices["ear"]
    analyser: Any = made.file.devices["analyser"]
    return SyntheticListener("ear", ear, made), SoundRoom("analyser", analyser, made)


def test_a_listener_hears_as_often_as_its_curve_says_where_the_sound_is() -> None:
    ear, heard = listening(a50=1e-9, slope=10.0, ceiling=0.75, false_rate=0.1)
    assert ear.intervals() is None, "nothing was recorded"
    sound = spoken()
    heard.record(sound, 0.3, 0.05, 0)
    answers = [ear.intervals() or [] for _ in range(2000)]
    begin, end = sound.windows[0][0] / RATE, sound.windows[-1][1] / RATE
    hits = [one for answer in answers for one in answer if one[0] > 0.15]
    assert len(hits) / 2000 == pytest.approx(0.75, abs=0.04)
    assert hits[0] == pytest.approx([begin + 0.0044, end + 0.0044], abs=1e-3)
    assert sum(1 for answer in answers for one in answer if one[0] < 0.15) / 2000 == pytest.approx(0.1, abs=0.03)


def test_a_listener_hears_nothing_where_nothing_is_said_or_noise_hides_it() -> None:
    ear, heard = listening(a50=0.5, slope=40.0)
    heard.record(spoken(said=False), 0.3, 0.05, 0)
    assert ear.intervals() == []
    heard.record(spoken(), 0.01, 0.1, 0)
    assert ear.intervals() == []
    heard.record(spoken(), 0.4, 0.01, 0)
    assert ear.intervals() != []
