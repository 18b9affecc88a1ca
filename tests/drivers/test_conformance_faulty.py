"""The checks with a peer, themselves: a good driver passes all of them, and each bad one is caught by the right one."""

from __future__ import annotations

import asyncio
import math
import os
import subprocess
import sys
import threading
from collections.abc import AsyncIterator
from contextlib import suppress
from types import MappingProxyType

import pytest

from hil_drivers.clock import WallClock
from hil_drivers.device import Device, Point
from hil_drivers.errors import DeviceUnreachable, RemoteProtocolError
from hil_drivers.indication import Flag, Indication
from hil_drivers.testing import Result, Subject, TcpPeer, Verdict, checks, exercise, leaks, run_all, table
from hil_drivers.transport.address import parse

TIMEOUT = 0.6
VALUES = {"a": 1.5, "b": 2.5}


class Gauge(TcpPeer):
    """Two quantities; the fault ``nan`` makes them not available."""

    faults = TcpPeer.faults | {"nan"}

    def __init__(self) -> None:
        super().__init__(self._value, deadline=TIMEOUT)
        self.set = dict(VALUES)
        self.nan = False

    def _value(self, message: bytes) -> bytes | None:
        name, _, value = message.decode("ascii", "replace").partition("=")
        if value:
            self.set[name] = float(value)
        return b"%s nan" % name.encode() if self.nan else b"%s %g" % (name.encode(), self.set.get(name, 0.0))

    async def inject(self, fault: str) -> None:
        self.nan = fault == "nan"
        await super().inject(fault)

    async def clear(self) -> None:
        self.nan = False
        await super().clear()


class Good(Device):
    """Asks and sets over a connection of its own; a subclass breaks one rule."""

    points = MappingProxyType({"a": Point("mm", writable=True, lower=0.0, upper=9.0), "b": Point("mm")})
    fresh_link_after_trouble = True
    reconnects = True

    def __init__(self, name: str, address: str) -> None:
        super().__init__(name, address, clock=WallClock())
        self._peer = parse(address, allowed=("tcp",))
        self._link: tuple[asyncio.StreamReader, asyncio.StreamWriter] | None = None
        self._opened = False
        self._lock = asyncio.Lock()

    async def open(self) -> None:
        await self._drop()
        with self.supervisor.opening():
            await self._connect()
        self._opened = True

    async def close(self) -> None:
        self._opened = False
        self.supervisor.closed()
        await self._drop()

    async def read(self, point: str) -> Indication:
        unit = self._readable(point).unit
        earliest = self.clock.now()
        value = self.parse(point, await self._ask(point))
        if not math.isfinite(value):
            return Indication(point, None, unit, earliest, self.clock.now(), Flag.NOT_AVAILABLE)
        return Indication(point, value, unit, earliest, self.clock.now())

    async def write(self, point: str, value: float) -> None:
        self.parse(point, await self._ask(f"{point}={self._setpoint(point, value):g}", point))

    def parse(self, point: str, line: bytes) -> float:
        words = line.split()
        if len(words) != 2 or words[0] != point.encode():
            raise RemoteProtocolError(f"answered {line[:20]!r}", where=self.name)
        with suppress(ValueError):
            return float(words[1])
        raise RemoteProtocolError(f"answered {line[:20]!r}", where=self.name)

    async def _ask(self, message: str, point: str = "") -> bytes:
        if not self._opened:
            raise DeviceUnreachable("is not open", where=self.name)
        async with self._lock:
            with self.supervisor.exchange():
                try:
                    return await self._exchange(message)
                except BaseException:
                    if self.fresh_link_after_trouble:
                        await self._drop()
                    raise

    async def _exchange(self, message: str) -> bytes:
        if self._link is None:
            await self._connect()
        assert self._link is not None
        reader, writer = self._link
        try:
            writer.write(message.encode() + b"\n")
            return await self.line(reader)
        except OSError as error:
            raise DeviceUnreachable(f"lost its link: {error}", where=self.name) from error

    async def line(self, reader: asyncio.StreamReader) -> bytes:
        try:
            async with asyncio.timeout(TIMEOUT):
                line = await reader.readuntil(b"\n")
        except TimeoutError:
            raise DeviceUnreachable("did not answer", where=self.name) from None
        except asyncio.IncompleteReadError:
            raise DeviceUnreachable("closed the connection", where=self.name) from None
        return line

    async def _connect(self) -> None:
        if self._opened and not self.reconnects:
            raise DeviceUnreachable("lost its link for good", where=self.name)
        try:
            self._link = await asyncio.open_connection(self._peer.host, self._peer.port)
        except OSError as error:
            raise DeviceUnreachable(f"cannot be reached: {error}", where=self.name) from error

    async def _drop(self) -> None:
        if self._link is not None:
            (_, writer), self._link = self._link, None
            writer.close()
            with suppress(OSError):
                await writer.wait_closed()


class LeavesDescriptor(Good):
    async def open(self) -> None:
        await super().open()
        LEFT.append(os.open(os.devnull, os.O_RDONLY))


