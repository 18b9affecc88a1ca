"""What commands do to a run under way."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from .commands import Abort, Acknowledge, Answer, Command, Note, Pause, PauseNow, Resume, Shelve, Stop
from .errors import UsageError
from .pausing import PauseState, Pausing
from .points import Points
from .prompts import Prompts
from .safety.alarms import Alarms
from .waits import Waits


class RunControl:
    """Carries out commands (`hil.service.Handler`).

    :param alarms: of the safety supervisor.
    :param note: puts a command on record.
    :param end: ends the script.
    :param make_safe: begins to bring the bench to its safe state.
    """

    def __init__(
        self,
        pausing: Pausing,
        points: Points,
        prompts: Prompts,
        alarms: Alarms,
        waits: Waits,
        *,
        note: Callable[[str, dict[str, Any]], None],
        end: Callable[[], None],
        make_safe: Callable[[], None],
    ) -> None:
        self._pausing, self._points, self._prompts, self._alarms = pausing, points, prompts, alarms
        self._waits = waits
        self.note, self._end, self._make_safe = note, end, make_safe
        self.ended_by: Abort | Stop | None = None
        self.ending = False
        """The script is being ended."""
        self.over = False
        """The script has ended, and the bench is on its way to the safe state."""

    def carry_out(self, command: Command) -> dict[str, Any]:
        told = self.apply(command)
        self.note("command of operator", {**command.to_json(), **told})
        return told

    @property
    def pause(self) -> PauseState:
        """Whether the script goes on."""
        return self._pausing.state

    def asks(self, prompt: int) -> bool:
        """Whether the prompt of that number waits for an answer."""
        return prompt in self._prompts.open

    def state(self) -> dict[str, Any]:
        prompts = [prompt.to_json() for prompt in self._prompts.open.values()]
        return {
            "state": "ending" if self.ending or self.ended_by is not None else str(self._pausing.state),
            "point": self._points.place,
            "count": self._points.count,
            "done": self._points.done,
            "left": self._points.left,
            "waiting_until": self._waits.until,
            "prompts": prompts,
            "alarms": [alarm.to_json() for alarm in self._alarms.held],
        }

    def apply(self, command: Command) -> dict[str, Any]:
        """Do what ``command`` says, and put nothing on record; what is to be told of it.

        :raises UsageError: if it cannot be carried out now.
        """
        if self.ending and isinstance(command, Pause | PauseNow | Resume | Answer):
            raise UsageError("the run is ending", remedy="wait for its end")
        match command:
            case Pause():
                self._pausing.request(now=False)
            case PauseNow():
                self._pausing.request(now=True)
                if self._points.current is not None:
                    self._points.current.disturb(f"paused by {command.operator}", counts=False)
            case Resume():
                if self._pausing.state is PauseState.RUNNING:
                    raise UsageError("the run is not paused", remedy="look at its state with hil status")
                self._pausing.release()
            case Abort() | Stop():
                self._ending(command)
            case Answer():
                self._prompts.answer(command.prompt, command.value, command.operator)
                return {"prompt": command.prompt, "value": command.value}
            case Note():
                if not command.reason.strip():
                    raise UsageError("the note is empty", remedy="say something")
            case Acknowledge():
                self._alarms.acknowledge(command.alarm, command.operator)
                return {"alarm": command.alarm}
            case Shelve():
                self._alarms.shelve(command.alarm, command.operator, command.reason, command.seconds)
                return {"alarm": command.alarm, "seconds": command.seconds}
            case _:
                raise UsageError(f"{type(command).__name__} is no command of a run")
        return {}

    def _ending(self, command: Abort | Stop) -> None:
        """The first of several ends the run; a stop after an abort still makes the bench safe at once."""
        if self.over:
            return
        if isinstance(command, Stop):
            self._make_safe()
        if self.ended_by is None or isinstance(command, Stop):
            self.ended_by = command
        self._end()
