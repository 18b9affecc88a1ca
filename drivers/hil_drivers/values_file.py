"""Stimuli of named values in files: sound in WAVE files, tables of numbers in CSV files."""

from __future__ import annotations

import csv
import io
import math
from collections.abc import Mapping

import numpy as np
from numpy.typing import NDArray

from .sound import read_wave
from .written import number

Array = NDArray[np.float64]


def values_of(data: bytes, file: str) -> Mapping[str, float | Array]:
    """What a file holds: its columns if its name ends in ``.csv``, else ``sound`` and its ``rate`` in Hz.

    :raises ValueError: if it is no table, or no sound.
    """
    if file.lower().endswith(".csv"):
        return read_table(data)
    sound, rate = read_wave(data)
    return {"sound": sound, "rate": float(rate)}


def read_table(data: bytes) -> dict[str, float | Array]:
    """The columns of a table by their names: a number where only the first row is filled, else an array ``(n,)``.

    >>> read_table(b"pulse,rate\\n0.1,125\\n0.3,\\n")
    {'pulse': array([0.1, 0.3]), 'rate': 125.0}

    :param data: CSV in UTF-8 with a comma between cells and a heading; a shorter column has empty cells at its end, and
        no row between others is empty.
    :raises ValueError: if it is no such table, or holds what is no finite number.
    """
    try:
        lines = list(csv.reader(io.StringIO(data.decode("utf-8-sig"))))
    except (UnicodeDecodeError, csv.Error) as error:
        raise ValueError(f"no CSV file: {error}") from None
    while lines and not any(lines[-1]):
        lines.pop()
    heading, *rows = lines or [[]]
    names = [name.strip() for name in heading]
    if not names or not all(names) or len(set(names)) < len(names) or not rows:
        raise ValueError("no heading that names each column once, or no row below it")
    if wrong := [line for line, row in enumerate(rows, 1) if len(row) != len(names)]:
        raise ValueError(f"row {wrong[0]} has {len(rows[wrong[0] - 1])} cells, not {len(names)}")
    return {name: _column(name, [row[place].strip() for row in rows]) for place, name in enumerate(names)}


def _column(name: str, cells: list[str]) -> float | Array:
    filled = [cell for cell in cells if cell]
    if not filled or any(cells[len(filled) :]):
        raise ValueError(f"column {name}: an empty cell that is not at its end")
    values = [_number(name, cell) for cell in filled]
    return values[0] if len(values) == 1 else np.array(values)


def _number(name: str, cell: str) -> float:
    try:
        value = number(cell)
    except ValueError as error:
        raise ValueError(f"column {name}: {error}") from None
    if not math.isfinite(value):
        raise ValueError(f"column {name}: {cell} is not finite")
    return value
