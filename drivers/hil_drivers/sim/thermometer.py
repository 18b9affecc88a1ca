"""Platinum resistance thermometers: what the air at a place makes of their resistance. Times are bench time in ns."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING

from .light import mean
from .noise import Stream
from .places import air
from .truth import Influences, sample

if TYPE_CHECKING:
    from .devices.pt100_scanner import ScannerDevice
    from .world import World

A, B, C = 3.9083e-3, -5.775e-7, -4.183e-12
"""IEC 60751: R(t) = R0 (1 + A t + B t² + C (t - 100 Cel) t³), the last term below 0 Cel only."""


def resistance(t: float, r0: float = 100.0, a: float = A, b: float = B) -> float:
    """The resistance in Ohm at ``t`` in Cel."""
    cold = C * (t - 100.0) * t**3 if t < 0 else 0.0
    return r0 * (1.0 + a * t + b * t * t + cold)


def nominal_temperature(ohms: float) -> float:
    """The temperature in Cel of a nominal thermometer, as a meter computes it: by regula falsi."""
    low, high = -250.0, 900.0
    at_low, at_high = resistance(low) - ohms, resistance(high) - ohms
    for _ in range(200):
        middle = high - at_high * (high - low) / (at_high - at_low)
        at_middle = resistance(middle) - ohms
        if abs(at_middle) < 1e-9:
            return middle
        if at_middle * at_low > 0:
            low, at_low, at_high = middle, at_middle, at_high / 2.0
        else:
            high, at_high, at_low = middle, at_middle, at_low / 2.0
    return middle


class Thermometer:
    """One thermometer and the channel that measures it.

    Its true R(t) is drawn: from its certificate, or else from what is known of R0, A and B. A certificate states the
    temperatures at some resistances; how the drawn ones differ from the nominal function goes straight between them.
    """

    def __init__(self, name: str, point: str, device: ScannerDevice, world: World) -> None:
        self._device, self._world, self._probe = device, world, device.probe(point)
        self._meter = device.channel(point).quantity == "temperature"
        effects, truth, seed = world.file.effects, world.truth, world.file.seed
        self._response = Influences(effects, truth, name, "response", point)
        self._placement = Influences(effects, truth, name, "placement", point)
        self._noise = Stream(seed, "noise", name, point)
        r0, a, b = (
            sample(getattr(self._probe, key), Stream(seed, "truth", "prior", name, point, key))
            for key in ("r0", "a", "b")
        )
        self._r0, self._a, self._b = 100.0 + r0, A * (1.0 + a), B * (1.0 + b)
        self._knots: list[float] = []
        certificate = device.certificates.get(point)
        if certificate is not None:
            self._knots = truth.certificates[name][point]
            self._beyond = [x - self._nominal(t) for x, t in zip(certificate.indication, self._knots, strict=True)]

    def reading(self, start: int, end: int, cycles: float, *, two_wire: bool = False) -> float:
        """The reading, in Ohm or Cel, of an integration of so many power-line cycles over [start, end].

        :param two_wire: measured by two wires, hence with their resistance.
        """
        ambient = mean(start, end, self._ambient, ())
        noise = self._device.noise / math.sqrt(cycles) * self._noise.normal(start)
        if self._meter:
            return self._indication(ambient) + noise / (A * 100.0)
        leads = 2.0 * self._probe.lead if two_wire else 0.0
        return self._indication(ambient) + leads + noise

    def _ambient(self, t: int) -> float:
        placed = air(self._world, self._probe.place, t).temperature
        return self._placement.forward(placed, self._world.climate.temperature(t))

    def _indication(self, ambient: float) -> float:
        warm = ambient + self._probe.self_heating * 1e3 * self._device.current**2 * resistance(ambient)
        sensed = self._response.inverse(warm, warm)
        if self._knots:
            return self._nominal(sensed) + self._deviation(sensed)
        ohms = resistance(sensed, self._r0, self._a, self._b)
        return nominal_temperature(ohms) if self._meter else ohms

    def _nominal(self, t: float) -> float:
        return t if self._meter else resistance(t)

    def _deviation(self, t: float) -> float:
        knots, beyond = self._knots, self._beyond
        if len(knots) == 1:
            return beyond[0]
        i = min(max(bisect_right(knots, t), 1), len(knots) - 1)
        return beyond[i - 1] + (beyond[i] - beyond[i - 1]) * (t - knots[i - 1]) / (knots[i] - knots[i - 1])
