"""A carriage that brings one of two heads to the measuring place, by SCPI.

Address: ``tcp://host:5025``.
"""

from __future__ import annotations

from functools import partial
from types import MappingProxyType

from ..clock import NANOSECONDS
from ..device import Point
from ..errors import DeviceUnreachable, RemoteProtocolError, SetpointRefused
from ..indication import Indication
from ..wire import scpi
from .scpi import ScpiDevice

MOVING = 1
"""Bit 0 of the operation condition register."""

POLL = 0.2
LONGEST_MOVE = 60.0


class Carriage(ScpiDevice):
    """Position 0 or 1, or in between while it moves.

    A command returns when the carriage has arrived, by its own account.
    """

    points = MappingProxyType({"position": Point("1", writable=True, lower=0.0, upper=1.0)})

    async def _check_kind(self) -> None:
        await self._position()

    async def read(self, point: str) -> Indication:
        unit = self._readable(point).unit
        earliest = self.clock.now()
        position = await self._position()
        return Indication(point, position, unit, earliest, self.clock.now())

    async def write(self, point: str, value: float) -> None:
        """Move to position ``value`` (0 or 1) and wait for the arrival.

        :raises DeviceUnreachable: if it has not arrived within 60 s of bench time.
        :raises RemoteProtocolError: if it stands elsewhere afterwards.
        """
        target = self._setpoint(point, value)
        if not target.is_integer():
            raise SetpointRefused(f"there is no position {target:g}", where=self.name, remedy="command 0 or 1")
        position = await self._turns.run(partial(self._move, int(target)))
        if position != target:
            raise RemoteProtocolError(f"stands at {position:g} where {target:g} was commanded", where=self.name)

    async def _move(self, target: int) -> float:
        await self._link.tell(f"SOUR:POS {target}")
        await self._arrival()
        return await self._position()

    async def _arrival(self) -> None:
        deadline = self.clock.now() + int(LONGEST_MOVE * NANOSECONDS)
        while await self._link.ask("STAT:OPER:COND?", scpi.parse_integer) & MOVING:
            if self.clock.now() >= deadline:
                raise DeviceUnreachable(
                    f"still moves after {LONGEST_MOVE:g} s",
                    where=self.name,
                    remedy="check that nothing blocks it",
                )
            await self.clock.sleep(POLL)

    async def _position(self) -> float:
        return await self._link.ask("SOUR:POS?", scpi.parse_number)
