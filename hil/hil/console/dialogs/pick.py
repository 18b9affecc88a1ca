"""A choice out of a list, narrowed by typing."""

from __future__ import annotations

from collections.abc import Sequence

from textual import events, on
from textual.widget import Widget
from textual.widgets import Input

from ..context import Context
from ..layout import Column
from ..widgets.listing import Entry, Listing
from .dialog import Dialog

NAMES = (Column("name", "", 20, 400),)


class Pick(Dialog[str]):
    """Which of ``names``; a part of a name narrows the list."""

    DEFAULT_CSS = "Pick Listing { height: 10; }"

    def __init__(self, context: Context, title: str, names: Sequence[str]) -> None:
        super().__init__(context, title)
        self._names = names
        self.listing = Listing(NAMES, heads=False, empty="none of this name", plain=context.plain)
        self.listing.can_focus = False
        self.part = Input(placeholder="part of a name", compact=True)

    def content(self) -> list[Widget]:
        """The field, and the names that fit."""
        return [self.part, self.listing]

    def on_mount(self) -> None:
        """Show all names."""
        self.part.focus()
        self._narrow()

    def on_key(self, event: events.Key) -> None:
        """Up and down move in the list while the field has the focus."""
        if event.key in ("up", "down"):
            self.listing.action_move(1 if event.key == "down" else -1)
            event.stop()

    @on(Input.Changed)
    def _narrow(self) -> None:
        wanted = self.part.value.lower()
        self.listing.show([Entry(name, {"name": name}) for name in self._names if wanted in name.lower()])

    @on(Input.Submitted)
    def _chosen(self) -> None:
        if self.listing.current is not None:
            self.leave_with(self.listing.current)

    @on(Listing.Chosen)
    def _clicked(self, message: Listing.Chosen) -> None:
        self.leave_with(message.key)
