"""Climate probes at their places. Times are bench time in ns, temperatures Cel, humidities %."""

from __future__ import annotations

from dataclasses import dataclass

from ..clock import NANOSECONDS
from .climate import dew_point
from .devices.hmp import HmpDevice
from .places import air
from .response import Response
from .truth import Influences
from .world import World

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
        return dew_point(self.temperature, self.humidity)


class ClimateProbe:
    """One climate probe of the world."""

    def __init__(self, name: str, device: HmpDevice, world: World) -> None:
        self.device = device
        self._world = world
        at_place = (world.file.effects, world.truth, name, "placement")
        self._warmer, self._moister = Influences(*at_place, "temperature"), Influences(*at_place, "humidity")
        self._temperature = Response(world, name, "temperature", noise=device.noise_temperature)
        self._humidity = Response(world, name, "humidity", noise=device.noise_humidity)

    def read(self, t: int) -> Air:
        """The last sample before ``t``."""
        sample = t // PERIOD
        around = air(self._world, self.device.place, sample * PERIOD)
        temperature = self._warmer.forward(around.temperature, around.temperature)
        humidity = self._moister.forward(around.humidity, around.temperature)
        return Air(
            self._temperature.indication(temperature, temperature, sample),
            min(100.0, max(0.0, self._humidity.indication(humidity, temperature, sample))),
        )
