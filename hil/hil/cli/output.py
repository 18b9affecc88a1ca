"""What people and programs read on stdout: aligned tables, or JSON."""

from __future__ import annotations

import json
import os
import shutil
import sys
import textwrap
from collections.abc import Collection, Iterable, Iterator, Sequence
from contextlib import contextmanager
from itertools import zip_longest
from typing import Any

import click

_GAP = "  "
_NARROWEST = 8
"""Characters below which no column is wrapped."""


def show_json(document: Any) -> None:
    """One JSON document, two spaces of indent."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


@contextmanager
def reader_may_leave() -> Iterator[None]:
    """A reader of stdout who has gone changes nothing of what the command answers."""
    try:
        yield
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())


def show_table(
    columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "", below: Collection[str] = ()
) -> None:
    """A table aligned by its longest cells, under an optional title.

    On a terminal that is too narrow, the columns ``below`` go under their row; the widest of the others are wrapped.
    """
    body = [[printable(cell) for cell in row] for row in rows]
    if title:
        click.echo(title)
    room = shutil.get_terminal_size().columns if sys.stdout.isatty() else None
    for line in table_lines(columns, body, room, below=below):
        click.echo(line)


def table_lines(
    columns: Sequence[str], rows: Sequence[Sequence[str]], room: int | None = None, *, below: Collection[str] = ()
) -> list[str]:
    """The lines of a table, no longer than ``room`` columns where that is given."""
    widths = [max(map(len, cells)) for cells in zip(columns, *rows, strict=True)]
    if room is None or _total(widths) <= room:
        return [_line(row, widths) for row in [list(columns), ["-" * width for width in widths], *rows]]
    kept = [place for place, column in enumerate(columns) if column not in below]
    under = [place for place, column in enumerate(columns) if column in below]
    widths = _narrowed([widths[place] for place in kept], room)
    lines = [*_wrapped([columns[place] for place in kept], widths), _line(["-" * width for width in widths], widths)]
    for row in rows:
        lines += _wrapped([row[place] for place in kept], widths)
        for place in under:
            if row[place]:
                lines += textwrap.wrap(row[place], room, initial_indent="    ", subsequent_indent="      ")
    return lines


def _total(widths: Sequence[int]) -> int:
    return sum(widths) + len(_GAP) * (len(widths) - 1)


def _narrowed(widths: Sequence[int], room: int) -> list[int]:
    """The widest columns made narrower until all fit, none below what can still be read."""
    narrowed = list(widths)
    while _total(narrowed) > room and max(narrowed) > _NARROWEST:
        narrowed[narrowed.index(max(narrowed))] -= 1
    return narrowed


def _wrapped(cells: Sequence[str], widths: Sequence[int]) -> list[str]:
    """One row, as many lines as its longest cell needs."""
    wrapped = [textwrap.wrap(cell, width) or [""] for cell, width in zip(cells, widths, strict=True)]
    return [_line(parts, widths) for parts in zip_longest(*wrapped, fillvalue="")]


def _line(cells: Sequence[str], widths: Sequence[int]) -> str:
    return _GAP.join(cell.ljust(width) for cell, width in zip(cells, widths, strict=True)).rstrip()


def printable(text: str) -> str:
    """``text`` without control characters: what a file or an instrument says must not drive the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)
