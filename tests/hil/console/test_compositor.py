"""What the sparing compositor paints is what Textual's own paints, in every view and under a dialog."""

from __future__ import annotations

import random
from copy import copy
from pathlib import Path
from typing import Any, TypeAlias

from rich.cells import cell_len
from rich.segment import ControlType, Segment
from rich.style import Style
from textual._compositor import ChopsUpdate, Compositor
from textual._styles_cache import StylesCache
from textual.app import App
from textual.geometry import Region
from textual.widget import Widget

from console_rig import console
from hil.console.compositor import SparingCompositor
from hil.console.row_cache import RowCache
from hil.console.widgets.channel_table import ChannelTable
from hil.console.widgets.key_bar import KeyBar
from hil.console.widgets.listing import Listing
from hil.console.widgets.rows import AlarmRow, StateRow
from hil.console.widgets.trend import Trend

Cells: TypeAlias = dict[tuple[int, int], tuple[str, Style | None]]


def cells(update: ChopsUpdate | None, app: App[Any]) -> Cells:
    """What is written to the terminal, by column and row; a wide character stands at its first column."""
    found: Cells = {}
    x = y = 0
    assert update is not None
    for segment in update.__rich_console__(app.console, app.console.options):
        assert isinstance(segment, Segment)
        if segment.control:
            ((kind, *place),) = segment.control
            assert kind == ControlType.CURSOR_MOVE_TO
            x, y = map(int, place)
            continue
        for character in segment.text.rstrip("\n"):
            found[x, y] = character, segment.style
            x += cell_len(character)
    return found


def some_regions(size: tuple[int, int], chance: random.Random) -> set[Region]:
    width, height = size
    corners = [(chance.randrange(width), chance.randrange(height)) for _ in range(chance.randint(1, 6))]
    return {Region(x, y, chance.randint(1, width - x), chance.randint(1, min(4, height - y))) for x, y in corners}


async def test_it_paints_what_textual_paints(tmp_path: Path) -> None:
    size, chance = (100, 30), random.Random(20)
    async with console(tmp_path, size) as rig:
        await rig.measure(20)
        for keys in ("1", "2", "3", "4", "5", "6", "7", "8", "1?"):
            await rig.press(*("question_mark" if key == "?" else key for key in keys))
            compositor = rig.app.screen._compositor
            assert isinstance(compositor, SparingCompositor)
            for _ in range(10):
                regions = some_regions(size, chance)
                compositor._dirty_regions = set(regions)
                ours = cells(compositor.render_partial_update(), rig.app)
                own = copy(compositor)
                own.__class__ = Compositor  # type: ignore[assignment]
                own._dirty_regions = set(regions)
                theirs = cells(own.render_partial_update(), rig.app)
                touched = {(x, y) for region in regions for y in region.line_range for x in region.column_range}
                assert touched <= ours.keys() | {(x + 1, y) for x, y in ours}
                assert {place: theirs.get(place) for place in ours} == ours


async def test_rows_that_are_all_of_a_widget_are_those_that_textual_makes_of_it(tmp_path: Path) -> None:
    bare = set()
    async with console(tmp_path, (200, 50)) as rig:
        await rig.measure(20)
        for key in ("1", "2", "3", "4", "5", "6", "7", "8", "question_mark"):
            await rig.press(key)
            for widget in rig.app.screen.query(Widget):
                cache = widget._styles_cache
                if not isinstance(cache, RowCache) or not widget.is_on_screen or not widget.size.area:
                    continue
                width, height = widget.outer_size
                for crop in (Region(0, 0, width, height), Region(width // 3, height // 2, width // 2 + 1, 1)):
                    cache.clear()
                    ours = widget.render_lines(crop)
                    widget._styles_cache = StylesCache()
                    theirs, widget._styles_cache = widget.render_lines(crop), cache
                    assert [list(row) for row in ours] == [list(row) for row in theirs], (widget, crop)
                bare |= {type(widget)} if cache._bare else set()
    assert {ChannelTable, StateRow, AlarmRow, KeyBar, Listing, Trend} <= bare
