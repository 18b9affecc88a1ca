"""Outlines as polygons: area, equivalent diameter, and whether one crosses itself.

Vertices have the shape ``(n, 2)``: x to the right and y downwards, in pixels from the corner of the picture. They lie
on a grid of a thousandth of a pixel, on which crossing is decided exactly, in integers.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

Vertices = Sequence[tuple[float, float]]

DECIMALS = 3
"""Of a pixel, on record."""


def on_grid(vertices: NDArray[np.float64] | Vertices) -> tuple[tuple[float, float], ...]:
    """The same vertices on the grid."""
    return tuple((round(float(x), DECIMALS), round(float(y), DECIMALS)) for x, y in vertices)


def area(vertices: NDArray[np.float64] | Vertices) -> float:
    """What is enclosed, in square pixels, whichever way round.

    >>> area([(0, 0), (4, 0), (4, 3), (0, 3)])
    12.0
    """
    x, y = np.asarray(vertices, dtype=float).T
    x, y = x - x[0], y - y[0]  # far from the corner of a picture, products would lose digits
    return abs(float(np.dot(x, np.roll(y, -1)) - np.dot(y, np.roll(x, -1)))) / 2.0


def diameter(vertices: NDArray[np.float64] | Vertices) -> float:
    """That of the circle of the same area, in pixels."""
    return 2.0 * math.sqrt(area(vertices) / math.pi)


def crosses_itself(vertices: Vertices) -> bool:
    """Whether an outline crosses or touches itself, turns back on itself, or has a vertex twice.

    >>> crosses_itself([(0, 0), (4, 0), (4, 3), (0, 3)]), crosses_itself([(0, 0), (4, 3), (4, 0), (0, 3)])
    (False, True)
    """
    points = np.rint(np.asarray(vertices, dtype=float) * 10**DECIMALS).astype(np.int64)
    ends = np.roll(points, -1, 0)
    along = ends - points
    after = np.roll(along, -1, 0)
    turned = (_cross(along, after) == 0) & (np.sum(along * after, 1) <= 0)
    if turned.any():
        return True
    one, other = np.triu_indices(len(points), 2)
    apart = ~((one == 0) & (other == len(points) - 1))
    one, other = one[apart], other[apart]
    return bool(np.any(_meet(points[one], ends[one], points[other], ends[other])))


def _cross(a: NDArray[np.int64], b: NDArray[np.int64]) -> NDArray[np.int64]:
    found: NDArray[np.int64] = a[:, 0] * b[:, 1] - a[:, 1] * b[:, 0]
    return found


def _meet(a: NDArray[np.int64], b: NDArray[np.int64], c: NDArray[np.int64], d: NDArray[np.int64]) -> NDArray[np.bool_]:
    """Which of the segments a–b have a point in common with c–d, ends included."""
    sides = [np.sign(_cross(end - begin, point - begin)) for begin, end, point in ((a, b, c), (a, b, d))]
    sides += [np.sign(_cross(end - begin, point - begin)) for begin, end, point in ((c, d, a), (c, d, b))]
    reached = (np.maximum(a, b) >= np.minimum(c, d)) & (np.maximum(c, d) >= np.minimum(a, b))
    met: NDArray[np.bool_] = reached.all(1) & (sides[0] * sides[1] <= 0) & (sides[2] * sides[3] <= 0)
    return met
