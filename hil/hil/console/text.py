"""Text that takes exactly the cells it is given."""

from __future__ import annotations

import unicodedata
from typing import Literal

from rich.cells import cell_len, set_cell_size

Align = Literal["left", "right"]


def clean(text: str) -> str:
    """``text`` without what breaks columns or reaches the terminal as a command.

    Accents are composed; control characters, combining marks, variation selectors and what lies beyond the basic
    plane (emoji) become ``?``.
    """
    if text.isascii() and text.isprintable():
        return text
    return "".join(letter if _drawable(letter) else "?" for letter in unicodedata.normalize("NFC", text))


def _drawable(letter: str) -> bool:
    return letter <= "\uffff" and letter.isprintable() and cell_len(letter) > 0


def width(text: str) -> int:
    """The cells ``text`` takes."""
    return len(text) if text.isascii() else cell_len(text)


def clip(text: str, cells: int, mark: str = "…") -> str:
    """``text`` in at most ``cells``, with ``mark`` at its end where it is cut."""
    if width(text) <= cells:
        return text
    return set_cell_size(text, max(cells - 1, 0)).rstrip() + mark if cells > 0 else ""


def pad(text: str, cells: int, align: Align = "left", mark: str = "…") -> str:
    """``text`` in exactly ``cells``."""
    shown = clip(text, cells, mark)
    space = " " * (cells - width(shown))
    return shown + space if align == "left" else space + shown
