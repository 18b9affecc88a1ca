"""What all dialogs have in common: both rows on top and the keys stay in sight, and SAFE STOP works."""

from __future__ import annotations

from typing import ClassVar, TypeVar

from rich.style import Style
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Container, VerticalScroll
from textual.screen import ModalScreen
from textual.widget import Widget

from ..context import Context
from ..palette import Level, style
from ..screens.sparing import SparingScreen
from ..widgets.foot import Foot
from ..widgets.key_bar import SAFE_STOP, Key
from ..widgets.rows import Head
from ..widgets.words import Words

Result = TypeVar("Result")

ENTER, LATER, CLOSE = Key("Enter", "OK", rank=1), Key("Esc", "Later", rank=1), Key("Esc", "Close", rank=1)
NEXT = Key("Enter", "Next", rank=1)


class Dialog(SparingScreen[Result | None], ModalScreen[Result | None]):
    """A panel between the rows on top and the keys; its result is ``None`` where it was left with Esc.

    :param context: the bench and the desk.
    :param title: the panel's first row.
    """

    DEFAULT_CSS = """
    Dialog { background: $background 70%; }
    Dialog Head { background: $background; }
    Dialog Foot { background: $background; }
    Dialog .room { height: 1fr; align: center middle; }
    Dialog .panel {
        width: 78; max-width: 100%; height: auto; max-height: 100%;
        background: $surface; border: solid $border; padding: 0 1; scrollbar-size: 1 1;
    }
    Dialog.-ascii .panel { border: ascii $border; }
    Dialog .title { text-style: bold; height: auto; margin-bottom: 1; }
    Dialog Input { height: 1; padding: 0 1; margin: 0 0 1 0; background: $foreground 15%; }
    Dialog .panel Words { margin-bottom: 1; }
    Dialog .panel .label { margin-bottom: 0; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [Binding("escape", "leave", "Close", show=False)]
    HORIZONTAL_BREAKPOINTS = []  # noqa: RUF012 (as Textual has it)
    KEYS: ClassVar[tuple[Key, ...]] = (ENTER, CLOSE)
    """What the keys do while it is open."""
    COMMANDS_BENCH: ClassVar[bool] = False
    """Whether what it sends is refused where somebody else is in command."""

    def __init__(self, context: Context, title: str) -> None:
        super().__init__(classes="-ascii" if context.plain else None)
        self.context, self._left = context, False
        self.takes_keys = False
        self.heading = Words(title, style=Style(bold=True), plain=context.plain, classes="title")
        self._not_in_command = self.words("")
        self._not_in_command.display = False
        self.head, self.foot = Head(plain=context.plain), Foot(plain=context.plain)

    def compose(self) -> ComposeResult:
        """The rows on top, the panel, the keys."""
        yield self.head
        with Container(classes="room"), VerticalScroll(classes="panel", can_focus=False):
            yield self.heading
            yield self._not_in_command
            yield from self.content()
        yield self.foot

    def on_screen_resume(self) -> None:
        """It is on top: paint all of it at once, not at the next beat, and take keys from then on."""
        self.call_after_refresh(self._resumed)

    def _resumed(self) -> None:
        self.takes_keys = True
        self.context.repaint()

    def content(self) -> list[Widget]:
        """What stands in the panel under its title."""
        return []

    def paint(self) -> None:
        """Show what is known now: above all where nothing can be sent, before anybody types."""
        another = self.context.desk.another_commands if self.COMMANDS_BENCH else ""
        self._not_in_command.display = bool(another)
        if another:
            told = f"{another} is in command: what is sent from here is refused. Esc, then L asks for command."
            self._not_in_command.say(told, style(Level.MEDIUM))

    def keys(self) -> tuple[Key, ...]:
        """The keys in sight: its own, and SAFE STOP."""
        return (*self.KEYS, SAFE_STOP)

    def action_leave(self) -> None:
        """Close it without a result."""
        self.leave_with(None)

    def leave_with(self, result: Result | None) -> None:
        """Close it with ``result``: once, whatever is pressed or comes while it closes."""
        if not self._left:
            self._left = True
            self.dismiss(result)

    def words(self, text: str, *, label: bool = False) -> Words:
        """Text of the panel."""
        return Words(text, plain=self.context.plain, classes="label" if label else None)
