"""A system under test that is there once for all lanes: they take turns at it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field
from typing import Any

from hil_drivers.capability import Response, Stimulus, SystemIdentity, SystemUnderTest
from hil_drivers.clock import Clock
from hil_drivers.device import Device


@dataclass(frozen=True)
class Shared:
    """An open system under test and whose turn it is. Its own clock is the machine's, as no lane's holds for all.

    :param under_way: by the name of the system, the latest operation in it: while that lasts, it is not closed.
    """

    device: Device
    under_way: dict[str, asyncio.Task[Any]]
    turn: asyncio.Lock = field(default_factory=asyncio.Lock)

    def on(self, clock: Clock) -> Device:
        """The system as the lane of ``clock`` has it."""
        return _InTurn(self, clock)


class _InTurn(Device):
    """What one lane has of a shared system: opened and closed by whoever shares it out."""

    def __init__(self, shared: Shared, clock: Clock) -> None:
        device = shared.device
        super().__init__(device.name, device.address, clock=clock)
        if not isinstance(device, SystemUnderTest):
            raise TypeError(f"{device.name} is no system under test")
        self._shared, self._system, self.supervisor = shared, device, device.supervisor

    async def open(self) -> None:
        """It is open."""

    async def close(self) -> None:
        """Others use it."""

    @property
    def system(self) -> SystemIdentity:
        """Its identity."""
        return self._system.system

    async def respond(self, stimulus: Stimulus) -> Response:
        """Wait for the lane's turn, and give it one stimulus; the wait is no part of the response time."""
        with self.clock.exchange():
            async with self._shared.turn:
                if (task := asyncio.current_task()) is not None:
                    self._shared.under_way[self.name] = task
                return await self._system.respond(stimulus)
