"""What stands at the bottom of every screen: what was said last, and the two rows of keys."""

from __future__ import annotations

from collections.abc import Sequence

from rich.style import Style
from textual.containers import Vertical

from .key_bar import Key, KeyBar
from .words import Words


class Foot(Vertical):
    """A line for messages, and the keys under it."""

    DEFAULT_CSS = """
    Foot { height: auto; dock: bottom; }
    Foot KeyBar { dock: none; }
    Foot Words { padding: 0 1; }
    """

    def __init__(self, keys: Sequence[Key] = (), *, plain: bool = False) -> None:
        self._message = Words(" ", most=3, plain=plain)
        self._keys = KeyBar(keys, plain=plain)
        super().__init__(self._message, self._keys)

    def show(self, keys: Sequence[Key], message: str, style: Style, *, note: str = "") -> None:
        """Show the keys, and a message in ``style``."""
        self._keys.show(keys, note=note)
        self._message.say(message or " ", style)
