"""What the whole console costs: in a real terminal, at a real gateway, which a core without a bench feeds.

Each cell is a console of its own: CPU time of its process over some seconds, the bytes that it writes, from a key to
the picture of the dialog that it opens, and from its start to the first picture. Beside it a screen of Textual with a
header, a footer and a log, in the same run. Times on the wall depend on what else the machine does: the load is told,
and beside each of them the CPU time that the console used in it; what it uses in any case is left out of that of a
key. ``SECONDS=3`` in the environment makes it short.
"""

from __future__ import annotations

import asyncio
import fcntl
import os
import resource
import signal
import statistics
import struct
import subprocess
import sys
import termios
import time
from collections.abc import AsyncIterator, Sequence
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import NamedTuple

sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "support"))

from fake_core import fake_core

SECONDS = float(os.environ.get("SECONDS", "10"))
SETTLED = 4.0
"""Seconds after the first picture before anything is measured."""
KEYS = 15
STARTS = 7
"""Of the console at a bench in service, for its first picture."""
PAIRS = 4
"""Of consoles with few and with many channels, beside the first."""
WITHIN = 30.0
WIDE, SMALL = (200, 50), (80, 24)
CONSOLE = [sys.executable, "-m", "hil.cli", "console", "--connect"]
BARE = [sys.executable, str(Path(__file__).with_name("bare_screen.py"))]
FIRST, OPENED, CLOSED = b"SAFE STOP", b"KEYS", b"\x1b"


class Moment(NamedTuple):
    """Seconds on the wall, and of CPU time of a process."""

    wall: float
    cpu: float

    def since(self, before: Moment) -> Moment:
        """The seconds from ``before`` on."""
        return Moment(self.wall - before.wall, self.cpu - before.cpu)


@dataclass
class Terminal:
    """The far end of a pseudo-terminal: what the program in it writes is counted, and searched for words."""

    end: int
    process: subprocess.Popen[bytes]
    begun: Moment
    count: int = 0
    seen: bytes = b""
    heard: asyncio.Event = field(default_factory=asyncio.Event)

    def take(self) -> None:
        """Take what it has written."""
        try:
            data = os.read(self.end, 2**18)
        except OSError:
            asyncio.get_running_loop().remove_reader(self.end)
            return
        self.count += len(data)
        self.seen = (self.seen + data)[-(2**18) :]
        self.heard.set()

    async def until(self, words: bytes) -> Moment:
        """The moment at which ``words`` have been written."""
        async with asyncio.timeout(WITHIN):
            while words not in self.seen:
                self.heard.clear()
                await self.heard.wait()
        return self.now()

    def press(self, keys: bytes) -> Moment:
        """Press ``keys``; what was written before is forgotten."""
        self.seen = b""
        pressed = self.now()
        os.write(self.end, keys)
        return pressed

    def now(self) -> Moment:
        """This moment."""
        return Moment(time.monotonic(), self.cpu())

    def cpu(self) -> float:
        """Seconds of CPU time of the process."""
        tasks = Path(f"/proc/{self.process.pid}/task").glob("*/schedstat")
        return sum(int(task.read_text(encoding="ascii").split()[0]) for task in tasks) / 1e9

    @property
    def resident(self) -> float:
        """MB of the process."""
        pages = int(Path(f"/proc/{self.process.pid}/statm").read_text(encoding="ascii").split()[1])
        return pages * os.sysconf("SC_PAGE_SIZE") / 1e6


@asynccontextmanager
async def terminal(command: Sequence[str], size: tuple[int, int]) -> AsyncIterator[Terminal]:
    """``command`` in a terminal of ``size``; it is killed at the end."""
    ours, theirs = os.openpty()
    fcntl.ioctl(theirs, termios.TIOCSWINSZ, struct.pack("HHHH", size[1], size[0], 0, 0))
    given = {**os.environ, "TERM": "xterm-256color", "COLORTERM": "truecolor"}
    begun = Moment(time.monotonic(), 0.0)
    process = await asyncio.to_thread(
        subprocess.Popen, command, stdin=theirs, stdout=theirs, stderr=theirs, env=given, start_new_session=True
    )
    os.close(theirs)
    shown, loop = Terminal(ours, process, begun), asyncio.get_running_loop()
    loop.add_reader(ours, shown.take)
    try:
        yield shown
    finally:
        process.send_signal(signal.SIGKILL)
        await asyncio.to_thread(process.wait)
        loop.remove_reader(ours)
        os.close(ours)


@dataclass(frozen=True)
class Cost:
    """Of one console: the share of a core, bytes per second, MB, and the times to its first picture and of each key."""

    cpu: float
    rate: float
    resident: float
    first: Moment
    keys: tuple[Moment, ...] = ()

    @property
    def key(self) -> Moment:
        """The median from a key to its picture."""
        return Moment(
            statistics.median(each.wall for each in self.keys),
            statistics.median(max(0.0, each.cpu - self.cpu * each.wall) for each in self.keys),
        )

    def told(self, name: str) -> str:
        """One line of the table."""
        key = f"{1000 * self.key.wall:8.0f}{1000 * self.key.cpu:8.0f}" if self.keys else " " * 16
        told = f"{name:<44}{100 * self.cpu:8.1f}{self.rate / 1000:8.1f}{self.first.wall:8.2f}{self.first.cpu:8.2f}{key}"
        return f"{told}{self.resident:8.0f}{os.getloadavg()[0]:8.1f}"


