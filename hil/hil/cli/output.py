"""What people and programs read on stdout: aligned tables, or JSON."""

from __future__ import annotations

import json
from collections.abc import Iterable, Sequence
from typing import Any

import click


def show_json(document: Any) -> None:
    """One JSON document, two spaces of indent."""
    click.echo(json.dumps(document, indent=2, ensure_ascii=False, allow_nan=False))


def show_table(columns: Sequence[str], rows: Iterable[Sequence[str]], *, title: str = "") -> None:
    """A table aligned by its longest cells, under an optional title."""
    body = [[printable(cell) for cell in row] for row in rows]
    widths = [max(map(len, cells)) for cells in zip(columns, *body, strict=True)]
    if title:
        click.echo(title)
    for row in [list(columns), ["-" * width for width in widths], *body]:
        click.echo("  ".join(cell.ljust(width) for cell, width in zip(row, widths, strict=True)).rstrip())


def printable(text: str) -> str:
    """``text`` without control characters: what a file or an instrument says must not drive the terminal."""
    return "".join(c if c.isprintable() else " " for c in text)
