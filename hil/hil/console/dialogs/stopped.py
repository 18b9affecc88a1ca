"""What came of a SAFE STOP, and what to do next."""

from __future__ import annotations

from rich.style import Style
from textual.widget import Widget

from ..context import Context
from ..palette import Level, style
from ..stop import Stopped
from .text import Telling

NEXT = (
    "The bench goes to its safe state and the run ends: follow it in the log (8).\n"
    "Look at the rig. Alarms and interlocks that tripped wait to be acknowledged (4).\n"
    "Nothing starts by itself. This was a command to software, not the emergency stop of the rig."
)
UNKNOWN = (
    "Nobody knows whether the bench is safe. Use the E-stop of the rig.\nCtrl-X sends it again: that does no harm."
)


class StopDialog(Telling):
    """Says whether a SAFE STOP was accepted. Enter or Esc closes it."""

    def __init__(self, context: Context, stopped: Stopped) -> None:
        super().__init__(context, "", "")
        self._stopped = stopped

    def content(self) -> list[Widget]:
        """What came of it."""
        self.tell(self._stopped)
        return super().content()

    def tell(self, stopped: Stopped) -> None:
        """Tell of this one, or of a later one."""
        self.heading.say(stopped.words, Style(bold=True) if stopped.accepted else style(Level.SAFETY))
        self.body.say(NEXT if stopped.accepted else UNKNOWN)
