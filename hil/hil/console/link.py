"""The link to a bench: the stream in, commands out, and from one loss to the next attempt."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import secrets
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Mapping
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from functools import cache
from typing import TYPE_CHECKING, Any

from ..commanding.verb import Verb
from ..errors import HilError
from .key_words import with_keys
from .model import Model, Wanted
from .parsing import text
from .places import Finder, Place

if TYPE_CHECKING:
    from websockets.asyncio.client import ClientConnection

SOONEST, LATEST = 0.5, 5.0
"""Seconds before the next attempt: the first, and at most."""

SILENCE = 10.0
"""Seconds without a frame after which a stream is given up."""

WITHIN = 8.0
"""Seconds that a command may take, with its repeats."""

AGAIN = 0.5
"""Seconds between two repeats of a command whose outcome the bench itself does not know."""

LARGEST_FRAME = 64 * 2**20
OPENING = 5.0
PING = 5.0


@cache
def _losses() -> tuple[type[Exception], ...]:
    """What ends a stream. The library is loaded with the first of them: the first picture does not wait for it."""
    from websockets.exceptions import ConnectionClosed, InvalidHandshake

    return OSError, HilError, InvalidHandshake, ConnectionClosed, ValueError, RecursionError


class NotSent(HilError):
    """A command did not leave the console."""


class OutcomeUnknown(HilError):
    """A command was sent, and nobody knows whether it acted."""


@dataclass(frozen=True)
class Answer:
    """What a bench says to a command."""

    status: str
    what: str = ""
    where: str = ""
    remedy: str = ""
    on_record: bool = True
    content: Mapping[str, Any] = field(default_factory=dict)

    @property
    def accepted(self) -> bool:
        """Whether it acts."""
        return self.status in ("accepted", "done")

    @property
    def words(self) -> str:
        """What a person is told."""
        if self.accepted:
            return self.status if self.on_record else f"{self.status}, not on record yet"
        told = ": ".join(part for part in (self.where, self.what) if part)
        return "; ".join(part for part in (f"refused: {told}", with_keys(self.remedy)) if part)


def parse_answer(document: Mapping[str, Any]) -> Answer:
    """The answer in a frame."""
    words = {name: text(document.get(name)) or "" for name in ("status", "what", "where", "remedy")}
    return Answer(**words, on_record=document.get("on_record") is not False, content=document)


class Link:
    """Keeps the model up to date for as long as `run` runs, and sends commands.

    :param find: finds the bench before each attempt.
    :param changed: called after each change of the model.
    :param now: monotonic seconds.
    :param pause: waits between two attempts.
    """

    def __init__(
        self,
        model: Model,
        find: Finder,
        *,
        changed: Callable[[], object] = lambda: None,
        now: Callable[[], float] = time.monotonic,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self.model, self.place = model, Place()
        self._find, self._changed, self._now, self._pause = find, changed, now, pause
        self._socket: ClientConnection | None = None
        self._up = asyncio.Event()
        self._waiting: dict[str, asyncio.Future[Answer | None]] = {}
        self._rate = 10.0
        self._pictures = False
        self.ping: float | None = PING
        """Seconds between two measurements of the latency; ``None`` for none."""

    async def run(self) -> None:
        """Follow the bench, and after each loss begin again."""
        again_at = -math.inf
        while True:
            try:
                self.place = await asyncio.to_thread(self._find)
                async with self._opened(self.place) as socket:
                    await self._follow(socket)
                if self._now() > again_at:
                    again_at = self._now() + LATEST
                    continue
                reason = "what it says does not hold together"
            except _losses() as error:
                reason = _reason(error)
            self.model.lost(reason)
            self._changed()
            await self._pause(min(LATEST, SOONEST * 2 ** min(self.model.link.attempts - 1, 8)))

    async def rate(self, hertz: float) -> None:
        """How often the bench is to tell its news, at most."""
        self._rate = hertz
        self.model.link.between_frames = max(1.0, 1.0 / hertz)
        await self._send({"rate": hertz})

    async def pictures(self, *, wanted: bool) -> None:
        """Whether the bench is to send what its cameras see."""
        self._pictures = wanted
        await self._send({"pictures": wanted})

    async def command(
        self,
        verb: Verb,
        args: Mapping[str, Any] | None = None,
        *,
        operator: str | None = None,
        reason: str = "",
        expect: str = "",
        lease: str = "",
    ) -> Answer:
        """Have the bench carry out a command; what it says to it.

        It is sent again, as the same command, only where nobody knows whether it arrived.

        :raises NotSent: if there is no link: nothing is kept for later.
        :raises OutcomeUnknown: if there is no answer in time, or the bench has started anew.
        """
        request: dict[str, Any] = {"verb": verb, "args": dict(args or {}), "operator": operator, "reason": reason}
        number = "" if verb is Verb.STOP else secrets.token_hex(13)
        identity = {"command_id": number, "expect": expect, "lease": lease}
        request |= {key: value for key, value in identity.items() if value}
        if self._socket is None:
            raise NotSent(f"there is no link, {verb} was not sent", remedy="wait for the link, and give it again")
        try:
            async with asyncio.timeout(WITHIN):
                return await self._until_answered(number, request)
        except TimeoutError:
            raise _unknown(verb, "did not answer in time") from None

    async def _until_answered(self, number: str, request: dict[str, Any]) -> Answer:
        boot = self.model.boot
        while True:
            await self._up.wait()
            if self.model.boot != boot:
                raise _unknown(request["verb"], "has started anew since")
            answer = await self._exchange(number, request)
            if answer is not None and answer.status != "unknown":
                return answer
            if answer is not None:
                await asyncio.sleep(AGAIN)

    async def _exchange(self, number: str, request: dict[str, Any]) -> Answer | None:
        """The answer to ``request``, ``None`` where the stream ended before it."""
        if self._socket is None:
            return None
        if number not in self._waiting:
            self._waiting[number] = asyncio.get_running_loop().create_future()
        await self._send({"command": request})
        try:
            return await asyncio.shield(self._waiting[number])
        finally:
            self._waiting.pop(number, None)

    async def _send(self, frame: dict[str, Any]) -> None:
        """Send a frame, where there is a stream."""
        from websockets.exceptions import ConnectionClosed

        if self._socket is not None:
            with contextlib.suppress(ConnectionClosed):
                await self._socket.send(json.dumps(frame))

    @asynccontextmanager
    async def _opened(self, place: Place) -> AsyncIterator[ClientConnection]:
        from websockets.asyncio.client import connect, unix_connect

        known = self.model.known
        target = f"/stream?after={self.model.number}" if known else "/stream"
        options: dict[str, Any] = {
            "max_size": LARGEST_FRAME,
            "compression": None,
            "open_timeout": OPENING,
            "close_timeout": 0.5,
            "ping_interval": self.ping,
            "ping_timeout": None,
        }
        if place.token:
            options["additional_headers"] = {"Authorization": f"Bearer {place.token}"}
        if place.path is not None:
            opening = unix_connect(str(place.path), f"ws://localhost{target}", **options)
        else:
            opening = connect(f"wss://{place.address}{target}", ssl=place.context(), proxy=None, **options)
        async with opening as socket:
            self.model.connected(self._now())
            await socket.send(json.dumps({"rate": self._rate}))
            if self._pictures:
                await socket.send(json.dumps({"pictures": True}))
            try:
                yield socket
            finally:
                self._socket = None
                self._up.clear()
                for waiting in self._waiting.values():
                    if not waiting.done():
                        waiting.set_result(None)

    async def _follow(self, socket: ClientConnection) -> None:
        """Take frames in until a new stream is needed."""
        import msgspec

        while True:
            async with asyncio.timeout(SILENCE):
                frame = msgspec.json.decode(await socket.recv())
            if not isinstance(frame, dict):
                continue
            if frame.get("kind") == "answer":
                self._take_answer(frame)
                continue
            wanted = self.model.take(frame, self._now())
            self.model.link.latency = socket.latency or None
            if frame.get("kind") == "snapshot":
                self._socket = socket
                self._up.set()
            self._changed()
            if wanted is Wanted.SNAPSHOT:
                return

    def _take_answer(self, frame: dict[str, Any]) -> None:
        waiting = self._waiting.get(text(frame.get("command_id")) or "")
        if waiting is not None and not waiting.done():
            waiting.set_result(parse_answer(frame))


def _unknown(verb: str, why: str) -> OutcomeUnknown:
    fault = f"the bench {why}; whether {verb} has acted is not known"
    return OutcomeUnknown(fault, remedy="look at the state and the log before you give it again")


def _reason(error: BaseException) -> str:
    """Why there is no stream, in one clause."""
    from websockets.exceptions import ConnectionClosed, InvalidStatus

    if isinstance(error, HilError):
        return str(error)
    if isinstance(error, InvalidStatus):
        status = error.response.status_code
        words = {401: "it wants a token", 403: "it refuses this client", 404: "there is no stream"}
        return words.get(status, f"it answers with status {status}")
    if isinstance(error, TimeoutError):
        return "it says nothing"
    if isinstance(error, ConnectionClosed):
        said = error.rcvd.reason if error.rcvd is not None else ""
        return f"it has closed the stream ({said})" if said else "it has closed the stream"
    if isinstance(error, FileNotFoundError | ConnectionRefusedError):
        return "nobody listens there"
    if isinstance(error, OSError):
        return error.strerror or str(error)
    return f"what it says makes no sense ({error})"
