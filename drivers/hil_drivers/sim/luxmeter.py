"""Luxmeters: what a photometer head sees, and the reading that a T-10A makes of it."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

from ..clock import NANOSECONDS
from .devices.t10a import LuxmeterDevice
from .light import mean
from .noise import Stream
from .scale import CertifiedScale, Scale, UncalibratedScale
from .truth import Influences

if TYPE_CHECKING:
    from .world import World

CONVERSION = NANOSECONDS // 2
"""The integration time of one reading, in ns."""

RANGE_LIMIT = 299_900.0
"""The largest illuminance that a reading can carry, in lx."""

_EXPONENTS = ((29.995, 2), (299.95, 3), (2999.5, 4), (29995.0, 5), (math.inf, 6))


def exponent(illuminance: float) -> int:
    """The exponent character of a reading, whose step is 10^(exponent - 4) lx.

    The ranges end at 29.99, 299.9, 2999, 29 990 and 299 900 lx.
    """
    return next(e for limit, e in _EXPONENTS if abs(illuminance) < limit)


class Luxmeter:
    """One luxmeter of the world. Times are bench time in ns, illuminances lx."""

    def __init__(self, name: str, device: LuxmeterDevice, world: World) -> None:
        self.device = device
        self._world = world
        self._light, self._carriage, self._climate = world.light, world.carriage, world.climate
        effects, truth = world.file.effects, world.truth
        self._response = Influences(effects, truth, name, "response", "illuminance")
        self._placement = Influences(effects, truth, name, "placement", "illuminance")
        self._noise = Stream(world.file.seed, "noise", name, "reading")
        self._scale: Scale
        certificate = device.certificates.get("illuminance")
        if certificate is not None:
            knots = truth.certificates[name]["illuminance"]
            self._scale = CertifiedScale(certificate.indication, knots, proportional=True)
        else:
            self._scale = UncalibratedScale(truth.priors[name])

    def indication(self, illuminance: float, t: int) -> float:
        """The indication, without noise and digits, at ``illuminance`` on the head and the temperature at ``t``."""
        return self._scale.indication(self._response.inverse(illuminance, self._climate.temperature(t)))

    def illuminance(self, start: int, end: int) -> float:
        """The mean illuminance on the head over [start, end]."""
        changes = self._light.changes(start, end)
        if self.device.stands == "eye":
            return mean(start, end, self._at_eye, changes)
        if self._carriage is not None:
            changes = changes + self._carriage.changes(start, end)
        return mean(start, end, self._at_head, changes)

    def _at_head(self, t: int) -> float:
        plane = self._light.plane(t)
        if self._carriage is not None:
            plane *= self._carriage.share(t, self.device.carriage_position)
        return self._placement.forward(plane, self._climate.temperature(t))

    def _at_eye(self, t: int) -> float:
        from .wall.display import Wall

        return self._placement.forward(self._world.part(Wall).at_eye(self._world, t), self._climate.temperature(t))

    def convert(self, start: int) -> float:
        """The reading of the conversion that began at ``start``, before digits: the same whenever it is asked for."""
        illuminance = self.illuminance(start, start + CONVERSION)
        indication = self.indication(illuminance, start + CONVERSION // 2)
        digit = 10.0 ** (exponent(indication) - 4)
        spread = max(self.device.noise * abs(illuminance), 0.3 * digit)
        return indication + spread * self._noise.normal(start)


def luxmeters(world: World) -> dict[str, Luxmeter]:
    """The luxmeters of ``world`` by name, the same ones at every call."""
    return world.part(_luxmeters)


def _luxmeters(world: World) -> dict[str, Luxmeter]:
    devices = world.file.devices.items()
    return {name: Luxmeter(name, device, world) for name, device in devices if isinstance(device, LuxmeterDevice)}
