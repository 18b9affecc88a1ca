"""The world: bench time, the truth of its seed, and the physics that the instruments look at."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any, TypeVar

from ..clock import NANOSECONDS
from .climate import Climate
from .devices.carriage import CarriageDevice
from .devices.scene_server import SceneServerDevice
from .devices.sign_panel import PanelDevice
from .light import Carriage, Light, mean
from .truth import Influences, draw
from .world_file import Fault, WorldFile

P = TypeVar("P")


class BenchTime:
    """Bench time in ns from the world's start: moved by the controller, or ``speed`` times wall time.

    :param speed: ``None`` for lockstep.
    :param begin: where paced time begins.
    """

    def __init__(self, speed: float | None, begin: int = 0) -> None:
        self._speed, self._now, self._origin = speed, 0 if speed is None else begin, 0

    @property
    def paced(self) -> bool:
        """Whether time runs by itself."""
        return self._speed is not None

    def start(self) -> None:
        """Let paced time run, once."""
        if not self._origin:
            self._origin = time.monotonic_ns()

    def now(self) -> int:
        """The present bench time."""
        if self._speed is None or not self._origin:
            return self._now
        return self._now + round((time.monotonic_ns() - self._origin) * self._speed)

    def until(self, t: int) -> float:
        """The wall time in s until paced time reaches ``t``; 0.1 s while it has not begun."""
        if self._speed is None or not self._origin:
            return 0.1
        return (t - self.now()) / self._speed / NANOSECONDS

    def advance(self, t: int) -> None:
        """Move lockstep time to ``t``, which must not lie in the past."""
        if t < self._now:
            raise ValueError(f"bench time cannot go back from {self._now} to {t}")
        self._now = t


class World:
    """One world with its present state.

    :raises WorldFileError: if no truth can be drawn from a certificate.
    """

    def __init__(self, file: WorldFile) -> None:
        self.file = file
        self.faults: list[Fault] = list(file.faults)
        self._parts: dict[Callable[[World], Any], Any] = {}
        self.time = BenchTime(file.speed if file.mode == "paced" else None, file.begin)
        self.truth = draw(file)
        self.climate = Climate(file.room)
        self.light = self._lit()
        carriages = [d for d in file.devices.values() if isinstance(d, CarriageDevice)]
        self.carriage = Carriage(carriages[0].travel_time) if carriages else None
        self.text = ""
        panels = [name for name, d in file.devices.items() if isinstance(d, PanelDevice | SceneServerDevice)]
        self._at_panel = Influences(file.effects, self.truth, panels[0] if panels else "", "placement", "illuminance")

    def part(self, make: Callable[[World], P]) -> P:
        """The one part of this world that ``make`` builds, built when it is first asked for.

        Instruments share physics by it: ``world.part(Arm)`` is the same arm for all of them.
        """
        if make not in self._parts:
            self._parts[make] = make(self)
        found: P = self._parts[make]
        return found

    def sign_illuminance(self, start: int, end: int) -> float:
        """The mean illuminance in lx on the sign panel over [start, end]."""
        plane = mean(start, end, self.light.plane, self.light.changes(start, end))
        return self._at_panel.forward(plane, self.climate.temperature((start + end) // 2))

    def at_panel(self, start: int, end: int) -> float:
        """What the place of the signs sees of the light over [start, end], relative to the plane."""
        return self._at_panel.forward(1.0, self.climate.temperature((start + end) // 2))

    def _lit(self) -> Light:
        dark = self.file.room.dark_illuminance
        for name, device in self.file.devices.items():
            if isinstance(device, SceneServerDevice):
                from .wall.display import WallLight

                return WallLight(device, dark, self.truth.walls[name], self.climate)
        return Light(self.file.lamp, dark, self.truth.lamp_gain, self.climate)
