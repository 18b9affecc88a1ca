"""A line that several devices share: one open port, a queue for its use, and quiet between the users.

- Devices whose addresses name the same port share one bus; the first opens it, the last closes it.
- Its use is given in the order of asking. A link asks for one exchange at a time, so no device can crowd out
  the others, and one that is dead is kept away by its own supervisor.
- A request is never abandoned: where its exchange was cancelled, the next user first waits until the answer
  has come, whole and as that request wants it, or is overdue, and until the line has been silent. A connection is
  made anew instead. An only user waits for an overdue answer as long again.
- A device that left a request unanswered stays in doubt until an answer can only be that to its latest request: a
  device that has become slower than its deadline would else answer each question with the answer to one before.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from contextlib import AbstractAsyncContextManager
from pathlib import Path
from typing import Any
from weakref import WeakKeyDictionary

from ..errors import AddressError, RemoteProtocolError
from .line import Line

LONGEST_NOISE = 3.0
"""Seconds of wall time for which a line may go on sending what nobody asked for."""

FORGOTTEN = 10.0
"""Seconds after which no instrument answers a request any more."""

Pays = Callable[[bytes], bool]
"""Takes what comes for a request that was given up; whether its answer is complete now, and one that it wants."""


class Bus:
    """One line and those who use it. All but ``turn`` and ``leave`` is for whoever has the turn.

    ``connections`` counts how often it was connected.

    :param forget: called when the last user has left.
    """

    def __init__(self, line: Line, *, forget: Callable[[Bus], None] = lambda _: None) -> None:
        self.line, self.users, self.connections = line, 0, 0
        self._forget = forget
        self._lock = asyncio.Lock()
        self._connected = False
        self._quiet = True
        self._debtor: object | None = None
        self._overdue = self._latest = self._sent = 0.0
        self._pays: Pays = _nothing
        self._doubtful: dict[object, list[float]] = {}

    def turn(self) -> AbstractAsyncContextManager[None]:
        """Have the line for oneself, after those who asked before."""
        return self._lock

    async def enter(self) -> None:
        """Connect for a user that opens; an only user makes the connection anew.

        :raises OSError: if there is no connection.
        """
        if self.users <= 1 or not self._connected:
            await self._connect()

    async def leave(self, user: object) -> None:
        """Give up one use; the last one closes the line."""
        self.users -= 1
        self._doubtful.pop(user, None)
        if self.users:
            return
        async with self._lock:
            if not self.users:
                await self.drop()
            if not self.users:
                self._forget(self)

    def ready(self, gap: float = 0.0) -> bool:
        """Whether ``prepare`` would find nothing to do, as far as that is known at once."""
        rested = not gap or self._latest + gap <= asyncio.get_running_loop().time()
        return self._connected and self._quiet and rested and self.line.idle

    async def prepare(self, gap: float = 0.0) -> None:
        """Make sure that there is a connection, and nothing on it that nobody asked for.

        :param gap: seconds that must have passed since the latest byte.
        :raises OSError: if there is no connection.
        :raises RemoteProtocolError: if something sends without end.
        """
        if not self._connected:
            await self._connect()
            return
        try:
            if not self._quiet:
                await self._hush()
            pause = self._latest + gap - asyncio.get_running_loop().time()
            if pause > 0:
                await asyncio.sleep(pause)
            await self._listen_until_silent(0.0)
        except (OSError, EOFError):
            await self._connect()

    async def send(self, user: object, data: bytes, *, answer_within: float = 0.0, pays: Pays | None = None) -> None:
        """Send; from now on an answer is owed for so many seconds, or the line unquiet until ``settled``.

        :param pays: recognises the answer where it comes after the exchange was given up.
        :raises OSError: if the link was lost; ``EOFError`` after its orderly end.
        """
        self._quiet = False
        patience = answer_within * (2 if self.users <= 1 else 1)
        self._debtor, self._pays, self._sent = user, pays or _nothing, asyncio.get_running_loop().time()
        self._overdue = self._sent + patience
        await self.line.send(data)

    async def receive(self, timeout: float) -> bytes:
        """What has come, at the latest after ``timeout`` seconds of silence (then empty)."""
        received = await self.line.receive(timeout)
        if received:
            self._latest = asyncio.get_running_loop().time()
        return received

    def settled(self, user: object, *, answered: bool) -> None:
        """The exchange of ``user`` has ended as it should, with an answer or without one expected."""
        self._quiet, self._debtor = True, None
        if answered:
            self._doubtful.pop(user, None)

    def doubt(self, user: object) -> float:
        """How many seconds ago ``user`` sent the oldest request whose answer may still come; 0 for none."""
        now = asyncio.get_running_loop().time()
        owed = [sent for sent in self._doubtful.get(user, []) if now - sent <= FORGOTTEN]
        if owed:
            self._doubtful[user] = owed
            return now - owed[0]
        self._doubtful.pop(user, None)
        return 0.0

    async def drop(self) -> None:
        """Disconnect, until the next use."""
        self._connected = False
        await self.line.close()

    async def _hush(self) -> None:
        """Make sure that no answer to an earlier request can arrive any more."""
        if self.line.silence is None:
            await self._connect()
            return
        if self._debtor is not None:
            self._doubtful.setdefault(self._debtor, []).append(self._sent)
        loop = asyncio.get_running_loop()
        while (owed := self._overdue - loop.time()) > 0:
            received = await self.receive(owed)
            if received and self._pays(received):
                self._paid(self._debtor)
                break
        await self._listen_until_silent(self.line.silence)
        self._quiet, self._debtor = True, None

    def _paid(self, user: object) -> None:
        """The oldest request was answered after all: its device is in doubt while others are not."""
        owed = self._doubtful.get(user, [])[1:]
        if owed:
            self._doubtful[user] = owed
        else:
            self._doubtful.pop(user, None)

    async def _listen_until_silent(self, silence: float) -> None:
        loop = asyncio.get_running_loop()
        deadline = loop.time() + LONGEST_NOISE
        while await self.receive(silence):
            if loop.time() > deadline:
                raise RemoteProtocolError("something sends without being asked")

    async def _connect(self) -> None:
        await self.drop()
        await self.line.open()
        self._connected = self._quiet = True
        self.connections += 1
        self._debtor = None
        self._doubtful.clear()


class _Shared(Bus):
    def __init__(self, line: Line, address: str, path: str, settings: Mapping[str, Any]) -> None:
        super().__init__(line, forget=_forget)
        self.address, self.paths, self.settings = address, {path, _real(path)}, settings


_open: WeakKeyDictionary[asyncio.AbstractEventLoop, list[_Shared]] = WeakKeyDictionary()


def shared_bus(address: str, path: str, settings: Mapping[str, Any], make: Callable[[], Line]) -> Bus:
    """The bus of the port at ``path`` in the running loop, with one more user.

    :param settings: how the line is to be driven; all users must say the same.
    :param make: makes the line for the first user.
    :raises AddressError: if the port is in use with other settings.
    """
    buses = _open.setdefault(asyncio.get_running_loop(), [])
    bus = next((each for each in buses if each.paths & {path, _real(path)}), None)
    if bus is None:
        bus = _Shared(make(), address, path, settings)
        buses.append(bus)
    if differing := [key for key, value in settings.items() if bus.settings.get(key) != value]:
        told = ", ".join(f"{key} {settings[key]} and not {bus.settings.get(key)}" for key in differing)
        raise AddressError(
            f"shares its port with {bus.address} but has {told}",
            where=address,
            remedy="give all devices on one port the same line settings",
        )
    bus.users += 1
    return bus


def _nothing(_: bytes) -> bool:
    return False


def _forget(bus: Bus) -> None:
    for buses in _open.values():
        buses[:] = [each for each in buses if each is not bus]


def _real(path: str) -> str:
    return str(Path(path).resolve())
