"""An Art-Net node: takes DMX frames by UDP and sets the luminaires' level."""

from __future__ import annotations

import asyncio

from ..devices.artnet import ArtnetDevice
from ..world import World
from .endpoint import HOST, Endpoint

_HEADER = b"Art-Net\x00"
_OP_DMX = b"\x00\x50"
_SLOTS = 18


def dmx_level(packet: bytes, universe: int, channel: int) -> float | None:
    """The level from 0 to 1 that an ArtDmx packet gives to a 16 bit channel (coarse, then fine).

    ``None`` where the packet is none, is for another universe or ends before the channel.
    """
    if len(packet) < _SLOTS or packet[:8] != _HEADER or packet[8:10] != _OP_DMX:
        return None
    if int.from_bytes(packet[10:12], "big") < 14 or int.from_bytes(packet[14:16], "little") != universe:
        return None
    length = int.from_bytes(packet[16:18], "big")
    first = _SLOTS + channel - 1
    if not 2 <= length <= 512 or len(packet) < _SLOTS + length or channel + 1 > length:
        return None
    return int.from_bytes(packet[first : first + 2], "big") / 65535


class ArtnetEndpoint(Endpoint):
    """A node that listens on a UDP port of its own."""

    def __init__(self, name: str, device: ArtnetDevice, world: World) -> None:
        super().__init__(name, world)
        self._device = device
        self._transport: asyncio.DatagramTransport | None = None
        lamp = world.file.lamp
        self._lights = lamp is not None and lamp.device == name

    async def open(self) -> None:
        loop = asyncio.get_running_loop()
        self._transport, _ = await loop.create_datagram_endpoint(lambda: _Datagrams(self), local_addr=(HOST, 0))
        port = self._transport.get_extra_info("sockname")[1]
        self.address = f"udp://{HOST}:{port}"

    def take(self, packet: bytes) -> None:
        """Handle one datagram."""
        level = dmx_level(packet, self._device.universe, self._device.channel)
        if level is not None and self._lights and not self.faults.present("silent"):
            self.world.light.set_level(self.world.time.now(), level)
        self.count(len(packet))

    def close(self) -> None:
        super().close()
        if self._transport is not None:
            self._transport.close()


class _Datagrams(asyncio.DatagramProtocol):
    def __init__(self, endpoint: ArtnetEndpoint) -> None:
        self._endpoint = endpoint

    def datagram_received(self, data: bytes, _addr: object) -> None:
        self._endpoint.take(data)
