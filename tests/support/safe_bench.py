"""A small simulated rig with something to be safe from: a lamp behind a relay, an E-stop chain, a watchdog, sensors."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from bench_copy import copy_bench
from hil.bench.config import load_bench
from hil.bench.opened import Bench, open_bench
from hil.binding import Binding
from hil.record import RecordWriter
from hil.safety.latches import Latches
from hil.safety.supervisor import Supervisor
from hil.safety.trip import Trip
from hil.scripts import Procedure
from hil_drivers.sim.client import Simulation

BENCH = """
[bench]
name = "safe"
kind = "action"
laboratory = "lab.toml"
equipment = "equipment.toml"

[devices.lights]
driver = "artnet"
address = "sim:lights"
universe = 0
channel = 1
full_scale = 2000.0

[devices.io]
driver = "digital-io"
address = "sim:io"
inputs = { estop = 0, door = 1 }
outputs = { lamp = 0, fan = 1 }
watchdog = { coil = 15 }
watchdog_timeout = 0.8

[devices.climate]
driver = "hmp"
address = "sim:climate"
instrument = "climate-probe"

[devices.reference]
driver = "t10a"
address = "sim:reference"
instrument = "reference-luxmeter"

[channels."light.illuminance"]
device = "lights"
point = "illuminance"
unit = "lx"
range = [0.0, 1500.0]

[channels."io.estop"]
device = "io"
point = "estop"
unit = "1"

[channels."io.lamp"]
device = "io"
point = "lamp"
unit = "1"

[channels."room.temperature"]
device = "climate"
point = "temperature"
unit = "Cel"
calibration = "certificates/climate-probe.xml"
point_correlation = "full"

[channels."reference.illuminance"]
device = "reference"
point = "illuminance"
unit = "lx"
calibration = "certificates/reference-luxmeter.xml"
point_correlation = "full"

[roles]
light = "light.illuminance"
lamp = "io.lamp"
temperature = "room.temperature"
reference = "reference.illuminance"
{interlocks}
[safe_state]
deadline = "1 s"
actions = [
    {{ channel = "light.illuminance", set = 0.0 }},
    {{ channel = "io.lamp", set = 0.0, readback = "io.lamp", within = 0.1 }},
]

[sim]
world = "light-room"
seed = 1
start = "2026-06-01T08:00:00Z"

[sim.devices.io]
estop = "estop"
relays = {{ lamp = "lights" }}
"""

WATCHDOG = """
[watchdog]
device = "io"
every = "200 ms"
"""

ESTOP = """
[interlocks.estop]
when = "io.estop == 0"
period = "50 ms"
stale_after = "1 s"
guidance = "look at the rig, then reset the chain"
"""


def write_bench(folder: Path, *interlocks: str, changes: tuple[tuple[str, str], ...] = ()) -> Path:
    """The bench file in ``folder``, with the files of the laboratory beside it."""
    copy_bench(folder).unlink()
    text = BENCH.replace("{{", "{").replace("}}", "}").replace("{interlocks}", "".join(interlocks))
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path = folder / "safe.toml"
    path.write_text(text, encoding="utf-8")
    return path


def interlock(when: str, *more: str, name: str = "limit") -> str:
    """One interlock; it is read every 50 ms."""
    lines = [f"[interlocks.{name}]", f'when = "{when}"', 'period = "50 ms"', *more]
    return "\n" + "\n".join(lines) + "\n"


@dataclass
class Guarded:
    """A supervised bench, and what happened on it."""

    bench: Bench
    binding: Binding
    supervisor: Supervisor
    events: list[tuple[str, dict[str, Any]]] = field(default_factory=list)
    trips: list[Trip] = field(default_factory=list)
    happened: asyncio.Event = field(default_factory=asyncio.Event)

    @property
    def world(self) -> Simulation:
        """The simulation behind it."""
        assert self.bench.world is not None
        return self.bench.world

    def kinds(self, *wanted: str) -> list[dict[str, Any]]:
        """What was told of some kinds."""
        return [data for kind, data in self.events if kind in wanted]

    def told(self, kind: str, data: dict[str, Any]) -> None:
        """Called with every event."""
        self.events.append((kind, data))
        self.happened.set()

    async def until(self, seen: Callable[[], object]) -> None:
        """Wait, event by event, until ``seen``; for 20 s at most."""
        async with asyncio.timeout(20.0):
            while not seen():
                self.happened.clear()
                await self.happened.wait()

    async def until_told(self, kind: str) -> dict[str, Any]:
        """The first event of a kind, waited for."""
        await self.until(lambda: self.kinds(kind))
        return self.kinds(kind)[0]


@asynccontextmanager
async def guarded(
    path: Path, folder: Path, *, speed: float | None = 1.0, latches: Latches | None = None
) -> AsyncIterator[Guarded]:
    """The bench at ``path`` with a supervisor that is not armed yet; made safe and disarmed at the end."""
    record = RecordWriter.create(folder, {"procedure": "test"})
    nothing = Procedure("nothing", "1", {}, frozenset(), _never, "")
    try:
        async with open_bench(load_bench(path), roles=["light", "lamp"], speed=speed) as bench:
            binding = Binding(nothing, bench, record)
            supervisor = Supervisor(
                bench,
                binding.watched(),
                record=record,
                publish=lambda kind, data: made.told(kind, data),
                close_queues=binding.close,
                idle=binding.idle,
                cut=binding.cut,
                free=binding.free,
                leave_alone=binding.leave_alone,
                latches=latches,
            )
            made = Guarded(bench, binding, supervisor)
            supervisor.on_trip = made.trips.append
            try:
                yield made
            finally:
                await supervisor.make_safe()
                await supervisor.disarm()
    finally:
        await record.close("complete")


async def _never(trial: object, p: object) -> None:
    raise AssertionError
