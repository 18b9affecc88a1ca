"""Konica Minolta CL-200A chroma meter, on a serial line.

Address: ``serial:///dev/ttyUSB0?baudrate=9600&bytesize=7&parity=E``, or ``tcp://`` to a serial server.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

from ..device import Point
from ..indication import Flag
from ..wire import konica_minolta as km
from .photometer import Photometer

_chromaticity = partial(km.read_colour, number=2)
"""Command 02: illuminance and the chromaticity coordinates x and y."""

_colour_temperature = partial(km.read_colour, number=8)
"""Command 08: illuminance, correlated colour temperature, and the distance from the Planckian locus."""


class CL200A(Photometer):
    """Illuminance in lx, chromaticity x and y (CIE 1931), correlated colour temperature in K, and the distance duv.

    In low light the instrument says that its chromaticity is not reliable: ``x``, ``y``, ``cct`` and ``duv`` then have
    no value, and the flags say why; the illuminance keeps its value and is flagged.

    :param head: number of the receptor head, 0 to 29.
    """

    points = MappingProxyType(
        {"illuminance": Point("lx"), "x": Point("1"), "y": Point("1"), "cct": Point("K"), "duv": Point("1")}
    )
    _commands = MappingProxyType(
        {
            "illuminance": (_chromaticity, 0),
            "x": (_chromaticity, 1),
            "y": (_chromaticity, 2),
            "cct": (_colour_temperature, 1),
            "duv": (_colour_temperature, 2),
        }
    )

    def _judged(self, point: str, reply: km.Reply, field: km.Field | None) -> tuple[float | None, Flag]:
        if field is None:
            return None, reply.flags | Flag.NOT_AVAILABLE
        if point != "illuminance" and reply.flags & Flag.LOW_LIGHT:
            return None, reply.flags | Flag.NOT_AVAILABLE
        return None if reply.flags & Flag.LOW_BATTERY else field.value, reply.flags
