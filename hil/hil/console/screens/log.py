"""The log: every event of the bench as one line."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.widgets import Input

from ..context import Context
from ..widgets.key_bar import Key
from ..widgets.listing import Listing
from ..widgets.words import Rows, Words
from ..wording import Entry, Severity
from .lists import LOG, log_entry
from .view import View


class LogView(View):
    """The lines of the log; the cursor stays on the last one until it is moved away."""

    DEFAULT_CSS = """
    LogView #heading { height: 1; }
    LogView #detail { margin: 0 1; max-height: 4; }
    LogView #find { display: none; height: 1; padding: 0 1; }
    LogView.-finding #find { display: block; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "find", "Find", show=False),
        Binding("l", "level", "Level", show=False),
    ]
    KEYS: ClassVar[tuple[Key, ...]] = (Key("/", "Find", row=1, rank=5), Key("l", "Level", row=1, rank=5))

    def __init__(self, context: Context) -> None:
        self.listing = Listing(LOG, empty="nothing yet", plain=context.plain)
        self._heading = Rows(plain=context.plain, id="heading")
        self._detail = Words(plain=context.plain, most=4, id="detail")
        self._least, self._sought = Severity.INFO, ""
        self._painted: tuple[object, ...] = ()
        super().__init__(context, id="log-view")

    def compose(self) -> ComposeResult:
        """The list, and the line under the cursor in full."""
        yield self._heading
        yield Input(placeholder="words to find", compact=True, id="find")
        yield self.listing
        yield self._detail

    def enter(self) -> None:
        """The cursor is in the list."""
        self.listing.focus()

    def paint(self) -> None:
        """Show what is known now."""
        log = self.context.model.log
        wanted = (log[-1] if log else None, len(log), self._least, self._sought)
        if wanted != self._painted or (self.listing.content_size.area and not self.listing.entries):
            self._painted = wanted
            lines = [line for line in log if line.severity >= self._least and self._sought in _said(line)]
            self.listing.show([log_entry(line) for line in lines], at_end=True)
            sought = f", with {self._sought!r}" if self._sought else ""
            self._heading.show(
                [[(f" level {self._least.name} and above{sought}: {len(lines)} lines", Style(bold=True))]]
            )
        current = next((entry for entry in self.listing.entries if entry.key == self.listing.current), None)
        self._detail.say("" if current is None else f"{current.cells['kind']}: {current.cells['text']}")

    def action_find(self) -> None:
        """Type words to find."""
        self.add_class("-finding")
        self.query_one("#find", Input).focus()

    def action_level(self) -> None:
        """Show more, or fewer lines."""
        levels = list(Severity)
        self._least = levels[(levels.index(self._least) + 1) % len(levels)]
        self.paint()

    def key_escape(self) -> None:
        """Show every line again."""
        self.query_one("#find", Input).value = ""
        self.remove_class("-finding")
        self.listing.focus()

    @on(Input.Changed, "#find")
    def _found(self, event: Input.Changed) -> None:
        self._sought = event.value.lower()
        self.paint()

    @on(Input.Submitted, "#find")
    def _find_ends(self) -> None:
        self.listing.focus()

    @on(Listing.Highlighted)
    def _moved(self) -> None:
        self.paint()


def _said(line: Entry) -> str:
    return f"{line.kind} {line.text}".lower()
