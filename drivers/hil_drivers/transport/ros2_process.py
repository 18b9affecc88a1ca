"""The ROS process of a bench: started when the first device needs it, watched, killed when it hangs.

All devices of one event loop with the same settings share one. It answers a ping every second; one that does not
answer in time is killed, and whoever uses it is told. It ends when its socket closes, and the kernel kills it with
this process, so that none is ever left behind.
"""

from __future__ import annotations

import asyncio
import itertools
import os
import signal
import socket
import tempfile
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any
from weakref import WeakKeyDictionary

from ..errors import DeviceUnreachable, DriverError, MissingExtra
from ..ros2.frames import FrameError, Frames, frame
from .reason import reason
from .ros2_python import FOLDER, ros_environment
from .ros2_python import REMEDY as MISSING
from .signalling import kill, send_signal

PING_PERIOD = 1.0
PING_DEADLINE = 2.0
START_DEADLINE = 20.0
END_DEADLINE = 2.0
TERM_DEADLINE = 0.5
"""Wall time in s: between two pings, until one is answered, until it is ready, until it has ended by itself, and
until it has obeyed a SIGTERM."""

WHERE = "ROS 2"
REMEDY = "see whether the ROS network and the machine are overloaded; it is started again at the next use"

Event = Callable[[dict[str, Any]], None]


@dataclass(frozen=True, slots=True)
class RosSettings:
    """What a ROS process is started with; ``domain`` and ``discovery`` are empty where the environment tells them."""

    python: str
    domain: str = ""
    discovery: str = ""

    def variables(self) -> dict[str, str]:
        """The environment variables for ROS."""
        told = {"ROS_DOMAIN_ID": self.domain, "ROS_AUTOMATIC_DISCOVERY_RANGE": self.discovery.upper()}
        return {name: value for name, value in told.items() if value}


