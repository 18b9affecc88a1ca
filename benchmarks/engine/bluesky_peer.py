"""The peer: events per second of bluesky, nothing durable, no subscriber."""

from __future__ import annotations

import time
from collections.abc import Iterator
from typing import Any


class Minimal:
    """The least that bluesky can read."""

    parent = None

    def __init__(self, name: str) -> None:
        self.name = name

    def read(self) -> dict[str, Any]:
        return {self.name: {"value": 100.0, "timestamp": time.time()}}

    def describe(self) -> dict[str, Any]:
        return {self.name: {"source": "", "dtype": "number", "shape": []}}

    def read_configuration(self) -> dict[str, Any]:
        return {}

    def describe_configuration(self) -> dict[str, Any]:
        return {}


def floor(events: int, readings: int = 1) -> float:
    """Seconds for ``events`` of create, ``readings`` of read, and save, with devices that do nothing."""
    from bluesky import Msg, RunEngine

    devices = [Minimal(f"lux{number}") for number in range(readings)]

    def plan() -> Iterator[Any]:
        yield Msg("open_run")
        for _ in range(events):
            yield Msg("create", name="primary")
            for device in devices:
                yield Msg("read", device)
            yield Msg("save")
        yield Msg("close_run")

    run = RunEngine(context_managers=[])
    begun = time.perf_counter()
    run(plan())
    return time.perf_counter() - begun


def scan(events: int) -> float:
    """Seconds for bluesky's own ``scan`` over ophyd's simulated motor and detector."""
    from bluesky import RunEngine
    from bluesky.plans import scan as plan
    from ophyd.sim import SynAxis, SynGauss

    motor = SynAxis(name="motor")
    detector = SynGauss("detector", motor, "motor", center=0, Imax=1, sigma=1)
    run = RunEngine(context_managers=[])
    begun = time.perf_counter()
    run(plan([detector], motor, -1.0, 1.0, events))
    return time.perf_counter() - begun
