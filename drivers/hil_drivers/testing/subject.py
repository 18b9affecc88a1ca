"""What is checked: how to make the device, its peer, and what it is used for."""

from __future__ import annotations

import math
from collections.abc import Awaitable, Callable, Mapping, Sequence
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from ..device import Device
from ..indication import UNUSABLE, Flag
from .conformance import MakeDevice, check_reading, check_setpoint
from .peer import Peer

Accept = Callable[[float], bool]

_NOTHING: Mapping[str, Any] = {}


@dataclass(frozen=True, slots=True)
class Operation:
    """One use of a device: ``run`` does it, ``judge`` raises ``ConformanceError`` where the outcome cannot be right.

    ``commands`` of those that only command something: their outcome is no value.
    """

    name: str
    run: Callable[[Device], Awaitable[object]]
    judge: Callable[[Device, Any], Awaitable[object]]
    commands: bool = False

    async def __call__(self, device: Device) -> object:
        """Do it and judge it; returns the outcome."""
        outcome = await self.run(device)
        await self.judge(device, outcome)
        return outcome


@dataclass(frozen=True, slots=True)
class Subject:
    """A driver with its peer.

    :param name: the driver's name, for the table.
    :param make: makes a device that is not open yet; called many times.
    :param reads: for each point that is to be read, whether a value can be right: the narrower, the more is seen. By
        default every readable point, any finite value.
    :param writes: for each point that is to be set, two or more setpoints.
    :param refused: further setpoints that the driver must refuse, by point.
    :param uses: anything else, by name: a coroutine that uses the opened device, raises ``ConformanceError`` where
        the outcome is wrong, and returns what it got.
    :param unseen: faults that nobody could see from the wire, each with the reason.
    """

    name: str
    make: MakeDevice
    peer: Peer
    reads: Mapping[str, Accept] | None = None
    writes: Mapping[str, Sequence[float]] = field(default_factory=dict)
    refused: Mapping[str, Sequence[float]] = field(default_factory=dict)
    uses: Mapping[str, Callable[[Any], Awaitable[object]]] = field(default_factory=dict)
    unseen: Mapping[str, str] = field(default_factory=dict)

    def read_points(self) -> Mapping[str, Accept]:
        """The points that are read, each with what can be right."""
        if self.reads is not None:
            return self.reads
        return {name: math.isfinite for name, point in self.make().points.items() if point.readable}

    def operations(self) -> list[Operation]:
        """Everything that it is used for."""
        reads = [_reading(point, accept) for point, accept in self.read_points().items()]
        writes = [_setting(point, values) for point, values in self.writes.items()]
        return [*reads, *writes, *(Operation(name, use, _judged) for name, use in self.uses.items())]


def looks_good(outcome: object) -> bool:
    """Whether a procedure would use this: a value without a flag that forbids it."""
    flags = getattr(outcome, "flags", Flag.GOOD)
    return not flags & UNUSABLE and getattr(outcome, "value", 0.0) is not None


def _reading(point: str, accept: Accept) -> Operation:
    return Operation(f"read {point}", lambda device: device.read(point), partial(_judge_reading, point, accept))


async def _judge_reading(point: str, accept: Accept, device: Device, outcome: Any) -> None:
    check_reading(device, point, outcome, accept)


def _setting(point: str, values: Sequence[float]) -> Operation:
    async def judge(device: Device, _: object) -> None:
        await check_setpoint(device, point, values[-1])

    return Operation(f"set {point}", lambda device: device.write(point, values[0]), judge, commands=True)


async def _judged(_device: Device, _outcome: object) -> None:
    """The use itself has judged."""
