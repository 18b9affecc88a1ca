"""Konica Minolta T-10A illuminance meter, on a serial line.

Address: ``serial:///dev/ttyUSB0?baudrate=9600&bytesize=7&parity=E``, or ``tcp://`` to a serial server. Several heads of
one instrument are several devices with that address, each with its ``head``.
"""

from __future__ import annotations

from types import MappingProxyType

from ..device import Point
from ..indication import Flag
from ..wire import konica_minolta as km
from .photometer import INTEGRATION, READING_READY, Photometer

__all__ = ["INTEGRATION", "READING_READY", "T10A"]


class T10A(Photometer):
    """Illuminance by command 10 of one receptor head, triggered anew for each indication.

    :param head: number of the receptor head, 0 to 29.
    """

    points = MappingProxyType({"illuminance": Point("lx")})
    _commands = MappingProxyType({"illuminance": (km.read_illuminance, 0)})

    def _judged(self, point: str, reply: km.Reply, field: km.Field | None) -> tuple[float | None, Flag]:  # noqa: ARG002
        if field is None:
            return None, reply.flags | Flag.NOT_AVAILABLE
        return None if reply.flags & Flag.LOW_BATTERY else field.value, reply.flags
