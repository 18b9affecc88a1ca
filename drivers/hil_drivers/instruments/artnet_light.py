"""A dimmable light on Art-Net, with a coarse and a fine channel (16 bit).

Address: ``udp://host:6454``.
"""

from __future__ import annotations

import math
from dataclasses import replace
from types import MappingProxyType

from ..clock import Clock
from ..device import Device, Point
from ..errors import OptionError
from ..transport.udp import UdpLink
from ..wire import artnet


class ArtnetLight(Device):
    """Illuminance commanded through a nominal straight line: the full level for ``full_scale``.

    A setpoint is a command, not a reference value. Each packet sets the channels below ``channel`` to 0: one
    fixture to a universe. Closing leaves the light as it is.

    :param universe: Art-Net port address, 0 to 32767.
    :param channel: the coarse channel, 1 to 511; the fine one follows it.
    :param full_scale: illuminance at full level, lx.
    """

    points = MappingProxyType({"illuminance": Point("lx", readable=False, writable=True, lower=0.0)})

    def __init__(
        self, name: str, address: str, *, clock: Clock, universe: int, channel: int, full_scale: float
    ) -> None:
        super().__init__(name, address, clock=clock)
        if universe not in range(0x8000):
            raise OptionError(f"there is no universe {universe!r}", where=name, remedy="use 0 to 32767")
        if channel not in range(1, artnet.CHANNELS):
            raise OptionError(f"there is no channel pair at {channel!r}", where=name, remedy="use 1 to 511")
        if not (math.isfinite(full_scale) and full_scale > 0):
            raise OptionError(f"full_scale = {full_scale:g} lx", where=name, remedy="give a positive number")
        self._universe, self._channel, self._full_scale = universe, channel, float(full_scale)
        self._sequence = 0
        self._link = UdpLink(address, supervisor=self.supervisor, clock=clock)
        self.points = MappingProxyType(
            {name: replace(point, upper=self._full_scale) for name, point in type(self).points.items()}
        )

    async def open(self) -> None:
        await self._link.open()

    async def close(self) -> None:
        await self._link.close()

    async def write(self, point: str, value: float) -> None:
        """Send the level for ``value`` in lx; the protocol has no answer."""
        level = self._setpoint(point, value) / self._full_scale
        self._sequence = self._sequence % 255 + 1
        data = bytes(self._channel - 1) + artnet.coarse_fine(level)
        await self._link.send(artnet.encode(artnet.OpDmx(self._universe, data, self._sequence)))
