"""Columns of fixed width, chosen for the width there is: the least important fall out first."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from .text import Align, pad


@dataclass(frozen=True, slots=True)
class Column:
    """A column ``key`` under ``title``.

    :param least: cells below which it falls out; :param most: cells it may grow to.
    :param rank: 0 stays longest; the highest rank falls out first, and grows last.
    """

    key: str
    title: str
    least: int
    most: int
    align: Align = "left"
    rank: int = 0


CHANNELS: tuple[Column, ...] = (
    Column("name", "channel", 14, 21, rank=0),
    Column("value", "value", 9, 11, "right", rank=0),
    Column("unit", "unit", 5, 6, rank=1),
    Column("uncertainty", "U (k=2)", 9, 11, "right", rank=2),
    Column("trend", "trend", 10, 40, rank=5),
    Column("limit", "limit", 8, 12, rank=4),
    Column("state", "state", 10, 12, rank=1),
)
"""The columns of the channel table."""


def fitted(columns: Sequence[Column], cells: int, gap: int = 1) -> list[tuple[Column, int]]:
    """The columns which fit into ``cells`` with ``gap`` between them, each with its width.

    >>> [(column.key, width) for column, width in fitted(CHANNELS, 52)]
    [('name', 15), ('value', 9), ('unit', 5), ('uncertainty', 9), ('state', 10)]
    """
    kept = list(columns)
    while kept and sum(column.least + gap for column in kept) - gap > cells:
        kept.remove(max(kept, key=lambda column: column.rank))
    widths = {column.key: column.least for column in kept}
    spare = cells - sum(widths.values()) - gap * max(len(kept) - 1, 0)
    for column in sorted(kept, key=lambda column: column.rank):
        more = min(spare, column.most - column.least)
        widths[column.key] += more
        spare -= more
    return [(column, widths[column.key]) for column in kept]


def line(columns: Sequence[tuple[Column, int]], cells: dict[str, str] | None = None, gap: int = 1) -> str:
    """One row of ``cells`` by key; without them, the titles."""
    return (" " * gap).join(
        pad(column.title if cells is None else cells[column.key], width, column.align) for column, width in columns
    )
