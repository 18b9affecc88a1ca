"""Modbus TCP through pymodbus, with the answers that pymodbus lets pass refused.

pymodbus returns exception responses, answers a first connection that is refused with ``False``, and leaves a
request on a lost connection to its time-out. Here each of these is an error of ours, at once. There are no
retries: one long deadline instead, so that a measurement interval begins with the only request. After an
exchange that was cancelled or timed out the connection is made anew: pymodbus knows a late answer by its
transaction, but forgets the first half of one that comes in two, and its server answers only the first of two
requests that come in one packet.
"""

from __future__ import annotations

import asyncio
import logging

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException

from ..clock import Clock
from ..errors import DeviceUnreachable, RemoteProtocolError
from .address import parse
from .supervisor import Supervisor

TIMEOUT = 3.0

_EXCEPTIONS = {
    1: "illegal function",
    2: "illegal address",
    3: "illegal value",
    4: "device failure",
    6: "busy",
}

logging.getLogger("pymodbus").addHandler(logging.NullHandler())


class ModbusLink:
    """Registers of one device at ``modbus+tcp://host:port?device_id=N``.

    :param device_id: used where the address names none.
    :param timeout: deadline of each exchange, seconds of wall time.
    """

    def __init__(
        self, address: str, *, supervisor: Supervisor, clock: Clock, device_id: int = 1, timeout: float = TIMEOUT
    ) -> None:
        self.address, self.supervisor, self.clock, self.timeout = address, supervisor, clock, timeout
        self.name = supervisor.name
        self._peer = parse(address, allowed=("modbus+tcp",))
        self.device_id = self._peer.integer("device_id", device_id, lower=0, upper=255)
        self._client: AsyncModbusTcpClient | None = None
        self._lock = asyncio.Lock()
        self._opened = False
        self._waiting = False

    async def open(self) -> None:
        """Connect.

        :raises DeviceUnreachable: if the peer is not there.
        """
        with self.clock.exchange():
            async with self._lock:
                await self._connect()
                self._opened = True

    async def close(self) -> None:
        """Disconnect; closing twice, or a link that is lost, is no error."""
        self._opened = False
        self._drop()

    async def read(self, register: int, count: int) -> list[int]:
        """``count`` holding registers from PDU address ``register``, in one transaction.

        :raises DeviceUnreachable: if there is no answer within the deadline, or the link is down.
        :raises RemoteProtocolError: for an exception response, or another number of registers.
        """
        if not self._opened:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")
        with self.clock.exchange():
            async with self._lock:
                client = self._client
                if client is None or self._waiting or not client.connected:
                    client = await self._connect()
                self._waiting = True
                try:
                    response = await client.read_holding_registers(register, count=count, device_id=self.device_id)
                except ConnectionException as error:
                    raise self._unreachable("lost its link") from error
                except ModbusException as error:
                    raise self._unreachable(f"did not answer within {self.timeout:.1f} s") from error
                self._waiting = False
        if response.isError():
            code = response.exception_code
            raise RemoteProtocolError(
                f"refused to read register {register:#06x}: {_EXCEPTIONS.get(code, 'exception')} ({code})",
                where=self.name,
            )
        if len(response.registers) != count:
            raise RemoteProtocolError(
                f"sent {len(response.registers)} registers where {count} were asked for", where=self.name
            )
        return list(response.registers)

    async def _connect(self) -> AsyncModbusTcpClient:
        self._drop()
        client = AsyncModbusTcpClient(
            self._peer.host,
            port=self._peer.port,
            timeout=self.timeout,
            retries=0,
            reconnect_delay=0,
            trace_connect=self._on_connection,
        )
        if not await client.connect():
            raise self._unreachable("cannot be reached")
        self._client, self._waiting = client, False
        return client

    def _drop(self) -> None:
        if self._client is not None:
            client, self._client = self._client, None
            client.close()

    def _on_connection(self, connected: bool) -> None:
        """Fail the request under way at once: pymodbus itself would wait for its time-out."""
        if connected or not self._waiting or self._client is None:
            return
        answer = self._client.ctx.response_future
        if not answer.done():
            answer.set_exception(ConnectionException("the connection was lost"))

    def _unreachable(self, what: str) -> DeviceUnreachable:
        return DeviceUnreachable(
            what, where=self.name, remedy=f"check that it is switched on and that {self.address} is right"
        )
