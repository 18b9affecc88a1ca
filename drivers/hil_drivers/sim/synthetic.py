"""A synthetic system under test: what it answers is drawn from its curve by the seed and the number of the question."""

from __future__ import annotations

import math
from collections import OrderedDict
from dataclasses import dataclass

from .devices.synthetic import SyntheticDevice
from .noise import Stream
from .response_curve import ResponseCurve
from .target import Target
from .world import World

_KEPT = 64
_LETTERS = "ACEHKLMNPRTUVXY3479"
_LENGTH = 5


@dataclass(frozen=True, slots=True)
class Seen:
    """What was before a camera while it exposed a picture, from ``start`` to ``end`` in bench time."""

    text: str
    start: int
    end: int


class Exposures:
    """What the latest pictures of the cameras of a world show, by camera and number."""

    def __init__(self, _world: World) -> None:
        self._seen: dict[str, OrderedDict[int, Seen]] = {}

    def add(self, camera: str, number: int, seen: Seen) -> None:
        """Picture ``number`` of ``camera`` shows what was ``seen``."""
        kept = self._seen.setdefault(camera, OrderedDict())
        kept[number] = seen
        while len(kept) > _KEPT:
            kept.popitem(last=False)

    def of(self, number: int, camera: str = "") -> Seen | None:
        """What a picture shows; ``None`` for one that was not taken, or long ago.

        :param camera: its name; any will do where it is not given.
        """
        for name, kept in self._seen.items():
            if name == camera or not camera:
                return kept.get(number)
        return None


def curve(device: SyntheticDevice, bearing: float = 0.0) -> ResponseCurve:
    """Its true curve, at a ``bearing`` in degrees."""
    lost = device.rear * (1.0 - math.cos(math.radians(bearing))) / 2.0
    return ResponseCurve(device.a50 * (1.0 - lost), device.slope, device.ceiling, device.link, device.between)


class SyntheticReader:
    """Answers questions in the order in which they are asked; the same seed and number give the same draw.

    :param name: the device.
    """

    def __init__(self, name: str, device: SyntheticDevice, world: World) -> None:
        self._device, self._world = device, world
        seed = world.file.seed
        self._draws, self._words = Stream(seed, "synthetic", name, "answer"), Stream(seed, "synthetic", name, "word")
        self._effects = (seed, "synthetic", name, "effect")
        self._asked = 0

    def picture(self, number: int) -> str | None:
        """The answer to a picture of its camera, empty where it sees nothing; ``None`` if there is no such picture."""
        seen = self._world.part(Exposures).of(number, self._device.camera)
        return None if seen is None else self.answer(seen)

    def now(self) -> str:
        """The answer to what stands before it at present."""
        t = self._world.time.now()
        return self.answer(Seen(self._world.text, t, t + 1))

    def answer(self, seen: Seen) -> str:
        """The answer to what was ``seen``."""
        number, self._asked = self._asked, self._asked + 1
        right, false = self._draws.uniforms(number)
        if seen.text and right < self._probability(seen):
            return seen.text
        return self._false(seen.text, number) if false < self._device.false_rate else ""

    def _probability(self, seen: Seen) -> float:
        target, middle = self._world.part(Target), (seen.start + seen.end) // 2
        at_distance = self._device.stimulus == "distance"
        level = target.distance.at(middle) if at_distance else self._world.sign_illuminance(seen.start, seen.end)
        return curve(self._device, target.bearing.at(middle)).probability(level, self._effect(seen.text))

    def _effect(self, text: str) -> float:
        return self._device.between * Stream(*self._effects, text).normal()

    def _false(self, text: str, number: int) -> str:
        word = "".join(_LETTERS[octet % len(_LETTERS)] for octet in self._words.octets(_LENGTH, number))
        return word if word != text else word[1:]
