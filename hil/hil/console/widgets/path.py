"""The path of a robot on the plane, with the same scale in x and in y, and marks for start, goal and obstacles."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from rich.style import Style

from ..palette import LOOKS, Level
from ..text import clip, pad
from .lines import NORMAL, Lines, Pieces

if TYPE_CHECKING:
    from ..history import Floats

START, GOAL, OBSTACLE, HERE = "S", "✗", "■", "●"
"""The glyphs of marks."""


@dataclass(frozen=True, slots=True)
class Mark:
    """A ``glyph`` of one cell at a point, at a level."""

    x: float
    y: float
    glyph: str
    level: Level = Level.NORMAL


class Path(Lines):
    """A path in ``unit``. Its first row is its title, its last the scale.

    :param plain: draw in ASCII alone.
    """

    DEFAULT_CSS = "Path { height: 1fr; min-height: 4; }"

    def __init__(self, title: str = "", *, unit: str = "m", plain: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(plain=plain, id=id)
        self.title, self.unit = title, unit
        self._points: tuple[Floats, Floats] | None = None
        self._marks: Sequence[Mark] = ()
        self._least = 0.0

    def show(
        self, x: Floats, y: Floats, marks: Sequence[Mark] = (), *, title: str | None = None, least: float = 0.0
    ) -> None:
        """Draw the path through the points in their order, and the marks over it.

        :param least: how wide and high the window is at least: noise must not look like a way.
        """
        self._points, self._marks, self._least = (x, y), marks, least
        self.title = self.title if title is None else title
        self.repaint()

    def paint(self, width: int, height: int) -> Sequence[Pieces]:
        """Title, plane, scale."""
        from ..plotting import plane

        heading: Pieces = [(clip(self.said(self.title), width), Style(bold=True))]
        if self._points is None or height < 3:
            return [heading, [("no path", self.muted)]]
        at = [(mark.x, mark.y) for mark in self._marks]
        rows, window, places = plane(*self._points, at, width, height - 2, least=self._least, plain=self.plain)
        drawn: list[list[tuple[str, Style]]] = [[(row, NORMAL)] for row in rows]
        for mark, place in zip(self._marks, places, strict=True):
            if place is not None:
                _put(drawn[place[0]], place[1], mark)
        scale = self.said(f"cell {2 * window.step:.3g} x {4 * window.step:.3g} {self.unit}")
        return [heading, *drawn, [(pad(scale, width, "right"), self.muted)]]


def _put(row: list[tuple[str, Style]], column: int, mark: Mark) -> None:
    """Write the mark over what stands in its cell."""
    look = LOOKS[mark.level]
    colour = Style(bold=True) if mark.level is Level.NORMAL else Style(color=look.text, bgcolor=look.ground, bold=True)
    at = 0
    for place, (text, style) in enumerate(row):
        if at <= column < at + len(text):
            inside = column - at
            row[place : place + 1] = [(text[:inside], style), (mark.glyph, colour), (text[inside + 1 :], style)]
            return
        at += len(text)
