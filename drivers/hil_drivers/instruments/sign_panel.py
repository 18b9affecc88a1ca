"""A sign panel that shows text, by SCPI.

Address: ``tcp://host:5025``.
"""

from __future__ import annotations

from functools import partial

from ..errors import RemoteProtocolError, SetpointRefused
from ..wire import scpi
from .scpi import ScpiDevice

LONGEST = 64


class SignPanel(ScpiDevice):
    """A ``Scene`` of one line of text."""

    async def _check_kind(self) -> None:
        await self.shown()

    async def show(self, content: str) -> None:
        """Show ``content`` and return once the panel says that it shows just that.

        :param content: up to 64 printable ASCII characters.
        :raises SetpointRefused: for any other content.
        :raises RemoteProtocolError: if the panel shows something else afterwards.
        """
        if len(content) > LONGEST or not content.isascii() or not content.isprintable():
            raise SetpointRefused(
                f"cannot show {content[:40]!r}",
                where=self.name,
                remedy=f"show up to {LONGEST} printable ASCII characters",
            )
        shown = await self._turns.run(partial(self._show, content))
        if shown != content:
            raise RemoteProtocolError(f"shows {shown!r} where {content!r} was commanded", where=self.name)

    async def _show(self, content: str) -> str:
        await self._link.tell(f"DISP:TEXT {scpi.quote(content)}")
        return await self.shown()

    async def shown(self) -> str:
        """The text that the panel shows, by its own account."""
        return await self._link.ask("DISP:TEXT?", scpi.parse_string)
