"""One rasteriser for trends and paths: dots in braille cells, two wide and four high, by numpy.

Arrays of dots are boolean, row 0 on top: shape ``(4 * rows, 2 * columns)``.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from .history import Samples

Dots = NDArray[np.bool_]
Floats = NDArray[np.float64]

_BITS = ((0x01, 0x08), (0x02, 0x10), (0x04, 0x20), (0x40, 0x80))
"""The bit of each dot of a cell."""


class Envelope(NamedTuple):
    """The least and the greatest value in each column of dots; NaN where there is none."""

    low: Floats
    high: Floats


def blank(columns: int, rows: int) -> Dots:
    """No dots yet, for ``columns`` x ``rows`` cells."""
    return np.zeros((4 * rows, 2 * columns), dtype=np.bool_)


def cells(dots: Dots) -> NDArray[np.uint8]:
    """The pattern of each cell, one bit for each dot, as Unicode numbers them: shape ``(rows, columns)``."""
    ones = dots.view(np.uint8)
    patterns = np.zeros((dots.shape[0] // 4, dots.shape[1] // 2), np.uint8)
    for row, bits in enumerate(_BITS):
        for column, bit in enumerate(bits):
            patterns |= ones[row::4, column::2] * np.uint8(bit)
    return patterns


def text(patterns: NDArray[np.uint8], *, plain: bool = False) -> list[str]:
    """One string for each row of ``patterns``; a cell without dots is a space. ``plain``: in ASCII."""
    points = (_ASCII if plain else _BRAILLE)[patterns]
    return [row.tobytes().decode("utf-32-le") for row in points]


def envelope(samples: Samples, start: float, end: float, columns: int, *, join: float = 0.0) -> Envelope:
    """The envelope of ``samples`` from ``start`` to ``end`` in ``columns``: no spike is lost.

    A column begins at a multiple of its length, and the last one holds ``end``: while time passes, what is drawn moves
    by whole columns and does not flicker.

    :param join: columns without samples are filled in a straight line where samples are at most ``join`` seconds
        apart; a longer silence stays a gap.
    """
    low, high = np.full(columns, np.nan), np.full(columns, np.nan)
    if not columns:
        return Envelope(low, high)
    length = (end - start) / columns
    last = np.floor(end / length) + 1
    edges = np.searchsorted(samples.t, (last + np.arange(-columns, 1)) * length)
    filled = np.flatnonzero(edges[1:] > edges[:-1])
    if filled.size:
        first, stop = edges[filled], edges[-1]
        low[filled] = np.fmin.reduceat(samples.low[:stop], first)
        high[filled] = np.fmax.reduceat(samples.high[:stop], first)
        _join(low, high, join / length)
    return Envelope(low, high)


def _join(low: Floats, high: Floats, reach: float) -> None:
    """Fill the empty columns between two filled ones that are at most ``reach`` columns apart, in place."""
    known = np.flatnonzero(~np.isnan(low))
    gaps = np.flatnonzero((np.diff(known) > 1) & (np.diff(known) <= reach))
    if not gaps.size:
        return
    empty = np.concatenate([np.arange(known[gap] + 1, known[gap + 1]) for gap in gaps])
    for edge in (low, high):
        edge[empty] = np.interp(empty, known, edge[known])


def fill(dots: Dots, band: Envelope, bottom: float, top: float, *, joined: bool = True) -> None:
    """Set the dots of ``band`` on a scale from ``bottom`` to ``top``; what is beyond stands on the edge.

    :param joined: neighbouring columns are made to touch.
    """
    height = dots.shape[0]
    known = ~(np.isnan(band.low) | np.isnan(band.high))
    lower = np.where(known, _row(band.low, bottom, top, height), -2)
    upper = np.where(known, _row(band.high, bottom, top, height), height + 2)
    if joined:
        both = known[1:] & known[:-1]
        below, above = both & (upper[1:] > lower[:-1]), both & (lower[1:] < upper[:-1])
        reach_up, reach_down = lower[:-1] + 1, upper[:-1] - 1
        upper[1:] = np.where(below, reach_up, upper[1:])
        lower[1:] = np.where(above, reach_down, lower[1:])
    rows = np.arange(height)[:, None]
    dots |= (rows >= upper) & (rows <= lower)


def _row(values: Floats, bottom: float, top: float, height: int) -> NDArray[np.int64]:
    """The row of dots of each of ``values``; NaN gives any row."""
    scaled = (top - values) / ((top - bottom) or 1.0) * (height - 1)
    return np.rint(np.fmin(np.fmax(scaled, 0), height - 1)).astype(np.int64)


def row_of(value: float, bottom: float, top: float, rows: int) -> int:
    """The row of cells in which ``value`` stands."""
    return int(_row(np.array([value]), bottom, top, 4 * rows)[0]) // 4


def level(dots: Dots, value: float, bottom: float, top: float) -> None:
    """Set a dashed line at ``value``, where it is on the scale."""
    if bottom <= value <= top:
        dots[_row(np.array([value]), bottom, top, dots.shape[0])[0], ::2] = True


def thinned(dots: Dots) -> Dots:
    """Every fourth dot, as a grid: a band that is seen to be no line."""
    grid = np.zeros_like(dots)
    grid[::2, ::2] = dots[::2, ::2]
    return grid


def inline(band: Envelope, *, least: float = 0.0, plain: bool = False) -> str:
    """A trend one row high; the scale is its own range, but not less than ``least`` (of noise, take 2 U)."""
    low, high = (each[np.isfinite(each)] for each in band)
    dots = blank(len(band.low) // 2, 1)
    if low.size:
        bottom, top = float(low.min()), float(high.max())
        room = max(least - (top - bottom), 0.0) / 2 or (0.5 if top == bottom else 0.0)
        fill(dots, band, bottom - room, top + room)
    return text(cells(dots), plain=plain)[0]


class Frame(NamedTuple):
    """A window on the plane with the same scale in x and in y: its lower left corner, and metres (say) to a dot."""

    left: float
    bottom: float
    step: float
    columns: int
    rows: int

    def dot(self, x: Floats, y: Floats) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
        """The row and the column of the dot of each point, possibly outside of the window."""
        column = np.rint((x - self.left) / self.step).astype(np.int64)
        row = 4 * self.rows - 1 - np.rint((y - self.bottom) / self.step).astype(np.int64)
        return row, column

    def cell(self, x: float, y: float) -> tuple[int, int] | None:
        """The row and the column of the cell of a point; ``None`` outside of the window."""
        rows, columns = self.dot(np.array([x]), np.array([y]))
        row, column = int(rows[0]) // 4, int(columns[0]) // 2
        return (row, column) if 0 <= row < self.rows and 0 <= column < self.columns else None


def frame(x: Floats, y: Floats, columns: int, rows: int, *, least: float = 0.0) -> Frame:
    """The window of ``columns`` x ``rows`` cells around all points, centred; at least ``least`` wide and high."""
    known = np.isfinite(x) & np.isfinite(y)
    if not known.any():
        return Frame(-0.5, -0.5, 1 / max(2 * columns - 1, 1), columns, rows)
    (left, right), (bottom, top) = ((float(each[known].min()), float(each[known].max())) for each in (x, y))
    wide, high = max(2 * columns - 3, 1), max(4 * rows - 5, 1)
    step = max((right - left) / wide, (top - bottom) / high, least / min(wide, high)) or 1 / wide
    middle_x, middle_y = (left + right) / 2, (bottom + top) / 2
    return Frame(middle_x - step * (2 * columns - 1) / 2, middle_y - step * (4 * rows - 1) / 2, step, columns, rows)


def path(dots: Dots, window: Frame, x: Floats, y: Floats) -> None:
    """Set the dots of the line through the points in their order; a NaN interrupts it."""
    known = np.isfinite(x) & np.isfinite(y)
    row, column = window.dot(np.where(known, x, window.left), np.where(known, y, window.bottom))
    _set(dots, row[known], column[known])
    down, across = np.diff(row), np.diff(column)
    length = np.maximum(abs(down), abs(across))
    apart = np.flatnonzero(known[1:] & known[:-1] & (length > 1) & (length <= 4 * sum(dots.shape)))
    steps = length[apart]
    first = np.repeat(apart, steps)
    part = (np.arange(len(first)) - np.repeat(np.cumsum(steps) - steps, steps)) / np.repeat(steps, steps)
    between = (each[first] + np.rint(part * change[first]) for each, change in ((row, down), (column, across)))
    _set(dots, *(each.astype(np.int64) for each in between))


def _set(dots: Dots, row: NDArray[np.int64], column: NDArray[np.int64]) -> None:
    inside = (row >= 0) & (row < dots.shape[0]) & (column >= 0) & (column < dots.shape[1])
    dots[row[inside], column[inside]] = True


def _ascii(pattern: int) -> str:
    """The ASCII letter whose ink is most like the dots of ``pattern``."""
    rows = [row for row in range(4) if pattern & sum(_BITS[row])]
    if not rows:
        return " "
    if len(rows) >= 3:
        return "|"
    return {0: "'", 1: "-", 2: "-", 3: "_", 4: "."}[rows[0] if len(rows) == 1 else round(sum(rows) / 2)]


_BRAILLE = np.array([0x20] + [0x2800 + pattern for pattern in range(1, 256)], dtype="<u4")
_ASCII = np.array([ord(_ascii(pattern)) for pattern in range(256)], dtype="<u4")
