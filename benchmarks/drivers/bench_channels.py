"""What sampling costs: 32 channels on 8 Modbus TCP devices at 50 Hz, as a share of one core.

The devices are in a child process. First the drivers alone are streamed: the target is at most 25 % of a core (process
CPU time over wall time). Then the same channels as in a run of the engine, for comparison: one use of a device at a
time, each reading a measurement with its time, appended to the record. Missed ticks tell how busy the machine was.
"""

from __future__ import annotations

import asyncio
import struct
import sys
import tempfile
import time
from collections.abc import Awaitable, Callable, Sequence
from contextlib import AsyncExitStack
from pathlib import Path
from types import MappingProxyType

from hil.background import Background
from hil.conditions import Conditions
from hil.exclusive import Exclusive
from hil.live import LiveChannel
from hil.record import RecordWriter
from hil_drivers.clock import WallClock
from hil_drivers.device import Device, Point
from hil_drivers.indication import Indication
from hil_drivers.transport.link import modbus_link

DEVICES, CHANNELS, RATE, SECONDS = 8, 32, 50, 10.0
TARGET = 0.25


async def serve() -> None:
    """Be eight devices: answer every read of holding registers with a count, until standard input ends."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readexactly(12)
                transaction, _, _, unit, function, _, count = struct.unpack(">HHHBBHH", head)
                body = struct.pack(f">BB{count}H", function, 2 * count, *range(count))
                writer.write(struct.pack(">HHHB", transaction, 0, len(body) + 1, unit) + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    servers = [await asyncio.start_server(connection, "127.0.0.1", 0) for _ in range(DEVICES)]
    print(*(server.sockets[0].getsockname()[1] for server in servers), flush=True)
    await asyncio.to_thread(sys.stdin.read)


class Registers(Device):
    """Four channels of one device, each of two registers."""

    points = MappingProxyType({f"value{n}": Point("Cel") for n in range(CHANNELS // DEVICES)})

    def __init__(self, name: str, port: int, clock: WallClock) -> None:
        super().__init__(name, f"modbus+tcp://127.0.0.1:{port}?device_id=1", clock=clock)
        self._link = modbus_link(self.address, supervisor=self.supervisor, clock=clock)

    async def open(self) -> None:
        await self._link.open()

    async def close(self) -> None:
        await self._link.close()

    async def read(self, point: str) -> Indication:
        begun = self.clock.now()
        first, second = await self._link.read_holding_registers(2 * int(point[5:]), 2)
        return Indication(point, first * 65536.0 + second, "Cel", begun, self.clock.now(), resolution=1.0)


async def streamed(devices: Sequence[Registers]) -> tuple[int, int]:
    """Stream every point; readings and missed ticks."""
    readings = 0

    async def stream(device: Registers, point: str) -> None:
        nonlocal readings
        async for _ in device.stream(point, period=1 / RATE):
            readings += 1

    tasks = [asyncio.create_task(stream(device, point)) for device in devices for point in device.points]
    await asyncio.sleep(SECONDS)
    for task in tasks:
        task.cancel()
    await asyncio.wait(tasks)
    return readings, sum(device.supervisor.status.skipped for device in devices)


class Binding:
    """The channels of a run, as the engine's background knows them."""

    def __init__(self, devices: Sequence[Registers], clock: WallClock, record: RecordWriter) -> None:
        self.channels: dict[str, LiveChannel] = {}
        for device in devices:
            exclusive = Exclusive(clock, device.name)
            for point in device.points:
                name = f"{device.name}.{point}"
                self.channels[name] = LiveChannel(
                    name,
                    "Cel",
                    Reader(device, point),
                    calibration=None,
                    period=1 / RATE,
                    limits=None,
                    clock=clock,
                    exclusive=exclusive,
                    record=record,
                    number=record.channel(name),
                    temperature=lambda: None,
                )


class Reader:
    """One point of a device."""

    def __init__(self, device: Registers, point: str) -> None:
        self._device, self._point = device, point

    async def read(self) -> Indication:
        """Take one indication."""
        return await self._device.read(self._point)


async def recorded(devices: Sequence[Registers]) -> tuple[int, int]:
    """Sample every point as a run does, on record; readings and missed ticks."""
    clock = WallClock()
    with tempfile.TemporaryDirectory() as folder:
        record = RecordWriter.create(Path(folder) / "run", {})
        binding = Binding(devices, clock, record)
        conditions = Conditions({}, clock)
        background = Background(binding, clock, conditions, note=print, failed=sys.exit)  # type: ignore[arg-type]
        await background.start()
        await asyncio.sleep(SECONDS)
        await background.stop()
        await record.close("complete")
    counts = background.sampled.values()
    return sum(each["taken"] for each in counts), sum(each["missed"] for each in counts)


async def cost(name: str, work: Callable[[Sequence[Registers]], Awaitable[tuple[int, int]]], ports: list[int]) -> float:
    """Print what ``work`` costs; the share of a core."""
    clock = WallClock()
    async with AsyncExitStack() as stack:
        devices = [Registers(f"device{n}", port, clock) for n, port in enumerate(ports)]
        for device in devices:
            await device.open()
            stack.push_async_callback(device.close)
        cpu, wall = time.process_time(), time.perf_counter()
        readings, missed = await work(devices)
        cpu, wall = time.process_time() - cpu, time.perf_counter() - wall
    share, lost = cpu / wall, missed / (readings + missed)
    print(
        f"channels, {name}: {readings / wall:.0f} readings/s, {100 * share:.1f} % of a core "
        f"({1e6 * cpu / readings:.0f} us each), {100 * lost:.2f} % of the ticks missed"
    )
    return share


async def main() -> int:
    """0 if the target is met."""
    child = await asyncio.create_subprocess_exec(
        sys.executable, __file__, "--serve", stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE
    )
    assert child.stdin is not None
    assert child.stdout is not None
    ports = [int(port) for port in (await child.stdout.readline()).split()]
    share = await cost("drivers alone", streamed, ports)
    await cost("as in a run", recorded, ports)
    print(f"channels: {100 * share:.1f} % of a core (target at most {100 * TARGET:.0f} %)")
    child.stdin.close()
    await child.wait()
    return int(share > TARGET)


if __name__ == "__main__":
    sys.exit(asyncio.run(serve() if "--serve" in sys.argv else main()))
