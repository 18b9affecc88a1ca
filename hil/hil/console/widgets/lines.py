"""A widget made of rows: only rows that look different than before are sent to the terminal."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable, Sequence

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from ..palette import DARK, LIGHT, Inks
from ..palette import plain as in_ascii
from ..row_cache import RowCache
from ..text import clean

Pieces = Sequence[tuple[str, Style]]
"""One row: pieces of text with their styles."""
NORMAL = Style.null()


class Lines(Widget):
    """Draws what `paint` gives; call `repaint` when that has changed.

    :param plain: draw in ASCII alone.
    """

    def __init__(self, *, plain: bool = False, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.plain = plain
        self._styles_cache = RowCache()
        self._painted: list[Strip] = []
        self._of: tuple[int, int] | None = None

    @abstractmethod
    def paint(self, width: int, height: int) -> Sequence[Pieces]:
        """The rows for ``width`` x ``height`` cells; a short one is filled up, a long one cut, with a mark."""

    def repaint(self) -> None:
        """Paint anew, and draw the rows which have changed."""
        size = self.content_size
        if not size.area:
            self._of = None
            return
        before, known = self._painted, self._of == (size.width, size.height)
        self._paint()
        changed = [y for y, strip in enumerate(self._painted) if not known or strip != before[y]]
        if changed:
            self.refresh(*(Region(0, y, size.width, 1) for y in changed))

    def said(self, text: str) -> str:
        """``text`` from outside as it may be drawn here: nothing that breaks columns, and ASCII where that is asked."""
        return in_ascii(clean(text)) if self.plain else clean(text)

    @property
    def inks(self) -> Inks:
        """The colours of what is normal, for a dark or a light theme, whoever made it."""
        return DARK if self.app.current_theme.dark else LIGHT

    @property
    def muted(self) -> Style:
        """The style of what matters less: axes, notes."""
        return Style(color=self.inks.muted)

    def render_lines(self, crop: Region) -> list[Strip]:
        """The rows of ``crop``, painted anew where the size or the style is another."""
        size = self.content_size
        if self._of != (size.width, size.height):
            self._paint()
        return super().render_lines(crop)

    def render_line(self, y: int) -> Strip:
        """The row ``y`` as last painted."""
        return self._painted[y] if y < len(self._painted) else Strip.blank(self.content_size.width, self.rich_style)

    def notify_style_update(self) -> None:
        """Paint anew after a change of theme."""
        super().notify_style_update()
        self._of = None

    def _paint(self) -> None:
        width, height = self.content_size
        rows, base = self.paint(width, height)[:height], self.rich_style
        self._painted = [self._strip(row, width, base) for row in rows]
        self._painted += [Strip.blank(width, base)] * (height - len(rows))
        self._of = (width, height)

    def _strip(self, row: Iterable[tuple[str, Style]], width: int, base: Style) -> Strip:
        pieces = [(in_ascii(text), style) for text, style in row] if self.plain else row
        strip = Strip([Segment(text, base + style) for text, style in pieces if text])
        if width < 1 or not strip.crop(width, strip.cell_length).text.strip():
            return strip.adjust_cell_length(width, base)
        mark = "~" if self.plain else "…"
        return Strip.join([strip.crop(0, width - 1).adjust_cell_length(width - 1, base), Strip([Segment(mark, base)])])
