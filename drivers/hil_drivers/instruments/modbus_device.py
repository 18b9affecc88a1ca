"""What Modbus instruments share: open, check whenever the link was made, close."""

from __future__ import annotations

from abc import abstractmethod

from ..clock import Clock
from ..device import Device
from ..errors import RemoteProtocolError
from ..transport.link import modbus_link
from ..transport.modbus import TIMEOUT
from ..wire.modbus import Request
from .timeout import checked_timeout


class ModbusDevice(Device):
    """A device at one Modbus link, by RTU or TCP.

    :param device_id: used where the address names none.
    :param timeout: seconds of wall time within which it has answered.
    """

    libraries = ("pymodbus.client", "serialx")

    def __init__(self, name: str, address: str, *, clock: Clock, device_id: int = 1, timeout: float = TIMEOUT) -> None:
        super().__init__(name, address, clock=clock)
        self._link = modbus_link(
            address,
            supervisor=self.supervisor,
            clock=clock,
            device_id=device_id,
            timeout=checked_timeout(name, timeout),
        )
        self._verified = 0

    async def open(self) -> None:
        await self._link.open()
        try:
            await self._verify()
        except BaseException:
            await self._link.close()
            raise

    async def close(self) -> None:
        self._verified = 0
        await self._link.close()

    @abstractmethod
    async def _check_kind(self) -> None:
        """Read something by which this kind of device is known.

        :raises RemoteProtocolError: if it is not so.
        """

    async def _ask(self, request: Request) -> list[int]:
        """The answer to a request, from a device that was checked since the link was made."""
        while True:
            answer = await self._link.transact(request)
            if self._verified == self._link.connections:
                return answer
            await self._verify()

    async def _verify(self) -> None:
        try:
            await self._check_kind()
        except RemoteProtocolError as error:
            raise RemoteProtocolError(error.what, where=self.name, remedy=error.remedy) from None
        self._verified = self._link.connections
