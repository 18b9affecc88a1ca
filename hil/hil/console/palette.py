"""Colours, and the glyph and word which say the same without colour.

Grey ground and text; colour only for what is not normal, and never alone. There is no green: what is well is grey.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from types import MappingProxyType
from typing import TYPE_CHECKING, NamedTuple

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
    """How a level looks: its glyph, its word, the number of its priority, the colours of its text and ground."""

    glyph: str
    word: str
    number: str
    text: str
    ground: str


class Inks(NamedTuple):
    """The colours of what is normal: the screen, its text, text that matters less, limit lines, the cursor's row."""

    ground: str
    text: str
    muted: str
    limit: str
    cursor: str


DARK = Inks("#23272b", "#b8bec4", "#969da4", "#f0b429", "#363c42")
LIGHT = Inks("#dfe2e5", "#23272b", "#565d64", "#7a5200", "#c9ced3")
LINE = "#5b636b"
"""Frames and rules: no text."""

LOOKS: Mapping[Level, Look] = MappingProxyType(
    {
        Level.NORMAL: Look(" ", "", "", DARK.text, DARK.ground),
        Level.LOW: Look("○", "LOW", "3", "#000000", "#8fc1e3"),
        Level.MEDIUM: Look("◇", "MED", "2", "#000000", "#f0b429"),
        Level.HIGH: Look("◆", "HIGH", "1", "#ffffff", "#c62828"),
        Level.SAFETY: Look("■", "TRIP", "0", "#ffffff", "#c62828"),
        Level.STALE: Look("?", "STALE", "", "#ffffff", "#8e44ad"),
        Level.BAD: Look("✗", "BAD", "", "#ffffff", "#8e44ad"),
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


REVERSE = Style(color=DARK.ground, bgcolor=DARK.text, bold=True)
"""What asks the operator for something: a prompt that waits, SAFE STOP (IEC 60204-1: not red, not green)."""


def theme(*, light: bool = False) -> Theme:
    """The Textual theme ``hil-dark``, or ``hil-light``; register both, then set ``app.theme``."""
    from textual.theme import Theme

    inks = LIGHT if light else DARK
    return Theme(
        name="hil-light" if light else "hil-dark",
        primary=inks.muted,
        secondary=LINE,
        accent=inks.text,
        foreground=inks.text,
        background=inks.ground,
        surface=inks.ground,
        panel=inks.ground,
        boost=inks.ground,
        warning=LOOKS[Level.MEDIUM].ground,
        error=LOOKS[Level.HIGH].ground,
        success=inks.muted,
        dark=not light,
        variables={
            "border": LINE,
            "border-blurred": LINE,
            "text-muted": inks.muted,
            "block-cursor-background": inks.text,
            "block-cursor-foreground": inks.ground,
            "scrollbar": LINE,
            "scrollbar-background": inks.ground,
        },
    )
