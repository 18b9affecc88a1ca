"""The controller's side of a simulated bench: start the child process, move its time, ask for its truth."""

from __future__ import annotations

import asyncio
import json
from collections import deque
from collections.abc import Mapping
from contextlib import suppress
from typing import Any

from ..errors import DeviceUnreachable
from . import lockstep
from .child import Child

START_DEADLINE = 20.0
REPLY_DEADLINE = 10.0

_WHERE = "simulator"


class Simulation:
    """A running simulator process and the connection to its control socket.

    Make one with :meth:`start` or :meth:`attach`. Requests may be made by several tasks at once; they are
    answered in order. The process outlives this object: :meth:`end` ends it, else it ends by itself some
    time after the connection is gone.
    """

    def __init__(self, announcement: Mapping[str, Any], link: _Link, child: Child | None) -> None:
        self.addresses: dict[str, str] = dict(announcement["addresses"])
        self.control: str = announcement["control"]
        self.pid: int = announcement["pid"]
        self._link, self._child = link, child

    @classmethod
    async def start(cls, world: Mapping[str, Any]) -> Simulation:
        """Start a process that serves ``world`` (the document of :mod:`.world_file`) and connect to it.

        :raises DeviceUnreachable: if it refuses the world or does not start within 20 s.
        """
        child = await _child(world)
        try:
            async with asyncio.timeout(START_DEADLINE):
                announcement = await asyncio.to_thread(child.announcement)
                link, announcement = await _connect(announcement["control"])
        except (TimeoutError, ValueError, OSError, DeviceUnreachable):
            complaint = child.kill()
            raise DeviceUnreachable(
                f"the simulator did not start: {complaint or 'it gave no reason'}",
                where=_WHERE,
                remedy="correct the world, or see the message",
            ) from None
        except BaseException:
            child.kill()
            raise
        link.child = child
        return cls(announcement, link, child)

    @classmethod
    async def attach(cls, control: str) -> Simulation:
        """Connect to a simulator that runs already.

        :param control: its ``host:port``.
        :raises DeviceUnreachable: if nothing answers there.
        """
        try:
            link, announcement = await _connect(control)
        except (OSError, ValueError):
            raise DeviceUnreachable(
                "no simulator answers", where=control, remedy="start one; an orphaned one ends after a while"
            ) from None
        return cls(announcement, link, None)

    @property
    def stopped(self) -> bool:
        """Whether the connection to the simulator is gone."""
        return self._link.lost

    async def advance(self, t: int, sent: Mapping[str, int]) -> int:
        """Move bench time to ``t`` ns once every address has received what was sent to it.

        :param sent: bytes written to each address since this connection was made; other addresses are ignored.
        :returns: the bench time in ns; in a paced world its own.
        :raises DeviceUnreachable: if bytes do not arrive or the simulator is gone.
        """
        now: int = (await self._link.ask(lockstep.advance(t, sent)))["now"]
        return now

    async def truth(self) -> dict[str, Any]:
        """The truth of this seed: ``effects`` by name, ``priors``, ``certificates`` and ``lamp_gain``."""
        return await self._link.ask(lockstep.encode({"truth": True}))

    async def response(self, device: str, illuminance: float) -> float:
        """The noise-free indication of a luxmeter in lx at ``illuminance`` in lx on its head, now."""
        request = {"response": {"device": device, "illuminance": illuminance}}
        indication: float = (await self._link.ask(lockstep.encode(request)))["indication"]
        return indication

    async def state(self) -> dict[str, Any]:
        """``lights`` (level 0 to 1), ``panel``, ``carriage``, ``illuminance`` in lx at the plane, and ``now``."""
        return await self._link.ask(lockstep.encode({"state": True}))

    async def inject(self, device: str, kind: str, **timing: float) -> None:
        """Add a fault from now on.

        :param timing: ``delay`` in s of wall time; ``from_`` and ``to`` in s of bench time.
        :raises DeviceUnreachable: if the world has no such device, or the device no such fault.
        """
        fault = {"device": device, "kind": kind, **{key.rstrip("_"): value for key, value in timing.items()}}
        await self._link.ask(lockstep.encode({"fault": fault}))

    async def clear(self, device: str) -> None:
        """Take away all faults of ``device``."""
        await self._link.ask(lockstep.encode({"clear": device}))

    async def end(self) -> None:
        """End the simulator and wait until its process is gone; does nothing where it has gone already."""
        if not self.stopped:
            with suppress(DeviceUnreachable):
                await self._link.ask(lockstep.encode({"end": True}))
        await self.leave()
        if self._child is not None:
            await asyncio.to_thread(self._child.wait)

    async def leave(self) -> None:
        """Close the connection and let the simulator run on, until it counts itself an orphan."""
        await self._link.close()


class _Link(asyncio.Protocol):
    """The control connection: lines out, lines in, answers in the order of the questions."""

    def __init__(self) -> None:
        self.lost = False
        self.child: Child | None = None
        self._buffer = b""
        self._waiting: deque[asyncio.Future[dict[str, Any]]] = deque()
        self._closed: asyncio.Future[None] = asyncio.get_running_loop().create_future()

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a TCP connection is expected")
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            answered = self._waiting.popleft()
            if not answered.done():
                answered.set_result(json.loads(line))

    def connection_lost(self, _exc: Exception | None) -> None:
        self.lost = True
        for answered in self._waiting:
            if not answered.done():
                answered.set_exception(self._gone())
        self._waiting.clear()
        if not self._closed.done():
            self._closed.set_result(None)

    async def ask(self, line: bytes) -> dict[str, Any]:
        """One request and its answer.

        :raises DeviceUnreachable: if the simulator is gone, hangs, or answers with an error.
        """
        if self.lost:
            raise self._gone()
        answered: asyncio.Future[dict[str, Any]] = asyncio.get_running_loop().create_future()
        self._waiting.append(answered)
        self._transport.write(line)
        try:
            async with asyncio.timeout(REPLY_DEADLINE):
                answer = await answered
        except TimeoutError:
            raise DeviceUnreachable(
                f"the simulator did not answer within {REPLY_DEADLINE:g} s", where=_WHERE, remedy="start again"
            ) from None
        if "error" in answer:
            raise DeviceUnreachable(answer["error"], where=_WHERE)
        return answer

    async def close(self) -> None:
        self._transport.close()
        await self._closed

    def abort(self) -> None:
        self._transport.abort()

    def _gone(self) -> DeviceUnreachable:
        complaint = self.child.complaint() if self.child is not None else ""
        return DeviceUnreachable(
            f"the simulator is gone{f': {complaint}' if complaint else ''}", where=_WHERE, remedy="start again"
        )


async def _child(world: Mapping[str, Any]) -> Child:
    """The process, begun; none is left where this is cancelled while a thread begins it."""
    beginning = asyncio.ensure_future(asyncio.to_thread(Child, world))
    try:
        return await asyncio.shield(beginning)
    except asyncio.CancelledError:
        await asyncio.wait([beginning])
        if beginning.exception() is None:
            beginning.result().kill()
        raise


async def _connect(control: str) -> tuple[_Link, dict[str, Any]]:
    """The connection and the simulator's announcement.

    The simulator counts bytes from the moment it knows the connection, so its answer is waited for.
    """
    host, _, port = control.rpartition(":")
    _, link = await asyncio.get_running_loop().create_connection(_Link, host, int(port))
    try:
        return link, await link.ask(lockstep.encode({"attach": True}))
    except BaseException:
        link.abort()
        raise
