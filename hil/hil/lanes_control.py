"""Commands to the lanes of a dataset bench: one command reaches them all, and they show as one run."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import Any

from .commands import Abort, Answer, Command, Pause, PauseNow, Resume, Stop
from .control import RunControl
from .errors import UsageError
from .pausing import PauseState
from .safety.alarms import Alarms

TO_ALL = (Pause, PauseNow, Resume, Abort, Stop)


class LanesControl:
    """Carries out commands (`hil.service.Handler`).

    :param publish: tells an event.
    :param note: puts something on record.
    """

    def __init__(
        self, publish: Callable[[str, dict[str, Any]], object], note: Callable[[str, dict[str, Any]], None]
    ) -> None:
        self._publish, self.note = publish, note
        self._controls: list[RunControl] = []
        self._shown, self._carrying_out = PauseState.RUNNING, False
        self.alarms = Alarms(time.time_ns, publish)

    def add(self, control: RunControl) -> None:
        """A lane has begun."""
        self._controls.append(control)

    def carry_out(self, command: Command) -> dict[str, Any]:
        told: dict[str, Any] = {}
        meant, self._carrying_out = self._meant(command), True
        try:
            for control in meant:
                told = control.apply(command)
        finally:
            self._carrying_out = False
        self.note("command of operator", {**command.to_json(), **told})
        self.changed()
        return told

    def state(self) -> dict[str, Any]:
        states = [control.state() for control in self._alive or self._controls[:1]]
        if not states:
            return {"state": str(PauseState.RUNNING), "point": None, "prompts": [], "alarms": []}
        shown = next((each for each in states if each["point"] is not None), states[0])
        prompts = [prompt for each in states for prompt in each["prompts"]]
        ending = any(each["state"] == "ending" for each in states)
        return {**shown, "prompts": prompts, "state": "ending" if ending else str(self._pause)}

    def changed(self) -> None:
        """A lane holds, goes on, or has ended: tell it where that changes what the run does."""
        if self._pause is not self._shown and not self._carrying_out:
            self._shown = self._pause
            data = {"state": str(self._shown)}
            self.note("state", data)
            self._publish("state", data)

    @property
    def _alive(self) -> list[RunControl]:
        return [control for control in self._controls if not control.ending]

    @property
    def _pause(self) -> PauseState:
        """Paused once every lane that has not ended is."""
        states = {control.pause for control in self._alive}
        if not states or states == {PauseState.RUNNING}:
            return PauseState.RUNNING
        return PauseState.PAUSED if states == {PauseState.PAUSED} else PauseState.PAUSING

    def _meant(self, command: Command) -> list[RunControl]:
        """The lanes that a command is for.

        :raises UsageError: if none is left.
        """
        alive = self._alive
        if not alive:
            raise UsageError("the run is ending", remedy="wait for its end")
        if isinstance(command, TO_ALL):
            return alive
        if isinstance(command, Answer):
            return [control for control in alive if control.asks(command.prompt)] or alive[:1]
        return alive[:1]
