"""The climate probe in the room. Times are bench time in ns, temperatures Cel, humidities %."""

from __future__ import annotations

import math
from dataclasses import dataclass

from ..clock import NANOSECONDS
from .noise import Stream
from .scale import IDENTITY, CertifiedScale
from .truth import Influences
from .world import World
from .world_file import Certificate, HmpDevice

PERIOD = NANOSECONDS
"""The probe measures once in this time; requests between see the last values."""


@dataclass(frozen=True, slots=True)
class Air:
    """The indications of one sample; NaN where the probe has none."""

    temperature: float
    humidity: float

    @property
    def dew_point(self) -> float:
        """The dew point over water (Magnus)."""
        gamma = math.log(max(self.humidity, 1e-3) / 100.0)
        gamma += 17.62 * self.temperature / (243.12 + self.temperature)
        return 243.12 * gamma / (17.62 - gamma)


class _Channel:
    def __init__(self, world: World, name: str, point: str, certificate: Certificate | None, noise: float) -> None:
        self._scale = IDENTITY
        if certificate is not None:
            knots = world.truth.certificates[name][point]
            self._scale = CertifiedScale(certificate.indication, knots, proportional=False)
        self._influences = Influences(world.file.effects, world.truth, name, "response", point)
        self._stream, self._noise = Stream(world.file.seed, "noise", name, point), noise

    def indication(self, value: float, temperature: float, sample: int) -> float:
        noise = self._noise * self._stream.normal(sample)
        return self._scale.indication(self._influences.inverse(value, temperature)) + noise


class ClimateProbe:
    """One climate probe of the world."""

    def __init__(self, name: str, device: HmpDevice, world: World) -> None:
        self.device = device
        self._climate = world.climate
        certificate = device.certificate
        self._temperature = _Channel(world, name, "temperature", certificate.temperature, device.noise_temperature)
        self._humidity = _Channel(world, name, "humidity", certificate.humidity, device.noise_humidity)

    def read(self, t: int) -> Air:
        """The last sample before ``t``."""
        sample = t // PERIOD
        temperature = self._climate.temperature(sample * PERIOD)
        humidity = self._climate.humidity(sample * PERIOD)
        return Air(
            self._temperature.indication(temperature, temperature, sample),
            min(100.0, max(0.0, self._humidity.indication(humidity, temperature, sample))),
        )
