"""SCPI queries per second on a serial line through our link against bare serialx ``AsyncSerial``, in turns.

Target: at least 0.9 of the bare library's rate. Each has a pair of pseudo-terminals made by socat, and both pairs one
peer in a process of its own that knows only ``os.read`` and ``os.write``. Both use the same codec and have a
deadline of 3 s. A pseudo-terminal has no baud rate: on a real line at 9600 baud the exchange takes 20 ms.
"""

from __future__ import annotations

import asyncio
import os
import select
import statistics
import sys
import tempfile
from collections.abc import Awaitable, Callable
from pathlib import Path
from time import perf_counter

import serialx

from hil_drivers.clock import WallClock
from hil_drivers.instruments.scpi import ScpiLink
from hil_drivers.transport.supervisor import Supervisor
from hil_drivers.wire.scpi import Lines, encode, parse_number

ROUNDS, QUERIES, TIMEOUT = 15, 1000, 3.0
TARGET = 0.9


def serve(*paths: str) -> None:
    """Answer every query on the ports with a number, until standard input ends."""
    ports = {os.open(path, os.O_RDWR | os.O_NOCTTY): b"" for path in paths}
    print("ready", flush=True)
    while True:
        ready, _, _ = select.select([*ports, 0], [], [])
        if 0 in ready:
            return
        for port in ready:
            *lines, ports[port] = (ports[port] + os.read(port, 4096)).split(b"\n")
            for line in lines:
                os.write(port, b"Example Instruments,EX-DMM 1,1,1\n" if line == b"*IDN?" else b"+1.09123400E+02\n")


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


async def measure(ours: Path, theirs: Path) -> float:
    """Print rates and latencies of both; the median ratio of neighbouring rounds."""
    bare = serialx.AsyncSerial(str(theirs), baudrate=115200)
    await bare.open()
    link = ScpiLink(f"serial://{ours}?baudrate=115200", supervisor=Supervisor("bench"), clock=WallClock())
    await link.open()

    async def query_bare() -> float:
        async with asyncio.timeout(TIMEOUT):
            await bare.write(encode("READ?"))
            lines = Lines()
            while (line := lines.next_event()) is None:
                lines.receive_data(await bare.read(4096))
            return parse_number(line)

    async def query_ours() -> float:
        return await link.ask("READ?", parse_number)

    pairs = [(await timed(query_ours), await timed(query_bare)) for _ in range(ROUNDS)]
    await bare.close()
    await link.close()
    for name, column in zip(("ours", "bare serialx"), zip(*pairs, strict=True), strict=True):
        taken = list(column)
        rate = statistics.median(QUERIES / sum(one) for one in taken)
        p50, p99 = (percentile(taken, percent) for percent in (50, 99))
        print(f"scpi on a serial line, {name}: {rate:.0f} queries/s, p50 {p50:.0f} us, p99 {p99:.0f} us")
    ratio = statistics.median(sum(theirs) / sum(ours) for ours, theirs in pairs)
    print(f"scpi on a serial line: ratio of queries/s {ratio:.3f} (target {TARGET})")
    return ratio


async def linked(folder: Path, name: str) -> asyncio.subprocess.Process:
    """A pair of pseudo-terminals ``NAME`` and ``NAME-peer``."""
    ends = [folder / name, folder / f"{name}-peer"]
    child = await asyncio.create_subprocess_exec("socat", *(f"pty,raw,echo=0,link={end}" for end in ends))
    while not all(end.exists() for end in ends):  # noqa: ASYNC110 (socat tells nobody when it is ready)
        await asyncio.sleep(0.01)
    return child


async def main() -> int:
    """0 if the target is met."""
    with tempfile.TemporaryDirectory() as made:
        folder = Path(made)
        lines = [await linked(folder, name) for name in ("ours", "bare")]
        peer = await asyncio.create_subprocess_exec(
            sys.executable,
            __file__,
            "--serve",
            str(folder / "ours-peer"),
            str(folder / "bare-peer"),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
        )
        assert peer.stdin is not None
        assert peer.stdout is not None
        await peer.stdout.readline()
        ratio = await measure(folder / "ours", folder / "bare")
        peer.stdin.close()
        await peer.wait()
        for line in lines:
            line.terminate()
            await line.wait()
    return int(ratio < TARGET)


if __name__ == "__main__":
    if "--serve" in sys.argv:
        serve(*sys.argv[2:])
    else:
        sys.exit(asyncio.run(main()))
