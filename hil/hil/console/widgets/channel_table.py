"""The live table of channels: it asks for the rows in sight alone, and draws those alone that have changed."""

from __future__ import annotations

from collections.abc import Iterable
from typing import ClassVar, Protocol

from rich.segment import Segment
from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType
from textual.geometry import Region, Size
from textual.message import Message
from textual.scroll_view import ScrollView
from textual.scrollbar import ScrollBarRender
from textual.strip import Strip

from ..layout import CHANNELS, Column, fitted, line
from ..palette import DARK, LIGHT
from ..reading import ChannelRow
from ..row_cache import RowCache
from ..table_row import MARKS, pieces

_HEADER = 1


class _WholeCells(ScrollBarRender):
    """A scroll bar whose ends are no blocks of a part of a cell."""

    VERTICAL_BARS: ClassVar[list[str]] = [" "]


class Channels(Protocol):
    """Where the rows come from. Names stand in a fixed order until `ChannelTable.refill` is called."""

    def names(self) -> list[str]:
        """Every channel, in the order shown."""

    def row(self, name: str, trend_cells: int) -> ChannelRow:
        """The row of one channel as it is now; its trend in ``trend_cells`` cells, empty where they are 0."""


class ChannelTable(ScrollView, can_focus=True):
    """A table of live values.

    The cost of `changed` does not depend on the number of channels, but on that of rows in sight.

    :param plain: draw in ASCII alone.
    """

    DEFAULT_CSS = """
    ChannelTable { overflow-x: hidden; overflow-y: auto; scrollbar-size: 1 1; height: 1fr; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("up,k", "move(-1)", "Up", show=False),
        Binding("down,j", "move(1)", "Down", show=False),
        Binding("pageup", "page(-1)", "Page up", show=False),
        Binding("pagedown", "page(1)", "Page down", show=False),
        Binding("home", "end(-1)", "First", show=False),
        Binding("end", "end(1)", "Last", show=False),
        Binding("enter", "choose", "Detail", show=False),
        Binding("p", "pin", "Pin to trend", show=False),
    ]

    class Highlighted(Message):
        """The cursor stands on another channel."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class Chosen(Message):
        """A channel's detail is asked for (enter, or a second click)."""

        def __init__(self, name: str) -> None:
            super().__init__()
            self.name = name

    class Pinned(Message):
        """The selection has changed."""

        def __init__(self, names: tuple[str, ...]) -> None:
            super().__init__()
            self.names = names

    def __init__(
        self,
        source: Channels,
        *,
        columns: tuple[Column, ...] = CHANNELS,
        plain: bool = False,
        id: str | None = None,  # noqa: A002
    ) -> None:
        super().__init__(id=id)
        self.plain = plain
        self._source, self._columns = source, columns
        self._pattern = ""
        self._shown: list[str] = []
        self._places: dict[str, int] = {}
        self._pinned: dict[str, None] = {}
        self._styles_cache = RowCache()
        self._cursor = 0
        self._fitted: list[tuple[Column, int]] = []
        self._fitted_to = -1
        self._drawn: dict[str, ChannelRow] = {}
        self._inks, self._base = DARK, Style.null()
        self._width = self._first = 0

    # What the application calls

    def refill(self) -> None:
        """Take the names anew: the channels, their order or their group have changed. The cursor stays on its own."""
        current = self.current
        pattern = self._pattern.casefold()
        self._shown = [name for name in self._source.names() if pattern in name.casefold()]
        self._places = {name: at for at, name in enumerate(self._shown)}
        self._cursor = self._places.get(current or "", min(self._cursor, max(len(self._shown) - 1, 0)))
        self._drawn.clear()
        self.virtual_size = Size(self.size.width, len(self._shown) + _HEADER)
        self.refresh()
        if self.current != current:
            self._moved()

    def changed(self, names: Iterable[str]) -> None:
        """These channels may look different: their rows in sight are compared, and drawn where they do."""
        known, drawn, cells = self._places, self._drawn, self._trend_cells()
        first = round(self.scroll_y)
        width, height = self.size
        in_sight = range(first, first + height - _HEADER)
        stale: list[Region] = []
        for name in names:
            place = known.get(name, -1)
            if place not in in_sight:
                drawn.pop(name, None)
                continue
            row = self._source.row(name, cells)
            if drawn.get(name) != row:
                drawn[name] = row
                stale.append(Region(0, place + _HEADER - first, width, 1))
        if stale:
            self.refresh(*stale)

    def in_sight(self) -> list[str]:
        """The names in sight: a model needs to bring no others up to date."""
        first = round(self.scroll_y)
        return self._shown[first : first + max(self.size.height - _HEADER, 0)]

    def filter(self, text: str) -> None:
        """Show the channels alone whose name holds ``text``, in any case; all for an empty one."""
        self._pattern = text
        self.refill()

    @property
    def pattern(self) -> str:
        """What names must hold to be shown."""
        return self._pattern

    @property
    def count(self) -> int:
        """How many channels are shown."""
        return len(self._shown)

    @property
    def current(self) -> str | None:
        """The channel under the cursor."""
        return self._shown[self._cursor] if self._cursor < len(self._shown) else None

    def go_to(self, name: str) -> None:
        """Put the cursor on ``name`` where it is shown."""
        if name in self._places:
            self._put(self._places[name])

    @property
    def pinned(self) -> tuple[str, ...]:
        """The selected channels, in the order they were selected."""
        return tuple(self._pinned)

    def pin(self, names: Iterable[str]) -> None:
        """Select these channels, and no others."""
        self._pinned = dict.fromkeys(names)
        self.refresh()
        self.post_message(self.Pinned(self.pinned))

    # Keys and mouse

    def action_move(self, by: int) -> None:
        """Move the cursor."""
        self._put(self._cursor + by)

    def action_page(self, by: int) -> None:
        """Move the cursor by what is in sight."""
        self._put(self._cursor + by * max(self.size.height - _HEADER - 1, 1))

    def action_end(self, direction: int) -> None:
        """Move the cursor to the first or the last row."""
        self._put(0 if direction < 0 else len(self._shown) - 1)

    def action_choose(self) -> None:
        """Ask for the detail of the channel under the cursor."""
        if self.current is not None:
            self.post_message(self.Chosen(self.current))

    def action_pin(self) -> None:
        """Select the channel under the cursor, or do so no longer."""
        if self.current is not None:
            rest = [name for name in self._pinned if name != self.current]
            self.pin(rest if self.current in self._pinned else [*rest, self.current])

    def on_click(self, event: events.Click) -> None:
        """Put the cursor where the mouse is; on the row it is on already, ask for the detail."""
        at = event.get_content_offset(self)
        place = (at.y if at else 0) - _HEADER + round(self.scroll_y)
        if at is None or at.y < _HEADER or place >= len(self._shown):
            return
        if place == self._cursor:
            self.action_choose()
        self._put(place)

    def on_mount(self) -> None:
        """Show what there is."""
        if self.plain:
            self.vertical_scrollbar.renderer = _WholeCells  # type: ignore[misc]
        self.refill()

    def on_resize(self) -> None:
        """Fit the columns."""
        self._fitted_to = -1
        self._drawn.clear()
        self.virtual_size = Size(self.size.width, len(self._shown) + _HEADER)
        self._keep_in_sight()

    def _put(self, place: int) -> None:
        before, self._cursor = self._cursor, min(max(place, 0), max(len(self._shown) - 1, 0))
        if before == self._cursor:
            return
        for at in (before, self._cursor):
            self.refresh_line(at + _HEADER)
        self._keep_in_sight()
        self._moved()

    def _moved(self) -> None:
        if self.current is not None:
            self.post_message(self.Highlighted(self.current))

    def _keep_in_sight(self) -> None:
        rows, first = max(self.size.height - _HEADER, 1), round(self.scroll_y)
        if self._cursor < first:
            self.scroll_to(y=self._cursor, animate=False)
        elif self._cursor >= first + rows:
            self.scroll_to(y=self._cursor - rows + 1, animate=False)

    # Drawing

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of ``crop``, all with the same colours and columns."""
        self._inks = DARK if self.app.current_theme.dark else LIGHT
        self._base, self._width, self._first = self.rich_style, self.size.width, round(self.scroll_y)
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """The header, or a row."""
        if y < _HEADER:
            return self._strip([(" " * MARKS + line(self._layout()), Style(underline=True))])
        place = y - _HEADER + self._first
        if place >= len(self._shown):
            return Strip.blank(self._width, self._base)
        name = self._shown[place]
        row = self._drawn.get(name)
        if row is None:
            row = self._drawn[name] = self._source.row(name, self._trend_cells())
        cursor = place == self._cursor
        marks = ("▶" if self.has_focus else "›") if cursor else " ", "●" if name in self._pinned else " "
        return self._strip(pieces(row, self._layout(), "".join(marks), self._inks, cursor=cursor, plain=self.plain))

    def _layout(self) -> list[tuple[Column, int]]:
        if self._fitted_to != self.size.width:
            self._fitted_to = self.size.width
            self._fitted = fitted(self._columns, self.size.width - MARKS)
        return self._fitted

    def _trend_cells(self) -> int:
        return next((width for column, width in self._layout() if column.key == "trend"), 0)

    def _strip(self, row: list[tuple[str, Style]]) -> Strip:
        """``row``, which takes the cells of its columns, in the whole width."""
        base = self._base
        segments = [Segment(text, base + style) for text, style in row]
        rest = self._width - MARKS - sum(width + 1 for _, width in self._fitted) + 1
        if rest > 0:
            segments.append(Segment(" " * rest, segments[-1].style))
        return Strip(segments, self._width) if rest >= 0 else Strip(segments).crop(0, self._width)
