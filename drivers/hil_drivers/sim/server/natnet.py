"""A motion capture server on NatNet: commands on one UDP port, frames to its clients or to a multicast group."""

from __future__ import annotations

import asyncio
import socket
import struct
from collections.abc import Sequence
from functools import partial

from ...clock import NANOSECONDS
from ..devices.natnet import NatnetDevice
from ..own_clock import OwnClock
from ..tracker import Seen, Tracker
from ..world import World
from .endpoint import HOST
from .push import PushEndpoint

GROUP = "239.255.42.99"
TICKS = 10_000_000
"""Ticks of the server's clock in a second."""

FIRST_BODY = 1
LOSSY = 3
"""While it is lossy, one number in so many never comes. The frames that come keep their period, for in lockstep time
stands still until one has come."""

UNICAST_AFTER = 10 * NANOSECONDS
"""How long a client is sent frames that lets hear nothing of itself."""

_APPLICATION = b"hil motion capture"


def message(number: int, payload: bytes) -> bytes:
    """A datagram."""
    return number.to_bytes(2, "little") + len(payload).to_bytes(2, "little") + payload


class NatnetEndpoint(PushEndpoint):
    """The server. Frames carry the middle of their exposure, ``delay`` before they are sent."""

    def __init__(self, name: str, tracker: Tracker, device: NatnetDevice, world: World) -> None:
        super().__init__(name, world, round(NANOSECONDS / device.rate))
        self._tracker, self._device = tracker, device
        self._delay = round(device.delay * NANOSECONDS)
        self._clock = OwnClock(name, world, self.faults)
        major, minor = map(int, device.version.split("."))
        self._version = (major, minor)
        self._number = 0
        self._frozen: int | None = None
        self._clients: dict[tuple[str, int], int] = {}
        self._commands: asyncio.DatagramTransport | None = None
        self._data: socket.socket | None = None
        self._data_port = 0

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._commands, _ = await loop.create_datagram_endpoint(
            lambda: _Commands(self), local_addr=(HOST, self._device.port)
        )
        self.address = f"udp://{HOST}:{self._commands.get_extra_info('sockname')[1]}"
        self._data = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
        self._data.setblocking(False)
        self._data.bind((HOST, 0))
        self._data_port = self._data.getsockname()[1]
        if self._device.multicast:
            self._data.setsockopt(socket.IPPROTO_IP, socket.IP_MULTICAST_IF, socket.inet_aton(HOST))
        self.start_sending()

    def close(self) -> None:
        super().close()
        if self._commands is not None:
            self._commands.close()
        if self._data is not None:
            self._data.close()

    def moved(self) -> None:
        if self.faults.present("dropped"):
            self._clients.clear()
        super().moved()

    def take(self, data: bytes, client: tuple[str, int]) -> None:
        """Handle one command."""
        if not self.faults.present("dropped"):
            self._obey(data, client)
        self.count(len(data))

    def emit(self, t: int) -> None:
        self._number += 1
        if self.faults.present("lossy") and self._number % LOSSY == 0:
            self._number += 1
        to = self._listeners()
        if to:
            frame = message(7, self._frame(t))
            for each in to:
                self.wire.reply(frame, partial(self._send, each))

    def _obey(self, data: bytes, client: tuple[str, int]) -> None:
        number = int.from_bytes(data[:2], "little")
        if number in (0, 10):
            self._clients[client] = self.world.time.now()
        if number == 0:
            self._answer(1, self._description(), client)
        elif number == 4:
            self._answer(5, self._models(), client)
        elif number == 9:
            self._clients.pop(client, None)
        elif number == 12 and len(data) == 12:
            self._answer(13, data[4:] + struct.pack("<Q", self._ticks(self.world.time.now())), client)
        elif number != 10:
            self._answer(100, b"", client)

    def _answer(self, number: int, payload: bytes, client: tuple[str, int]) -> None:
        commands = self._commands
        if commands is not None:
            self.wire.reply(message(number, payload), lambda data: commands.sendto(data, client))

    def _listeners(self) -> Sequence[tuple[str, int]]:
        if self._device.multicast:
            return () if self.faults.present("dropped") else ((GROUP, self._data_port),)
        now = self.world.time.now()
        if self.world.time.paced:
            self._clients = {c: t for c, t in self._clients.items() if now - t < UNICAST_AFTER}
        return tuple(self._clients)

    def _send(self, to: tuple[str, int], data: bytes) -> None:
        if self._data is None or self._commands is None:
            return
        if not self._device.multicast:
            self._commands.sendto(data, to)
            return
        try:
            self._data.sendto(data, to)
        except BlockingIOError:
            return

    def _ticks(self, t: int) -> int:
        return self._clock.at(t) * TICKS // NANOSECONDS

    def _description(self) -> bytes:
        """Who serves: name, versions, clock, and where frames are sent."""
        name = _APPLICATION.ljust(256, b"\0")
        versions = bytes((1, 0, 0, 0, *self._version, 0, 0))
        group = socket.inet_aton(GROUP)
        return name + versions + struct.pack("<QHB", TICKS, self._data_port, self._device.multicast) + group

    def _models(self) -> bytes:
        """A set of all markers, and one rigid body for each that is tracked."""
        sets = [(0, b"all\0" + struct.pack("<i", 0))]
        for number, name in enumerate(self._device.bodies, start=FIRST_BODY):
            sets.append((1, self._model(number, name)))
        payload = struct.pack("<i", len(sets))
        for kind, content in sets:
            size = struct.pack("<i", len(content)) if self._version >= (4, 1) else b""
            payload += struct.pack("<i", kind) + size + content
        return payload

    def _model(self, number: int, name: str) -> bytes:
        count = self._device.markers
        content = name.encode() + b"\0" + struct.pack("<ii3fi", number, -1, 0.0, 0.0, 0.0, count)
        content += struct.pack(f"<{3 * count}f", *(0.0 for _ in range(3 * count)))
        content += struct.pack(f"<{count}i", *range(1, count + 1))
        return content + (b"marker\0" * count if self._version >= (4, 0) else b"")

    def _frame(self, t: int) -> bytes:
        """A frame whose exposure was half over ``delay`` before ``t``."""
        exposed = max(0, t - self._delay)
        if self.faults.present("frozen"):
            self._frozen = exposed if self._frozen is None else self._frozen
        else:
            self._frozen = None
        seen_at = exposed if self._frozen is None else self._frozen
        bodies = b"".join(
            self._body(number, name, seen_at) for number, name in enumerate(self._device.bodies, start=FIRST_BODY)
        )
        sections = [(0, b""), (0, b""), (len(self._device.bodies), bodies), (0, b"")]
        sections += [(0, b"")] * (4 if self._version >= (4, 1) else 3)
        suffix = struct.pack("<IIdQQQ", 0, 0, t / NANOSECONDS, self._ticks(exposed), self._ticks(t), self._ticks(t))
        if self._version >= (4, 0):
            suffix += struct.pack("<II", t // NANOSECONDS, 0xFFFF)
        suffix += struct.pack("<h", 0)
        content = b"".join(self._section(count, each) for count, each in sections)
        return struct.pack("<i", self._number) + content + suffix + struct.pack("<i", 0)

    def _section(self, count: int, content: bytes) -> bytes:
        size = struct.pack("<i", len(content)) if self._version >= (4, 1) else b""
        return struct.pack("<i", count) + size + content

    def _body(self, number: int, name: str, t: int) -> bytes:
        hidden = self.faults.present("tracking-lost") is not None
        seen: Seen = self._tracker.see(name, t, hidden=hidden)
        return struct.pack("<i3f4ffh", number, *seen.position, *seen.rotation, seen.marker_error, int(seen.tracked))


class _Commands(asyncio.DatagramProtocol):
    def __init__(self, endpoint: NatnetEndpoint) -> None:
        self._endpoint = endpoint

    def datagram_received(self, data: bytes, addr: tuple[str, int]) -> None:
        self._endpoint.take(data, addr)
