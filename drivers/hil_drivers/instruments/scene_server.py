"""A display wall behind a scene server. Address: ``tcp://host:7300``. The protocol: `hil_drivers.wire.scene`."""

from __future__ import annotations

import math
from dataclasses import replace
from functools import partial
from types import MappingProxyType
from typing import Any

from ..capability import Drawn
from ..clock import NANOSECONDS, Clock
from ..device import Device, Point
from ..errors import DeviceError, OptionError, RemoteProtocolError, SetpointRefused
from ..indication import Indication
from ..timebase import Interval, Timebase
from ..transport.link import stream_link
from ..transport.stream import TIMEOUT
from ..wire import scene
from .timeout import checked_timeout
from .turn import Turns

LONGEST_WAIT = 10.0
"""The most seconds that a server may want until a scene is drawn."""

SHORTEST_WAIT = 0.0005
"""Seconds before a server is asked again."""


class SceneServer(Device):
    """A ``Scene`` and a ``StampedScene``; the points ``level``, its brightness, and ``refresh``, as it measures it.

    What is shown is text, or what `hil_drivers.wire.scene.parse_scene` says. A level is commanded as the illuminance
    that it shall give at the place of the meter, through a nominal straight line: a command, never a reference value.

    :param full_scale: that illuminance at full brightness, lx.
    :param timeout: seconds of wall time within which it has answered.
    """

    points = MappingProxyType(
        {
            "level": Point("lx", readable=False, writable=True, lower=0.0),
            "refresh": Point("Hz", lower=0.0),
        }
    )

    def __init__(self, name: str, address: str, *, clock: Clock, full_scale: float, timeout: float = TIMEOUT) -> None:
        super().__init__(name, address, clock=clock)
        if not (math.isfinite(full_scale) and full_scale > 0):
            raise OptionError(f"full_scale = {full_scale:g} lx", where=name, remedy="give a positive number")
        self._full_scale = float(full_scale)
        self._link = stream_link(
            address, supervisor=self.supervisor, clock=clock, timeout=checked_timeout(name, timeout)
        )
        self._turns = Turns(name, clock)
        self._time = Timebase()
        self._connections = self._requests = 0
        level = replace(type(self).points["level"], upper=self._full_scale)
        self.points = MappingProxyType({**type(self).points, "level": level})

    async def open(self) -> None:
        await self._link.open()
        try:
            answer = await self._turns.run(partial(self._ask, "hello"))
            if answer.body.get("protocol") != scene.PROTOCOL:
                told = answer.body.get("protocol")
                raise RemoteProtocolError(
                    f"speaks {told!r:.40}, not {scene.PROTOCOL}",
                    where=self.name,
                    remedy="check that the address leads to a scene server",
                )
        except BaseException:
            await self._link.close()
            raise

    async def close(self) -> None:
        await self._link.close()

    async def read(self, point: str) -> Indication:
        unit = self._readable(point).unit
        earliest = self.clock.now()
        answer = await self._turns.run(partial(self._ask, "state"))
        return Indication(point, answer.number(point, 0.0, 1e6), unit, earliest, self.clock.now())

    async def write(self, point: str, value: float) -> None:
        """Command the brightness, and check that the server took it."""
        level = self._setpoint(point, value) / self._full_scale
        answer = await self._turns.run(partial(self._ask, "level", level=level))
        if abs(answer.number("level", 0.0, 1.0) - level) > 1e-3:
            raise RemoteProtocolError(f"has not taken the level {level:.4g}", where=self.name)

    async def show(self, content: str) -> None:
        """Show ``content``, and return once it is drawn.

        :raises SetpointRefused: for what cannot be drawn.
        :raises DeviceError: if the server took it, but did not draw it.
        """
        await self.draw(content)

    async def draw(self, content: str) -> Drawn:
        """As `show`, with the frame in which it was drawn, and when."""
        wanted = scene.parse_scene(content)
        if wanted is None:
            raise SetpointRefused(
                f"cannot show {content[:40]!r}",
                where=self.name,
                remedy=f"show up to {scene.LONGEST_TEXT} printable ASCII characters, grey:0 to grey:1, picture:NAME, "
                "or element:SPEED",
            )
        return await self._turns.run(partial(self._draw, content, wanted))

    async def _draw(self, content: str, wanted: dict[str, Any]) -> Drawn:
        commanded = self.clock.now()
        taken = await self._ask("draw", scene=wanted)
        frame = taken.count("frame")
        answer = await self._begun(frame, taken)
        if answer.body.get("time") is None:
            raise DeviceError(
                f"did not draw {content[:40]!r} in frame {frame}, for which it had taken it",
                where=self.name,
                remedy="look at the display and at the load of its computer",
            )
        began = self._at(answer.count("time"))
        return Drawn(frame, commanded, began.earliest, began.latest)

    async def _begun(self, frame: int, taken: scene.Answer) -> scene.Answer:
        """What the server says of a frame once that has begun."""
        answer, deadline = taken, self.clock.now() + round(LONGEST_WAIT * NANOSECONDS)
        while "wait" in answer.body:
            if self.clock.now() >= deadline:
                raise RemoteProtocolError(f"has not begun frame {frame} in {LONGEST_WAIT:g} s", where=self.name)
            await self.clock.sleep(max(SHORTEST_WAIT, answer.number("wait", 0.0, LONGEST_WAIT)))
            answer = await self._ask("drawn", frame=frame)
        return answer

    def _at(self, stamp: int) -> Interval:
        found = self._time.interval(stamp)
        if found is None:
            raise RemoteProtocolError("its clock has jumped", where=self.name, remedy="draw the scene again")
        return found

    async def _ask(self, do: str, **rest: Any) -> scene.Answer:
        """The answer to one request; the exchange tells where the server's clock stands."""
        self._requests += 1
        sent = self.clock.now()
        line = scene.encode(self._requests, do, **rest)
        answer = await self._link.query(line, scene.Answers(self._requests, self.name))
        if self._link.connections != self._connections:
            self._connections = self._link.connections
            self._time.forget()
        self._time.exchanged(sent, answer.clock, self.clock.now())
        if "error" in answer.body:
            raise RemoteProtocolError(f"refused {do}: {answer.body['error']!s:.60}", where=self.name)
        return answer
