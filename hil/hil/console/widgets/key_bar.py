"""The two rows of keys: the most important stay at any width, SAFE STOP always."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from rich.style import Style

from ..fitting import Part, spread
from ..palette import REVERSE
from .lines import Lines


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
    """Two rows of keys, and at the right end of the lower one a word such as the operator's name."""

    DEFAULT_CSS = "KeyBar { height: 2; dock: bottom; }"

    def __init__(self, keys: Sequence[Key] = (), *, note: str = "", plain: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(plain=plain, id=id)
        self._keys, self._note = tuple(keys), note

    def show(self, keys: Sequence[Key] | None = None, *, note: str | None = None) -> None:
        """Show other keys, or another note."""
        self._keys = self._keys if keys is None else tuple(keys)
        self._note = self._note if note is None else note
        self.repaint()

    def paint(self, width: int, height: int) -> list[list[tuple[str, Style]]]:
        """Both rows."""
        keys = self._keys if SAFE_STOP in self._keys else (SAFE_STOP, *self._keys)
        rows = []
        for row in range(height):
            parts = [_part(key) for key in keys if key.row == row]
            if row == height - 1 and self._note:
                parts.append(Part((self._note, ""), rank=9, right=True))
            rows.append([(" ", Style.null()), *spread(parts, max(width - 2, 0), gap=2)])
        return rows


def _part(key: Key) -> Part:
    forms = tuple(f"{key.key} {label}" for label in (key.label, key.short) if label)
    return Part(forms, rank=key.rank, style=REVERSE if key.urgent else Style.null())
