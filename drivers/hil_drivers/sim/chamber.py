"""Climatic chambers: controlled air, its vapour, the walls and a specimen. Times are bench time in ns.

The controller scans once in ``SCAN``: the state at the end of a scan follows from that at its beginning by
exponentials, under the settings that were commanded before it began. So the state at the end of each scan is known when
it begins, and does not depend on how often, or when, anybody asks; between the ends it is a straight line.

With the set point A (which moves by the gradients), the time constant tau and the largest rates s of heating and
cooling, the air changes in a scan of h by clip((1 - exp(-h / tau)) (A - T), -s h, s h); what goes through the
insulation is taken off the heating rate and given to the cooling rate. The state of humidity is the partial pressure
of vapour: relative humidity follows from it and from the temperature. What exceeds saturation at the walls, or over
the air, condenses. The controller controls what its own sensors indicate.
"""

from __future__ import annotations

import math
from array import array
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from ..clock import NANOSECONDS
from .climate import saturation_pressure
from .devices.chamber import ChamberDevice
from .response import Response

if TYPE_CHECKING:
    from .world import World

SCAN = NANOSECONDS
"""How often the controller looks and acts."""

SLOW = 10
"""Every so many scans it is looked at what changes slowly: the room, and by how much the chamber's sensors err."""

_H = SCAN / NANOSECONDS
_WALLS = 10.0
"""How many times the heat capacity of the air the walls have."""


def _approach(time_constant: float) -> float:
    """The share of a difference that a first-order lag covers in one scan."""
    return -math.expm1(-_H / time_constant)


_DRYEST = saturation_pressure(-30.0)
_DRYING, _CONDENSING = _approach(900.0), _approach(60.0)
"""The vapour of dried compressed air, in hPa; how fast it comes in, and how fast what is too much condenses."""


@dataclass(frozen=True, slots=True)
class Settings:
    """What a chamber is told: set points in Cel and % RH, gradients per minute (0 for none), the fan in %.

    ``humidity_running`` says whether it may humidify and dry; ``dryer`` whether dried compressed air flows in.
    """

    running: bool = False
    temperature: float = 23.0
    humidity: float = 0.0
    humidity_running: bool = True
    temperature_up: float = 0.0
    temperature_down: float = 0.0
    humidity_up: float = 0.0
    humidity_down: float = 0.0
    fan: float = 100.0
    dryer: bool = False


