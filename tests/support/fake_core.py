"""A core without a bench: what clients see of a run whose channels all change ten times a second."""

from __future__ import annotations

import asyncio
import random
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from types import SimpleNamespace
from typing import Any

from hil.commanding.commander import Commander, RunFacts
from hil.commanding.server import control_socket
from hil.commands import Command
from hil.errors import UsageError
from hil.gateway.keeper import gateway
from hil.measurement import Look
from hil.overview import Overview
from hil.service import Service

PERIOD = 0.1
DEVICES = 8
NOISE = 4093
"""Values of noise, used again and again: a prime number of them."""


class FakeCore:
    """A run with ``count`` channels; each reading is another one than before, by noise of its standard uncertainty.

    :param events: of the run per second.
    """

    def __init__(self, count: int, *, events: float = 10.0) -> None:
        self.service = Service()
        self.channels: dict[str, Any] = {
            f"dev{at % DEVICES}.T{at}": SimpleNamespace(shown=None, extremes=None) for at in range(count)
        }
        self._every = round(1.0 / (PERIOD * events))
        drawn = random.Random(1)
        noise = [drawn.gauss(0.0, 0.05) for _ in range(NOISE)]
        self._noise = noise * (count // NOISE + 2)
        self._means = [20.0 + index / 8 for index in range(count)]
        self.service.attach(self)
        self.service.channels = self.channels
        self.service.overview = Overview(
            "action",
            "measured",
            {name: _declared(name) for name in self.channels},
            tuple(_device(number) for number in range(DEVICES)),
            (),
        )
        self.facts = RunFacts("fake-rig", "fake-rig.toml", "soak", "Operator A", run="run")
        self.commander = Commander(self.service, self.facts, lambda name: name or "Operator A")
        self.number = 0
        self.spent = 0.0
        """Seconds of CPU time that making the values has taken: the part of drivers, not of a core that serves."""

    def carry_out(self, command: Command) -> dict[str, Any]:
        """Refuse everything that is asked of it."""
        raise UsageError(f"{type(command).__name__} is refused", remedy="ask no more")

    def state(self) -> dict[str, Any]:
        """A run in the middle of its plan."""
        point = {"index": 41, "attempt": 1, "factors": {"scene": "fog", "rep": 2}, "step": "observing"}
        return {"state": "running", "point": point, "left": 78, "done": 42, "count": 120, "prompts": [], "alarms": []}

    def note(self, kind: str, data: dict[str, Any]) -> None:
        """There is no record."""

    def step(self) -> None:
        """New readings, and now and then an event."""
        begun = time.thread_time()
        self.number += 1
        t = time.time_ns()
        begin = self.number * 1009 % NOISE
        drawn = self._noise[begin : begin + len(self._means)]
        for channel, mean, noise in zip(self.channels.values(), self._means, drawn, strict=True):
            value = mean + noise
            channel.shown, channel.extremes = Look(value, 0.05, 0, t), (value, value)
        self.spent += time.thread_time() - begun
        if self.number % self._every == 0:
            self.service.publish("observed", {"index": self.number, "of": None, "attempt": 1})

    async def change(self) -> None:
        """A step each `PERIOD` s, for ever."""
        due = asyncio.get_running_loop().time()
        while True:
            self.step()
            due += PERIOD
            await asyncio.sleep(max(0.0, due - asyncio.get_running_loop().time()))


def _declared(name: str) -> dict[str, Any]:
    device, _, point = name.partition(".")
    plain = {"unit": "Cel", "symbol": "°C", "limits": (None, 1e6), "period": PERIOD, "provenance": "measured"}
    return {"name": name, "device": device, "point": point, "calibration": "5f2c", "due": "2099-01-01", **plain}


def _device(number: int) -> dict[str, Any]:
    return {"name": f"dev{number}", "driver": "scpi", "instrument": "Example 1", "serial": "1", "due": "2099-01-01"}


@asynccontextmanager
async def fake_core(count: int, *, events: float = 10.0) -> AsyncIterator[FakeCore]:
    """A core in this loop, with its control socket and a gateway in a process of its own, while the context lasts."""
    core = FakeCore(count, events=events)
    async with control_socket(core.commander), gateway(core.service, core.commander):
        changing = asyncio.create_task(core.change())
        try:
            yield core
        finally:
            changing.cancel()
            await asyncio.wait([changing])
