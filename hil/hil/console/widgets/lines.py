"""A widget made of rows: only rows that look different than before are sent to the terminal."""

from __future__ import annotations

from abc import abstractmethod
from collections.abc import Iterable

from rich.segment import Segment
from rich.style import Style
from textual.geometry import Region
from textual.strip import Strip
from textual.widget import Widget

from ..palette import plain as in_ascii


class Lines(Widget):
    """Draws what `paint` gives; call `repaint` when that has changed.

    :param plain: draw in ASCII alone.
    """

    def __init__(self, *, plain: bool = False, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(id=id, classes=classes)
        self.plain = plain
        self._painted: list[Strip] = []
        self._of: tuple[int, int] | None = None

    @abstractmethod
    def paint(self, width: int, height: int) -> list[list[tuple[str, Style]]]:
        """The rows for ``width`` x ``height`` cells: pieces of text with their styles; a short row is filled up."""

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

    def render_line(self, y: int) -> Strip:
        """The row ``y`` as last painted, on the background of the widget."""
        size = self.content_size
        if self._of != (size.width, size.height):
            self._paint()
        strip = self._painted[y] if y < len(self._painted) else Strip.blank(size.width)
        return strip.apply_style(self.rich_style)

    def _paint(self) -> None:
        width, height = self.content_size
        rows = self.paint(width, height)[:height]
        self._painted = [self._strip(row, width) for row in rows]
        self._painted += [Strip.blank(width)] * (height - len(rows))
        self._of = (width, height)

    def _strip(self, row: Iterable[tuple[str, Style]], width: int) -> Strip:
        pieces = [(in_ascii(text), style) for text, style in row] if self.plain else row
        return Strip([Segment(text, style) for text, style in pieces if text]).adjust_cell_length(width)

    def notify_style_update(self) -> None:
        """Draw everything after a change of theme."""
        super().notify_style_update()
        self._of = None
