"""A list with a cursor that stays on its entry while the list changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.message import Message

from ..layout import Column, fitted, line
from ..palette import Level, style
from ..text import clean, pad
from .lines import Lines


@dataclass(frozen=True, slots=True)
class Entry:
    """One row: ``cells`` by the key of their column; the cell ``state`` has the look of ``level``."""

    key: str
    cells: Mapping[str, str]
    level: Level = Level.NORMAL
    acknowledged: bool = False
    faded: bool = False


@dataclass
class _Window:
    first: int = 0
    entries: Sequence[Entry] = field(default_factory=tuple)


class Listing(Lines, can_focus=True):
    """Entries in columns, under a row of titles.

    :param empty: what stands there while there are none.
    :param heads: whether the row of titles is drawn.
    """

    DEFAULT_CSS = "Listing { height: 1fr; min-height: 2; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "edge(0)", "First", show=False),
        Binding("end", "edge(-1)", "Last", show=False),
        Binding("enter", "choose", "Choose", show=False),
    ]

    class Highlighted(Message):
        """The cursor stands on another entry."""

        def __init__(self, listing: Listing, key: str) -> None:
            super().__init__()
            self.listing, self.key = listing, key

    class Chosen(Message):
        """An entry was chosen (enter, or a second click)."""

        def __init__(self, listing: Listing, key: str) -> None:
            super().__init__()
            self.listing, self.key = listing, key

    def __init__(
        self,
        columns: tuple[Column, ...],
        *,
        empty: str = "none",
        heads: bool = True,
        plain: bool = False,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(plain=plain, id=id)
        self._columns, self._empty, self._heads = columns, empty, heads
        self._window, self._cursor = _Window(), 0

    @property
    def entries(self) -> Sequence[Entry]:
        """What is listed."""
        return self._window.entries

    @property
    def current(self) -> str | None:
        """The key of the entry under the cursor."""
        entries = self._window.entries
        return entries[self._cursor].key if self._cursor < len(entries) else None

    def in_sight(self) -> list[str]:
        """The keys of the entries in sight."""
        rows = max(self.content_size.height - self._heads, 0)
        first = self._window.first
        return [entry.key for entry in self._window.entries[first : first + rows]]

    def show(self, entries: Sequence[Entry], *, at_end: bool = False) -> None:
        """Show ``entries``.

        :param at_end: a cursor on the last entry stays on the last one.
        """
        current, last = self.current, self._cursor >= len(self._window.entries) - 1
        self._window.entries = entries
        places = {entry.key: place for place, entry in enumerate(entries)}
        if at_end and last:
            self._cursor = max(len(entries) - 1, 0)
        else:
            self._cursor = places.get(current or "", min(self._cursor, max(len(entries) - 1, 0)))
        if self.current != current and self.current is not None:
            self.post_message(self.Highlighted(self, self.current))
        self.repaint()

    def go_to(self, key: str) -> None:
        """Put the cursor on the entry of ``key``."""
        place = next((at for at, entry in enumerate(self._window.entries) if entry.key == key), None)
        if place is not None:
            self._put(place)

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self._put(self._cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by what is in sight."""
        self._put(self._cursor + by * max(self.content_size.height - self._heads - 1, 1))

    def action_edge(self, place: int) -> None:
        """Put the cursor on the first or the last entry."""
        self._put(place % max(len(self._window.entries), 1))

    def action_choose(self) -> None:
        """Choose the entry under the cursor."""
        if self.current is not None:
            self.post_message(self.Chosen(self, self.current))

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; on the row it is on already, choose it."""
        place = event.y - self._heads + self._window.first
        if self._heads <= event.y and place < len(self._window.entries):
            if place == self._cursor:
                self.action_choose()
            self._put(place)

    def on_focus(self) -> None:
        """Draw the cursor as one that moves."""
        self.repaint()

    def on_blur(self) -> None:
        """Draw the cursor as one that rests."""
        self.repaint()

    def paint(self, width: int, height: int) -> list[list[tuple[str, Style]]]:
        """The titles, and the entries around the cursor."""
        layout = fitted(self._columns, width - 1)
        rows = height - self._heads
        self._keep_in_sight(rows)
        drawn: list[list[tuple[str, Style]]] = []
        if self._heads:
            drawn.append([(" " + line(layout), Style(underline=True))])
        entries = self._window.entries
        if not entries:
            return [*drawn, [(" " + self._empty, Style())]]
        first = self._window.first
        for place, entry in enumerate(entries[first : first + rows], first):
            drawn.append(self._row(entry, layout, at_cursor=place == self._cursor))
        return drawn

    def _row(self, entry: Entry, layout: list[tuple[Column, int]], *, at_cursor: bool) -> list[tuple[str, Style]]:
        muted = self.inks.muted
        base = Style(bold=at_cursor, color=muted if entry.faded else None)
        mark = ("▶" if self.has_focus else "›") if at_cursor else " "
        pieces = [(mark, base)]
        for column, width in layout:
            text = pad(clean(entry.cells.get(column.key, "")), width, column.align)
            coloured = column.key == "state" and entry.level is not Level.NORMAL
            shown = style(entry.level, acknowledged=entry.acknowledged) if coloured else base
            pieces += [(text, shown), (" ", base)]
        return pieces

    def _keep_in_sight(self, rows: int) -> None:
        first, last = self._window.first, len(self._window.entries) - max(rows, 1)
        if self._cursor < first:
            first = self._cursor
        elif self._cursor >= first + rows:
            first = self._cursor - rows + 1
        self._window.first = max(0, min(first, last))

    def _put(self, place: int) -> None:
        before, self._cursor = self._cursor, max(0, min(place, len(self._window.entries) - 1))
        if before != self._cursor and self.current is not None:
            self.post_message(self.Highlighted(self, self.current))
        self.repaint()
