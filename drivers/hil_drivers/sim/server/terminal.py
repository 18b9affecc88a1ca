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


class TerminalEndpoint(Endpoint):
    """A pseudo-terminal in raw mode, reached through a link in a private directory.

    Its slave side is kept open here, so that the master outlives a controller that closes it. While the fault
    ``dropped`` is present there is no terminal, as when an adapter is unplugged; afterwards there is a new one at
    the same link.

    :param protocol: makes the instrument's side from the device's faults.
    """

    def __init__(self, name: str, world: World, directory: Path, protocol: Callable[[Faults], LineProtocol]) -> None:
        super().__init__(name, world)
        self._protocol, self.path = protocol(self.faults), directory / name
        self._master = self._slave = -1

    async def open(self) -> None:
        self._plug()
        self.address = f"serial://{self.path}?baudrate=9600&bytesize=8&parity=N"

    def moved(self) -> None:
        dropped = self.faults.present("dropped") is not None
        if dropped and self._master >= 0:
            self._unplug()
        elif not dropped and self._master < 0:
            self._plug()

    def close(self) -> None:
        super().close()
        if self._master >= 0:
            self._unplug()

    def _plug(self) -> None:
        self._master, self._slave = os.openpty()
        tty.setraw(self._slave)
        os.set_blocking(self._master, False)
        self.path.symlink_to(os.ttyname(self._slave))
        asyncio.get_running_loop().add_reader(self._master, self._readable)

    def _unplug(self) -> None:
        asyncio.get_running_loop().remove_reader(self._master)
        self.wire.close()
        os.close(self._master)
        os.close(self._slave)
        self._master = self._slave = -1
        self.path.unlink(missing_ok=True)
        self.broke()

    def _readable(self) -> None:
        self.moved()
        try:
            data = os.read(self._master, 4096)
        except OSError:
            return
        for reply in self._protocol.receive(data):
            self.wire.reply(reply, self._write)
        self.count(len(data))

    def _write(self, data: bytes) -> None:
        """Send; what nobody reads is lost, as on a line."""
        with suppress(BlockingIOError):
            os.write(self._master, data)
