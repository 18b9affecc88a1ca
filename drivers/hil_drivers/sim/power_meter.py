"""The power meter in front of the bench's supply. Times are bench time in ns, powers in W."""

from __future__ import annotations

from dataclasses import dataclass

from ..clock import NANOSECONDS
from .devices.mqtt_meter import MqttMeterDevice
from .light import Steps, mean
from .noise import Stream
from .power import power
from .response import Response
from .world import World

WINDOW = 0.2
"""Seconds over which the meter forms a value: ten periods of 50 Hz (IEC 61000-4-30)."""

_MAINS, _MAINS_SPREAD = 230.0, 0.4


@dataclass(frozen=True, slots=True)
class Electrical:
    """One value of each quantity."""

    power: float
    voltage: float


class PowerMeter:
    """One meter of the world, with its outlet: a value is the mean over the window that ends at its time."""

    def __init__(self, name: str, device: MqttMeterDevice, world: World) -> None:
        self.device = device
        self._world = world
        self._relay = Steps(1.0)
        self._power = Response(world, name, "power", noise=device.noise)
        self._mains = Stream(world.file.seed, "noise", name, "voltage")

    def switch(self, t: int, on: bool) -> None:
        """Switch the outlet at ``t``."""
        self._relay.set(t, float(on))

    def is_on(self, t: int) -> bool:
        """Whether the outlet is on."""
        return self._relay.at(t) == 1.0

    def read(self, t: int) -> Electrical:
        """The values formed at ``t``."""
        start = max(0, t - round(WINDOW * NANOSECONDS))
        changes = [*self._relay.changes(start, t), *self._world.light.changes(start, t)]
        taken = mean(start, t, lambda at: self._relay.at(at) * power(self._world, at), changes)
        indicated = self._power.indication(taken, self._world.climate.temperature(t), t)
        return Electrical(indicated, _MAINS + _MAINS_SPREAD * self._mains.normal(t))