class LeavesThread(Good):
    async def open(self) -> None:
        await super().open()
        threading.Thread(target=GO.wait, name="left behind").start()


class LeavesTask(Good):
    async def read(self, point: str) -> Indication:
        LEFT_TASKS.append(asyncio.create_task(asyncio.sleep(60.0), name="left behind"))
        return await super().read(point)


class LeavesProcess(Good):
    async def open(self) -> None:
        await super().open()
        LEFT_PROCESSES.append(waiting_process())


def waiting_process() -> subprocess.Popen[bytes]:
    return subprocess.Popen([sys.executable, "-S", "-c", "input()"], stdin=subprocess.PIPE, stderr=subprocess.DEVNULL)


class LeavesLinkThatFailed(Good):
    """Its descriptor stays when it could not be opened."""

    async def open(self) -> None:
        descriptor = os.open(os.devnull, os.O_RDONLY)
        LEFT.append(descriptor)
        with suppress(asyncio.CancelledError):
            await super().open()
        os.close(LEFT.pop())


class StaleAfterCancel(Good):
    """The answer to a cancelled request is taken for the next one's; nothing in it says whose it is."""

    fresh_link_after_trouble = False

    def parse(self, point: str, line: bytes) -> float:
        return float(line.split()[1])


class StaleAfterTimeout(StaleAfterCancel):
    """It knows what it cancelled, not what came too late."""

    async def _ask(self, message: str, point: str = "") -> bytes:
        try:
            return await super()._ask(message, point)
        except asyncio.CancelledError:
            await self._drop()
            raise


class Mixes(Good):
    async def _ask(self, message: str, point: str = "") -> bytes:
        with self.supervisor.exchange():
            return await self._exchange(message)


class NeverBack(Good):
    reconnects = False


class Hangs(Good):
    async def line(self, reader: asyncio.StreamReader) -> bytes:
        try:
            return await reader.readuntil(b"\n")
        except asyncio.IncompleteReadError:
            raise DeviceUnreachable("closed the connection", where=self.name) from None


class LastValue(Good):
    """Silence is the value before."""

    last: Indication | None = None

    async def read(self, point: str) -> Indication:
        try:
            self.last = await super().read(point)
        except DeviceUnreachable:
            if self.last is None or not self._opened:
                raise
        assert self.last is not None
        return self.last


class AnyNumber(Good):
    """What cannot be read is 0."""

    def parse(self, point: str, line: bytes) -> float:
        try:
            return super().parse(point, line)
        except RemoteProtocolError:
            return 0.0

    async def line(self, reader: asyncio.StreamReader) -> bytes:
        line = await reader.read(100)
        if not line:
            raise DeviceUnreachable("closed the connection", where=self.name)
        return line


class OnePiece(Good):
    """A message is what one read returns."""

    async def line(self, reader: asyncio.StreamReader) -> bytes:
        async with asyncio.timeout(TIMEOUT):
            return await reader.read(100)


class NotANumberIsZero(Good):
    def parse(self, point: str, line: bytes) -> float:
        value = super().parse(point, line)
        return VALUES[point] if math.isnan(value) else value


class TellsNobody(Good):
    """Its supervisor hears nothing."""

    async def open(self) -> None:
        self._opened = True
        await self._connect()


class Flaps(Good):
    """Each use is a new life to its supervisor."""

    async def _ask(self, message: str, point: str = "") -> bytes:
        self.supervisor.connected()
        return await super()._ask(message, point)


class OpensAnyway(Good):
    async def open(self) -> None:
        with suppress(DeviceUnreachable):
            await super().open()
        self._opened = True


class Repeats(LastValue):
    """Its stream gives the same again and again."""

    def stream(self, point: str, *, period: float) -> AsyncIterator[Indication]:
        return self._same(super().stream(point, period=period))

    async def _same(self, stream: AsyncIterator[Indication]) -> AsyncIterator[Indication]:
        found = await anext(stream)
        while True:
            yield found


class EndsAfterError(Good):
    """Its stream is over with its first error."""

    def stream(self, point: str, *, period: float) -> AsyncIterator[Indication]:
        return self._until_error(super().stream(point, period=period))

    async def _until_error(self, stream: AsyncIterator[Indication]) -> AsyncIterator[Indication]:
        async for found in stream:
            yield found


class Breaks(Good):
    """It has an error of its own."""

    async def read(self, point: str) -> Indication:
        nothing: dict[str, Indication] = {}
        return nothing[point]


LEFT: list[int] = []
LEFT_TASKS: list[asyncio.Task[None]] = []
LEFT_PROCESSES: list[subprocess.Popen[bytes]] = []
GO = threading.Event()


@pytest.fixture(autouse=True)
def impatient(monkeypatch: pytest.MonkeyPatch) -> None:
    """What a bad driver never does is not waited for long."""
    monkeypatch.setattr(exercise, "LIMIT", 2.0)
    monkeypatch.setattr(exercise, "BACK_WITHIN", 1.5)
    monkeypatch.setattr(leaks, "GRACE", 0.3)


