"""The driver of an audio analyser against its simulated peer: levels, times, and what it refuses."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from datetime import date
from pathlib import Path
from typing import Any

import numpy as np
import pytest
import pytest_asyncio
from numpy.typing import NDArray

from hil.bench.config import find_bench
from hil.clock import LockstepClock
from hil_drivers.capability import Scene, Source, Values
from hil_drivers.clock import WallClock
from hil_drivers.data_set import About
from hil_drivers.data_set_writer import DataSetWriter
from hil_drivers.device import Device
from hil_drivers.errors import DeviceError, DeviceUnreachable, OptionError, RemoteProtocolError, SetpointRefused
from hil_drivers.indication import Flag
from hil_drivers.instruments.audio_analyser import AudioAnalyser
from hil_drivers.instruments.scene_server import SceneServer
from hil_drivers.sim.client import Simulation
from hil_drivers.sim.sound.acoustics import speed_of_sound
from hil_drivers.sound import active, read_wave, wave_bytes

FOLDER = find_bench("voice-sim").parent / "utterances"
EXACT = {"distribution": "normal", "u": 0.0}
DISTANCE = 6.0
OPTIONS: dict[str, Any] = {
    "folder": str(FOLDER),
    "speech_full_scale": 2.0 / DISTANCE,
    "noise_full_scale": 1.0,
}
WORLD: dict[str, Any] = {
    "seed": 1,
    "scene": "immersion-wall",
    "room": {"temperature": 20.0, "temperature_swing": 0.0},
    "devices": {
        "analyser": {"kind": "audio-analyser", "tolerance": EXACT, "speech": {"distance": DISTANCE, "high_pass": 30.0}},
        "wall": {"kind": "scene-server"},
    },
}


pytestmark = pytest.mark.asyncio(loop_scope="module")


@asynccontextmanager
async def simulated() -> AsyncIterator[tuple[Simulation, LockstepClock]]:
    world = await Simulation.start(WORLD)
    try:
        yield world, LockstepClock(world, 0, stall_after=60.0)
    finally:
        await world.end()


@pytest_asyncio.fixture(scope="module", loop_scope="module")
async def served() -> AsyncIterator[tuple[Simulation, LockstepClock]]:
    async with simulated() as found:
        yield found


@asynccontextmanager
async def opened(world: Simulation, clock: LockstepClock, **options: Any) -> AsyncIterator[AudioAnalyser]:
    device = AudioAnalyser("analyser", world.addresses["analyser"], clock=clock, **{**OPTIONS, **options})
    try:
        await device.open()
        yield device
    finally:
        await device.close()


@pytest_asyncio.fixture(loop_scope="module")
async def device(served: tuple[Simulation, LockstepClock]) -> AsyncIterator[AudioAnalyser]:
    async with opened(*served) as found:
        yield found


async def value(device: Device, point: str) -> float:
    found = (await device.read(point)).value
    assert found is not None
    return found


def samples(heard: Values) -> NDArray[np.float64]:
    found = heard.values["sound"]
    assert isinstance(found, np.ndarray)
    return found


def labels(content: int) -> tuple[float, float]:
    """Begin and end of an utterance in its file, in s."""
    sound, rate = read_wave((FOLDER / "sounds" / f"{content:02d}.wav").read_bytes())
    windows = active(sound, rate)
    return windows[0][0] / rate, windows[-1][1] / rate


async def test_levels_are_measured_as_they_are_commanded(device: AudioAnalyser) -> None:
    assert isinstance(device, Scene)
    assert isinstance(device, Source)
    await device.show("utterance 3")
    for speech, ratio in ((0.0356, 0.5), (0.02, 2.0)):
        await device.write("speech.set", speech)
        await device.write("snr.set", ratio)
        assert await value(device, "speech") == pytest.approx(speech, rel=0.03), "the high pass takes some of it"
        assert await value(device, "noise") == pytest.approx(speech / ratio**0.5, rel=0.04)
        assert await value(device, "snr") == pytest.approx(ratio, rel=0.08)


async def test_a_sound_is_heard_after_its_way_and_the_stamps_hold(device: AudioAnalyser) -> None:
    way, (begin, end) = DISTANCE / speed_of_sound(20.0), labels(5)
    await device.show("utterance 5")
    await device.write("snr.set", 1e4)
    asked = device.clock.now()
    heard = await device.take()
    assert heard.subject == "utterance 5"
    assert await value(device, "delay") == pytest.approx(way, abs=1.0 / 16000)
    told = await device.read("onset")
    assert told.value == pytest.approx(begin + way, abs=1.0 / 16000)
    assert await value(device, "end") == pytest.approx(end + way, abs=1.0 / 16000)
    assert (told.earliest, told.latest) == (heard.earliest, heard.latest)
    length = len(samples(heard)) * 10**9 // 16000
    first = (asked // 32_000_000 + 2) * 32_000_000
    assert asked <= heard.earliest <= first, "it begins with the block after the next"
    assert first + length <= heard.latest <= device.clock.now() + 10**6
    assert heard.latest - heard.earliest - length < 1_000_000, "known to a millisecond"
    loud = np.flatnonzero(np.abs(samples(heard)) > 0.01)[0] / 16000
    assert begin + way - 1e-3 < loud < begin + way + 0.04


async def test_the_scene_on_the_wall_and_the_sound_are_on_one_clock(
    device: AudioAnalyser, served: tuple[Simulation, LockstepClock]
) -> None:
    """The interval of the scene, drawn first, ends before that of the record begins; both are bench time."""
    world, _ = served
    wall = SceneServer("wall", world.addresses["wall"], clock=device.clock, full_scale=120.0)
    try:
        await wall.open()
        await device.show("utterance 1")
        drawn = await wall.draw("utterance 1")
        heard = await device.take()
    finally:
        await wall.close()
    assert drawn.commanded <= drawn.earliest <= drawn.latest <= heard.earliest
    assert heard.earliest - drawn.latest < 80_000_000, "at most two blocks and an exchange later"


async def test_a_seed_gives_the_same_bits() -> None:
    async def once() -> NDArray[np.float64]:
        async with simulated() as served, opened(*served) as device:
            await device.show("utterance 7")
            await device.write("snr.set", 0.5)
            return samples(await device.take())

    first, second = await once(), await once()
    assert np.array_equal(first, second)
    assert np.std(first) > 0.01


async def test_where_nothing_is_said_the_noise_is_that_of_the_usual_speech(device: AudioAnalyser) -> None:
    await device.show("")
    await device.write("snr.set", 1.0)
    heard = await device.take()
    assert heard.subject == ""
    length = len(samples(heard)) / 16000
    assert (await value(device, "onset"), await value(device, "end")) == (length, length)
    assert (await device.read("delay")).flags == Flag.NOT_AVAILABLE
    assert await value(device, "snr") == pytest.approx(1.0, rel=0.08)
    early, late = samples(heard)[:8000], samples(heard)[8000:16000]
    assert np.std(early) == pytest.approx(np.std(late), rel=0.05)


async def test_what_cannot_be_played_is_refused_and_changes_nothing(device: AudioAnalyser) -> None:
    with pytest.raises(SetpointRefused, match="has no sound 'sing'"):
        await device.show("sing")
    await device.write("snr.set", 1.0)
    with pytest.raises(SetpointRefused, match="cannot play speech"):
        await device.write("speech.set", 0.0833)
    with pytest.raises(SetpointRefused):
        await device.write("snr.set", 1e-3)
    with pytest.raises(DeviceUnreachable, match="has recorded nothing yet"):
        await device.read("onset")
    assert await value(device, "speech") == pytest.approx(0.0356, rel=0.03)


async def test_a_microphone_that_is_overdriven_gives_nothing(device: AudioAnalyser) -> None:
    await device.write("speech.set", 0.03)
    await device.write("snr.set", 0.0152)
    with pytest.raises(DeviceError, match="was overdriven"):
        await device.take()
    assert (await device.read("snr")).flags == Flag.OVER_RANGE


async def test_a_silenced_rig_plays_nothing(device: AudioAnalyser) -> None:
    await device.write("snr.set", 1.0)
    await device.write("speech.set", 0.0)
    found = await device.read("snr")
    assert (found.value, found.flags) == (None, Flag.NOT_AVAILABLE)


async def test_something_else_at_the_address_is_told(
    device: AudioAnalyser, served: tuple[Simulation, LockstepClock]
) -> None:
    world, _ = served
    wrong = AudioAnalyser("analyser", world.addresses["wall"], clock=device.clock, **OPTIONS)
    with pytest.raises(RemoteProtocolError, match="speaks 'scene-1', not audio-1"):
        await wrong.open()
    await wrong.close()


async def test_a_sound_of_another_rate_is_refused(tmp_path: Path, served: tuple[Simulation, LockstepClock]) -> None:
    about = About(name="slow", date=date(2026, 6, 1), origin="rendered", index="index.csv")
    made = DataSetWriter(tmp_path / "slow", about, {})
    made.add("one.wav", wave_bytes(0.1 * np.ones(8000), 8000), content="one", references={})
    made.close()
    with pytest.raises(SetpointRefused, match="8000 samples at 8000 Hz"):
        async with opened(*served, folder=str(tmp_path / "slow")):
            pass


@pytest.mark.parametrize("option", ["speech_full_scale", "noise_full_scale", "speech"])
async def test_a_pressure_that_cannot_be_is_refused(option: str) -> None:
    with pytest.raises(OptionError, match=f"{option} = 0 Pa"):
        AudioAnalyser("analyser", "tcp://127.0.0.1:1", clock=WallClock(), **{**OPTIONS, option: 0.0})


async def test_requests_that_make_no_sense_are_answered_with_an_error(
    device: AudioAnalyser, served: tuple[Simulation, LockstepClock]
) -> None:
    world, _ = served
    host, _, port = world.addresses["analyser"].removeprefix("tcp://").partition(":")
    reader, writer = await asyncio.open_connection(host, int(port))
    for sent in (
        b"nonsense\n",
        b"[]\n",
        b'{"id":1,"do":"record","sound":"x"}\n',
        b'{"id":1,"do":"told","play":9}\n',
    ):
        writer.write(sent)
        assert b'"error"' in await asyncio.wait_for(reader.readline(), 5.0)
    writer.close()
    await writer.wait_closed()
    assert await value(device, "speech") > 0.0
