"""What all views have in common."""

from __future__ import annotations

from typing import ClassVar

from textual.containers import Container
from textual.widget import Widget

from ..context import Context
from ..widgets.key_bar import Key


class View(Container):
    """One view of the bench; the application calls `paint` as often as it paints.

    :param context: the bench and the desk.
    """

    DEFAULT_CSS = "View { height: 1fr; layout: vertical; }"
    KEYS: ClassVar[tuple[Key, ...]] = ()
    """The keys that this view has beside those of every view."""

    def __init__(self, context: Context, *widgets: Widget, id: str | None = None) -> None:  # noqa: A002
        super().__init__(*widgets, id=id)
        self.context = context

    def paint(self) -> None:
        """Show what is known now."""

    def enter(self) -> None:
        """The view was called up: give the focus to where the cursor is."""
        for widget in self.query("*"):
            if widget.focusable and widget.display:
                widget.focus()
                return

    def leave(self) -> None:
        """Another view is called up."""

    def channel(self) -> str | None:
        """The channel under the cursor, where there is one."""
        return None
