"""ROS 2 programs for tests: on loopback, in a domain of their own, and never for longer than a minute or two."""

from __future__ import annotations

import asyncio
import json
import os
import secrets
import shutil
import signal
import subprocess
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from hil_drivers.transport.ros2_python import ros_environment, ros_python

LIMIT = 120
PROGRAM = Path(__file__).with_name("ros_peer.py")


async def until(holds: Callable[[], bool], within: float = 10.0) -> None:
    """Wait until something holds that happens in another process."""
    async with asyncio.timeout(within):
        while not holds():  # noqa: ASYNC110 (nothing tells when)
            await asyncio.sleep(0.005)


def random_domain() -> int:
    """A ROS_DOMAIN_ID, below the ports of outgoing connections."""
    return secrets.randbelow(102)


def limited(*command: str) -> list[str]:
    """A command that ends after ``LIMIT`` s whatever it does: ROS programs have been seen to ignore SIGTERM."""
    timeout = shutil.which("timeout")
    assert timeout is not None
    return [timeout, "-k", "2", str(LIMIT), *command]


class RosPeer:
    """The program of ``ros_peer.py``."""

    def __init__(self, domain: int) -> None:
        self.domain = domain
        python = ros_python()
        settings = {"ROS_DOMAIN_ID": str(domain), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}
        self._process = subprocess.Popen(
            limited(python, str(PROGRAM)),
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            env=ros_environment(python, settings),
            text=True,
            start_new_session=True,
        )
        assert self._answer() == "ready"

    def address(self, topic: str) -> str:
        """An address in its domain."""
        return f"ros2://{topic}?domain={self.domain}&range=localhost"

    def do(self, what: str, *arguments: Any) -> Any:
        """Let it do something, and return its answer."""
        assert self._process.stdin is not None
        self._process.stdin.write(json.dumps({what: arguments}) + "\n")
        self._process.stdin.flush()
        return self._answer()

    def hold(self, *, on: bool) -> None:
        """Let it stand still, or go on."""
        os.killpg(self._process.pid, signal.SIGSTOP if on else signal.SIGCONT)

    def end(self) -> None:
        """End it."""
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._process.stdin.close()
        try:
            self._process.wait(5.0)
        except subprocess.TimeoutExpired:
            os.killpg(self._process.pid, 9)
            self._process.wait()
        self._process.stdout.close()

    def _answer(self) -> Any:
        assert self._process.stdout is not None
        return json.loads(self._process.stdout.readline())


@contextmanager
def ros_peer() -> Iterator[RosPeer]:
    """A peer in a random domain."""
    peer = RosPeer(random_domain())
    try:
        yield peer
    finally:
        peer.end()
