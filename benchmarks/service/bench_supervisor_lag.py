"""How late a 100 Hz supervisor is beside the gateway, under each attack, and in a bare loop of the same run.

The loop has what a core's loop has: ticks on a timerfd, a thousand channels that change ten times a second, the control
socket, and the keeper of a real gateway. Five clients stream; clients and attackers are processes of their own, at
the priority of the gateway: what they cost is theirs. Target: p99 at most that of the bare loop + 5 ms, and no gap of
200 ms, which would starve a watchdog. ``SECONDS=2`` in the environment makes it short.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import time
from asyncio.subprocess import DEVNULL, Process
from collections.abc import Mapping
from contextlib import AsyncExitStack
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory
from types import SimpleNamespace
from typing import Any

from hil.commanding.commander import Commander, RunFacts
from hil.commanding.places import control_sockets
from hil.commanding.server import control_socket
from hil.commands import Command
from hil.errors import UsageError
from hil.gateway.keeper import gateway
from hil.service import Service
from hil_drivers.timer import wait_until

SECONDS = float(os.environ.get("SECONDS", "10"))
PERIOD = 0.01
CHANNELS = 1000
CLIENTS = 5
TARGET = 0.005
WATCHDOG = 0.2
NANOSECONDS = 1_000_000_000

STREAM = """
import asyncio, os, sys
from websockets.asyncio.client import unix_connect

async def main():
    async with unix_connect(sys.argv[1], uri="ws://localhost/stream", compression=None, max_size=None) as stream:
        while True:
            await stream.recv()

os.nice(10)
asyncio.run(main())
"""

UPGRADE = (
    "GET /stream HTTP/1.1\\r\\nHost: localhost\\r\\nConnection: Upgrade\\r\\nUpgrade: websocket\\r\\n"
    "Sec-WebSocket-Version: 13\\r\\nSec-WebSocket-Key: AAAAAAAAAAAAAAAAAAAAAA==\\r\\n\\r\\n"
)

HEAD = f"""
import os, socket, sys, time

def connected(path=sys.argv[1]):
    client = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
    client.connect(path)
    return client

os.nice(10)
UPGRADE = b"{UPGRADE}"
while True:
    try:
"""

ATTACKS: dict[str, str] = {
    "events, page after page": """
        client = connected()
        while True:
            client.sendall(b"GET /events HTTP/1.1\\r\\nHost: localhost\\r\\n\\r\\n")
            client.recv(2**20) or client.sendall(b"")
""",
    "10 MB messages": """
        client = connected()
        client.sendall(UPGRADE)
        client.recv(4096)
        client.sendall(b"\\x81\\xff" + (10_000_000).to_bytes(8, "big") + bytes(4) + b"x" * 10_000_000)
""",
    "random bytes, new connections": """
        with connected() as client:
            client.sendall(os.urandom(1000))
""",
    "streams that nobody reads": """
        client = connected()
        client.sendall(UPGRADE)
        while client.fileno() >= 0:
            time.sleep(1)
            client.sendall(b"")
""",
    "commands that are refused": """
        body = b'{"verb": "resume", "command_id": "%d"}'
        client = connected()
        number = os.getpid() * 10**6
        while True:
            number += 1
            data = body % number
            head = b"POST /commands HTTP/1.1\\r\\nHost: localhost\\r\\nContent-Type: application/json\\r\\n"
            client.sendall(head + b"Content-Length: %d\\r\\n\\r\\n" % len(data) + data)
            client.recv(65536) or client.sendall(b"")
""",
}

CONTROL = """
        client = connected()
        while True:
            client.sendall(b'{"verb": "state"}\\n')
            client.recv(65536) or client.sendall(b"")
"""

TAIL = """
    except OSError:
        time.sleep(0.001)
"""


@dataclass(frozen=True)
class Lateness:
    """Of the ticks of one cell, in s, and the share of a core that the loop's process used."""

    ticks: list[float]
    cpu: float

    @property
    def p99(self) -> float:
        return statistics.quantiles(self.ticks, n=100)[98]

    def told(self, name: str) -> str:
        """One line of the table."""
        ms = [1000.0 * each for each in (statistics.median(self.ticks), self.p99, max(self.ticks))]
        late = sum(tick > TARGET for tick in self.ticks)
        return f"{name:<34}" + "".join(f"{each:8.2f}" for each in ms) + f"{late:6}{100.0 * self.cpu:8.1f}"


