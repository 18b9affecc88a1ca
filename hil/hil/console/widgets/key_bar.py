"""The two rows of keys: the most important stay at any width, SAFE STOP always."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.style import Style

from ..fitting import Part, fitted, spread
from ..palette import REVERSE
from .lines import NORMAL, Lines, Pieces


@dataclass(frozen=True, slots=True)
class Key:
    """A key and what it does.

    :param rank: 0 never falls out; the highest falls out first.
    :param row: 0 above, 1 below.
    :param urgent: shown in reverse: it waits for the operator.
    :param short: a shorter label.
    """

    key: str
    label: str
    rank: int = 5
    row: int = 0
    urgent: bool = False
    short: str = ""


SAFE_STOP = Key("^x", "SAFE STOP", rank=0, row=1, urgent=True)
"""The controlled stop. It is no emergency stop, and never looks like one."""


class KeyBar(Lines):
    """Two rows of keys, and at the right end of the lower one a note such as the operator's name.

    SAFE STOP is there even where ``keys`` lack it.
    """

    DEFAULT_CSS = "KeyBar { height: 2; dock: bottom; }"

    def __init__(self, keys: Sequence[Key] = (), *, note: str = "", plain: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(plain=plain, id=id)
        self._keys, self._note = tuple(keys), note

    def show(self, keys: Sequence[Key] | None = None, *, note: str | None = None) -> None:
        """Show other keys, or another note."""
        shown = self._keys if keys is None else tuple(keys), self._note if note is None else note
        if shown != (self._keys, self._note):
            self._keys, self._note = shown
            self.repaint()

    def paint(self, width: int, height: int) -> Sequence[Pieces]:
        """Both rows."""
        keys = self._keys if SAFE_STOP in self._keys else (SAFE_STOP, *self._keys)
        rows: list[Pieces] = []
        for row in range(height):
            parts = [_part(key).said(self.said) for key in keys if key.row == row]
            if row == height - 1 and self._note:
                parts.append(Part((self.said(self._note),), rank=9, right=True))
            rows.append([(" ", NORMAL), *_dense(parts, max(width - 2, 0))])
        return rows


def _part(key: Key) -> Part:
    labels = [label for label in (key.label, key.short) if label]
    tight = "" if len(key.key) == 1 and key.key.isdigit() else " "
    forms = (*(f"{key.key} {label}" for label in labels), f"{key.key}{tight}{labels[-1]}")
    return Part(forms, rank=key.rank, style=REVERSE if key.urgent else Style(bold=key.rank <= 1))


def _dense(parts: Sequence[Part], cells: int) -> list[tuple[str, Style]]:
    """The parts with two cells between them, or one where more of them stand so."""
    counts = [len(fitted(parts, cells, gap)) for gap in (2, 1)]
    return spread(parts, cells, 2 if counts[0] == counts[1] else 1)
