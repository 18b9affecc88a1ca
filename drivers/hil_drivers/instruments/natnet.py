"""OptiTrack motion capture by NatNet 3.0 to 4.x: the poses of rigid bodies.

Address: ``udp://host:1510``, the server's command port. Whether frames come to this machine alone (unicast) or to a
multicast group is the server's setting; the driver follows it.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from difflib import get_close_matches
from types import MappingProxyType

from ..clock import NANOSECONDS, Clock
from ..device import Device, Point
from ..errors import OptionError, RemoteProtocolError
from ..indication import Flag, Indication
from ..wire import natnet
from .natnet_link import NatNetLink

_POINTS = (
    ("x", "m"),
    ("y", "m"),
    ("z", "m"),
    ("qx", "1"),
    ("qy", "1"),
    ("qz", "1"),
    ("qw", "1"),
    ("marker_error", "m"),
)
_PLACES = {name: place for place, (name, _) in enumerate(_POINTS)}


class NatNet(Device):
    """The position (m) and rotation (quaternion, 1) of rigid bodies, as ``BODY.x`` to ``BODY.qw``.

    ``BODY.marker_error`` is the mean distance in m of its markers from where the body's model has them: what the
    system itself says of its noise. A body that is not tracked keeps the pose that the system sends, flagged
    ``TRACKING_LOST``: it is on record, and enters no mean.

    The time of a measurement is the middle of the cameras' exposure, by the server's clock, give or take half of the
    exposure; the offset of that clock is bounded by pings.

    :param bodies: the names of the rigid bodies, as in the server.
    :param rate: frames in a second.
    :param exposure: how long the cameras expose, s: from their settings; 1 ms is our assumption.
    :param interface: the own address that receives multicast; the system's choice by default.
    """

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        bodies: Sequence[str],
        rate: float = 120.0,
        exposure: float = 0.001,
        interface: str = "",
    ) -> None:
        super().__init__(name, address, clock=clock)
        if isinstance(bodies, str) or not bodies or len(set(bodies)) != len(bodies) or not all(bodies):
            raise OptionError(f"bodies = {bodies!r}", where=name, remedy="list the names of rigid bodies, each once")
        if not 1.0 <= rate <= 2000.0:
            raise OptionError(f"rate = {rate:g} Hz", where=name, remedy="give 1 to 2000")
        if not 0.0 <= exposure <= 1.0:
            raise OptionError(f"exposure = {exposure:g} s", where=name, remedy="give 0 to 1")
        self._bodies = tuple(bodies)
        self._half = math.ceil(exposure * NANOSECONDS / 2)
        self.points = MappingProxyType(
            {f"{body}.{point}": Point(unit) for body in self._bodies for point, unit in _POINTS}
        )
        self._link = NatNetLink(
            address, supervisor=self.supervisor, clock=clock, period=1.0 / rate, interface=interface
        )

    async def open(self) -> None:
        """Connect, learn the server's version, clock and models, and wait for no frame.

        :raises RemoteProtocolError: if the server does not know a body.
        """
        await self._link.open()
        try:
            self._check_bodies()
        except BaseException:
            await self._link.close()
            raise

    async def close(self) -> None:
        await self._link.close()

    async def read(self, point: str) -> Indication:
        """The first frame that was exposed after this call."""
        unit = self._readable(point).unit
        body, _, part = point.rpartition(".")
        frame = await self._link.fresh(self._half)
        found = self._link.body(frame, body)
        if found is None:
            return Indication(point, None, unit, frame.earliest, frame.latest, Flag.NOT_AVAILABLE)
        value = _values(found)[_PLACES[part]]
        flags = Flag.GOOD if found.tracked else Flag.TRACKING_LOST
        if not math.isfinite(value):
            return Indication(point, None, unit, frame.earliest, frame.latest, flags | Flag.NOT_AVAILABLE)
        step = natnet.float_step(value)
        return Indication(point, value, unit, frame.earliest, frame.latest, flags, step)

    def _check_bodies(self) -> None:
        known = self._link.models
        for body in self._bodies:
            if body not in known:
                near = get_close_matches(body, known, n=1) or sorted(known)
                raise RemoteProtocolError(
                    f"tracks no rigid body {body!r}",
                    where=self.name,
                    remedy=f"use {', '.join(near)}" if near else "define it in the server, and let it stream",
                )


def _values(body: natnet.RigidBody) -> tuple[float, ...]:
    return (*body.position, *body.rotation, body.marker_error)
