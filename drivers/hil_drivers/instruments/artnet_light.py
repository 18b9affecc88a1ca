"""A dimmable light on Art-Net, with a coarse and a fine channel (16 bit).

Address: ``udp://host:6454``.
"""

from __future__ import annotations

import asyncio
import math
from contextlib import suppress
from dataclasses import replace
from types import MappingProxyType
from typing import ClassVar

from ..clock import Clock, WallClock
from ..device import Device, Point
from ..errors import DeviceUnreachable, OptionError
from ..transport.udp import UdpLink
from ..wire import artnet


class ArtnetLight(Device):
    """Illuminance commanded through a nominal straight line: the full level for ``full_scale``.

    A setpoint is a command, not a reference value. Each packet sets the channels below ``channel`` to 0: one
    fixture to a universe. Closing leaves the light as it is.

    A datagram may be lost, and a fixture may take silence for the loss of its controller: on a real bench the latest
    frame is sent again every second until the device is closed (the specification of Art-Net, ArtDmx, has a frame that
    does not change sent again within 4 s). A simulated light keeps what it was told.

    :param universe: Art-Net port address, 0 to 32767.
    :param channel: the coarse channel, 1 to 511; the fine one follows it.
    :param full_scale: illuminance at full level, lx.
    """

    repeat: ClassVar[float] = 1.0
    """Wall seconds after which a frame is sent again."""

    points = MappingProxyType({"illuminance": Point("lx", readable=False, writable=True, lower=0.0)})

    def __init__(
        self, name: str, address: str, *, clock: Clock, universe: int, channel: int, full_scale: float
    ) -> None:
        super().__init__(name, address, clock=clock)
        if universe not in range(0x8000):
            raise OptionError(f"universe = {universe!r}", where=name, remedy="use 0 to 32767")
        if channel not in range(1, artnet.CHANNELS):
            raise OptionError(f"channel = {channel!r}", where=name, remedy="use 1 to 511, of a pair of channels")
        if not (math.isfinite(full_scale) and full_scale > 0):
            raise OptionError(f"full_scale = {full_scale:g} lx", where=name, remedy="give a positive number")
        self._universe, self._channel, self._full_scale = universe, channel, float(full_scale)
        self._sequence, self._data = 0, b""
        self._repeating: asyncio.Task[None] | None = None
        self._link = UdpLink(address, supervisor=self.supervisor, clock=clock)
        self.points = MappingProxyType(
            {name: replace(point, upper=self._full_scale) for name, point in type(self).points.items()}
        )

    async def open(self) -> None:
        await self._link.open()

    async def close(self) -> None:
        repeating, self._repeating = self._repeating, None
        if repeating is not None:
            repeating.cancel()
            await asyncio.wait([repeating])
        await self._link.close()

    async def write(self, point: str, value: float) -> None:
        """Send the level for ``value`` in lx; the protocol has no answer."""
        level = self._setpoint(point, value) / self._full_scale
        self._data = bytes(self._channel - 1) + artnet.coarse_fine(level)
        await self._send()
        if self._repeating is None and isinstance(self.clock, WallClock):
            self._repeating = asyncio.create_task(self._repeat(), name=f"frames of {self.name}")

    async def _send(self) -> None:
        self._sequence = self._sequence % 255 + 1
        await self._link.send(artnet.encode(artnet.OpDmx(self._universe, self._data, self._sequence)))

    async def _repeat(self) -> None:
        """Send the latest frame again and again; the supervisor tells of one that could not be sent."""
        while True:
            await asyncio.sleep(self.repeat)
            with suppress(DeviceUnreachable):
                await self._send()
