"""An audio analyser: lines of JSON with PCM behind them, by which sounds are played and recorded."""

from __future__ import annotations

import hashlib
import json
from collections import OrderedDict
from dataclasses import dataclass
from typing import Any

import numpy as np

from ...clock import NANOSECONDS
from ...wire.audio import BLOCK, FULL, LONGEST, MOST_BLOCKS, PROTOCOL, Samples, pack
from ..devices.audio_analyser import AudioAnalyserDevice
from ..faults import Faults
from ..own_clock import OwnClock
from ..sound.room import Measured, Sound, SoundRoom, overloaded
from ..world import World
from .endpoint import LineProtocol

_LONGEST_LINE = 16_384
_KEPT = 4
_SILENCE = Sound("", np.zeros(0), (), spoken=False, number=0)


@dataclass(frozen=True)
class Played:
    """What is, or was, played: ``begin`` and ``end`` in bench time; the settings that it was begun with."""

    do: str
    sound: Sound
    speech: float
    noise: float
    begin: int
    end: int


class AudioAnalyser:
    """The analyser itself, whichever connection speaks to it."""

    def __init__(self, name: str, device: AudioAnalyserDevice, world: World) -> None:
        self.rate = device.rate
        self._world, self._room = world, SoundRoom(name, device, world)
        self._block = BLOCK * NANOSECONDS // device.rate
        self._sound, self._loaded, self._count = _SILENCE, 0, 0
        self._speech = self._noise = 0.0
        self._played: OrderedDict[int, Played] = OrderedDict()
        self._recorded: dict[int, Samples] = {}
        self._measured: dict[int, Measured] = {}

    def load(self, request: dict[str, Any], payload: bytes) -> dict[str, Any]:
        """Take a sound."""
        samples = np.frombuffer(payload, "<i2").astype(np.float64) / FULL
        windows = _windows(request.get("windows"), len(samples))
        digest = hashlib.sha256(payload).hexdigest()
        if request.get("sound") != digest or not windows:
            return {"error": "the samples are not those of the sound, or it has no such windows"}
        self._loaded += 1
        self._sound = Sound(digest, samples, windows, bool(request.get("spoken")), self._loaded)
        return {"sound": digest}

    def set(self, speech: float, noise: float) -> dict[str, Any]:
        """Set both outputs."""
        if not (0.0 <= speech <= 1e3 and 0.0 <= noise <= 1.0):
            return {"error": "no such settings"}
        self._speech, self._noise = float(speech), float(noise)
        return {"speech": self._speech, "noise": self._noise}

    def play(self, do: str, digest: object) -> dict[str, Any]:
        """Begin to play at the next block but one."""
        if digest != self._sound.digest or not self._sound.windows:
            return {"error": "that sound is not loaded"}
        now = self._world.time.now()
        begin = (now // self._block + 2) * self._block
        parts = 1 if do == "record" else 3
        end = begin + parts * self._sound.length // BLOCK * self._block
        self._count += 1
        self._played[self._count] = Played(do, self._sound, self._speech, self._noise, begin, end)
        while len(self._played) > _KEPT:
            number, _ = self._played.popitem(last=False)
            self._recorded.pop(number, None)
            self._measured.pop(number, None)
        return {"play": self._count, "wait": (end - now) / NANOSECONDS}

    def told(self, number: int, clock: OwnClock) -> dict[str, Any]:
        """What came of it, once it has ended."""
        played, now = self._played.get(number), self._world.time.now()
        if played is None:
            return {"error": "nothing of that number was played"}
        if played.end > now:
            return {"play": number, "wait": (played.end - now) / NANOSECONDS}
        times = {"play": number, "begin": clock.at(played.begin), "end": clock.at(played.end)}
        return times | (self._record(number, played) if played.do == "record" else self._measure(number, played))

    def blocks(self, number: int, first: int, count: int, clock: OwnClock) -> tuple[dict[str, Any], bytes]:
        """Some blocks of a record."""
        samples, played = self._recorded.get(number), self._played.get(number)
        if samples is None or played is None or not 0 <= first < first + count <= len(samples) // BLOCK:
            return {"error": "there are no such blocks"}, b""
        stamps = [clock.at(played.begin + (first + place) * self._block) for place in range(count)]
        payload = pack(stamps, samples[first * BLOCK : (first + count) * BLOCK])
        return {"blocks": count, "bytes": len(payload)}, payload

    def _record(self, number: int, played: Played) -> dict[str, Any]:
        if number not in self._recorded:
            self._recorded[number] = self._room.record(played.sound, played.speech, played.noise, played.begin)
        samples = self._recorded[number]
        return {
            "blocks": len(samples) // BLOCK,
            "delay": self._seconds(self._room.heard_after(played.sound, samples)),
            "overload": overloaded(samples),
        }

    def _measure(self, number: int, played: Played) -> dict[str, Any]:
        if number not in self._measured:
            self._measured[number] = self._room.measure(played.sound, played.speech, played.noise, played.begin)
        found = self._measured[number]
        return {
            "speech": found.speech,
            "noise": found.noise,
            "ratio": found.ratio,
            "delay": self._seconds(found.delay),
            "overload": found.overload,
        }

    def _seconds(self, samples: int | None) -> float | None:
        return None if samples is None else samples / self.rate


class AudioProtocol(LineProtocol):
    """The analyser's side of one connection, as `hil_drivers.wire.audio` describes it."""

    def __init__(self, name: str, analyser: AudioAnalyser, world: World, faults: Faults) -> None:
        self._analyser, self._world = analyser, world
        self._clock = OwnClock(name, world, faults)
        self._buffer = b""
        self._request: dict[str, Any] | None = None

    def receive(self, data: bytes) -> list[bytes]:
        self._buffer += data
        answers: list[bytes] = []
        while self._begun():
            request, due = self._request or {}, _octets(self._request)
            if len(self._buffer) < due:
                return answers
            payload, self._buffer, self._request = self._buffer[:due], self._buffer[due:], None
            body, following = self._obeyed(request, payload)
            stamp = self._clock.at(self._world.time.now())
            told = {"id": _number(request), "clock": stamp, **body}
            answers.append(json.dumps(told).encode() + b"\n" + following)
        if self._request is None and len(self._buffer) > _LONGEST_LINE:
            self._buffer = b""
        return answers

    def _begun(self) -> bool:
        """Whether the line of a request is there."""
        if self._request is None:
            line, found, rest = self._buffer.partition(b"\n")
            if not found:
                return False
            self._buffer = rest
            try:
                read = json.loads(line)
            except (ValueError, RecursionError):
                read = None
            self._request = read if isinstance(read, dict) else {}
        return True

    def _obeyed(self, request: dict[str, Any], payload: bytes) -> tuple[dict[str, Any], bytes]:
        match request:
            case {"do": "hello"}:
                return {"protocol": PROTOCOL, "rate": self._analyser.rate}, b""
            case {"do": "load"}:
                return self._analyser.load(request, payload), b""
            case {"do": "set", "speech": int() | float() as speech, "noise": int() | float() as noise}:
                return self._analyser.set(speech, noise), b""
            case {"do": "record" | "measure" as do, "sound": digest}:
                return self._analyser.play(do, digest), b""
            case {"do": "told", "play": int() as number}:
                return self._analyser.told(number, self._clock), b""
            case {"do": "blocks", "play": int() as number, "first": int() as first, "count": int() as count} if (
                0 < count <= MOST_BLOCKS
            ):
                return self._analyser.blocks(number, first, count, self._clock)
        return {"error": "not understood"}, b""


def _octets(request: dict[str, Any] | None) -> int:
    """How many octets follow the line of a request."""
    count = (request or {}).get("bytes", 0)
    return count if type(count) is int and 0 <= count <= 2 * LONGEST and count % 2 == 0 else 0


def _number(request: dict[str, Any]) -> int:
    number = request.get("id")
    return number if type(number) is int and 0 <= number < 2**62 else 0


def _windows(stated: object, length: int) -> tuple[tuple[int, int], ...]:
    """Rising pairs of samples of a sound that is ``length`` samples long; none where they are anything else."""
    found = []
    for pair in stated if isinstance(stated, list) else []:
        match pair:
            case [int() as first, int() as end] if 0 <= first < end <= length:
                found.append((first, end))
            case _:
                return ()
    return tuple(found)
