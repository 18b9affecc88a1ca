"""SCPI queries per second over TCP through our link against bare asyncio streams, in turns, on the same server.

Target: at least 0.9 of the bare stream's rate. Both use the same codec for request and answer and have a deadline of
3 s, so that what is compared is the link: its queue, supervision and quiet. The server is a child process.
"""

from __future__ import annotations

import asyncio
import statistics
import sys
from collections.abc import Awaitable, Callable
from time import perf_counter

from hil_drivers.clock import WallClock
from hil_drivers.instruments.scpi import ScpiLink
from hil_drivers.transport.supervisor import Supervisor
from hil_drivers.wire.scpi import Lines, encode, parse_number

ROUNDS, QUERIES, TIMEOUT = 15, 1000, 3.0
TARGET = 0.9


async def serve() -> None:
    """Answer every query with a number, until standard input ends."""

    async def connection(reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        while line := await reader.readline():
            writer.write(b"Example Instruments,EX-DMM 1,1,1\n" if line == b"*IDN?\n" else b"+1.09123400E+02\n")
        writer.close()

    server = await asyncio.start_server(connection, "127.0.0.1", 0)
    print(server.sockets[0].getsockname()[1], flush=True)
    await asyncio.to_thread(sys.stdin.read)


async def timed(query: Callable[[], Awaitable[float]]) -> list[float]:
    """The seconds of each query."""
    taken = []
    for _ in range(QUERIES):
        begun = perf_counter()
        value = await query()
        taken.append(perf_counter() - begun)
        assert value == 109.1234
    return taken


def percentile(taken: list[list[float]], percent: int) -> float:
    """A percentile of all rounds, in microseconds."""
    return 1e6 * statistics.quantiles([each for one in taken for each in one], n=100)[percent - 1]


async def measure(port: int) -> float:
    """Print rates and latencies of both; the median ratio of neighbouring rounds."""
    reader, writer = await asyncio.open_connection("127.0.0.1", port)
    link = ScpiLink(f"tcp://127.0.0.1:{port}", supervisor=Supervisor("bench"), clock=WallClock())
    await link.open()

    async def query_bare() -> float:
        writer.write(encode("READ?"))
        async with asyncio.timeout(TIMEOUT):
            await writer.drain()
            lines = Lines()
            lines.receive_data(await reader.readuntil(b"\n"))
            return parse_number(lines.next_event() or "")

    async def query_ours() -> float:
        return await link.ask("READ?", parse_number)

    pairs = [(await timed(query_ours), await timed(query_bare)) for _ in range(ROUNDS)]
    writer.close()
    await link.close()
    for name, column in zip(("ours", "bare asyncio stream"), zip(*pairs, strict=True), strict=True):
        taken = list(column)
        rate = statistics.median(QUERIES / sum(one) for one in taken)
        p50, p99 = (percentile(taken, percent) for percent in (50, 99))
        print(f"scpi over tcp, {name}: {rate:.0f} queries/s, p50 {p50:.0f} us, p99 {p99:.0f} us")
    ratio = statistics.median(sum(theirs) / sum(ours) for ours, theirs in pairs)
    print(f"scpi over tcp: ratio of queries/s {ratio:.3f} (target {TARGET})")
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