class RosProcess(asyncio.Protocol):
    """One ROS process and its socket. Cancelling any of its methods leaves it in order.

    :ivar lost: why it can no longer be used, ``None`` while it can.
    """

    def __init__(self) -> None:
        self.lost: DeviceUnreachable | None = None
        self._hung = False
        self.on_loss: set[Callable[[DeviceUnreachable], None]] = set()
        self._loop = asyncio.get_running_loop()
        self._frames = Frames()
        self._numbers, self._handles = itertools.count(1), itertools.count(1)
        self._waiting: dict[int, asyncio.Future[dict[str, Any]]] = {}
        self._events: dict[int, Event] = {}
        self._hello: asyncio.Future[None] = self._loop.create_future()
        self._timer: asyncio.TimerHandle | None = None
        self._process: asyncio.subprocess.Process | None = None
        self._messages: IO[bytes] | None = None
        self._words = ""
        self._transport: asyncio.Transport | None = None
        self._ending: asyncio.Task[None] | None = None

    @classmethod
    async def start(cls, settings: RosSettings) -> RosProcess:
        """Start one and return when it is ready.

        :raises MissingExtra: if its Python has no ROS 2.
        :raises DeviceUnreachable: if it ends or stays silent instead.
        """
        process = cls()
        try:
            await process._start(settings)
            async with asyncio.timeout(START_DEADLINE):
                await asyncio.shield(process._hello)
        except (TimeoutError, OSError, DeviceUnreachable) as error:
            process._lose("did not start")
            await process.end()
            raise process._failure(settings.python, error) from None
        except BaseException:
            process._lose("was not waited for")
            await process.end()
            raise
        process._ping()
        return process

    @property
    def pid(self) -> int:
        """The process, 0 where there is none."""
        return self._process.pid if self._process is not None else 0

    async def ask(self, op: str, *, deadline: float, **request: Any) -> dict[str, Any]:
        """One request and its answer.

        :param deadline: seconds of wall time until the answer must have come.
        :raises TimeoutError: if it has not.
        :raises DeviceUnreachable: if the process is lost.
        """
        number = next(self._numbers)
        answered: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._waiting[number] = answered
        try:
            self.tell(op, id=number, **request)
            async with asyncio.timeout(deadline):
                return await answered
        finally:
            self._waiting.pop(number, None)

    def tell(self, op: str, **request: Any) -> None:
        """One request whose answer is not waited for.

        :raises DeviceUnreachable: if the process is lost.
        """
        if self.lost is not None or self._transport is None:
            raise self._error()
        self._transport.write(frame({"op": op, **request}))

    def ask_later(self, op: str, then: Event, **request: Any) -> None:
        """One request; ``then`` is called with its answer, unless the process is lost before.

        :raises DeviceUnreachable: if it is lost already.
        """
        number = next(self._numbers)
        answered: asyncio.Future[dict[str, Any]] = self._loop.create_future()

        def settle(done: asyncio.Future[dict[str, Any]]) -> None:
            self._waiting.pop(number, None)
            if not done.cancelled() and done.exception() is None:
                then(done.result())

        answered.add_done_callback(settle)
        self._waiting[number] = answered
        self.tell(op, id=number, **request)

    def listen(self, event: Event) -> int:
        """A new handle, whose events go to ``event``."""
        handle = next(self._handles)
        self._events[handle] = event
        return handle

    def forget(self, handle: int) -> None:
        """Let the process release what belongs to a handle."""
        self._events.pop(handle, None)
        if self.lost is None:
            self.tell("release", handle=handle)

    async def end(self) -> None:
        """End the process, by force where it does not go by itself; wait until it is gone."""
        if self.lost is None:
            self._lose("was ended")
        if self._ending is None:
            self._ending = self._loop.create_task(self._end(), name="end of the ROS process")
        await asyncio.shield(self._ending)

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        if not isinstance(transport, asyncio.Transport):
            raise TypeError("a stream socket is expected")
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        try:
            for message in self._frames.receive(data):
                self._take(message)
        except FrameError as error:
            self._fail(f"the ROS process sent what is no frame: {error}")

    def connection_lost(self, _exc: Exception | None) -> None:
        self._fail("the ROS process ended")

    def _take(self, message: dict[str, Any]) -> None:
        if (handle := message.get("handle")) is not None:
            if (event := self._events.get(handle)) is not None:
                event(message)
        elif (answered := self._waiting.get(message.get("id", 0))) is not None:
            if not answered.done():
                answered.set_result(message)
        elif "hello" in message and not self._hello.done():
            self._hello.set_result(None)

    async def _start(self, settings: RosSettings) -> None:
        ours, theirs = socket.socketpair()
        try:
            self._messages = tempfile.TemporaryFile()  # noqa: SIM115 (closed by end)
            self._process = await asyncio.create_subprocess_exec(
                settings.python,
                str(FOLDER / "start.py"),
                "bridge",
                str(os.getpid()),
                str(theirs.fileno()),
                f"hil_{os.getpid()}_{id(self) & 0xFFFFFF:x}",
                stdin=asyncio.subprocess.DEVNULL,
                stdout=self._messages,
                stderr=self._messages,
                env=ros_environment(settings.python, settings.variables()),
                pass_fds=(theirs.fileno(),),
                start_new_session=True,
            )
            ours.setblocking(False)
            await self._loop.create_connection(lambda: self, sock=ours)
        except BaseException:
            ours.close()
            raise
        finally:
            theirs.close()

    def _ping(self) -> None:
        """Ask whether it is there; it is lost unless it answers in time."""
        number = next(self._numbers)
        answered: asyncio.Future[dict[str, Any]] = self._loop.create_future()
        self._waiting[number] = answered

        def again(_: object) -> None:
            self._waiting.pop(number, None)
            if self._timer is not None:
                self._timer.cancel()
            if self.lost is None:
                self._timer = self._loop.call_later(PING_PERIOD, self._ping)

        answered.add_done_callback(again)
        self._timer = self._loop.call_later(PING_DEADLINE, self._silent)
        with suppress(DeviceUnreachable):
            self.tell("ping", id=number)

    def _silent(self) -> None:
        self._hung = True
        self._fail(f"the ROS process did not answer for {PING_DEADLINE:g} s and was killed")

    def _fail(self, reason: str) -> None:
        """It is lost: tell everybody, and see that it ends."""
        if self.lost is not None:
            return
        self._lose(reason)
        self._ending = self._loop.create_task(self._end(), name="end of the ROS process")

    def _lose(self, reason: str) -> None:
        if self.lost is not None:
            return
        self.lost = DeviceUnreachable(reason, where=WHERE, remedy=REMEDY)
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        waiting, self._waiting = self._waiting, {}
        if not self._hello.done():
            self._hello.set_exception(self._error())
            self._hello.exception()
        for answered in waiting.values():
            if not answered.done():
                answered.set_exception(self._error())
                answered.exception()
        for tell in tuple(self.on_loss):
            tell(self._error())

    async def _end(self) -> None:
        """Close its socket, on which it ends by itself; then SIGTERM, then SIGKILL."""
        if self._transport is not None:
            self._transport.close()
        try:
            if self._process is not None:
                if not self._hung and await self._gone(END_DEADLINE):
                    return
                send_signal(self._process, signal.SIGTERM)
                await self._gone(TERM_DEADLINE)
        finally:
            if self._process is not None:
                kill(self._process)
                await self._process.wait()
            if self._messages is not None:
                self._words = _last_line(self._messages)
                self._messages.close()

    async def _gone(self, within: float) -> bool:
        if self._process is None:
            return True
        try:
            async with asyncio.timeout(within):
                await self._process.wait()
        except TimeoutError:
            return False
        return True

    def _error(self) -> DeviceUnreachable:
        """Why it cannot be used, as an error of its own each time."""
        found = self.lost or DeviceUnreachable("the ROS process is not running", where=WHERE, remedy=REMEDY)
        return DeviceUnreachable(found.what, where=found.where, remedy=found.remedy)

    def _failure(self, python: str, error: Exception) -> DriverError:
        """Why it did not start: its own last words, or the error."""
        words = self._words
        if "ModuleNotFoundError" in words or "ImportError" in words:
            return MissingExtra(f"{python} cannot import ROS 2: {words}", where=WHERE, remedy=MISSING)
        if not words and isinstance(error, TimeoutError):
            words = f"it was not ready within {START_DEADLINE:g} s"
        elif not words:
            words = reason(error)
        return DeviceUnreachable(f"the ROS process did not start: {words}", where=WHERE, remedy="run hil doctor")


