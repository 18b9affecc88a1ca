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
from collections.abc import Iterator
from contextlib import contextmanager

from pymodbus.client import AsyncModbusTcpClient
from pymodbus.exceptions import ConnectionException, ModbusException
from pymodbus.pdu import ModbusPDU
from pymodbus.pdu.bit_message import ReadCoilsRequest, ReadDiscreteInputsRequest, WriteSingleCoilRequest
from pymodbus.pdu.register_message import (
    ReadHoldingRegistersRequest,
    ReadInputRegistersRequest,
    WriteMultipleRegistersRequest,
    WriteSingleRegisterRequest,
)

from ..clock import Clock
from ..errors import DeviceUnreachable, RemoteProtocolError
from ..wire.modbus import Function, Request, refusal, wrong_number
from .address import Address
from .modbus import ModbusLink
from .supervisor import Supervisor

logging.getLogger("pymodbus").setLevel(logging.CRITICAL)
"""pymodbus has a line for every failure; the supervisor has one for every change."""


class TcpModbusLink(ModbusLink):
    """The registers of one device at ``modbus+tcp://host:port?device_id=N``."""

    def __init__(
        self, address: Address, *, supervisor: Supervisor, clock: Clock, device_id: int, timeout: float
    ) -> None:
        super().__init__(address.text, supervisor=supervisor, clock=clock, timeout=timeout)
        self._peer = address
        self.device_id = address.integer("device_id", device_id, lower=0, upper=255)
        self._client: AsyncModbusTcpClient | None = None
        self._lock = asyncio.Lock()
        self._opened = False
        self._waiting = False
        self._connections = 0

    @property
    def connections(self) -> int:
        return self._connections

    async def open(self) -> None:
        with self.clock.exchange():
            async with self._lock:
                with self.supervisor.opening():
                    await self._connect()
                self._opened = True

    async def close(self) -> None:
        self._opened = False
        self.supervisor.closed()
        self._drop()

    async def transact(self, request: Request) -> list[int]:
        if not self._opened:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")
        with self.clock.exchange():
            async with self._lock:
                with self.supervisor.exchange():
                    client = self._client
                    if client is None or self._waiting or not client.connected:
                        client = await self._connect()
                    self._waiting = True
                    response = await self._answer(client, _pdu(request, self.device_id))
                    refused = response.isError()
                    values = [] if refused else self._values(request, response)
                    self._waiting = False
        if refused:
            raise RemoteProtocolError(refusal(request, response.exception_code).what, where=self.name)
        return values

    async def _answer(self, client: AsyncModbusTcpClient, pdu: ModbusPDU) -> ModbusPDU:
        """One transaction, as ``client.execute`` makes it but without its retries and its ``asyncio.wait_for``.

        pymodbus takes only an answer with the request's transaction and device.
        """
        manager = client.ctx
        pdu.transaction_id = manager.getNextTID()
        manager.recv_buffer = b""
        loop = asyncio.get_running_loop()
        manager.response_future = answer = loop.create_future()
        timer = loop.call_later(self.timeout, _expire, answer)
        try:
            manager.pdu_send(pdu)
            response: ModbusPDU = await answer
        except TimeoutError as error:
            raise self._unreachable(f"did not answer within {self.timeout:.1f} s") from error
        except ModbusException as error:
            raise self._unreachable("lost its link") from error
        finally:
            timer.cancel()
        return response

    def _values(self, request: Request, response: ModbusPDU) -> list[int]:
        """What an answer carries.

        :raises RemoteProtocolError: if it answers another question; the connection is then made anew.
        """
        function = request.function
        if response.function_code != function:
            raise RemoteProtocolError(
                f"answered function {response.function_code} where {function} was asked", where=self.name
            )
        if request.values:
            return []
        values = response.registers if function in _REGISTERS else response.bits[: request.count]
        if len(values) != request.count:
            raise RemoteProtocolError(wrong_number(request, values).what, where=self.name)
        return list(values if function in _REGISTERS else map(int, values))

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
        try:
            with _cancellable():
                connected = await client.connect()
        except asyncio.CancelledError:
            client.close()
            raise
        if not connected:
            raise self._unreachable("cannot be reached")
        self._client, self._waiting = client, False
        self._connections += 1
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


_PDUS: dict[Function, type[ModbusPDU]] = {
    Function.READ_COILS: ReadCoilsRequest,
    Function.READ_DISCRETE_INPUTS: ReadDiscreteInputsRequest,
    Function.READ_HOLDING_REGISTERS: ReadHoldingRegistersRequest,
    Function.READ_INPUT_REGISTERS: ReadInputRegistersRequest,
    Function.WRITE_COIL: WriteSingleCoilRequest,
    Function.WRITE_REGISTER: WriteSingleRegisterRequest,
    Function.WRITE_REGISTERS: WriteMultipleRegistersRequest,
}
_REGISTERS = (Function.READ_HOLDING_REGISTERS, Function.READ_INPUT_REGISTERS)


def _expire(answer: asyncio.Future[ModbusPDU]) -> None:
    if not answer.done():
        answer.set_exception(TimeoutError())


def _pdu(request: Request, device_id: int) -> ModbusPDU:
    """A request as pymodbus has it."""
    function, values = request.function, request.values
    made = _PDUS[function]
    if function == Function.WRITE_COIL:
        return made(dev_id=device_id, address=request.address, bits=[bool(values[0])])
    if values:
        return made(dev_id=device_id, address=request.address, registers=list(values))
    return made(dev_id=device_id, address=request.address, count=request.count)


@contextmanager
def _cancellable() -> Iterator[None]:
    """Hold around a wait of pymodbus's: its `asyncio.wait_for` in Python 3.11 loses a cancellation that comes in the
    very moment of the answer. It is raised at the end then.
    """
    task = asyncio.current_task()
    before = task.cancelling() if task is not None else 0
    yield
    if task is not None and task.cancelling() > before:
        raise asyncio.CancelledError
