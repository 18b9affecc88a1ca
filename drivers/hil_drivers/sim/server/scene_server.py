"""A scene server: lines of JSON, by which a display wall is told what to draw."""

from __future__ import annotations

import json
from typing import Any

from ...clock import NANOSECONDS
from ..faults import Faults
from ..own_clock import OwnClock
from ..wall.display import Wall
from ..wall.scenes import fault_of
from ..world import World
from .endpoint import LineProtocol

_LONGEST = 4096


class SceneProtocol(LineProtocol):
    """The server's side of one connection, as `hil_drivers.wire.scene` describes it."""

    def __init__(self, name: str, world: World, faults: Faults) -> None:
        self._world, self._faults = world, faults
        self._wall = world.part(Wall)
        self._clock = OwnClock(name, world, faults)
        self._buffer = b""

    def receive(self, data: bytes) -> list[bytes]:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        if len(self._buffer) > _LONGEST:
            self._buffer = b""
            return [self._told(0, {"error": "too long a line"})]
        return [self._answer(line) for line in lines if line.strip()]

    def _answer(self, line: bytes) -> bytes:
        try:
            request = json.loads(line)
        except (ValueError, RecursionError):
            request = None
        if not isinstance(request, dict) or type(number := request.get("id")) is not int or not 0 <= number < 2**62:
            return self._told(0, {"error": "a request is an object with an id"})
        return self._told(number, self._obeyed(request))

    def _told(self, number: int, body: dict[str, Any]) -> bytes:
        stamp = self._clock.at(self._world.time.now())
        return json.dumps({"id": number, "clock": stamp, **body}).encode() + b"\n"

    def _obeyed(self, request: dict[str, Any]) -> dict[str, Any]:
        match request:
            case {"do": "hello"}:
                return {"protocol": "scene-1"}
            case {"do": "draw", "scene": scene}:
                fault = fault_of(scene)
                return {"error": fault} if fault else self._draw(scene)
            case {"do": "drawn", "frame": int() as frame}:
                return self._drawn(frame)
            case {"do": "level", "level": int() | float() as level} if 0.0 <= level <= 1.0:
                self._world.light.set_level(self._world.time.now(), level)
                return {"level": level}
            case {"do": "state"}:
                return self._state()
        return {"error": "not understood"}

    def _draw(self, scene: dict[str, Any]) -> dict[str, Any]:
        display, now = self._wall.display, self._world.time.now()
        frame = display.next_frame(now)
        if not self._faults.present("not-drawn"):
            display.draw(frame, scene)
        return {"frame": frame, "wait": (display.begins(frame) - now) / NANOSECONDS}

    def _drawn(self, frame: int) -> dict[str, Any]:
        display, now = self._wall.display, self._world.time.now()
        begins = display.begins(frame)
        if begins > now:
            return {"frame": frame, "wait": min(1.0, (begins - now) / NANOSECONDS)}
        return {"frame": frame, "time": self._clock.at(begins) if display.changed(frame) else None}

    def _state(self) -> dict[str, Any]:
        refresh = round(NANOSECONDS / self._wall.display.period, 4)
        return {"level": self._world.light.level.at(self._world.time.now()), "refresh": refresh}
