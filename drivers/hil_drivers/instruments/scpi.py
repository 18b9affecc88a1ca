"""What SCPI instruments share: tell, ask, and read the error queue."""

from __future__ import annotations

from collections.abc import Callable
from typing import TypeVar

from ..clock import Clock
from ..errors import RemoteProtocolError
from ..transport.link import stream_link
from ..wire import scpi

T = TypeVar("T")


class ScpiLink:
    """Messages to one instrument at a ``tcp://`` or ``serial://`` address."""

    def __init__(self, address: str, *, name: str, clock: Clock) -> None:
        self.name = name
        self._link = stream_link(address, name=name, clock=clock)

    async def open(self) -> scpi.Identity:
        """Connect and ask for the identity; a failure closes the link again."""
        await self._link.open()
        try:
            return await self.ask("*IDN?", scpi.parse_identity)
        except BaseException:
            await self._link.close()
            raise

    async def close(self) -> None:
        """Disconnect; closing twice is no error."""
        await self._link.close()

    async def ask(self, message: str, parse: Callable[[str], T]) -> T:
        """The parsed answer to a query.

        :raises DeviceUnreachable: if none comes.
        :raises RemoteProtocolError: if it is not what ``parse`` expects.
        """
        line = await self._link.query(scpi.encode(message), scpi.Lines())
        try:
            return parse(line)
        except RemoteProtocolError as error:
            raise RemoteProtocolError(f"{error.what} (asked {message})", where=self.name, remedy=error.remedy) from None

    async def tell(self, message: str) -> None:
        """Send a command and check that it raised no error.

        :raises RemoteProtocolError: with the instrument's own words if it did.
        """
        await self._link.send(scpi.encode(message))
        entry = await self.ask("SYST:ERR?", scpi.parse_error)
        if entry.code:
            raise RemoteProtocolError(
                f"refused {message}: {entry.code}, {entry.text}",
                where=self.name,
                remedy="check that the device is of the kind that the bench file names",
            )
