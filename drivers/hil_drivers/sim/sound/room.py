"""What the loudspeakers of an audio analyser play, and what its microphone makes of it. Times are bench time in ns."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ...wire.audio import BLOCK, FULL, Samples, whole
from ..devices.audio_analyser import AudioAnalyserDevice, Loudspeaker
from ..faults import Faults
from ..noise import Stream
from ..response import Response
from ..truth import sample
from ..world import World
from . import acoustics
from .acoustics import HighPass
from .listener import Heard, Listening

Array = NDArray[np.float64]

BEFORE = 0.25
"""Seconds for which noise has played before it is recorded, so that every filter has settled."""

AUDIBLE = 4.0
"""By how much the power over the windows must exceed that of the quiet room for a sound to be heard (6 dB)."""


@dataclass(frozen=True)
class Sound:
    """A sound that is loaded: ``samples`` from -1 to 1, the windows in which it is measured, and whether it is said.

    ``number`` counts what was loaded: it stands for the noise that belongs to the sound.
    """

    digest: str
    samples: Array
    windows: tuple[tuple[int, int], ...]
    spoken: bool
    number: int

    @property
    def length(self) -> int:
        """Samples that are recorded of it: whole blocks, with one to spare for its way."""
        return (-(-len(self.samples) // BLOCK) + 1) * BLOCK


@dataclass(frozen=True)
class Measured:
    """Powers over the windows: ``speech`` and ``noise`` as sound pressures in Pa, ``ratio`` as indicated; ``None``
    where no sound was heard. ``delay`` in samples."""

    speech: float | None
    noise: float
    ratio: float | None
    delay: int | None
    overload: bool


class SoundRoom:
    """The room of one analyser.

    :param name: the device.
    """

    def __init__(self, name: str, device: AudioAnalyserDevice, world: World) -> None:
        self.device, self._world = device, world
        seed = world.file.seed
        self._played = Stream(seed, "noise", name, "loudspeaker")
        self._quiet, self._own = Stream(seed, "noise", name, "ambient"), Stream(seed, "noise", name, "microphone")
        self._response = Response(world, name, "snr", noise=0.0)
        self._gains = {
            output: 10.0 ** (sample(device.tolerance, Stream(seed, "truth", "loudspeaker", name, output)) / 20.0)
            for output in ("speech", "noise")
        }
        self._faults = Faults(name, world)
        corners = {
            "speech": device.speech.high_pass,
            "noise": device.noise.high_pass,
            "microphone": device.microphone.high_pass,
        }
        self._through = {part: HighPass(corner, device.rate) for part, corner in corners.items()}

    def way(self, loudspeaker: Loudspeaker, t: int) -> float:
        """How long sound takes from ``loudspeaker`` to the microphone, in s."""
        return loudspeaker.distance / acoustics.speed_of_sound(self._world.climate.temperature(t))

    def record(self, sound: Sound, speech: float, noise: float, begin: int) -> Samples:
        """What the microphone gives of sound and noise at once.

        :param speech: and :param noise: as in the request ``set``.
        """
        said = self._speech(sound, speech if sound.spoken else 0.0, begin)
        samples = self._heard(said + self._noise(sound, noise), begin)
        self._world.part(Listening).last = self._truly(sound, said, samples, begin)
        return samples

    def measure(self, sound: Sound, speech: float, noise: float, begin: int) -> Measured:
        """The powers of the sound alone, less those of the quiet room, and of the noise alone, one after the other."""
        span = sound.length * 1_000_000_000 // self.device.rate
        silence = np.zeros(sound.length)
        alone = self._heard(self._speech(sound, speech, begin), begin)
        other = self._heard(self._noise(sound, noise), begin + span)
        quiet = self._heard(silence, begin + 2 * span)
        delay = self._delay(sound, alone)
        windows = self._inside(sound, delay or 0)
        both, rest, floor = (self._power(each, windows) for each in (alone, other, quiet))
        heard = delay is not None and both > AUDIBLE * floor
        return Measured(
            speech=math.sqrt(both - floor) if heard else None,
            noise=math.sqrt(rest),
            ratio=self._indicated((both - floor) / rest, begin) if heard and rest else None,
            delay=delay,
            overload=any(overloaded(each) for each in (alone, other)),
        )

    def _truly(self, sound: Sound, said: Array, samples: Samples, begin: int) -> Heard:
        """What a record holds: the sound as it stands in it, and all else."""
        way, rate = self.way(self.device.speech, begin), self.device.rate
        inside = self._inside(sound, round(way * rate))
        alone = self._through["microphone"](said)
        rest = samples * (self.device.microphone.full_scale / FULL) - alone
        return Heard(
            digest=sound.digest if sound.spoken else "",
            ratio=float(np.mean(np.square(alone[inside])) / np.mean(np.square(rest[inside]))),
            onset=sound.windows[0][0] / rate + way,
            end=sound.windows[-1][1] / rate + way,
        )

    def _indicated(self, ratio: float, t: int) -> float:
        return self._response.indication(ratio, self._world.climate.temperature(t), 0)

    def heard_after(self, sound: Sound, recorded: Samples) -> int | None:
        """By how many samples a sound follows its playing in a record; ``None`` where it was not said."""
        return self._delay(sound, recorded) if sound.spoken else None

    def _delay(self, sound: Sound, recorded: Samples) -> int | None:
        if not sound.samples.any():
            return None
        most = math.ceil(acoustics.LONGEST_WAY * self.device.rate)
        return acoustics.lag(sound.samples, recorded.astype(np.float64), most)

    def _speech(self, sound: Sound, gain: float, begin: int) -> Array:
        """The pressure at the microphone of the sound alone."""
        loudspeaker, played = self.device.speech, np.zeros(sound.length)
        if not gain or self._faults.present("muted"):
            return played
        played[: len(sound.samples)] = np.clip(gain * sound.samples, -1.0, 1.0)
        return acoustics.delayed(
            self._emitted(played, "speech", loudspeaker), self.way(loudspeaker, begin), self.device.rate
        )

    def _noise(self, sound: Sound, rms: float) -> Array:
        """The pressure at the microphone of the noise alone: the same each time for one sound."""
        before = math.ceil(BEFORE * self.device.rate)
        drawn = self._played.generator(sound.number).standard_normal(before + sound.length)
        played = np.clip(rms * drawn, -1.0, 1.0)
        return self._emitted(played, "noise", self.device.noise)[before:]

    def _emitted(self, played: Array, output: str, loudspeaker: Loudspeaker) -> Array:
        """What is played as the pressure at the distance of the microphone, at once."""
        gain = self._gains[output] * acoustics.spread(loudspeaker.sensitivity, loudspeaker.distance)
        return np.asarray(gain * self._through[output](played))

    def _heard(self, pressures: Array, begin: int) -> Samples:
        """Samples of the microphone, with the noise of the room, of both loudspeakers and its own."""
        microphone, rate, n = self.device.microphone, self.device.rate, len(pressures)
        before, index = math.ceil(BEFORE * rate), begin // 1000
        room = self._floor() * self._quiet.generator(index).standard_normal(before + n)
        room[before:] += pressures
        through = self._through["microphone"](room)[before:]
        own = acoustics.pressure(microphone.noise_floor) * self._own.generator(index).standard_normal(n)
        return whole((through + own) / microphone.full_scale)

    def _floor(self) -> float:
        """The rms pressure at the microphone of what is heard while nothing plays."""
        each = (self.device.speech, self.device.noise)
        own = [acoustics.spread(acoustics.pressure(one.noise_floor), one.distance) for one in each]
        return math.hypot(acoustics.pressure(self.device.ambient), *own)

    def _inside(self, sound: Sound, delay: int) -> NDArray[np.bool_]:
        inside = np.zeros(sound.length, dtype=bool)
        for first, end in sound.windows:
            inside[first + delay : end + delay] = True
        return inside

    def _power(self, samples: Samples, inside: NDArray[np.bool_]) -> float:
        """The mean square pressure over the samples ``inside``, Pa²."""
        pressures = samples[inside] * (self.device.microphone.full_scale / FULL)
        return float(np.mean(np.square(pressures)))


def overloaded(samples: Samples) -> bool:
    """Whether samples stand at an end of their range."""
    return bool(np.any(samples >= FULL - 1.0) or np.any(samples <= -FULL))
