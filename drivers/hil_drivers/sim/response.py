"""How a point of an instrument responds: the scale of its certificate, the effects of this seed, its noise."""

from __future__ import annotations

from .noise import Stream
from .scale import IDENTITY, CertifiedScale
from .truth import Influences
from .world import World


class Response:
    """The indications of one point.

    :param name: the device.
    :param noise: the standard deviation of one reading, in the unit of the point.
    """

    def __init__(self, world: World, name: str, point: str, *, noise: float) -> None:
        certificate = world.file.devices[name].certificates.get(point)
        self._scale = IDENTITY
        if certificate is not None:
            knots = world.truth.certificates[name][point]
            self._scale = CertifiedScale(certificate.indication, knots, proportional=False)
        self._influences = Influences(world.file.effects, world.truth, name, "response", point)
        self._stream, self._noise = Stream(world.file.seed, "noise", name, point), noise

    def indication(self, value: float, temperature: float, sample: int) -> float:
        """The indication of ``value`` at an ambient ``temperature`` in Cel, with the noise of its ``sample``."""
        return self.settled(value, temperature) + self._noise * self._stream.normal(sample)

    def settled(self, value: float, temperature: float) -> float:
        """The indication of ``value`` without noise."""
        return self._scale.indication(self._influences.inverse(value, temperature))
