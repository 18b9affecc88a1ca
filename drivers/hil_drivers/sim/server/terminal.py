"""Instruments on pseudo-terminals."""

from __future__ import annotations

import asyncio
import os
import tty
from collections.abc import Callable
from contextlib import suppress
from pathlib import Path

from ..faults import Faults
from ..world import World
from .endpoint import Endpoint, LineProtocol


class Terminal:
    """A pseudo-terminal in raw mode, reached through a link; it exists while somebody is on its line.

    Its slave side is kept open here, so that the master outlives a controller that closes it.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        self._users: list[TerminalEndpoint] = []
        self._master = self._slave = -1

    def attach(self, user: TerminalEndpoint) -> None:
        """Put an instrument on the line."""
        if user not in self._users:
            self._users.append(user)
            if len(self._users) == 1:
                self._plug()

    def detach(self, user: TerminalEndpoint) -> bool:
        """Take an instrument off the line; whether it was on it."""
        if user not in self._users:
            return False
        self._users.remove(user)
        if not self._users:
            self._unplug()
        return True

    def write(self, data: bytes) -> None:
        """Send; what nobody reads is lost, as on a line."""
        with suppress(BlockingIOError):
            os.write(self._master, data)

    def _plug(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path.symlink_to(os.ttyname(self._slave))
        asyncio.get_running_loop().add_reader(self._master, self._readable)

    def _unplug(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1
        self.path.unlink(missing_ok=True)

    def _readable(self) -> None:
        for user in tuple(self._users):
            user.moved()
        try:
            data = os.read(self._master, 4096)
        except OSError:
            return
        for user in tuple(self._users):
            user.hear(data)


class Terminals:
    """The terminals of a world by path."""

    def __init__(self, _world: World) -> None:
        self._terminals: dict[Path, Terminal] = {}

    def at(self, path: Path) -> Terminal:
        """The one at ``path``."""
        return self._terminals.setdefault(path, Terminal(path))


class TerminalEndpoint(Endpoint):
    """An instrument on a terminal with a link in a private directory.

    While its fault ``dropped`` is present it is not on the line: a terminal of its own is gone, as when an adapter is
    unplugged; afterwards there is a new one at the same link.

    :param protocol: makes the instrument's side from the device's faults.
    :param line: the name of a line that it shares with others, each with the protocol of a bus.
    """

    def __init__(
        self,
        name: str,
        world: World,
        directory: Path,
        protocol: Callable[[Faults], LineProtocol],
        *,
        line: str | None = None,
    ) -> None:
        super().__init__(name, world)
        self._protocol, self.path = protocol(self.faults), directory / (line or name)
        self._terminal = world.part(Terminals).at(self.path)

    async def open(self) -> None:
        self._terminal.attach(self)
        self.address = f"serial://{self.path}?baudrate=9600&bytesize=8&parity=N"

    def moved(self) -> None:
        if self.faults.present("dropped"):
            self._leave()
        else:
            self._terminal.attach(self)

    def hear(self, data: bytes) -> None:
        """Take what came on the line."""
        for reply in self._protocol.receive(data):
            self.wire.reply(reply, self._terminal.write)
        self.count(len(data))

    def close(self) -> None:
        super().close()
        self._leave()

    def _leave(self) -> None:
        if self._terminal.detach(self):
            self.wire.close()
            self.broke()
