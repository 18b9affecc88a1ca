"""Registers, inputs and coils of one device, by Modbus TCP or RTU: one interface for both."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Sequence

from ..clock import Clock
from ..wire.modbus import Function, Request
from .supervisor import Supervisor

TIMEOUT = 3.0
"""Seconds on the wire clock within which a device must have answered: one long deadline, no retries."""


class ModbusLink(ABC):
    """The registers of one device. Addresses are those of the protocol, from 0.

    Every read and write is one transaction. Each raises ``DeviceUnreachable`` if there is no answer within the
    deadline or the link is down, and ``RemoteProtocolError`` if the device refuses, or answers something else.

    :param timeout: deadline of each exchange, seconds of wall time.
    """

    def __init__(self, address: str, *, supervisor: Supervisor, clock: Clock, timeout: float) -> None:
        self.address, self.supervisor, self.clock, self.timeout = address, supervisor, clock, timeout
        self.name = supervisor.name

    @property
    @abstractmethod
    def connections(self) -> int:
        """How often it was connected: where this has changed, another device may be there."""

    @abstractmethod
    async def open(self) -> None:
        """Connect.

        :raises DeviceUnreachable: if the port or the peer is not there.
        """

    @abstractmethod
    async def close(self) -> None:
        """Disconnect; closing twice, or a link that is lost, is no error."""

    @abstractmethod
    async def transact(self, request: Request) -> list[int]:
        """The answer to one request: registers, or inputs and coils as 0 and 1; nothing after a write."""

    async def read_holding_registers(self, address: int, count: int) -> list[int]:
        """``count`` holding registers from ``address``, 1 to 125."""
        return await self.transact(Request(Function.READ_HOLDING_REGISTERS, address, count))

    async def read_input_registers(self, address: int, count: int) -> list[int]:
        """``count`` input registers from ``address``, 1 to 125."""
        return await self.transact(Request(Function.READ_INPUT_REGISTERS, address, count))

    async def read_coils(self, address: int, count: int) -> list[int]:
        """``count`` coils from ``address``, 1 to 2000, as 0 and 1."""
        return await self.transact(Request(Function.READ_COILS, address, count))

    async def read_discrete_inputs(self, address: int, count: int) -> list[int]:
        """``count`` discrete inputs from ``address``, 1 to 2000, as 0 and 1."""
        return await self.transact(Request(Function.READ_DISCRETE_INPUTS, address, count))

    async def write_coil(self, address: int, on: bool) -> None:
        """Switch one coil."""
        await self.transact(Request(Function.WRITE_COIL, address, 1, (int(on),)))

    async def write_register(self, address: int, value: int) -> None:
        """Write one holding register, 0 to 65535."""
        await self.transact(Request(Function.WRITE_REGISTER, address, 1, (value,)))

    async def write_registers(self, address: int, values: Sequence[int]) -> None:
        """Write up to 123 holding registers from ``address`` in one transaction."""
        await self.transact(Request(Function.WRITE_REGISTERS, address, len(values), tuple(values)))
