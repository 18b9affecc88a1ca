"""Outlines of what a segmentation labelled: polygons of few vertices, so that a hand can move them.

A segmentation counts pixels, and that count is the area on record. An outline runs through the middles of the sides of
a label's border pixels, is taken at equal distances, and is then widened about its middle, by a tenth of a pixel or so,
until it encloses just that area. Where a label falls apart, the outline is that of its largest part, with the area of
all; where it would leave the picture, it is cut off there.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .polygon import area, crosses_itself, on_grid

VERTICES = 24

Outline = tuple[tuple[float, float], ...]
Corner = tuple[int, int]


def outlines(labels: NDArray[np.int32]) -> tuple[Outline, ...]:
    """The outline of each label 1, 2, …

    :param labels: shape ``(height, width)``, 0 for the ground; each label has a pixel at least.
    """
    from scipy import ndimage

    found = []
    for number, place in enumerate(ndimage.find_objects(labels), 1):
        mask = labels[place] == number
        border = _border(mask) + np.array([place[1].start, place[0].start])
        found.append(_outline(border, float(mask.sum()), labels.shape))
    return tuple(found)


def _outline(border: NDArray[np.float64], wanted: float, shape: tuple[int, ...]) -> Outline:
    few = _widened(_evenly(border), wanted, shape)
    return few if not crosses_itself(few) else _widened(border, wanted, shape)


def _widened(vertices: NDArray[np.float64], wanted: float, shape: tuple[int, ...]) -> Outline:
    """About the middle, to the area ``wanted``, within the picture."""
    middle = vertices.mean(0)
    wide = middle + (vertices - middle) * math.sqrt(wanted / area(vertices))
    return on_grid(np.clip(wide, 0.0, (shape[1], shape[0])))


def _evenly(border: NDArray[np.float64]) -> NDArray[np.float64]:
    """``VERTICES`` points at equal distances along a closed line."""
    closed = np.vstack([border, border[:1]])
    along = np.concatenate([[0.0], np.cumsum(np.hypot(*np.diff(closed, axis=0).T))])
    places = np.linspace(0.0, along[-1], VERTICES, endpoint=False)
    return np.column_stack([np.interp(places, along, closed[:, axis]) for axis in (0, 1)])


def _border(mask: NDArray[np.bool_]) -> NDArray[np.float64]:
    """The middles of the sides that the largest part of a mask has to the outside, clockwise; holes are passed over."""
    sides = _sides(mask)
    loops = []
    while sides:
        loops.append(_loop(sides))
    return max(loops, key=area)


def _sides(mask: NDArray[np.bool_]) -> dict[Corner, list[Corner]]:
    """Sides of pixels between a mask and the outside, corner to corner, the mask on the right."""
    padded = np.pad(mask, 1)
    inner, sides = padded[1:-1, 1:-1], dict[Corner, list[Corner]]()
    for outside, begin, end in (
        (padded[:-2, 1:-1], (0, 0), (1, 0)),
        (padded[1:-1, 2:], (1, 0), (1, 1)),
        (padded[2:, 1:-1], (1, 1), (0, 1)),
        (padded[1:-1, :-2], (0, 1), (0, 0)),
    ):
        for y, x in np.argwhere(inner & ~outside).tolist():
            sides.setdefault((x + begin[0], y + begin[1]), []).append((x + end[0], y + end[1]))
    return sides


def _loop(sides: dict[Corner, list[Corner]]) -> NDArray[np.float64]:
    """Take a closed line out of ``sides``; where two pixels touch by a corner alone, it stays with the one it is on."""
    begin = at = next(iter(sides))
    way, middles = sides[at][0], list[tuple[float, float]]()
    while True:
        sides[at].remove(way)
        if not sides[at]:
            del sides[at]
        middles.append(((at[0] + way[0]) / 2.0, (at[1] + way[1]) / 2.0))
        # on a screen, (dx, dy) turned to the right is (-dy, dx)
        right = (way[0] - (way[1] - at[1]), way[1] + (way[0] - at[0]))
        at, ways = way, sides.get(way, [])
        if at == begin and right not in ways:
            return np.array(middles)
        way = right if right in ways else ways[0]