class Chamber:
    """One climatic chamber of the world.

    :param name: the device's name.
    """

    def __init__(self, name: str, device: ChamberDevice, world: World) -> None:
        self.name, self.device = name, device
        self.settings = Settings()
        self._world = world
        self._sensors = {
            "temperature": Response(world, name, "temperature", noise=device.noise_temperature),
            "humidity": Response(world, name, "humidity", noise=device.noise_humidity),
        }
        self._room = room, vapour = self._room_at(0)
        self._errors = 0.0, 0.0
        self._approaches = {
            name: _approach(getattr(device, name))
            for name in ("still_time", "wall_time", "insulation_time", "specimen_time", "vapour_exchange_time")
        }
        self._coil = saturation_pressure(device.coil_dew_point)
        self._fanned()
        self._air, self._wall = array("d", [room]), array("d", [room])
        self._specimen, self._vapour = array("d", [room]), array("d", [vapour])
        self._power = array("d", [device.standby_power])
        self._controlled = array("b", [0])
        self._aim: float | None = None
        self._humidity_aim: float | None = None

    def command(self, t: int, **changes: Any) -> None:
        """Change settings at ``t``, from the next scan on."""
        self.advance(t)
        self.settings = replace(self.settings, **changes)
        self._fanned()

    def advance(self, t: int) -> None:
        """Know the state up to the end of the scan at ``t``; do it before anything changes that acts on it."""
        for k in range(len(self._air) - 1, t // SCAN + 1):
            self._scan(k)

    def temperature(self, t: int) -> float:
        """The temperature of the air in the working space, in Cel."""
        air = self._at(self._air, t)
        phase = 2.0 * math.pi * t / (self.device.ripple_period * NANOSECONDS)
        return air + self._at(self._controlled, t) * self.device.ripple * math.sin(phase)

    def humidity(self, t: int) -> float:
        """The relative humidity of the air in the working space, in %."""
        return min(100.0, 100.0 * self._at(self._vapour, t) / saturation_pressure(self.temperature(t)))

    def specimen(self, t: int) -> float:
        """The temperature of the specimen, in Cel."""
        return self._at(self._specimen, t)

    def humidity_at_specimen(self, t: int) -> float:
        """The relative humidity of the air at the specimen's surface, in %: where it is 100 %, it dews."""
        return min(100.0, 100.0 * self._at(self._vapour, t) / saturation_pressure(self.specimen(t)))

    def power(self, t: int) -> float:
        """The electrical power drawn at ``t``, in W."""
        self.advance(t)
        return self._power[t // SCAN + 1]

    def set_point(self, t: int) -> float:
        """The temperature that the controller aims at, in Cel: it moves where a gradient is set."""
        self.advance(t)
        return self.settings.temperature if self._aim is None else self._aim

    def humidity_set_point(self, t: int) -> float:
        """The relative humidity that the controller aims at, in %."""
        self.advance(t)
        return self.settings.humidity if self._humidity_aim is None else self._humidity_aim

    def indication(self, point: str, t: int) -> float:
        """What the chamber's own sensor of ``temperature`` or ``humidity`` shows of the scan at ``t``."""
        sample = t // SCAN
        temperature = self.temperature(sample * SCAN)
        value = temperature if point == "temperature" else self.humidity(sample * SCAN)
        return self._sensors[point].indication(value, temperature, sample)

    def tripped(self, t: int) -> bool:
        """Whether an alarm keeps it from working."""
        seconds = t / NANOSECONDS
        return any(
            fault.kind == "alarm" and fault.device == self.name and fault.start <= seconds < fault.end
            for fault in self._world.faults
        )

    def _at(self, states: array[Any], t: int) -> float:
        self.advance(t)
        k, rest = divmod(t, SCAN)
        before, after = states[k], states[k + 1]
        return float(before + (after - before) * (rest / SCAN))

    def _fanned(self) -> None:
        """Take up what depends on the fan."""
        device, share = self.device, self.settings.fan / 100.0
        self._approach_air, self._approach_vapour = (
            _approach(device.time_constant / share),
            _approach(device.humidity_time / share),
        )

    def _room_at(self, t: int) -> tuple[float, float]:
        """The room's temperature and partial pressure of vapour."""
        climate = self._world.climate
        temperature = climate.temperature(t)
        return temperature, climate.humidity(t) / 100.0 * saturation_pressure(temperature)

    def _scan(self, k: int) -> None:
        """Append the state at the end of scan ``k``."""
        device, share = self.device, self._approaches
        air, wall, specimen, vapour = self._air[k], self._wall[k], self._specimen[k], self._vapour[k]
        if k % SLOW == 0:
            self._look(k, air, vapour)
        room, room_vapour = self._room
        running = self.settings.running and not self.tripped(k * SCAN)
        if running:
            change, drive = self._controlled_air(air, room)
        else:
            self._aim = None
            change, drive = share["still_time"] * (wall - air), 0.0
        new_air = air + change
        around = air + device.radiation * (wall - air)
        into_wall = share["wall_time"] if running else share["still_time"] / _WALLS
        new_wall = wall + into_wall * (air - wall) + share["insulation_time"] * (room - wall)
        new_vapour, wetting = self._new_vapour(vapour, new_air, new_wall, room_vapour, running)
        self._air.append(new_air)
        self._wall.append(new_wall)
        self._specimen.append(specimen + share["specimen_time"] * (around - specimen))
        self._vapour.append(new_vapour)
        self._controlled.append(running)
        self._power.append(self._drawn(drive, wetting) if running else device.standby_power)

    def _look(self, k: int, air: float, vapour: float) -> None:
        """Take up the room, and the errors of the chamber's own sensors."""
        self._room = self._room_at(k * SCAN)
        humidity = min(100.0, 100.0 * vapour / saturation_pressure(air))
        temperature = self._sensors["temperature"].settled(air, air)
        self._errors = temperature - air, self._sensors["humidity"].settled(humidity, air) - humidity

    def _controlled_air(self, air: float, room: float) -> tuple[float, float]:
        """The change of the air in one scan, and the share of heating (or, negative, of cooling) that it takes."""
        device, settings = self.device, self.settings
        loss = (air - room) / device.insulation_time
        heating, cooling = device.heating_rate / 60.0 - loss, device.cooling_rate / 60.0 + loss
        aim = air if self._aim is None else self._aim
        self._aim = _towards(settings.temperature, aim, settings.temperature_up, settings.temperature_down)
        change = self._approach_air * (self._aim - self._errors[0] - air)
        change = min(max(change, -cooling * _H), heating * _H)
        effort = 60.0 * (change / _H + loss)
        return change, effort / (device.heating_rate if effort > 0.0 else device.cooling_rate)

    def _new_vapour(self, vapour: float, air: float, wall: float, room: float, running: bool) -> tuple[float, float]:
        """The partial pressure of vapour at the end of a scan, and the share of wetting that it takes."""
        wetting, saturation = 0.0, saturation_pressure(air)
        if running and self._controls_humidity(air):
            change = self._controlled_vapour(vapour, saturation)
            wetting = max(0.0, change / (self.device.wetting_rate * _H))
        else:
            self._humidity_aim = None
            change = self._approaches["vapour_exchange_time"] * (room - vapour)
            if running and self.settings.dryer:
                change += _DRYING * (_DRYEST - vapour)
        vapour += change
        over_wall = vapour - saturation_pressure(wall)
        if over_wall > 0.0:
            vapour -= _CONDENSING * over_wall
        return min(vapour, saturation), wetting

    def _controls_humidity(self, air: float) -> bool:
        lower, upper = self.device.humidity_range
        return self.settings.humidity_running and self.settings.humidity > 0.0 and lower <= air <= upper

    def _controlled_vapour(self, vapour: float, saturation: float) -> float:
        device, settings = self.device, self.settings
        now = min(100.0, 100.0 * vapour / saturation)
        aim = now if self._humidity_aim is None else self._humidity_aim
        self._humidity_aim = _towards(settings.humidity, aim, settings.humidity_up, settings.humidity_down)
        goal = (self._humidity_aim - self._errors[1]) / 100.0 * saturation
        change = self._approach_vapour * (max(goal, min(vapour, _DRYEST if settings.dryer else self._coil)) - vapour)
        return min(max(change, -device.drying_rate * _H), device.wetting_rate * _H)

    def _drawn(self, drive: float, wetting: float) -> float:
        device = self.device
        temper = device.heating_power * drive if drive > 0.0 else device.cooling_power * -drive
        fan = device.fan_power * self.settings.fan / 100.0
        return device.standby_power + fan + temper + device.wetting_power * wetting


def _towards(target: float, present: float, up: float, down: float) -> float:
    """A set point one scan nearer to its target: at once where there is no gradient."""
    if target > present and up > 0.0:
        return min(target, present + up / 60.0 * _H)
    if target < present and down > 0.0:
        return max(target, present - down / 60.0 * _H)
    return target


def chambers(world: World) -> dict[str, Chamber]:
    """The climatic chambers of ``world`` by name, the same ones at every call."""
    return world.part(_chambers)


def _chambers(world: World) -> dict[str, Chamber]:
    devices = world.file.devices.items()
    return {name: Chamber(name, device, world) for name, device in devices if isinstance(device, ChamberDevice)}