async def check(made: type[Good], *names: str) -> list[Result]:
    peer = Gauge()
    await peer.start()
    reads = {name: (lambda found, value=value: found == value) for name, value in VALUES.items()}
    if made in (LeavesTask, LastValue):
        reads.pop("b")
    subject = Subject(
        made.__name__, lambda: made("gauge", peer.address), peer, reads=reads, writes={"a": [3.0, VALUES["a"]]}
    )
    try:
        return await run_all(subject, checks(*names))
    finally:
        await peer.stop()
        await put_away()


async def put_away() -> None:
    """Put away what the bad ones left."""
    GO.set()
    for descriptor in LEFT:
        os.close(descriptor)
    for task in LEFT_TASKS:
        task.cancel()
    for process in LEFT_PROCESSES:
        process.communicate()
    await asyncio.gather(*LEFT_TASKS, return_exceptions=True)
    for left in (LEFT, LEFT_TASKS, LEFT_PROCESSES):
        left.clear()
    for thread in threading.enumerate():
        if thread.name == "left behind":
            await asyncio.to_thread(thread.join)
    GO.clear()


async def test_a_good_driver_passes_every_check() -> None:
    results = await check(Good)
    assert [result for result in results if result.verdict is not Verdict.PASS] == []
    assert len(results) == len(checks())


CAUGHT = [
    (LeavesDescriptor, "leaks", "used and closed 3 times, it left 3: descriptor /dev/null"),
    (LeavesThread, "leaks", "thread left behind"),
    (LeavesTask, "leaks", "task left behind"),
    (LeavesProcess, "leaks", "process python"),
    (LeavesLinkThatFailed, "leaks", "not to be opened and closed 3 times, it left 3: descriptor"),
    (StaleAfterCancel, "cancel", "which cannot be right"),
    (StaleAfterTimeout, "overdue", "which cannot be right"),
    (Mixes, "together", "raised RuntimeError"),
    (NeverBack, "loss", "does not work again within"),
    (Hangs, "timeout", "read a did not end within 2 s"),
    (LastValue, "timeout", "read a without an answer must raise DeviceUnreachable"),
    (LastValue, "loss", "read a over a lost link must raise DeviceUnreachable"),
    (AnyNumber, "garbage", "which cannot be right"),
    (OnePiece, "split", "a reads 1.0 mm, which cannot be right"),
    (NotANumberIsZero, "values", "with the fault nan, everything looks good: read a, read b"),
    (TellsNobody, "connect", "its supervisor was not told that it opened"),
    (Flaps, "loss", "a lost link was told as down, up, down"),
    (OpensAnyway, "unreachable", "opening with nobody there must raise DeviceUnreachable"),
    (Repeats, "stream", "the stream of a repeats itself"),
    (EndsAfterError, "stream", "StopAsyncIteration"),
    (Breaks, "read", "raised KeyError('a')"),
]


@pytest.mark.parametrize(("made", "name", "words"), CAUGHT)
async def test_the_fault_of_a_driver_is_caught_by_name(made: type[Good], name: str, words: str) -> None:
    (result,) = await check(made, name)
    assert result.verdict is Verdict.FAIL
    assert words in result.note
    with pytest.raises(AssertionError, match=f"{made.__name__}, {name}: "):
        result.demand()


class OnlySilent(Gauge):
    faults = frozenset({"silent"})


async def test_what_a_peer_cannot_do_is_reported_and_not_passed() -> None:
    peer = OnlySilent()
    subject = Subject("plain", lambda: Good("gauge", peer.address), peer, unseen={"silent": "it is deaf"})
    try:
        results = await run_all(subject, checks("write", "timeout", "loss", "values"))
    finally:
        await peer.stop()
    assert [(result.check, result.verdict, result.note) for result in results] == [
        ("write", Verdict.NOT_POSSIBLE, "it has no point to be set"),
        ("timeout", Verdict.NOT_POSSIBLE, "it is deaf"),
        ("loss", Verdict.NOT_POSSIBLE, "the peer has no fault 'dropped'"),
        ("values", Verdict.NOT_POSSIBLE, "the peer has no fault of the value"),
    ]


def test_the_table_shows_each_verdict_and_why() -> None:
    results = [
        Result("meter", "read", Verdict.PASS, "1 point"),
        Result("meter", "loss", Verdict.FAIL, "it is never back"),
        Result("light", "read", Verdict.NOT_POSSIBLE, "it has no point to be read"),
    ]
    assert table(results).splitlines() == [
        "driver  read  loss",
        "meter   pass  FAIL",
        "light   n/a",
        "",
        "meter, loss: it is never back",
        "light, read: it has no point to be read",
    ]


def test_a_check_that_is_none_is_named() -> None:
    with pytest.raises(ValueError, match="there is no check 'smell'; there are connect, unreachable"):
        checks("smell")
