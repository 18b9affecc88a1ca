"""Keeps a gateway beside a run: started, watched, replaced; the run goes on with it or without it."""

from __future__ import annotations

import asyncio
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..commanding.commander import Commander
from ..commanding.places import listening
from ..service import Service
from .link import Link

if TYPE_CHECKING:
    from ..access.network import Network

TICK = 0.1
"""Wall seconds between two frames of values."""

SILENT = 30.0
"""Wall seconds without a word from it after which a gateway is replaced."""

FIRST_PAUSE, LONGEST_PAUSE, STEADY = 0.5, 30.0, 60.0
"""Wall seconds before a gateway is started again: the first time, at most, and for how long it must have lasted to be
forgiven."""

END_WITHIN = 1.0
"""Wall seconds that a gateway may take to end before it is killed."""

_PIPE = 64 * 1024
"""Bytes that a pipe to the gateway may hold."""


@dataclass(frozen=True)
class _Door:
    """What a gateway listens on: descriptors that outlive it, and how it is reached from other machines."""

    listener: socket.socket
    tcp: socket.socket | None
    network: Network | None

    @property
    def descriptors(self) -> list[int]:
        return [each.fileno() for each in (self.listener, self.tcp) if each is not None]

    @property
    def arguments(self) -> list[str]:
        return [] if self.network is None else [self.network.to_json()]


@asynccontextmanager
async def gateway(service: Service, commander: Commander, network: Network | None = None) -> AsyncIterator[None]:
    """Keep a gateway while the context lasts.

    :param network: how it is reached from other machines; not at all by default.
    :raises UsageError: if there is no place for its socket, or ``network`` is not safe.
    """
    with listening("http") as (listener, path), _from_elsewhere(network) as tcp:
        commander.facts.gateway = str(path)
        if tcp is not None:
            host, port = tcp.getsockname()[:2]
            commander.facts.address = f"[{host}]:{port}" if ":" in host else f"{host}:{port}"
        keeper = _Keeper(service, commander, _Door(listener, tcp, network))
        task = asyncio.create_task(keeper.keep(), name="gateway")
        try:
            yield
        finally:
            task.cancel()
            await asyncio.wait([task])
            await keeper.end()


@contextmanager
def _from_elsewhere(network: Network | None) -> Iterator[socket.socket | None]:
    if network is None:
        yield None
        return
    from ..access.network import listening_on

    with listening_on(network) as tcp:
        yield tcp


class _Keeper:
    """One gateway after the other, on the same listening sockets: clients that come meanwhile wait in them."""

    def __init__(self, service: Service, commander: Commander, door: _Door) -> None:
        self._service, self._commander, self._door = service, commander, door
        self._child: _Child | None = None

    async def keep(self) -> None:
        """Start a gateway, and another when it is of no more use, ever more patiently."""
        pause = FIRST_PAUSE
        while True:
            begun = time.monotonic()
            why = await self._watch()
            self._told("lost", reason=why)
            pause = FIRST_PAUSE if time.monotonic() - begun > STEADY else pause
            await asyncio.sleep(pause)
            pause = min(2.0 * pause, LONGEST_PAUSE)

    async def end(self) -> None:
        """Have the gateway say good-bye to its clients, and end."""
        if self._child is not None:
            await self._child.end()

    async def _watch(self) -> str:
        """Start a gateway, and feed it until it is of no more use; why it is."""
        try:
            child = self._child = _Child(self._service, self._commander, self._door)
        except OSError as error:
            return f"it could not be started: {error}"
        self._told("started", pid=child.process.pid)
        while not (why := child.fault()):
            child.link.tick()
            await asyncio.sleep(TICK)
        if child.process.poll() is None:
            await asyncio.sleep(TICK)
            why = child.fault() or why  # a process that dies closes its pipe before it has ended
        child.kill()
        self._child = None
        return why

    def _told(self, state: str, **more: object) -> None:
        self._service.note("gateway", {"state": state, **more})


class _Child:
    """A gateway's process, and the link to it."""

    def __init__(self, service: Service, commander: Commander, door: _Door) -> None:
        events, its_events = socket.socketpair()
        values, its_values = socket.socketpair()
        ends = [its_events.fileno(), its_values.fileno(), *door.descriptors]
        try:
            for end in (events, values):
                end.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, _PIPE)
            self.process = subprocess.Popen(
                [sys.executable, "-m", "hil.gateway", *map(str, ends), *door.arguments],
                stdin=subprocess.DEVNULL,
                stdout=subprocess.DEVNULL,
                stderr=None if os.environ.get("HIL_DEBUG") == "1" else subprocess.DEVNULL,
                pass_fds=ends,
                start_new_session=True,
            )
        except OSError:
            events.close()
            values.close()
            raise
        finally:
            its_events.close()
            its_values.close()
        self.link = Link(service, commander, events, values)

    def fault(self) -> str:
        """Why it is of no more use; empty while it is."""
        code = self.process.poll()
        if code is not None:
            return (
                f"it ended with {code} (HIL_DEBUG=1 shows why)"
                if code >= 0
                else f"it was ended by {signal.Signals(-code).name}"
            )
        if time.monotonic() - self.link.heard > SILENT:
            return f"it has said nothing for {SILENT:g} s"
        return self.link.broken

    def kill(self) -> None:
        """End it at once."""
        self.link.close()
        self._reap()

    async def end(self) -> None:
        """Close its pipes, by which it knows, and wait for it; not for long."""
        self.link.close()
        ends_at = time.monotonic() + END_WITHIN
        while self.process.poll() is None and time.monotonic() < ends_at:  # noqa: ASYNC110 (it has no event)
            await asyncio.sleep(0.02)
        self._reap()

    def _reap(self) -> None:
        if self.process.poll() is None:
            self.process.kill()
            self.process.wait()
