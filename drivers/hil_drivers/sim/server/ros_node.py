"""A ROS node of the simulator: a child process in the Python that has ROS 2, spoken to in lines of JSON."""

from __future__ import annotations

import json
import os
import secrets
import select
import signal
import socket
import subprocess
import tempfile
import time
from collections.abc import Callable
from contextlib import suppress
from typing import Any

from ...errors import MissingExtra
from ...transport.ros2_python import FOLDER, ros_environment, ros_python
from ..world import World
from ..world_file import WorldFileError

START_DEADLINE = 20.0
ANSWER_DEADLINE = 2.0
"""Wall time in s until a node must be ready, and until it must have done what the world waits for."""

DOMAINS = 102
"""ROS_DOMAIN_ID is below this on Linux, so that the ports do not meet those of outgoing connections."""


class Domain:
    """The ROS domain of one world, ``world.part(Domain)``: no other simulator of this machine has it.

    :raises WorldFileError: if all of them are taken.
    """

    def __init__(self, _world: World) -> None:
        self._reservation = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
        first = secrets.randbelow(DOMAINS)
        for number in (*range(first, DOMAINS), *range(first)):
            with suppress(OSError):
                self._reservation.bind(f"\0hil-ros-domain-{number}")
                self.number = number
                return
        raise WorldFileError(f"all {DOMAINS} ROS domains of this machine are taken", where="ROS 2")


class RosNode:
    """One node process.

    :param take: is given each message that comes by itself.
    :raises WorldFileError: if there is no ROS 2, or the node does not start.
    """

    def __init__(self, program: str, settings: dict[str, Any], domain: int, take: Callable[[dict[str, Any]], None]):
        try:
            python = ros_python()
        except MissingExtra as error:
            raise WorldFileError(error.what, where="ROS 2", remedy=error.remedy) from None
        self._take, self._number, self._done = take, 0, 0
        self._buffer = b""
        self._ready = False
        self.stopped = False
        self.socket, theirs = socket.socketpair()
        self._words = tempfile.TemporaryFile()  # noqa: SIM115 (closed by kill)
        with theirs:
            self._process = subprocess.Popen(
                [
                    python,
                    str(FOLDER / "start.py"),
                    program,
                    str(os.getpid()),
                    str(theirs.fileno()),
                    json.dumps(settings),
                ],
                stdin=subprocess.DEVNULL,
                stdout=self._words,
                stderr=self._words,
                pass_fds=(theirs.fileno(),),
                env=ros_environment(
                    python,
                    {"ROS_DOMAIN_ID": str(domain), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"},
                    profiles="sim_fastdds.xml",
                ),
                start_new_session=True,
            )
        self.socket.setblocking(False)
        if not self._until(lambda: self._ready, START_DEADLINE):
            raise WorldFileError(f"the ROS node did not start: {self._last_words()}", where="ROS 2")

    @property
    def alive(self) -> bool:
        """Whether it has neither ended nor been killed."""
        return self._process.poll() is None

    @property
    def pid(self) -> int:
        """The process."""
        return self._process.pid

    def tell(self, **message: Any) -> None:
        """Tell it something; a node that does not take it in time is killed, because half a line would follow."""
        left = memoryview(json.dumps(message).encode() + b"\n")
        deadline = time.monotonic() + ANSWER_DEADLINE
        with suppress(ConnectionError):
            while left:
                try:
                    left = left[self.socket.send(left) :]
                except BlockingIOError:
                    if time.monotonic() > deadline:
                        self._process.kill()
                        return
                    select.select([], [self.socket], [], 0.1)

    def ask(self, **message: Any) -> bool:
        """Tell it something and wait until it is done; whether it was, in time."""
        self._number += 1
        self.tell(number=self._number, **message)
        wanted = self._number
        return self._until(lambda: self._done >= wanted, ANSWER_DEADLINE)

    def receive(self) -> bool:
        """Take what has come; whether it is still there."""
        try:
            data = self.socket.recv(1 << 16)
        except BlockingIOError:
            return True
        except OSError:
            return False
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        for line in lines:
            self._heard(json.loads(line))
        return bool(data)

    def stop(self, *, stopped: bool) -> None:
        """Let it hang, or go on."""
        self.stopped = stopped
        self._process.send_signal(signal.SIGSTOP if stopped else signal.SIGCONT)

    def kill(self) -> None:
        """End it at once."""
        self._process.kill()
        self._process.wait()
        self.socket.close()
        self._words.close()

    def end(self) -> None:
        """Let it say goodbye; by force where it does not go."""
        self.socket.close()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(0.0 if self.stopped else ANSWER_DEADLINE)
        self.kill()

    def _heard(self, message: dict[str, Any]) -> None:
        if "done" in message:
            self._done = message["done"]
        elif "ready" in message:
            self._ready = True
        else:
            self._take(message)
            if "asked" in message:
                self.tell(taken=message["asked"])

    def _until(self, there: Callable[[], bool], within: float) -> bool:
        deadline = time.monotonic() + within
        while not there():
            left = deadline - time.monotonic()
            if left <= 0 or not self.alive:
                return False
            if select.select([self.socket], [], [], min(left, 0.1))[0] and not self.receive():
                return there()
        return True

    def _last_words(self) -> str:
        self.socket.close()
        self._process.kill()
        self._process.wait()
        self._words.seek(0)
        lines = self._words.read().decode(errors="replace").strip().splitlines()
        self._words.close()
        return lines[-1] if lines else f"it was not ready within {START_DEADLINE:g} s"
