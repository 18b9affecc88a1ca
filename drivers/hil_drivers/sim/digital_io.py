"""A module of digital inputs and outputs: its outputs, its relays in the supply of others, its watchdog."""

from __future__ import annotations

import asyncio

from ..clock import NANOSECONDS
from .devices.digital_io import DigitalIoDevice
from .faults import Faults
from .supply import Supplies
from .world import World


class DigitalIo:
    """One module. Times are bench time in ns; the watchdog's own is wall time where the world is paced."""

    def __init__(self, device: DigitalIoDevice, world: World, faults: Faults) -> None:
        self.device = device
        self._world, self._faults = world, faults
        self._outputs = dict.fromkeys(device.outputs, 0)
        self._seen: dict[str, int] = {}
        supplies = world.part(Supplies)
        self._relays = {output: supplies.of(name) for output, name in device.relays.items()}
        for supply in self._relays.values():
            supply.set(0, 0.0)
        self._fed_at: int | None = None
        self._fed_with: int | None = None
        self._timer: asyncio.TimerHandle | None = None

    def input(self, name: str) -> int:
        """The state of an input."""
        if name in self._seen and self._faults.present("frozen"):
            return self._seen[name]
        state = int(self.device.states.get(name, 1))
        if name == self.device.estop and self._faults.present("estop"):
            state = 0
        self._seen[name] = state
        return state

    def output(self, name: str) -> int:
        """The state of an output."""
        self.moved()
        return self._outputs[name]

    def switch(self, name: str, on: int) -> None:
        """Switch an output; without effect while the watchdog or the E-stop chain keeps it off."""
        self.moved()
        if on and (self._tripped() or self._faults.present("estop")):
            return
        self._set(name, on, self._world.time.now())

    def feed(self, value: int) -> None:
        """Write to the watchdog: another value than the last one feeds it, the first one arms it."""
        self.moved()
        if value == self._fed_with:
            return
        self._fed_with, self._fed_at = value, self._world.time.now()
        if self._world.time.paced:
            if self._timer is not None:
                self._timer.cancel()
            loop = asyncio.get_running_loop()
            self._timer = loop.call_later(self.device.watchdog_timeout, self._expire)

    def fed_with(self) -> int:
        """What was last written to the watchdog."""
        return self._fed_with or 0

    def moved(self) -> None:
        """Bench time or the faults have changed: drop the outputs if that is due."""
        if self._faults.present("estop"):
            self._drop(self._world.time.now())
        if not self._world.time.paced and self._fed_at is not None and self._tripped():
            self._drop(self._fed_at + self._timeout())

    def close(self) -> None:
        """Stop the watchdog's timer."""
        if self._timer is not None:
            self._timer.cancel()

    def _expire(self) -> None:
        self._timer = None
        self._drop(self._world.time.now())

    def _tripped(self) -> bool:
        if self._fed_at is None:
            return False
        if self._world.time.paced:
            return self._timer is None
        return self._world.time.now() >= self._fed_at + self._timeout()

    def _timeout(self) -> int:
        return round(self.device.watchdog_timeout * NANOSECONDS)

    def _drop(self, t: int) -> None:
        for name, on in self._outputs.items():
            if on:
                self._set(name, 0, t)

    def _set(self, name: str, on: int, t: int) -> None:
        self._outputs[name] = on
        if name in self._relays:
            self._relays[name].set(t, float(on))
