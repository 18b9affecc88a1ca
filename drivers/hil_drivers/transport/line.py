"""A line: a way for bytes to one place, opened as often as it is lost. It knows no rules; a ``Bus`` does."""

from __future__ import annotations

from abc import ABC, abstractmethod


class Line(ABC):
    """A port or a connection.

    ``silence`` is how many seconds without a byte make it quiet, so that no answer to an earlier request is
    on its way; ``None`` where only a new connection does.
    """

    silence: float | None = None

    @property
    def idle(self) -> bool:
        """Whether it is known at once that the connection holds and nothing has come; if not, ``receive`` tells."""
        return False

    @abstractmethod
    async def open(self) -> None:
        """Connect; a failure, a time-out included, is an ``OSError``."""

    @abstractmethod
    async def close(self) -> None:
        """Let go of the connection, if there is one; never raises."""

    @abstractmethod
    async def send(self, data: bytes) -> None:
        """Hand over all of ``data``; a lost link is an ``OSError``, or an ``EOFError`` after an orderly end."""

    @abstractmethod
    async def receive(self, timeout: float) -> bytes:
        """What has come, at the latest after ``timeout`` seconds of silence (then empty).

        A lost link is an ``OSError``, its orderly end an ``EOFError``.
        """
