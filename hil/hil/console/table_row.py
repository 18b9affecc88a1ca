"""How one row of the channel table is drawn."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style

from .layout import Column, line
from .palette import LOOKS, Inks, Level, style
from .palette import plain as in_ascii
from .reading import ChannelRow, Status
from .text import pad

MARKS = 2
"""Cells left of each row: the cursor, and whether it is selected."""
_KEYS = ("name", "value", "unit", "uncertainty", "trend", "limit")


def pieces(
    row: ChannelRow, layout: Sequence[tuple[Column, int]], marks: str, inks: Inks, *, cursor: bool, plain: bool
) -> list[tuple[str, Style]]:
    """``row`` in few pieces: the marks, the values, the state."""
    says = in_ascii if plain else str
    here = Style(bold=True, bgcolor=inks.cursor) if cursor else Style.null()
    values = Style(color=inks.muted) if row.status.old and not cursor else here
    shown = line([each for each in layout if each[0].key != "state"], {key: says(getattr(row, key)) for key in _KEYS})
    drawn = [(says(marks), here), (shown, values)]
    for column, width in layout:
        if column.key == "state":
            drawn += [(" ", here), *_state(row.status, pad(says(row.status.text), width), here)]
    return drawn


def _state(status: Status, text: str, here: Style) -> list[tuple[str, Style]]:
    """The state cell: all in colour, or of what is acknowledged the glyph alone; as ``here`` where all is well."""
    if status.level is Level.NORMAL:
        return [(text, here)]
    if status.acknowledged:
        look = LOOKS[status.level]
        return [(text[:1], Style(color=look.text, bgcolor=look.ground)), (text[1:], here)]
    return [(text, style(status.level))]
