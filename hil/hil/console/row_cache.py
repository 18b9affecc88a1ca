"""Keeps the rows that a widget draws, for one whose rows are mostly all that there is of it."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

from textual._styles_cache import StylesCache
from textual.color import Color
from textual.css.styles import StylesBase
from textual.geometry import Size, Spacing
from textual.strip import Strip


class RowCache(StylesCache):
    """As Textual's own, without what that does for each row of a widget that may have borders, padding or a tint.

    Rows must be as wide as the widget, in its colours.
    """

    def __init__(self) -> None:
        super().__init__()
        self._bare = False

    def render(self, styles: StylesBase, *rest: Any, **more: Any) -> list[Strip]:
        """The rows asked for; of those that have not changed, the ones kept."""
        opaque = more.get("opacity", 1.0) == styles.text_opacity == 1.0 and not styles.tint.a
        self._bare = opaque and styles.hatch is None and not (any(styles.gutter) or styles.outline)
        return super().render(styles, *rest, **more)

    def render_line(
        self,
        styles: StylesBase,
        y: int,
        size: Size,
        content_size: Size,
        padding: Spacing,
        base_background: Color,
        background: Color,
        render_content_line: Callable[[int], Strip],
        *rest: Any,
    ) -> Strip:
        """One row: as the widget draws it, or with what is around it."""
        if self._bare:
            return render_content_line(y)
        around = size, content_size, padding, base_background, background
        return super().render_line(styles, y, *around, render_content_line, *rest)
