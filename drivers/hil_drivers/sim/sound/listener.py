"""A synthetic listener: whether it hears a voice in a record is drawn from its curve by the seed and its questions."""

from __future__ import annotations

from dataclasses import dataclass

from ..devices.synthetic import SyntheticDevice
from ..noise import Stream
from ..synthetic import curve
from ..world import World

FALSE = (0.05, 0.1)
"""When it hears a voice that is not there, in s from the beginning."""


@dataclass(frozen=True, slots=True)
class Heard:
    """What the microphone was given in a record: which sound (empty for none), the true ratio of its power to that of
    all else where it is active, and where it begins and ends, in s."""

    digest: str
    ratio: float
    onset: float
    end: float


class Listening:
    """What the microphone of a world recorded last."""

    def __init__(self, _world: World) -> None:
        self.last: Heard | None = None


class SyntheticListener:
    """Answers questions in the order in which they are asked; the same seed and number give the same draw.

    :param name: the device.
    """

    def __init__(self, name: str, device: SyntheticDevice, world: World) -> None:
        self._device, self._world = device, world
        self._draws = Stream(world.file.seed, "synthetic", name, "answer")
        self._effects = (world.file.seed, "synthetic", name, "effect")
        self._asked = 0

    def intervals(self) -> list[list[float]] | None:
        """Where it hears a voice in the last record, in s; ``None`` if there is no record."""
        heard = self._world.part(Listening).last
        if heard is None:
            return None
        number, self._asked = self._asked, self._asked + 1
        right, false = self._draws.uniforms(number)
        found = [list(FALSE)] if false < self._device.false_rate else []
        if heard.digest and right < self._probability(heard):
            found.append([heard.onset, heard.end])
        return found

    def _probability(self, heard: Heard) -> float:
        effect = self._device.between * Stream(*self._effects, heard.digest).normal()
        return curve(self._device).probability(heard.ratio, effect)
