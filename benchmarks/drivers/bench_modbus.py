"""Modbus reads per second through our link against bare pymodbus, in turns, on the same server.

Target: at least 0.9 of the bare library's rate. The server is a child process on plain streams.
"""

from __future__ import annotations

import asyncio
import statistics
import struct
import sys
from collections.abc import Awaitable, Callable
from time import perf_counter

from pymodbus.client import AsyncModbusTcpClient

from hil_drivers.clock import WallClock
from hil_drivers.transport.link import modbus_link
from hil_drivers.transport.supervisor import Supervisor

ROUNDS, READS, REGISTERS = 15, 1000, 10
TARGET = 0.9


async def serve() -> None:
    """Answer every read of holding registers with zeros, until standard input ends."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        try:
            while True:
                head = await reader.readexactly(12)
                transaction, _, _, unit, function, _, count = struct.unpack(">HHHBBHH", head)
                body = struct.pack(">BB", function, 2 * count) + bytes(2 * count)
                writer.write(struct.pack(">HHHB", transaction, 0, len(body) + 1, unit) + body)
        except (asyncio.IncompleteReadError, ConnectionError):
            writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


async def timed(read: Callable[[], Awaitable[object]]) -> list[float]:
    """The seconds of each read."""
    taken = []
    for _ in range(READS):
        begun = perf_counter()
        await read()
        taken.append(perf_counter() - begun)
    return taken


def percentile(taken: list[list[float]], percent: int) -> float:
    """A percentile of all rounds, in microseconds."""
    return 1e6 * statistics.quantiles([each for one in taken for each in one], n=100)[percent - 1]


async def measure(port: int) -> float:
    """Print rates and latencies of both; the median ratio of neighbouring rounds."""
    bare = AsyncModbusTcpClient("127.0.0.1", port=port)
    await bare.connect()
    link = modbus_link(f"modbus+tcp://127.0.0.1:{port}?device_id=1", supervisor=Supervisor("bench"), clock=WallClock())
    await link.open()

    async def read_bare() -> object:
        return (await bare.read_holding_registers(0, count=REGISTERS, device_id=1)).registers

    async def read_ours() -> object:
        return await link.read_holding_registers(0, REGISTERS)

    pairs = [(await timed(read_ours), await timed(read_bare)) for _ in range(ROUNDS)]
    bare.close()
    await link.close()
    for name, column in zip(("ours", "bare pymodbus"), zip(*pairs, strict=True), strict=True):
        taken = list(column)
        rate = statistics.median(READS / sum(one) for one in taken)
        p50, p99 = (percentile(taken, percent) for percent in (50, 99))
        print(f"modbus tcp, {name}: {rate:.0f} reads/s, p50 {p50:.0f} us, p99 {p99:.0f} us")
    ratio = statistics.median(sum(theirs) / sum(ours) for ours, theirs in pairs)
    print(f"modbus tcp: ratio of reads/s {ratio:.3f} (target {TARGET})")
    return ratio


async def main() -> int:
    """0 if the target is met."""
    child = await asyncio.create_subprocess_exec(
        sys.executable,
        __file__,
        "--serve",
        stdin=asyncio.subprocess.PIPE,
        stdout=asyncio.subprocess.PIPE,
    )
    assert child.stdin is not None
    assert child.stdout is not None
    ratio = await measure(int(await child.stdout.readline()))
    child.stdin.close()
    await child.wait()
    return int(ratio < TARGET)


if __name__ == "__main__":
    sys.exit(asyncio.run(serve() if "--serve" in sys.argv else main()))
