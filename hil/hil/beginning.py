"""Commands to a run that is being started: it can be ended before there is a script to end."""

from __future__ import annotations

import asyncio
from collections.abc import Coroutine
from typing import Any, TypeVar

from .commands import Abort, Command, Stop
from .ending import ABORTED, ABORTED_AS, NOT_BEGUN, STOPPED, Ending
from .errors import Aborted, UsageError
from .service import Event

T = TypeVar("T")


class Beginning:
    """Carries out commands from the first look at a bench until its script runs (`hil.service.Handler`)."""

    def __init__(self) -> None:
        self.ended_by: Abort | Stop | None = None
        self._safe = False
        self._work: asyncio.Task[Any] | None = None

    @property
    def unsafe(self) -> bool:
        """Whether a stop came before anybody could bring the bench to its safe state."""
        return isinstance(self.ended_by, Stop) and not self._safe

    @property
    def ending(self) -> Ending:
        """How a run ends that never began."""
        if self.ended_by is None:
            return Ending(ABORTED, Aborted("the run was interrupted"))
        by = f"by {self.ended_by.operator}: {self.ended_by.reason or 'no reason given'}"
        if isinstance(self.ended_by, Stop):
            return Ending(STOPPED, Aborted(f"{NOT_BEGUN}, {by}"))
        return Ending(ABORTED, Aborted(f"{ABORTED_AS} before it began, {by}"))

    def heard(self, event: Event) -> None:
        """Take notice of the safe state."""
        self._safe = self._safe or event.kind in ("safe state", "recovered")

    def carry_out(self, command: Command) -> dict[str, Any]:
        """End the start, or refuse.

        :raises UsageError: for anything but an abort or a stop.
        """
        if not isinstance(command, Abort | Stop):
            raise UsageError("the run is being started", remedy="wait until it runs; abort and stop act already")
        first = self.ended_by is None
        if first or isinstance(command, Stop):
            self.ended_by = command
        if first and self._work is not None:
            self._work.cancel()
        return {}

    def state(self) -> dict[str, Any]:
        state = "starting" if self.ended_by is None else "ending"
        return {"state": state, "point": None, "left": None, "prompts": [], "alarms": []}

    def note(self, kind: str, data: dict[str, Any]) -> None:
        """There is no clock for a record yet."""

    async def unless_ended(self, work: Coroutine[Any, Any, T]) -> T | None:
        """The result of ``work``; ``None`` where a command came before it, or cut it off."""
        self._work = asyncio.current_task()
        if self.ended_by is not None or self._work is None:
            work.close()
            return None
        try:
            return await work
        except asyncio.CancelledError:
            if self.ended_by is None or self._work.uncancel() > 0:
                raise
            return None
        finally:
            self._work = None
