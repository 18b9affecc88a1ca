"""The waits that a script asks for, such as a warm-up: whoever looks on is told how long they last."""

from __future__ import annotations

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from hil_drivers.clock import NANOSECONDS

if TYPE_CHECKING:
    from hil_drivers.clock import Clock

TOLD_FROM = 10.0
"""Bench seconds from which on a wait is told in an event."""


class Waits:
    """The waits of one script, on the bench clock.

    :param report: told of a long wait that begins, as an event ``waiting``.
    """

    def __init__(self, clock: Clock, report: Callable[[str, dict[str, Any]], object]) -> None:
        self._clock, self._report = clock, report
        self._open: list[int] = []

    @property
    def until(self) -> int | None:
        """When the longest of those under way ends, bench time in UTC nanoseconds; ``None`` where there is none."""
        return max(self._open, default=None)

    async def sleep(self, seconds: float, *, told: bool) -> None:
        """Wait for ``seconds`` of bench time.

        :param told: whether a long wait is an event.
        """
        until = self._clock.utc(self._clock.now()) + round(seconds * NANOSECONDS)
        self._open.append(until)
        try:
            if told and seconds >= TOLD_FROM:
                self._report("waiting", {"until": until, "seconds": seconds})
            await self._clock.sleep(seconds)
        finally:
            self._open.remove(until)
