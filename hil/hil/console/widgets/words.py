"""Rows of given pieces, and text that is wrapped."""

from __future__ import annotations

from collections.abc import Sequence
from textwrap import wrap

from rich.style import Style
from textual.geometry import Size

from ..text import clean
from .lines import Lines

Row = Sequence[tuple[str, Style]]
"""Pieces of text with their styles."""


class Rows(Lines):
    """Rows as they are given; what is too long is cut off."""

    DEFAULT_CSS = "Rows { height: 1fr; }"

    def __init__(self, *, plain: bool = False, id: str | None = None, classes: str | None = None) -> None:  # noqa: A002
        super().__init__(plain=plain, id=id, classes=classes)
        self._rows: Sequence[Row] = ()

    def show(self, rows: Sequence[Row]) -> None:
        """Show ``rows``."""
        if rows != self._rows:
            self._rows = rows
            self.repaint()

    def paint(self, width: int, height: int) -> list[list[tuple[str, Style]]]:  # noqa: ARG002
        """The first rows that fit."""
        return [list(row) for row in self._rows[:height]]


class Words(Lines):
    """Paragraphs of text, wrapped to the width there is; as high as they are."""

    DEFAULT_CSS = "Words { height: auto; }"

    def __init__(
        self,
        text: str = "",
        *,
        style: Style | None = None,
        most: int = 0,
        plain: bool = False,
        id: str | None = None,  # noqa: A002
        classes: str | None = None,
    ) -> None:
        """:param most: rows at most, any number where 0."""
        super().__init__(plain=plain, id=id, classes=classes)
        self._text, self._style, self._most = text, style or Style.null(), most
        self._lines: list[str] = []
        self._lines_of = ("", 0)

    @property
    def text(self) -> str:
        """What it says."""
        return self._text

    def say(self, text: str, style: Style | None = None) -> None:
        """Show another text, in another style."""
        style = style or Style.null()
        if (text, style) != (self._text, self._style):
            self._text, self._style, self._of = text, style, None
            self.refresh(layout=True)

    def get_content_height(self, container: Size, viewport: Size, width: int) -> int:  # noqa: ARG002
        """The rows that the text takes."""
        return len(self._wrapped(width))

    def paint(self, width: int, height: int) -> list[list[tuple[str, Style]]]:  # noqa: ARG002
        """The text, wrapped."""
        return [[(line, self._style)] for line in self._wrapped(width)]

    def _wrapped(self, width: int) -> list[str]:
        if self._lines_of != (self._text, width):
            self._lines, self._lines_of = _wrapped(self._text, width, self._most), (self._text, width)
        return self._lines


def _wrapped(text: str, width: int, most: int) -> list[str]:
    lines: list[str] = []
    for paragraph in text.split("\n"):
        lines += wrap(clean(paragraph), max(width, 1)) or ([""] if text else [])
    if most and len(lines) > most:
        lines = [*lines[: most - 1], lines[most - 1][: max(width - 1, 0)] + "…"]
    return lines
