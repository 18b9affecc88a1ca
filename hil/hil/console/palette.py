"""Colours, and the glyph and word which say the same without colour.

Grey ground and text; colour only for what is not normal, and never alone. There is no green: what is well is grey.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING

from rich.style import Style

if TYPE_CHECKING:
    from textual.theme import Theme


class Level(StrEnum):
    """How far from normal something is."""

    NORMAL = "normal"
    LOW = "low"
    MEDIUM = "medium"
    HIGH = "high"
    SAFETY = "safety"
    STALE = "stale"
    """No new value in time."""
    BAD = "bad"
    """A value that cannot be used: out of range, device error."""


@dataclass(frozen=True, slots=True)
class Look:
    """How a level looks: ``glyph`` (``plain`` where only ASCII is drawn), ``word``, ``number`` of the priority."""

    glyph: str
    plain: str
    word: str
    number: str
    text: str
    ground: str


GROUND, TEXT, MUTED = "#23272b", "#b8bec4", "#969da4"
"""The screen, what stands on it, and what matters less."""
LINE = "#5b636b"
"""Frames and rules: no text."""
CURSOR, _CURSOR_ON_PAPER = "#363c42", "#c9ced3"
"""The row under the cursor."""
_LIMIT_ON_PAPER = "#7a5200"
"""Lines of limits on the light ground."""
PAPER, INK, FAINT = "#dfe2e5", "#23272b", "#565d64"
"""The same for the light theme."""

LOOKS: Mapping[Level, Look] = MappingProxyType(
    {
        Level.NORMAL: Look(" ", " ", "", "", TEXT, GROUND),
        Level.LOW: Look("○", "o", "LOW", "3", "#000000", "#8fc1e3"),
        Level.MEDIUM: Look("◇", "!", "MED", "2", "#000000", "#f0b429"),
        Level.HIGH: Look("◆", "!", "HIGH", "1", "#ffffff", "#c62828"),
        Level.SAFETY: Look("■", "#", "TRIP", "0", "#ffffff", "#c62828"),
        Level.STALE: Look("?", "?", "STALE", "", "#ffffff", "#8e44ad"),
        Level.BAD: Look("✗", "x", "BAD", "", "#ffffff", "#8e44ad"),
    }
)

PLAIN: Mapping[str, str] = MappingProxyType(
    {
        "▲": "^", "▼": "v", "●": "*", "✓": "+", "✗": "x", "▶": ">", "·": ".", "╌": "-", "│": "|", "…": "~",
        "▰": "#", "▱": ".", "⇄": "<>", "±": "+-", "°": "deg", "µ": "u", "μ": "u", "Ω": "Ohm", "—": "-", "–": "-",
        "○": "o", "◇": "!", "◆": "!", "■": "#", "²": "2", "³": "3", "⁻": "-", "¹": "1", "×": "x", "′": "'", "″": '"',
    }
)  # fmt: skip
"""What stands for a symbol where only ASCII is drawn (``--ascii``)."""

_PLAIN = str.maketrans(dict(PLAIN))


def plain(text: str) -> str:
    """``text`` in ASCII: symbols by `PLAIN`, anything else that is not ASCII as ``?``."""
    return text if text.isascii() else text.translate(_PLAIN).encode("ascii", "replace").decode()


def style(level: Level, *, acknowledged: bool = False, bright: bool = True) -> Style:
    """The style of what is at ``level``.

    :param acknowledged: a person knows: grey and underlined, the colour stays on its glyph alone.
    :param bright: ``False`` in the dark half of a blink.
    """
    look = LOOKS[level]
    if level is Level.NORMAL:
        return Style.null()
    if acknowledged:
        return Style(underline=True)
    if not bright:
        return Style(color=look.ground, bgcolor=look.text, bold=True)
    return Style(color=look.text, bgcolor=look.ground, bold=level in (Level.HIGH, Level.SAFETY))


REVERSE = Style(color=GROUND, bgcolor=TEXT, bold=True)
"""What asks the operator for something: a prompt that waits, SAFE STOP (IEC 60204-1: not red, not green)."""


def theme(*, light: bool = False) -> Theme:
    """The Textual theme ``hil-dark``, or ``hil-light``; register both, then set ``app.theme``."""
    from textual.theme import Theme

    ground, text, muted = (PAPER, INK, FAINT) if light else (GROUND, TEXT, MUTED)
    return Theme(
        name="hil-light" if light else "hil-dark",
        primary=muted,
        secondary=LINE,
        accent=text,
        foreground=text,
        background=ground,
        surface=ground,
        panel=ground,
        boost=ground,
        warning=LOOKS[Level.MEDIUM].ground,
        error=LOOKS[Level.HIGH].ground,
        success=muted,
        dark=not light,
        variables={
            "border": LINE,
            "border-blurred": LINE,
            "text-muted": muted,
            "limit": _LIMIT_ON_PAPER if light else LOOKS[Level.MEDIUM].ground,
            "row-cursor": _CURSOR_ON_PAPER if light else CURSOR,
            "block-cursor-background": text,
            "block-cursor-foreground": ground,
            "scrollbar": LINE,
            "scrollbar-background": ground,
        },
    )
