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
from hil_drivers.transport.modbus import ModbusLink
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


async def rate(read: Callable[[], Awaitable[object]]) -> float:
    """Reads per second."""
    begun = perf_counter()
    for _ in range(READS):
        await read()
    return READS / (perf_counter() - begun)


async def measure(port: int) -> float:
    """Print both rates; the median ratio of neighbouring rounds."""
    bare = AsyncModbusTcpClient("127.0.0.1", port=port)
    await bare.connect()
    link = ModbusLink(f"modbus+tcp://127.0.0.1:{port}?device_id=1", supervisor=Supervisor("bench"), clock=WallClock())
    await link.open()

    async def read_bare() -> object:
        return (await bare.read_holding_registers(0, count=REGISTERS, device_id=1)).registers

    async def read_ours() -> object:
        return await link.read(0, REGISTERS)

    pairs = [(await rate(read_ours), await rate(read_bare)) for _ in range(ROUNDS)]
    bare.close()
    await link.close()
    ours, theirs = (statistics.median(column) for column in zip(*pairs, strict=True))
    ratio = statistics.median(a / b for a, b in pairs)
    print(f"modbus: {ours:.0f} reads/s, bare pymodbus {theirs:.0f} reads/s, ratio {ratio:.3f} (target {TARGET})")
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