class SharedProcess:
    """The one ROS process for all that have the same settings: started for the first, ended after the last."""

    def __init__(self, settings: RosSettings) -> None:
        self.settings, self.users = settings, 0
        self._process: RosProcess | None = None
        self._starting: asyncio.Task[RosProcess] | None = None
        self._past: list[RosProcess] = []

    async def process(self) -> RosProcess:
        """The running process, started where there is none.

        :raises DeviceUnreachable: if it cannot be started.
        """
        if self._process is not None and self._process.lost is None:
            return self._process
        if self._starting is None:
            self._starting = asyncio.create_task(self._start(), name="start of the ROS process")
            self._starting.add_done_callback(self._started)
        return await asyncio.shield(self._starting)

    async def leave(self) -> None:
        """One user less; the last one ends the process."""
        self.users -= 1
        if self.users:
            return
        starting = self._starting
        if starting is not None:
            starting.cancel()
            await asyncio.wait([starting])
        process, self._process = self._process, None
        for each in (*self._past, *([process] if process is not None else [])):
            await each.end()
        self._past.clear()

    async def _start(self) -> RosProcess:
        if self._process is not None:
            self._past.append(self._process)
            self._process = None
        self._process = await RosProcess.start(self.settings)
        return self._process

    def _started(self, task: asyncio.Task[RosProcess]) -> None:
        self._starting = None
        _ = task.cancelled() or task.exception()


_shared: WeakKeyDictionary[asyncio.AbstractEventLoop, dict[RosSettings, SharedProcess]] = WeakKeyDictionary()


def shared_process(settings: RosSettings, environment: Mapping[str, str] = os.environ) -> SharedProcess:
    """The shared process of the running loop for these settings; the caller counts itself among its ``users``."""
    told = RosSettings(
        settings.python,
        settings.domain or environment.get("ROS_DOMAIN_ID", ""),
        settings.discovery or environment.get("ROS_AUTOMATIC_DISCOVERY_RANGE", "").lower(),
    )
    known = _shared.setdefault(asyncio.get_running_loop(), {})
    return known.setdefault(told, SharedProcess(told))


def _last_line(file: IO[bytes]) -> str:
    size = os.fstat(file.fileno()).st_size
    tail = os.pread(file.fileno(), 4096, max(0, size - 4096)).decode(errors="replace")
    return (tail.strip().splitlines() or [""])[-1]
