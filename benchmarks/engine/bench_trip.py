"""From an E-stop chain that opens to the safe command at the rig, over 1000 trips at speed 1.

The rig is the simulator's digital module, and a light: a process of its own that stamps what it receives. The time runs
from just before the chain is told to open, so the way of that word is counted too. Target: p99 of 50 ms and one sensor
period. ``TRIPS=30`` in the environment makes it short.
"""

from __future__ import annotations

import asyncio
import os
import random
import shutil
import statistics
import sys
import tempfile
import time
from asyncio.subprocess import PIPE, Process
from pathlib import Path

from hil.bench.config import load_bench, shipped_benches
from hil.bench.opened import Bench, open_bench
from hil.binding import Binding
from hil.record import RecordWriter
from hil.safety.supervisor import Supervisor
from hil.scripts import Procedure
from hil_drivers.clock import NANOSECONDS

TRIPS = int(os.environ.get("TRIPS", "1000"))
PERIOD = 0.02
TARGET = 0.05 + PERIOD

BENCH = """
[bench]
name = "trip"
kind = "action"
laboratory = "lab.toml"
equipment = "equipment.toml"

[devices.lights]
driver = "artnet"
address = "udp://127.0.0.1:{port}"
universe = 0
channel = 1
full_scale = 2000.0

[devices.io]
driver = "digital-io"
address = "sim:io"
inputs = {{ estop = 0 }}
watchdog = {{ coil = 15 }}

[channels."light.illuminance"]
device = "lights"
point = "illuminance"
unit = "lx"

[channels."io.estop"]
device = "io"
point = "estop"
unit = "1"

[roles]
light = "light.illuminance"

[interlocks.estop]
when = "io.estop == 0"
period = "{period:.0f} ms"
stale_after = "1 s"

[watchdog]
device = "io"

[safe_state]
actions = [{{ channel = "light.illuminance", set = 0.0 }}]

[sim]
world = "light-room"
seed = 1
start = "2026-06-01T08:00:00Z"

[sim.devices.io]
estop = "estop"
"""

LIGHT = """
import socket, time
receiver = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
receiver.bind(("127.0.0.1", 0))
print(receiver.getsockname()[1], flush=True)
while True:
    data = receiver.recv(2048)
    print(time.monotonic_ns(), int(data[18:20] == bytes(2)), flush=True)
"""


async def darkness(light: Process) -> int:
    """When the light was told to be dark, on the monotonic clock in ns."""
    if light.stdout is None:
        raise RuntimeError
    while True:
        t, dark = map(int, (await light.stdout.readline()).split())
        if dark:
            return t


async def trip(bench: Bench, light: Process, folder: Path) -> int:
    """One trip: from the chain that opens to the light that is told, in ns."""
    nothing = Procedure("nothing", "1", {}, frozenset(), never, "")
    record = RecordWriter.create(folder, {"procedure": "trip"})
    binding = Binding(nothing, bench, record)
    supervisor = Supervisor(
        bench,
        binding.watched(),
        record=record,
        publish=ignored,
        close_queues=binding.close,
        idle=binding.idle,
        cut=binding.cut,
    )
    try:
        await supervisor.arm()
        await bench.actuator("light.illuminance").set(500.0)
        await asyncio.sleep(random.uniform(0.0, PERIOD))
        opened = time.monotonic_ns()
        if bench.world is None:
            raise RuntimeError
        await bench.world.inject("io", "estop")
        told = await darkness(light)
    finally:
        await supervisor.make_safe()
        await supervisor.disarm()
        await record.close("tripped")
    await bench.world.clear("io")
    return told - opened


async def never(_trial: object, _p: object) -> None:
    """A script that is not run."""
    raise RuntimeError


def ignored(_kind: str, _data: object) -> None:
    """Nobody listens."""


async def main() -> int:
    """0 if the target is met."""
    light = await asyncio.create_subprocess_exec(sys.executable, "-c", LIGHT, stdout=PIPE)
    if light.stdout is None:
        raise RuntimeError
    port = int(await light.stdout.readline())
    took = []
    with tempfile.TemporaryDirectory() as scratch:
        for name in ("lab.toml", "equipment.toml"):
            shutil.copy(shipped_benches()["action-sim"].parent / name, scratch)
        shutil.copytree(shipped_benches()["action-sim"].parent / "certificates", Path(scratch) / "certificates")
        path = Path(scratch) / "trip.toml"
        path.write_text(BENCH.format(port=port, period=PERIOD * 1000), encoding="utf-8")
        async with open_bench(load_bench(path), roles=["light"], speed=1.0) as bench:
            for number in range(TRIPS):
                took.append(await trip(bench, light, Path(scratch) / str(number)) / NANOSECONDS)
    light.kill()
    await light.wait()
    cuts = statistics.quantiles(took, n=100)
    print(
        f"trip -> safe command at the rig, {len(took)} trips, sensor period {PERIOD * 1000:.0f} ms: "
        f"p50 {cuts[49] * 1000:.1f} ms  p99 {cuts[98] * 1000:.1f} ms  max {max(took) * 1000:.1f} ms  "
        f"(target p99 {TARGET * 1000:.0f} ms)"
    )
    return int(cuts[98] > TARGET)


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
