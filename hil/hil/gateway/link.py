"""The core's end of the two socket pairs to a gateway: nothing here ever waits.

Events go by one pair, each once and in order, from the ring of the service; requests and their answers share it. Values
go by the other: a frame that is not taken yet is not followed by another, so the latest wins.
"""

from __future__ import annotations

import asyncio
import socket
import time
from collections import deque
from collections.abc import Iterable, Mapping
from contextlib import suppress
from typing import Any

from ..commanding.caller import Caller, caller_of
from ..commanding.commander import Commander, refused
from ..commanding.requests import parse
from ..errors import UsageError
from ..overview import Shown
from ..pictures import Picture, small
from ..service import Service
from .frames import LARGEST_COMMAND, Unpacker, pack

REQUESTS_PER_TURN = 32
"""Requests that are read before the loop does anything else."""

MOST_ANSWERS = 256
"""Answers that may wait to be sent: a gateway that asks for more without reading is dismissed."""

EVENTS_AT_ONCE = 256

PICTURE_PAUSE = 0.5
"""Wall seconds between two frames with pictures, at least."""

TOGETHER = 0.01
"""Wall seconds between two frames of events, at least: what comes in between waits for the next."""


class Link:
    """What one gateway is told, and what it asks.

    :param events: the pair for events, requests and answers.
    :param values: the pair for values and the state.
    """

    def __init__(self, service: Service, commander: Commander, events: socket.socket, values: socket.socket) -> None:
        self._service, self._commander = service, commander
        self._events, self._values = _Writer(events), _Writer(values)
        self._unpacker = Unpacker(LARGEST_COMMAND)
        self._told = 0
        self._answers: deque[bytes] = deque()
        self._tasks: set[asyncio.Task[None]] = set()
        self._pictured: dict[str, int] = {}
        self._pictures_at = 0.0
        self._state: Any = None
        self._channels: Mapping[str, Shown] | None = None
        self.heard = time.monotonic()
        """When the gateway last said anything."""
        self.broken = ""
        """Why this gateway is of no more use."""
        self._loop = asyncio.get_running_loop()
        self._loop.add_reader(events, self._read)
        self._due: asyncio.Handle | None = None
        self._next = 0.0
        self._stuck = False
        self._closed = False
        self._unsubscribe = service.subscribe(lambda _: self._send_soon(), after=service.number)
        self._send()

    def close(self) -> None:
        """Let go of the gateway, with the last events that it takes."""
        self._unsubscribe()
        self._send()
        self._closed = True
        self._loop.remove_reader(self._events.socket)
        self._wait_for_room(wanted=False)
        for writer in (self._events, self._values):
            writer.socket.close()
        for task in self._tasks:
            task.cancel()

    def tick(self) -> None:
        """Send the state and the latest values, unless the gateway has not taken the last ones yet."""
        if not self._values.flush():
            return
        state = self._commander.snapshot()
        channels = self._service.channels
        frame: dict[str, Any] = {"rows": _rows(channels.values()), "t": self._service.bench_time()}
        if state != self._state:
            frame["state"] = self._state = state
        if channels is not self._channels:
            self._channels = channels
            frame["channels"] = [self._described(name) for name in channels]
        if pictures := self._pictures():
            frame["pictures"] = pictures
        self._values.write(pack(frame))

    def _pictures(self) -> dict[str, Picture]:
        """The pictures that were taken since the last ones, not too often."""
        now = time.monotonic()
        if now < self._pictures_at:
            return {}
        cameras = self._service.cameras.items()
        taken = {name: camera.taken for name, camera in cameras if camera.taken is not None}
        fresh = {name: each for name, each in taken.items() if self._pictured.get(name) != each.t}
        if fresh:
            self._pictures_at = now + PICTURE_PAUSE
            self._pictured |= {name: each.t for name, each in fresh.items()}
        return {name: small(each) for name, each in fresh.items()}

    def _described(self, name: str) -> dict[str, Any]:
        overview = self._service.overview
        return {"name": name} if overview is None else overview.channel(name)

    def _send_soon(self) -> None:
        """Send what is new, together with what else is said in this turn of the loop, but not too often."""
        if self._due is not None:
            return
        if self._loop.time() < self._next:
            self._due = self._loop.call_at(self._next, self._send)
        else:
            self._due = self._loop.call_soon(self._send)

    def _send(self) -> None:
        """Send answers and events for as long as the gateway takes them; go on when it takes more."""
        if self._due is not None:
            self._due.cancel()
            self._due = None
        self._next = self._loop.time() + TOGETHER
        while self._events.flush():
            frame = self._next_frame()
            if not frame:
                self._wait_for_room(wanted=False)
                return
            self._events.write(frame)
        self._wait_for_room(wanted=not self._events.gone)

    def _wait_for_room(self, *, wanted: bool) -> None:
        if wanted == self._stuck:
            return
        self._stuck = wanted
        if wanted:
            self._loop.add_writer(self._events.socket, self._send)
        else:
            self._loop.remove_writer(self._events.socket)

    def _next_frame(self) -> bytes:
        if self._answers:
            return self._answers.popleft()
        events = self._service.events(after=self._told, most=EVENTS_AT_ONCE)
        if not events:
            return b""
        self._told = events[-1].number
        return pack({"events": [event.to_json() for event in events]})

    def _read(self) -> None:
        try:
            data = self._events.socket.recv(LARGEST_COMMAND)
        except BlockingIOError:
            return
        except OSError:
            data = b""
        if not data:
            self._loop.remove_reader(self._events.socket)
            self.broken = self.broken or "it closed its pipe"
            return
        self.heard = time.monotonic()
        self._unpacker.feed(data)
        self._take()

    def _take(self) -> None:
        """Take up what the gateway asks, some at a time."""
        if self._closed:
            return
        try:
            for _ in range(REQUESTS_PER_TURN):
                document = self._unpacker.next()
                if document is None:
                    return
                self._take_up(document)
        except (ValueError, TypeError, KeyError) as error:
            self.broken = f"what it says makes no sense ({error})"
            self._loop.remove_reader(self._events.socket)
            return
        self._loop.call_soon(self._take)

    def _take_up(self, document: dict[str, Any]) -> None:
        if "ask" not in document:
            return
        if len(self._tasks) + len(self._answers) >= MOST_ANSWERS:
            raise ValueError("more requests than it reads answers")
        asked = self._answer(int(document["ask"]), document["request"], caller_of(document.get("caller")))
        task = asyncio.create_task(asked, name="request of gateway")
        self._tasks.add(task)
        task.add_done_callback(self._tasks.discard)

    async def _answer(self, number: int, document: object, caller: Caller) -> None:
        try:
            answer = await self._commander.answer(parse(document), caller)
        except UsageError as error:
            answer = refused(error)
        self._answers.append(pack({"answer": number, "with": answer}))
        self._send()


class _Writer:
    """Writes to a socket as much as it takes."""

    def __init__(self, end: socket.socket) -> None:
        end.setblocking(False)
        self.socket, self._pending, self.gone = end, memoryview(b""), False

    def write(self, data: bytes) -> None:
        """Begin to send ``data``; nothing else may be pending."""
        self._pending = memoryview(data)
        self.flush()

    def flush(self) -> bool:
        """Send what is pending; whether all of it is sent."""
        with suppress(BlockingIOError):
            while self._pending and not self.gone:
                try:
                    self._pending = self._pending[self.socket.send(self._pending) :]
                except (BrokenPipeError, ConnectionError):
                    self.gone = True
        return not self._pending and not self.gone


def _rows(channels: Iterable[Shown]) -> list[tuple[Any, ...] | None]:
    """The latest reading of each, and the extremes since the rows before where the channel has limits."""
    rows = list[tuple[Any, ...] | None]()
    for channel in channels:
        shown, extremes = channel.shown, channel.extremes
        if shown is None:
            rows.append(None)
        elif extremes is None:
            rows.append((*shown, None, None))
        else:
            channel.extremes = None
            rows.append((*shown, *extremes))
    return rows
