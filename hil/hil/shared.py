"""A system under test that is there once for all lanes: they take turns at it."""

from __future__ import annotations

import asyncio
from dataclasses import dataclass, field

from hil_drivers.capability import Response, Stimulus, SystemIdentity, SystemUnderTest
from hil_drivers.clock import Clock
from hil_drivers.device import Device


@dataclass(frozen=True)
class Shared:
    """An open system under test and whose turn it is. Its own clock is the machine's, as no lane's holds for all."""

    device: Device
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
        self._system, self._turn, self.supervisor = device, shared.turn, device.supervisor

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
            async with self._turn:
                return await self._system.respond(stimulus)
