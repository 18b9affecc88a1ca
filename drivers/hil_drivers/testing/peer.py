"""What a driver is tested against: a peer that can misbehave by name."""

from __future__ import annotations

from collections.abc import Collection
from typing import Protocol

SILENT = "silent"
"""It does not answer, or sends nothing."""

LATE = "late"
"""Its answers come late, yet within the driver's deadline: some tenths of a second."""

OVERDUE = "overdue"
"""Its answers come after the driver has given up: later than its deadline, by less than a second."""

SPLIT = "split"
"""Each of its messages comes in pieces."""

MERGED = "merged"
"""Its messages are held back and come together in one piece."""

GARBAGE = "garbage"
"""It sends random bytes in place of each message."""

DROPPED = "dropped"
"""It can be gone: :meth:`Peer.stop` breaks its link and refuses new ones."""

LINK_FAULTS = (SILENT, LATE, OVERDUE, SPLIT, MERGED, GARBAGE, DROPPED)
"""The faults of a link that the checks know; any other name is a fault of the value."""


class Peer(Protocol):
    """The device's side of the wire, as a test gives it.

    ``faults`` are those that it can have, by name: among ``LINK_FAULTS``, or of its own (``nan``,
    ``low-battery``). A check that needs another one is reported as not possible.
    """

    @property
    def faults(self) -> Collection[str]: ...

    async def start(self) -> None:
        """Serve, at the same address as before; nothing happens where it serves already."""
        ...

    async def stop(self) -> None:
        """Break the link, refuse new ones, and release what it holds."""
        ...

    async def inject(self, fault: str) -> None:
        """Have ``fault`` from now on."""
        ...

    async def clear(self) -> None:
        """Have no fault any more."""
        ...
