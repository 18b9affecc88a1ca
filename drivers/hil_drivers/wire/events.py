"""The shape that every receiving side of a protocol has."""

from __future__ import annotations

from typing import Protocol, TypeVar

E_co = TypeVar("E_co", covariant=True)


class Events(Protocol[E_co]):
    """Takes bytes as they come, in pieces of any size, and gives events."""

    def receive_data(self, data: bytes) -> None:
        """Take what arrived.

        :raises RemoteProtocolError: if more arrived than the longest event may hold.
        """
        ...

    def next_event(self) -> E_co | None:
        """The next complete event, or ``None`` while more bytes are needed.

        :raises RemoteProtocolError: if the bytes are not the protocol's; what was received is then dropped.
        """
        ...
