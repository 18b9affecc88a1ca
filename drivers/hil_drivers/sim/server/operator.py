"""A simulated operator: reads what an instrument shows, and types it after a while."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from ...clock import NANOSECONDS
from ..faults import Faults
from ..places import air
from ..response import Response
from ..world import World
from .endpoint import LineProtocol

if TYPE_CHECKING:
    from ..devices.manual import ManualDevice

_LONGEST = 4096


class OperatorProtocol(LineProtocol):
    """One conversation; a question that is asked again while the operator still looks is the same question."""

    def __init__(self, name: str, device: ManualDevice, world: World, faults: Faults) -> None:
        self._device, self._world, self._faults = device, world, faults
        self._responses = {
            point: Response(world, name, point, noise=display.noise) for point, display in device.displays.items()
        }
        self._buffer = b""
        self._looking: tuple[str, int] | None = None

    def receive(self, data: bytes) -> list[bytes]:
        *lines, self._buffer = (self._buffer + data).split(b"\n")
        self._buffer = self._buffer[-_LONGEST:]
        return [json.dumps(self._answer(line)).encode() + b"\n" for line in lines]

    def _answer(self, line: bytes) -> dict[str, Any]:
        try:
            point = json.loads(line)["ask"]
        except (ValueError, KeyError, TypeError):
            return {"error": "asks nothing"}
        if point not in self._device.displays:
            return {"value": None}
        now = self._world.time.now()
        if self._looking is None or self._looking[0] != point:
            self._looking = (point, now + round(self._device.reaction * NANOSECONDS))
        due = self._looking[1]
        if now < due:
            return {"wait": (due - now) / NANOSECONDS}
        self._looking = None
        return {"value": None if self._faults.present("nan") else self._typed(point, now)}

    def _typed(self, point: str, now: int) -> str:
        display = self._device.displays[point]
        room = self._world.climate.temperature(now)
        true = (
            display.value if display.shows == "value" else getattr(air(self._world, display.place, now), display.shows)
        )
        shown = self._responses[point].indication(true, room, now)
        steps = round(shown / display.resolution)
        decimals = max(0, -_power(display.resolution))
        text = f"{steps * display.resolution:.{decimals}f}"
        return text.replace("0", "O") + "l" if self._faults.present("typo") else text


def _power(step: float) -> int:
    """The power of ten of the last digit that a display of ``step`` needs: -1 for 0.5."""
    power = -9
    while power < 0 and abs(step / 10.0 ** (power + 1) - round(step / 10.0 ** (power + 1))) < 1e-6:
        power += 1
    return power
