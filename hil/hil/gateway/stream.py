"""The stream of one client: a snapshot, then deltas. Values are the latest at each, events are all of them."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine, Sequence
from contextlib import suppress
from typing import Any

import msgspec
from fastapi import WebSocket, WebSocketDisconnect

from ..commanding.commander import refused
from ..commanding.verbs import Verb
from ..errors import UsageError
from .board import TooOld
from .callers import Caller
from .messages import (
    CommandBody,
    CommandMessage,
    PicturesMessage,
    RateMessage,
    SubscribeMessage,
    parse_message,
)
from .parts import NOT_ANSWERED, Parts
from .rows import NOTHING
from .server import GOING_AWAY, RUN_OVER
from .views import USUAL_RATE, Changes, View, Wanted

PROTOCOL = 2

SNAPSHOT_PAUSE = 2.0
"""Wall seconds between two snapshots of a client at least."""

RECHECK = 30.0
"""Wall seconds after which it is asked again whether the token of a client is still good."""

MOST_EVENTS = 500
"""Events of one delta."""

MOST_AHEAD = 30
"""Frames that a client that says what it has seen may be behind."""

MOST_ASKED = 8
"""Commands of a client that wait for an answer at a time."""

MOST_NONSENSE = 10
"""Messages that cannot be understood before a client is told to go."""

NONSENSE, NOT_WELCOME = 1008, 4401
"""Why a stream is closed (RFC 6455; those above 4000 are ours)."""

Goodbye = tuple[int, str]


class Client:
    """One client.

    :param after: the number of the last event that it has already; that of the snapshot by default.
    """

    def __init__(self, socket: WebSocket, parts: Parts, caller: Caller, after: int | None) -> None:
        self._socket, self._parts, self._caller, self._board = socket, parts, caller, parts.board
        self._told = after
        self._sequence = 0
        self._seen: int | None = None
        self._view: View | None = None
        self._globs: Sequence[str] | None = None
        self._rate, self._granted = USUAL_RATE, True
        self._pending: Changes | None = None
        self._due = asyncio.Event()
        self._channels = -1
        self._nonsense = 0
        self._pictures: dict[str, int] | None = None
        self._asking: set[asyncio.Task[None]] = set()

    def offer(self, changes: Changes) -> None:
        """Have ``changes`` sent, together with what is not sent yet."""
        self._pending = changes if self._pending is None else self._pending.then(changes)
        self._due.set()

    async def serve(self) -> None:
        """Tell it all that is news, and do what it asks, until it goes or has to go."""
        with self._board.followed():
            for goodbye in filter(None, await self._serve()):
                with suppress(WebSocketDisconnect, RuntimeError):
                    await self._socket.close(*goodbye)

    async def _serve(self) -> list[Goodbye | None]:
        parts: list[Coroutine[Any, Any, Goodbye | None]] = [self._listen(), self._tell(), self._stay()]
        tasks = [asyncio.create_task(part, name="stream") for part in parts]
        try:
            done, _ = await asyncio.wait(tasks, return_when=asyncio.FIRST_COMPLETED)
            return [task.result() for task in done]
        finally:
            for task in (*tasks, *self._asking):
                task.cancel()
            await asyncio.wait([*tasks, *self._asking])
            if self._view is not None:
                self._parts.views.leave(self, self._view)

    async def _stay(self) -> Goodbye:
        """Return once it may stay no longer."""
        while self._parts.callers.still(self._caller):  # noqa: ASYNC110 (tokens end by a file, and by time)
            await asyncio.sleep(RECHECK)
        return NOT_WELCOME, "the token is no longer good"

    async def _listen(self) -> Goodbye | None:
        """Take in what it says, until it goes."""
        while True:
            message = await self._socket.receive()
            if message["type"] == "websocket.disconnect":
                return None
            try:
                text = message.get("text")
                if text is None:
                    raise UsageError("is no text", where="message", remedy="send JSON")
                await self._take_up(text)
            except UsageError as error:
                self._nonsense += 1
                if self._nonsense > MOST_NONSENSE:
                    return NONSENSE, "too much that cannot be understood"
                await self._answer("", refused(error))

    async def _take_up(self, text: str) -> None:
        message = parse_message(text)
        if isinstance(message, CommandMessage):
            await self._ask(message.command)
        elif isinstance(message, RateMessage):
            self._rate = message.rate
            self._look()
        elif isinstance(message, PicturesMessage):
            self._pictures = {} if message.pictures else None
            self._due.set()
        elif isinstance(message, SubscribeMessage):
            self._globs = message.subscribe
            self._look()
        else:
            held_back = self._behind()
            self._seen = message.seen
            if held_back:
                self._due.set()

    def _look(self) -> None:
        """Look at what it wants from now on, and begin with all of that."""
        if self._view is None:
            return
        before = self._view.news()
        self._parts.views.leave(self, self._view)
        self.offer(self._join().everything(before))

    def _join(self) -> View:
        self._view, self._granted = self._parts.views.join(self, Wanted.of(self._globs, self._rate))
        return self._view

    async def _ask(self, command: CommandBody) -> None:
        """Have a command carried out; a stop at once, others beside what else it says."""
        if command.verb is Verb.STOP:
            await self._carry_out(command)
        elif len(self._asking) >= MOST_ASKED:
            fault = UsageError("too many commands at once", where=command.verb, remedy="wait for their answers")
            await self._answer(command.command_id, refused(fault))
        else:
            task = asyncio.create_task(self._carry_out(command), name="command of stream")
            self._asking.add(task)
            task.add_done_callback(self._asking.discard)

    async def _carry_out(self, command: CommandBody) -> None:
        try:
            answer = await self._parts.command(command, self._caller)
        except UsageError as error:
            answer = refused(error)
        except TimeoutError:
            answer = {"status": "unknown", "why": NOT_ANSWERED}
        await self._answer(command.command_id, answer)

    async def _answer(self, command_id: str, answer: dict[str, Any]) -> None:
        with suppress(WebSocketDisconnect, RuntimeError):
            document = {"kind": "answer", "command_id": command_id, **answer}
            await self._socket.send_text(msgspec.json.encode(document).decode())

    async def _tell(self) -> Goodbye | None:
        """Tell it all that is news, until there is no more."""
        with suppress(WebSocketDisconnect, RuntimeError):
            await self._board.known.wait()
            await self._send("hello", {"protocol": PROTOCOL, "boot": self._board.state["boot"]})
            self._join()
            while True:
                await self._snapshot()
                next_one = asyncio.create_task(asyncio.sleep(SNAPSHOT_PAUSE), name="snapshot of stream")
                try:
                    if await self._deltas():
                        return GOING_AWAY, RUN_OVER
                    await next_one
                finally:
                    next_one.cancel()
        return None

    async def _snapshot(self) -> None:
        board = self._board
        if self._told is None:
            self._told = board.state["number"]
        document = board.snapshot(self._told)
        self._channels = board.channels_version
        if self._view is not None and self._globs is not None:
            kept = self._view.everything().rows
            document["values"] = [row if n in kept else NOTHING for n, row in enumerate(document["values"])]
        self._pending = None
        self.offer(Changes(board.channels_version))
        await self._send("snapshot", {**document, "warn": not self._granted})

    async def _deltas(self) -> bool:
        """What follows a snapshot; whether nothing follows at all, or else another snapshot is needed."""
        while True:
            await self._due.wait()
            if self._behind():
                self._due.clear()
                continue
            changes, self._pending = self._pending, None
            self._due.clear()
            if self._channels != self._board.channels_version:
                return False
            try:
                await self._delta(changes or Changes(self._channels))
                while self._told is not None and self._told < self._board.last:
                    await self._delta(Changes(self._channels))
            except TooOld:
                self._told = None
                return False
            await self._show_pictures()
            if self._board.over:
                return True

    async def _show_pictures(self) -> None:
        """Send what cameras have taken since, to a client that wants to see it."""
        if self._pictures is None:
            return
        for camera, (t, width, height, rgb) in self._board.pictures.items():
            if self._pictures.get(camera) != t:
                self._pictures[camera] = t
                size = {"camera": camera, "t": t // 1_000_000, "width": width, "height": height}
                document = {"kind": "picture", **size, "rgb": rgb}
                await self._socket.send_text(msgspec.json.encode(document).decode())

    def _behind(self) -> bool:
        """Whether it says what it has seen, and that is not enough to go on."""
        return self._seen is not None and self._sequence - self._seen >= MOST_AHEAD

    async def _delta(self, changes: Changes) -> None:
        last, events = self._board.encoded_events(self._told or 0, MOST_EVENTS)
        self._sequence += 1
        head = b'{"kind":"delta","seq":%d,"prev":%d,"events":' % (self._sequence, self._sequence - 1)
        await self._socket.send_text((head + events + b"," + changes.encoded + b"}").decode())
        self._told = last

    async def _send(self, kind: str, content: dict[str, Any]) -> None:
        self._sequence += 1
        document = {"kind": kind, "seq": self._sequence, "prev": self._sequence - 1, **content}
        await self._socket.send_text(msgspec.json.encode(document).decode())
