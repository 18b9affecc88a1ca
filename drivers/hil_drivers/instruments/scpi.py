"""What SCPI instruments share: tell, ask, read the error queue; open, check, close."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Callable
from typing import TypeVar

from ..clock import Clock
from ..device import Device
from ..errors import RemoteProtocolError
from ..transport.link import stream_link
from ..transport.stream import TIMEOUT
from ..transport.supervisor import Supervisor
from ..wire import scpi
from .timeout import checked_timeout
from .turn import Turns

T = TypeVar("T")


class ScpiLink:
    """Messages to one instrument at a ``tcp://`` or ``serial://`` address; each is answered within ``timeout`` s."""

    def __init__(self, address: str, *, supervisor: Supervisor, clock: Clock, timeout: float = TIMEOUT) -> None:
        self.name = supervisor.name
        self._link = stream_link(address, supervisor=supervisor, clock=clock, timeout=timeout)

    async def open(self) -> scpi.Identity:
        """Connect and ask for the identity; a failure closes the link again."""
        await self._link.open()
        try:
            return await self.ask("*IDN?", scpi.parse_identity)
        except RemoteProtocolError as error:
            await self._link.close()
            remedy = error.remedy or "check that the address leads to a SCPI instrument"
            raise RemoteProtocolError(error.what, where=self.name, remedy=remedy) from None
        except BaseException:
            await self._link.close()
            raise

    async def close(self) -> None:
        """Disconnect; closing twice is no error."""
        await self._link.close()

    async def ask(self, message: str, parse: Callable[[str], T], *, longer: float = 0.0) -> T:
        """The parsed answer to a query.

        :param longer: seconds of wall time that it may take beyond the usual deadline.
        :raises DeviceUnreachable: if none comes.
        :raises RemoteProtocolError: if it is not what ``parse`` expects.
        """
        line = await self._link.query(scpi.encode(message), scpi.Lines(), longer=longer)
        try:
            return parse(line)
        except RemoteProtocolError as error:
            raise RemoteProtocolError(f"{error.what} (asked {message})", where=self.name, remedy=error.remedy) from None

    async def tell(self, message: str) -> None:
        """Send a command and check that it raised no error.

        :raises RemoteProtocolError: with the instrument's own words if it did.
        """
        await self.send(message)
        await self.check(message)

    async def send(self, message: str) -> None:
        """Send a command and leave it unchecked."""
        await self._link.send(scpi.encode(message))

    async def check(self, message: str, query: str = "SYST:ERR?") -> None:
        """Check that ``message``, sent before, raised no error.

        :param query: asks for the oldest entry of the error queue.
        :raises RemoteProtocolError: with the instrument's own words if it did.
        """
        entry = await self.ask(query, scpi.parse_error)
        if entry.code:
            raise RemoteProtocolError(
                f"refused {message}: {entry.code}, {entry.text}",
                where=self.name,
                remedy="check that the device is of the kind that the bench file names",
            )


class ScpiDevice(Device):
    """A device at one SCPI link, used by one operation at a time.

    :param timeout: seconds of wall time within which it has answered.
    """

    def __init__(self, name: str, address: str, *, clock: Clock, timeout: float = TIMEOUT) -> None:
        super().__init__(name, address, clock=clock)
        self._link = ScpiLink(address, supervisor=self.supervisor, clock=clock, timeout=checked_timeout(name, timeout))
        self._turns = Turns(name, clock)

    async def open(self) -> None:
        await self._link.open()
        try:
            await self._check_kind()
        except BaseException:
            await self._link.close()
            raise

    async def close(self) -> None:
        await self._link.close()

    @abstractmethod
    async def _check_kind(self) -> None:
        """Ask something that only this kind of device can answer.

        :raises RemoteProtocolError: if the answer is not its kind's.
        """