async def cost(command: Sequence[str], size: tuple[int, int], *, first: bytes, keys: bytes = b"") -> Cost:
    """What ``command`` costs.

    :param first: what its first picture has.
    :param keys: pressed before it is measured; without any, no dialog is opened either.
    """
    async with terminal(command, size) as shown:
        painted = (await shown.until(first)).since(shown.begun)
        await asyncio.sleep(SETTLED)
        for key in keys:
            shown.press(bytes([key]))
            await asyncio.sleep(0.3)
        await asyncio.sleep(1.0)
        begun, before = shown.now(), shown.count
        await asyncio.sleep(SECONDS)
        spent, written = shown.now().since(begun), shown.count - before
        waited = tuple([await _opened(shown) for _ in range(KEYS)]) if keys else ()
        return Cost(spent.cpu / spent.wall, written / spent.wall, shown.resident, painted, waited)


async def _opened(shown: Terminal) -> Moment:
    """From a key to the dialog that it opens; it is closed again."""
    await asyncio.sleep(0.37)
    pressed = shown.press(b"?")
    waited = (await shown.until(OPENED)).since(pressed)
    await asyncio.sleep(0.2)
    shown.press(CLOSED)
    await asyncio.sleep(0.4)
    return waited


def help_cpu() -> float:
    """Seconds of CPU time of ``hil --help``, the least of five."""
    return min(_help_once() for _ in range(5))


def _help_once() -> float:
    before = resource.getrusage(resource.RUSAGE_CHILDREN)
    subprocess.run([sys.executable, "-m", "hil.cli", "--help"], check=True, stdout=subprocess.DEVNULL)
    after = resource.getrusage(resource.RUSAGE_CHILDREN)
    return after.ru_utime + after.ru_stime - before.ru_utime - before.ru_stime


TRENDS = b"pjpjp"
"""In the first view: three channels pinned, which are its trends."""

CELLS = {
    "64 channels, 3 trends, log, 200x50": (64, WIDE, TRENDS),
    "64 channels, 4 trends in their view, 200x50": (64, WIDE, b"2"),
    "500 channels, 3 trends, log, 200x50": (500, WIDE, TRENDS),
    "64 channels, log, 80x24": (64, SMALL, b"1"),
    "1000 channels, log, 80x24": (1000, SMALL, b"1"),
}


async def measured(count: int, size: tuple[int, int], keys: bytes) -> Cost:
    """A console at a core with ``count`` channels."""
    async with fake_core(count, events=2.0) as core:
        await asyncio.sleep(3.0)
        return await cost([*CONSOLE, core.facts.gateway], size, first=FIRST, keys=keys)


async def started(count: int, size: tuple[int, int]) -> list[float]:
    """Seconds from the start of a console to its first picture, one start after another, the quickest first."""
    waited = []
    async with fake_core(count) as core:
        await asyncio.sleep(3.0)
        for _ in range(STARTS):
            async with terminal([*CONSOLE, core.facts.gateway], size) as shown:
                waited.append((await shown.until(FIRST)).since(shown.begun).wall)
                await asyncio.sleep(1.0)
    return sorted(waited)


async def again() -> tuple[list[float], list[float]]:
    """The share of a core with 64 channels and with 500, in turn: a shared machine is not the same a minute later."""
    few, many = list[float](), list[float]()
    for _ in range(PAIRS):
        for count, spent in ((64, few), (500, many)):
            spent.append((await measured(count, WIDE, TRENDS)).cpu)
    return few, many


async def main() -> int:
    """0 if the targets are met."""
    heads = ("CPU %", "kB/s", "first s", "of CPU", "key ms", "of CPU", "MB", "load")
    print(f"{'':<44}{''.join(f'{head:>8}' for head in heads)}")
    cells = {}
    with TemporaryDirectory(prefix="hil-") as folder:
        os.environ["HIL_RUNTIME_DIR"] = folder
        for name, (count, size, keys) in CELLS.items():
            cells[name] = await measured(count, size, keys)
            print(cells[name].told(name), flush=True)
        for name, size in (("bare screen of Textual, 200x50", WIDE), ("bare screen of Textual, 80x24", SMALL)):
            cells[name] = await cost(BARE, size, first=b"Help")
            print(cells[name].told(name), flush=True)
        starts = await started(64, WIDE)
        few, more = await again()
    print(f"hil --help: {1000 * help_cpu():.0f} ms of CPU")
    trends, _, many, small, _, bare, _ = cells.values()
    print(f"first picture, {STARTS} starts: {starts[0]:.2f} to {starts[-1]:.2f} s")
    ratios = sorted(b / a for a, b in zip([trends.cpu, *few], [many.cpu, *more], strict=True))
    print(f"500 channels to 64, {len(ratios)} pairs: {ratios[0]:.2f} to {ratios[-1]:.2f}")
    targets = [
        ("64 channels, 200x50, % of a core", 100 * trends.cpu, 20.0),
        ("500 channels to 64, p50 of its pairs", statistics.median(ratios), 1.2),
        ("80x24, % of a core", 100 * small.cpu, 12.0),
        ("key to picture, p50, ms", 1000 * trends.key.wall, 60.0),
        ("the same in CPU time", 1000 * trends.key.cpu, 60.0),
        ("first picture, p50 of its starts, s", statistics.median(starts), 0.6),
        ("the same in CPU time", trends.first.cpu, 0.6),
        ("first picture to that of the bare screen, CPU", trends.first.cpu / bare.first.cpu, 1.5),
    ]
    for what, seen, most in targets:
        print(f"{what:<44}{seen:8.2f} (at most {most:g}){'' if seen <= most else '  MISSED'}")
    return int(any(seen > most for _, seen, most in targets))


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
