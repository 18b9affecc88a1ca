"""What becomes of the bench when the console is left."""

from __future__ import annotations

from typing import ClassVar

from textual.binding import Binding, BindingType
from textual.widget import Widget

from ..context import Context
from ..widgets.key_bar import Key
from .dialog import Dialog


class Leave(Dialog[str]):
    """Asks whether to detach, to hand command back first, or to stop the bench: ``detach``, ``release``, ``stop``."""

    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("d", "choose('detach')", "Detach", show=False),
        Binding("r", "choose('release')", "Release", show=False),
        Binding("s", "choose('stop')", "Safe stop", show=False),
    ]
    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("d", "Detach", rank=1),
        Key("r", "Release command and detach", rank=1, short="Release"),
        Key("s", "SAFE STOP and detach", rank=1, short="Stop"),
        Key("Esc", "Stay", rank=1),
    )

    def __init__(self, context: Context) -> None:
        super().__init__(context, "YOU ARE IN COMMAND: DETACH OR STOP?")

    def content(self) -> list[Widget]:
        """What each key does."""
        return [
            self.words(
                "d   detach: the bench goes on; your command ends when it is not renewed\n"
                "r   release command, then detach: the bench goes on, and somebody else can take it\n"
                "s   SAFE STOP, then detach: the bench goes to its safe state, the run ends\n"
                "Esc stay"
            )
        ]

    def action_choose(self, what: str) -> None:
        """Leave in this way."""
        self.leave_with(what)
