"""Plots as rows of text: a trend with its axis of values, a path with its marks."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import pairwise
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from . import braille
from .history import Samples
from .reading import short
from .text import pad

Run = tuple[str, int]
"""Cells beside each other which belong to one layer, and its number."""

SIGNAL, LIMIT, BAND = 0, 1, 2
"""The layers of a trend."""
MOST_ROOM = 1.0
"""A limit is on the scale where it is at most this many times the range of the values away."""
HUGE = 1e300
"""What is beyond stands on the edge."""
LONGEST = 9
"""Cells of a label, at most."""
JOIN = 0.05
"""Samples at most this part of the span apart are joined."""


class Picture(NamedTuple):
    """Rows of a plot: the label left of each, of ``margin`` cells, and its runs.

    ``far`` names the limits that are off the scale: ``H 28 ▲``.
    """

    rows: list[tuple[str, list[Run]]]
    margin: int
    far: str


def trend(
    samples: Samples,
    now: float,
    span: float,
    limits: tuple[float | None, float | None],
    cells: int,
    rows: int,
    *,
    plain: bool = False,
) -> Picture:
    """The plot of the last ``span`` seconds in ``cells`` x ``rows``, labels included."""
    bottom, top = scale(samples, now - span, limits)
    labels = _labels(bottom, top, limits, rows)
    margin = max((len(label) for label in labels.values()), default=0)
    columns = max(cells - margin, 1)
    signal, band, lines = (braille.blank(columns, rows) for _ in range(3))
    line = braille.envelope(samples, now - span, now, 2 * columns, join=JOIN * span)
    braille.fill(signal, line, bottom, top)
    if np.isfinite(samples.U).any():
        wide = Samples(samples.t, samples.low - samples.U, samples.high + samples.U, samples.U)
        braille.fill(band, braille.envelope(wide, now - span, now, 2 * columns, join=JOIN * span), bottom, top)
    for limit in limits:
        if limit is not None:
            braille.level(lines, limit, bottom, top)
    runs = composed([signal, lines, braille.thinned(band)], plain=plain)
    return Picture(
        [(pad(labels.get(at, ""), margin, "right"), row) for at, row in enumerate(runs)],
        margin,
        _far(bottom, top, limits),
    )


def scale(samples: Samples, since: float, limits: tuple[float | None, float | None]) -> tuple[float, float]:
    """The bottom and the top: all samples with their U, and each limit that is not far."""
    first = int(np.searchsorted(samples.t, since))
    spread = np.nan_to_num(samples.U[first:])
    low, high = samples.low[first:] - spread, samples.high[first:] + spread
    known = np.isfinite(low) & np.isfinite(high)
    if not known.any():
        given = [limit for limit in limits if limit is not None]
        return (min(given), max(given)) if len(given) == 2 else (given[0] - 1, given[0] + 1) if given else (0.0, 1.0)
    bottom, top = max(float(low[known].min()), -HUGE), min(float(high[known].max()), HUGE)
    room = (top - bottom) or abs(top) * 1e-3 or 1.0
    near = [
        limit for limit in limits if limit is not None and bottom - MOST_ROOM * room <= limit <= top + MOST_ROOM * room
    ]
    bottom, top = min([bottom, *near]), max([top, *near])
    return (bottom, top) if top > bottom else (bottom - room / 2, top + room / 2)


def _far(bottom: float, top: float, limits: tuple[float | None, float | None]) -> str:
    low, high = limits
    above = [f"H {high:g} ▲"] if high is not None and high > top else []
    return "  ".join([*above, f"L {low:g} ▼"] if low is not None and low < bottom else above)


def _labels(bottom: float, top: float, limits: tuple[float | None, float | None], rows: int) -> dict[int, str]:
    """The label of each row of cells that has one: the ends of the scale, and the limits."""
    digits = max(0, 1 - int(np.floor(np.log10(top - bottom))))
    labels = {0: f"{_label(top, digits)} ", rows - 1: f"{_label(bottom, digits)} "}
    for limit, letter in zip(limits, "LH", strict=True):
        if limit is not None and bottom <= limit <= top:
            labels[braille.row_of(limit, bottom, top, rows)] = f"{_label(limit, digits)}{letter}"
    return labels


def _label(value: float, digits: int) -> str:
    """``value`` to ``digits`` decimals where that is short."""
    text = f"{value:.{digits}f}" if digits < LONGEST else ""
    return text if 0 < len(text) <= LONGEST else short(value, LONGEST)


def composed(layers: Sequence[braille.Dots], *, plain: bool = False) -> list[list[Run]]:
    """The rows of ``layers``, the topmost first: each cell shows one layer alone.

    A cell without dots belongs to the layer left of it: few runs are drawn sooner than many.
    """
    patterns = np.stack([braille.cells(layer) for layer in layers])
    inked = patterns > 0
    owner = np.argmax(inked, axis=0)
    shown = np.take_along_axis(patterns, owner[None], axis=0)[0]
    columns = np.arange(shown.shape[1])
    last = np.maximum.accumulate(np.where(shown > 0, columns, 0), axis=1)
    owner = np.take_along_axis(owner, last, axis=1)
    changes = owner[:, 1:] != owner[:, :-1]
    texts = braille.text(shown, plain=plain)
    return [_runs(text, row, where) for text, row, where in zip(texts, owner, changes, strict=True)]


def _runs(text: str, owner: NDArray[np.int64], changes: NDArray[np.bool_]) -> list[Run]:
    ends = [0, *(np.flatnonzero(changes) + 1).tolist(), len(text)]
    return [(text[start:end], int(owner[start])) for start, end in pairwise(ends)]


def plane(
    x: braille.Floats,
    y: braille.Floats,
    marks: Sequence[tuple[float, float]],
    cells: int,
    rows: int,
    *,
    least: float = 0.0,
    plain: bool = False,
) -> tuple[list[str], braille.Frame, list[tuple[int, int] | None]]:
    """A path with equal scales: its rows, its window, and the cell of each mark; all marks are in the window.

    :param least: how wide and high the window is at least.
    """
    all_x = np.concatenate([x, [mark[0] for mark in marks]]) if marks else x
    all_y = np.concatenate([y, [mark[1] for mark in marks]]) if marks else y
    window = braille.frame(all_x, all_y, cells, rows, least=least)
    dots = braille.blank(cells, rows)
    braille.path(dots, window, x, y)
    return braille.text(braille.cells(dots), plain=plain), window, [window.cell(*mark) for mark in marks]
