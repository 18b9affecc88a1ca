"""A camera's picture in half blocks: two pixels to a cell, colours in 16 steps, equal neighbours merged."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache
from typing import TYPE_CHECKING

from rich.color import Color
from rich.style import Style

from ..text import clip
from .lines import NORMAL, Lines, Pieces

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Picture = NDArray[np.uint8]


class Preview(Lines):
    """A picture as large as it fits, in its own proportions. Its last row is its note.

    :param plain: draw shades of ASCII letters, without colour.
    """

    DEFAULT_CSS = "Preview { height: 1fr; min-height: 3; }"

    def __init__(self, note: str = "no picture", *, plain: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(plain=plain, id=id)
        self.note = note
        self._picture: Picture | None = None

    def show(self, picture: Picture | None, note: str = "") -> None:
        """Draw ``picture``: RGB, shape ``(height, width, 3)``, or grey, ``(height, width)``; ``None`` where none is."""
        self._picture, self.note = picture, note
        self.repaint()

    def paint(self, width: int, height: int) -> Sequence[Pieces]:
        """The picture and the note."""
        note: Pieces = [(clip(self.said(self.note), width), self.muted)]
        if self._picture is None or height < 2:
            return [note]
        from .. import halfblock

        if self.plain or self.app.no_color:
            return [*([(row, NORMAL)] for row in halfblock.shades(self._picture, width, height - 1)), note]
        rows = halfblock.blocks(self._picture, width, height - 1)
        return [*([("▀" * count, _style(upper, lower)) for count, upper, lower in row] for row in rows), note]


@lru_cache(maxsize=4096)
def _style(upper: int, lower: int) -> Style:
    """Two pixels of one cell; each is its red, green and blue in three bytes."""
    return Style(color=_colour(upper), bgcolor=_colour(lower))


@lru_cache(maxsize=4096)
def _colour(pixel: int) -> Color:
    return Color.from_rgb(pixel >> 16, pixel >> 8 & 255, pixel & 255)
