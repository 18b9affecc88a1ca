"""Modbus RTU devices on one pseudo-terminal, written apart from the drivers: they know only bytes."""

from __future__ import annotations

import asyncio
import os
import struct
import tty
from collections.abc import Callable
from pathlib import Path

Answer = Callable[[int, int, int, int], "bytes | None"]
"""The reply's PDU to device id, function, address and count (or value); ``None`` for silence."""


def crc(data: bytes) -> bytes:
    """The check by the long way of the specification: bit by bit."""
    register = 0xFFFF
    for octet in data:
        register ^= octet
        for _ in range(8):
            carry = register & 1
            register >>= 1
            if carry:
                register ^= 0xA001
    return struct.pack("<H", register)


class RtuPeer:
    """Devices on one line, answered one request after the other, as a device does: in order.

    Holding register ``a`` of device ``d`` is ``1000 d + a``. ``delays`` holds the seconds before each of the next
    answers; those after it come at once. ``mangle`` changes the bytes of a reply.
    """

    def __init__(self, link: Path, ids: tuple[int, ...] = (1, 2)) -> None:
        self.path, self.ids = link, ids
        self.delays: list[float] = []
        self.silent: set[int] = set()
        self.mangle: Callable[[bytes], bytes] = bytes
        self.pieces: tuple[int, ...] = ()
        self.requests: list[tuple[int, int, int, int]] = []
        self.answer: Answer = self.well
        self._pending = b""
        self._work: asyncio.Queue[bytes] = asyncio.Queue()
        self._tasks: list[asyncio.Task[None]] = []
        self.master = self.slave = -1

    def plug(self) -> None:
        """Make the terminal."""
        self.master, self.slave = os.openpty()
        tty.setraw(self.slave)
        os.set_blocking(self.master, False)
        self.path.symlink_to(os.ttyname(self.slave))
        asyncio.get_running_loop().add_reader(self.master, self._readable)
        self._tasks = [asyncio.create_task(self._serve())]

    async def unplug(self) -> None:
        """Take it away, once."""
        if self.master < 0:
            return
        asyncio.get_running_loop().remove_reader(self.master)
        for task in self._tasks:
            task.cancel()
        await asyncio.wait(self._tasks)
        self.path.unlink()
        os.close(self.master)
        os.close(self.slave)
        self.master = self.slave = -1

    def write(self, data: bytes) -> None:
        """Send anything."""
        os.write(self.master, data)

    def well(self, device: int, function: int, address: int, count: int) -> bytes | None:
        """Answer as a device does."""
        if function in (3, 4):
            values = [1000 * device + register for register in range(address, address + count)]
            return struct.pack(f">BB{count}H", function, 2 * count, *values)
        return struct.pack(">BHH", function, address, count)

    def _readable(self) -> None:
        try:
            self._pending += os.read(self.master, 4096)
        except OSError:
            return
        while len(self._pending) >= 8:
            size = 9 + self._pending[6] if self._pending[1] in (15, 16) else 8
            if len(self._pending) < size:
                return
            request, self._pending = self._pending[:size], self._pending[size:]
            assert crc(request[:-2]) == request[-2:]
            self._work.put_nowait(request)

    async def _serve(self) -> None:
        while True:
            request = await self._work.get()
            device, function, address, count = struct.unpack(">BBHH", request[:6])
            self.requests.append((device, function, address, count))
            if self.delays:
                await asyncio.sleep(self.delays.pop(0))
            pdu = self.answer(device, function, address, count)
            if device in self.ids and device not in self.silent and pdu is not None:
                await self._send(self.mangle(bytes([device]) + pdu + crc(bytes([device]) + pdu)))

    async def _send(self, reply: bytes) -> None:
        begin = 0
        for end in (*self.pieces, len(reply)):
            self.write(reply[begin:end])
            begin = end
            await asyncio.sleep(0.005 if self.pieces else 0)
