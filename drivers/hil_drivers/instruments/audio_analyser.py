"""An audio analyser that plays speech and noise to two loudspeakers, and records what a microphone hears of them.

Address: ``tcp://host:7400``. The protocol: `hil_drivers.wire.audio`.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from functools import partial
from pathlib import Path
from types import MappingProxyType
from typing import Any, ClassVar

import numpy as np

from ..capability import Values
from ..clock import NANOSECONDS, Clock
from ..data_set import load
from ..device import Device, Point
from ..errors import DeviceError, DeviceUnreachable, OptionError, RemoteProtocolError, SetpointRefused
from ..indication import Flag, Indication
from ..timebase import Interval, Timebase
from ..transport.link import stream_link
from ..transport.stream import TIMEOUT
from ..transport.worker import Worker
from ..wire import audio, scene
from .audio_sounds import Prepared, prepared
from .timeout import checked_timeout
from .turn import Turns

CREST = 4.0
"""What is left between an rms that is commanded and full scale: a factor, 12 dB."""

LONGEST_WAIT = 300.0
"""The most seconds that an analyser may want for what it plays."""

SHORTEST_WAIT = 0.0005
"""Seconds before an analyser is asked again."""

LONGEST_WAY = 1.0
"""The most seconds that a sound may take from the loudspeaker to the microphone."""

RECORDED = ("onset", "end", "delay")
"""Points that tell of the sound that was given out last."""

KEYS = {"snr": "ratio", "speech": "speech", "noise": "noise"}
"""Points that are measured, and what an answer calls them."""


@dataclass(frozen=True)
class Recorded:
    """When a sound was recorded, and what is known of the record, in s; the way is ``None`` where nothing was said."""

    when: Interval
    onset: float
    end: float
    delay: float | None


class AudioAnalyser(Device):
    """A ``Scene`` (says a sound of a folder), a ``Source`` of what the microphone hears of it, and points.

    ``speech.set`` (Pa, rms over the parts of a sound that are no pause) and ``snr.set`` (the ratio of the powers of
    speech and noise) are commanded through the nominal sensitivities of the loudspeakers: commands, never reference
    values. ``snr``, ``speech`` and ``noise`` are measured at the microphone by substitution: the sound alone, then the
    noise alone, the same as in the record, over the same parts; what is heard while neither plays is taken off the
    speech, and belongs to the noise. ``onset``, ``end`` and ``delay`` (s) are those of the record that was given out
    last. The source gives the values ``sound``, from -1 to 1, and ``rate``.

    Where nothing is said (content ""), levels are measured with the first sound of the folder. Until another ratio is
    commanded it is 1.

    :param folder: a data set of sounds without noise, WAVE files of one channel.
    :param speech_full_scale: rms sound pressure in Pa that the loudspeaker of speech gives at the microphone for an rms
        of full scale, as adjusted.
    :param noise_full_scale: that of the loudspeaker of noise.
    :param speech: rms sound pressure in Pa of the speech until another is commanded; 0.0356 Pa are 65 dB.
    :param timeout: seconds of wall time within which it has answered.
    """

    files: ClassVar[tuple[str, ...]] = ("folder",)
    points = MappingProxyType(
        {
            "speech": Point("Pa", lower=0.0),
            "speech.set": Point("Pa", readable=False, writable=True, lower=0.0),
            "noise": Point("Pa", lower=0.0),
            "snr": Point("1", lower=0.0),
            "snr.set": Point("1", readable=False, writable=True, lower=0.01, upper=1e4),
            "onset": Point("s", lower=0.0),
            "end": Point("s", lower=0.0),
            "delay": Point("s", lower=0.0),
        }
    )

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        folder: str,
        speech_full_scale: float,
        noise_full_scale: float,
        speech: float = 0.0356,
        timeout: float = TIMEOUT,
    ) -> None:
        super().__init__(name, address, clock=clock)
        stated = {"speech_full_scale": speech_full_scale, "noise_full_scale": noise_full_scale, "speech": speech}
        for key, value in stated.items():
            if not (math.isfinite(value) and value > 0.0):
                raise OptionError(f"{key} = {value:g} Pa", where=name, remedy="give a positive number")
        self._data = load(Path(folder))
        self._full_scale, self._noise_full_scale = float(speech_full_scale), float(noise_full_scale)
        self._link = stream_link(
            address, supervisor=self.supervisor, clock=clock, timeout=checked_timeout(name, timeout)
        )
        self._turns, self._time, self._worker = Turns(name, clock), Timebase(), Worker(f"sounds of {name}")
        self._connections = self._requests = self._rate = 0
        self._speech, self._ratio = float(speech), 1.0
        self._sound: Prepared | None = None
        self._spoken = False
        self._last: Recorded | None = None
        loudest = replace(type(self).points["speech.set"], upper=self._full_scale / CREST)
        self.points = MappingProxyType({**type(self).points, "speech.set": loudest})

    async def open(self) -> None:
        await self._link.open()
        try:
            await self._turns.run(self._begin)
        except BaseException:
            await self._link.close()
            raise

    async def close(self) -> None:
        self._sound = self._last = None
        await self._link.close()
        self._worker.close()

    async def show(self, content: str) -> None:
        """Choose what is said by its content, nothing by ""; it is played when the source is asked.

        :raises SetpointRefused: if there is no such sound, or it cannot be played as loud.
        """
        await self._turns.run(partial(self._load, content))

    async def write(self, point: str, value: float) -> None:
        """Command the pressure of the speech, or the ratio of powers, and check that the analyser took it."""
        speech, ratio = (value, self._ratio) if point == "speech.set" else (self._speech, value)
        await self._turns.run(partial(self._set, speech, ratio))

    async def read(self, point: str) -> Indication:
        """What is measured now, or what is known of the record that was given out last."""
        unit = self._readable(point).unit
        if point in RECORDED:
            return self._known(point, unit)
        return await self._turns.run(partial(self._measured, point, unit))

    async def take(self) -> Values:
        """What the microphone hears while sound and noise are played.

        :raises DeviceError: if it is overdriven, or does not hear what is said.
        """
        return await self._turns.run(self._take)

    async def _begin(self) -> None:
        told = await self._ask("hello")
        if told.body.get("protocol") != audio.PROTOCOL:
            raise RemoteProtocolError(
                f"speaks {told.body.get('protocol')!r:.40}, not {audio.PROTOCOL}",
                where=self.name,
                remedy="check that the address leads to an audio analyser",
            )
        self._rate = told.count("rate")
        await self._load("")

    async def _load(self, content: str) -> None:
        find = partial(prepared, self._data, content, self._rate, where=self.name)
        with self.clock.exchange():
            sound = await self._worker.call(find)
        asked: dict[str, Any] = {"sound": sound.digest, "windows": sound.windows, "spoken": bool(content)}
        told = await self._ask("load", sound.payload, **asked)
        if told.body.get("sound") != sound.digest:
            raise RemoteProtocolError(f"has not taken the sound {content[:40]!r}", where=self.name)
        self._sound, self._spoken, self._last = sound, bool(content), None
        await self._set(self._speech, self._ratio)

    async def _set(self, speech: float, ratio: float) -> None:
        """Set both outputs to what the pressure of the speech and the ratio ask for."""
        sound = self._loaded()
        noise = speech / math.sqrt(ratio)
        factor, rms = speech / self._full_scale / sound.rms, noise / self._noise_full_scale
        if factor * sound.peak > 1.0 or rms * CREST > 1.0:
            raise SetpointRefused(
                f"cannot play speech of {speech:.3g} Pa over noise of {noise:.3g} Pa",
                where=self.name,
                remedy="command less of them",
            )
        told = await self._ask("set", speech=factor, noise=rms)
        taken = (told.number("speech", 0.0, 1e3), told.number("noise", 0.0, 1.0))
        if not np.allclose(taken, (factor, rms), rtol=1e-9, atol=0.0):
            raise RemoteProtocolError(f"has not taken speech {factor:.4g} and noise {rms:.4g}", where=self.name)
        self._speech, self._ratio = speech, ratio

    async def _take(self) -> Values:
        sound = self._loaded()
        number, told = await self._played("record")
        if told.body.get("overload") is not False:
            raise DeviceError("was overdriven", where=self.name, remedy="command less speech, or less noise")
        delay = self._way(told)
        if self._spoken and delay is None:
            raise DeviceError("did not hear what it said", where=self.name, remedy="look at the loudspeaker")
        samples = await self._samples(number, told.count("blocks"))
        begin, end, way = sound.windows[0][0] / self._rate, sound.windows[-1][1] / self._rate, delay or 0.0
        length = len(samples) / self._rate
        heard = (begin + way, end + way) if self._spoken else (length, length)
        when = self._between(told)
        self._last = Recorded(when, *heard, delay)
        return Values(
            {"sound": samples / audio.FULL, "rate": float(self._rate)},
            when.earliest,
            when.latest,
            subject=sound.subject if self._spoken else "",
        )

    async def _samples(self, number: int, count: int) -> np.ndarray[Any, np.dtype[np.int16]]:
        """The samples of a record, whose blocks must follow each other without a gap."""
        stamps: list[int] = []
        parts = []
        while len(stamps) < count:
            ask = min(audio.MOST_BLOCKS, count - len(stamps))
            told = await self._ask("blocks", play=number, first=len(stamps), count=ask)
            found, samples = audio.unpack(told.payload, self.name)
            if len(found) != ask:
                raise RemoteProtocolError(f"sent {len(found)} blocks of {ask}", where=self.name)
            stamps += found
            parts.append(samples)
        block = audio.BLOCK * NANOSECONDS / self._rate
        if not parts or not np.allclose(np.diff(stamps), block, rtol=1e-3):
            raise RemoteProtocolError("sent blocks that do not follow each other", where=self.name)
        return np.concatenate(parts)

    async def _measured(self, point: str, unit: str) -> Indication:
        """Play sound and noise one after the other; no value where the sound is not heard over the quiet room."""
        _, told = await self._played("measure")
        when, key = self._between(told), KEYS[point]
        flags = Flag.OVER_RANGE if told.body.get("overload") is not False else Flag.GOOD
        value = None if told.body.get(key) is None else told.number(key, -1e9, 1e9)
        if value is None:
            flags |= Flag.NOT_AVAILABLE
        return Indication(point, value, unit, when.earliest, when.latest, flags)

    def _known(self, point: str, unit: str) -> Indication:
        last = self._last
        if last is None:
            raise DeviceUnreachable("has recorded nothing yet", where=self.name, remedy="take a sound first")
        value: float | None = getattr(last, point)
        flags = Flag.NOT_AVAILABLE if value is None else Flag.GOOD
        return Indication(point, value, unit, last.when.earliest, last.when.latest, flags, 1.0 / self._rate)

    async def _played(self, do: str) -> tuple[int, audio.Told]:
        """Have something played, and return its number and what the analyser tells of it when it has ended."""
        answer = await self._ask(do, sound=self._loaded().digest)
        number, deadline = answer.count("play"), self.clock.now() + round(LONGEST_WAIT * NANOSECONDS)
        while "wait" in answer.body:
            if self.clock.now() >= deadline:
                raise RemoteProtocolError(f"has not ended to {do} in {LONGEST_WAIT:g} s", where=self.name)
            await self.clock.sleep(max(SHORTEST_WAIT, answer.number("wait", 0.0, LONGEST_WAIT)))
            answer = await self._ask("told", play=number)
        return number, answer

    def _way(self, told: audio.Told) -> float | None:
        return None if told.body.get("delay") is None else told.number("delay", 0.0, LONGEST_WAY)

    def _between(self, told: audio.Told) -> Interval:
        """The bench times between which it was played, by the analyser's clock."""
        begin, end = self._time.interval(told.count("begin")), self._time.interval(told.count("end"))
        if begin is None or end is None:
            raise RemoteProtocolError("its clock has jumped", where=self.name, remedy="play the sound again")
        return Interval(begin.earliest, end.latest)

    def _loaded(self) -> Prepared:
        if self._sound is None:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")
        return self._sound

    async def _ask(self, do: str, payload: bytes = b"", **rest: Any) -> audio.Told:
        """The answer to one request; the exchange tells where the analyser's clock stands."""
        self._requests += 1
        sent, octets = self.clock.now(), {"bytes": len(payload)} if payload else {}
        line = scene.encode(self._requests, do, **rest, **octets)
        answer = await self._link.query(line + payload, audio.Answers(self._requests, self.name))
        if self._link.connections != self._connections:
            self._connections = self._link.connections
            self._time.forget()
        self._time.exchanged(sent, answer.clock, self.clock.now())
        if "error" in answer.body:
            raise RemoteProtocolError(f"refused to {do}: {answer.body['error']!s:.80}", where=self.name)
        return answer