class Rig:
    """A thousand channels, as a live run has them."""

    def __init__(self) -> None:
        self.channels: Mapping[str, Any] = {
            f"device{number // 10}.channel{number}": SimpleNamespace(shown=None, extremes=None)
            for number in range(CHANNELS)
        }

    def carry_out(self, command: Command) -> dict[str, Any]:
        """Refuse everything that is asked of it."""
        raise UsageError(f"{type(command).__name__} is refused", remedy="ask no more")

    def state(self) -> dict[str, Any]:
        return {"state": "running", "point": None, "left": 10, "prompts": [], "alarms": []}

    def note(self, kind: str, data: dict[str, Any]) -> None:
        """There is no record."""

    async def change(self, service: Service) -> None:
        """New values and an event, ten times a second."""
        number = 0
        while True:
            number += 1
            for index, channel in enumerate(self.channels.values()):
                value = 20.0 + 1e-3 * ((number * 7 + index) % 1000)
                channel.shown = SimpleNamespace(value=value, u=0.05, flags=0, t=number)
                channel.extremes = (value, value)
            service.publish("point", {"index": number, "of": None, "attempt": 1})
            await asyncio.sleep(0.1)


async def supervise() -> Lateness:
    """How late the ticks of a supervisor are in this loop."""
    ticks, busy, begun = [], time.process_time(), time.monotonic_ns()
    due = begun
    while due - begun < SECONDS * NANOSECONDS:
        due += round(PERIOD * NANOSECONDS)
        await wait_until(due)
        now = time.monotonic_ns()
        ticks.append((now - due) / NANOSECONDS)
        due = max(due, now - round(PERIOD * NANOSECONDS))
    return Lateness(ticks, (time.process_time() - busy) * NANOSECONDS / (time.monotonic_ns() - begun))


async def start(code: str, path: Path) -> Process:
    return await asyncio.create_subprocess_exec(sys.executable, "-c", code, str(path), stdout=DEVNULL, stderr=DEVNULL)


async def attacked(code: str, path: Path, count: int = 1) -> Lateness:
    """The lateness while ``count`` processes attack."""
    attackers = [await start(HEAD + code + TAIL, path) for _ in range(count)]
    try:
        return await supervise()
    finally:
        for attacker in attackers:
            attacker.kill()
            await attacker.wait()


async def main() -> int:
    """0 if the targets are met."""
    print(f"{CHANNELS} channels at 10 Hz, {CLIENTS} clients; lateness of a 100 Hz supervisor in ms over {SECONDS:g} s")
    print(f"{'':<34}" + "".join(f"{head:>8}" for head in ("p50", "p99", "max")) + f"{'> 5':>6}{'CPU %':>8}")
    steal, cells = stolen(), {}

    def tell(name: str, cell: Lateness) -> None:
        cells[name] = cell
        print(cell.told(name), flush=True)

    tell("bare loop", await supervise())
    with TemporaryDirectory(prefix="hil-") as folder:
        os.environ["HIL_RUNTIME_DIR"] = folder
        await with_gateway(tell)
    tell("bare loop again", await supervise())
    bare = max(cells["bare loop"].p99, cells["bare loop again"].p99)
    worst = max(cells.values(), key=lambda cell: cell.p99)
    gap = max(max(cell.ticks) for cell in cells.values())
    print(f"steal {stolen() - steal:.2f} s, load {os.getloadavg()[0]:.1f}, {os.cpu_count()} cores")
    print(
        f"worst p99 {1000 * worst.p99:.2f} ms (target {1000 * (bare + TARGET):.2f} ms), longest gap {1000 * gap:.1f} ms"
    )
    return int(worst.p99 > bare + TARGET or gap > WATCHDOG)


async def with_gateway(tell: Any) -> None:
    """Each cell that has a gateway."""
    service, rig = Service(), Rig()
    service.attach(rig)
    service.channels = rig.channels
    facts = RunFacts("bench", "bench.toml", "soak", "A", run="run")
    commander = Commander(service, facts, lambda name: name or "A")
    changing = asyncio.create_task(rig.change(service))
    async with AsyncExitStack() as stack:
        await stack.enter_async_context(control_socket(commander))
        await stack.enter_async_context(gateway(service, commander))
        path = Path(facts.gateway)
        clients = [await start(STREAM, path) for _ in range(CLIENTS)]
        try:
            await asyncio.sleep(5.0)
            tell("gateway, 5 clients", await supervise())
            for name, code in ATTACKS.items():
                tell(f"+ {name}", await attacked(code, path))
            (control,) = control_sockets()
            tell("+ control socket, state by 8", await attacked(CONTROL, control, 8))
        finally:
            for client in clients:
                client.kill()
                await client.wait()
    changing.cancel()
    await asyncio.wait([changing])


def stolen() -> float:
    """Seconds that the hypervisor has taken from all cores."""
    fields = Path("/proc/stat").read_text(encoding="ascii").split(maxsplit=9)
    return int(fields[8]) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    sys.exit(asyncio.run(main()))
