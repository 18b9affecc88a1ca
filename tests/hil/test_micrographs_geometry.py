"""Outlines: area and crossing against other ways to find them, and that a segmentation's count of pixels is kept."""

from __future__ import annotations

import math
from fractions import Fraction

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays
from numpy.typing import NDArray
from scipy import ndimage

from hil.micrographs.outlines import VERTICES, outlines
from hil.micrographs.polygon import DECIMALS, area, crosses_itself, diameter, on_grid

Point = tuple[int, int]

corners = st.lists(st.tuples(st.integers(0, 6), st.integers(0, 6)), min_size=3, max_size=7)
stars = st.lists(st.tuples(st.floats(0.2, 1.0), st.floats(3.0, 60.0)), min_size=3, max_size=40)


def star(given: list[tuple[float, float]]) -> list[tuple[float, float]]:
    """A polygon that every ray from its middle meets once; no angle between two vertices is half a turn or more."""
    turn = 2.0 * math.pi / max(sum(step for step, _ in given), 2.2 * max(step for step, _ in given))
    angles = np.cumsum([step for step, _ in given]) * turn
    return [(100.0 + r * math.cos(a), 100.0 + r * math.sin(a)) for a, (_, r) in zip(angles, given, strict=True)]


def meet(a: Point, b: Point, c: Point, d: Point) -> set[object]:
    """What segments have in common, by solving for it: nothing, a point, or a stretch (told as two points)."""
    (ax, ay), (bx, by), (cx, cy), (dx, dy) = a, b, c, d
    det = (bx - ax) * (dy - cy) - (by - ay) * (dx - cx)
    if det:
        s = Fraction((cx - ax) * (dy - cy) - (cy - ay) * (dx - cx), det)
        t = Fraction((cx - ax) * (by - ay) - (cy - ay) * (bx - ax), det)
        return {(ax + s * (bx - ax), ay + s * (by - ay))} if 0 <= s <= 1 and 0 <= t <= 1 else set()
    if (bx - ax) * (cy - ay) != (by - ay) * (cx - ax):
        return set()
    low, high = max(min(a, b), min(c, d)), min(max(a, b), max(c, d))
    return {low, high} if low <= high else set()


def simple(points: list[Point]) -> bool:
    """Whether an outline has no point twice, looked at side by side."""
    count = len(points)
    sides = [(points[n], points[(n + 1) % count]) for n in range(count)]
    if any(a == b for a, b in sides):
        return False
    for n in range(count):
        for m in range(n + 1, count):
            shared = {points[m]} if m == n + 1 else {points[n]} if (m + 1) % count == n else set()
            if meet(*sides[n], *sides[m]) != shared:
                return False
    return True


@given(corners)
def test_crossing_is_what_solving_for_it_finds(points: list[Point]) -> None:
    assert crosses_itself(points) is not simple(points)


@given(stars)
def test_a_star_does_not_cross_itself_and_its_area_is_that_of_its_triangles(given: list[tuple[float, float]]) -> None:
    vertices = star(given)
    around = [(x - 100.0, y - 100.0) for x, y in vertices]
    triangles = [(x * by - y * bx) / 2.0 for (x, y), (bx, by) in zip(around, [*around[1:], around[0]], strict=True)]
    assert area(vertices) == pytest.approx(abs(sum(triangles)), rel=1e-9, abs=1e-6)
    assert not crosses_itself(on_grid(vertices)) or min(triangles) < 0.1


@given(stars, st.integers(0, 40), st.tuples(st.integers(-5000, 5000), st.integers(-5000, 5000)))
def test_area_and_crossing_depend_on_neither_begin_nor_sense_nor_place(
    given: list[tuple[float, float]], first: int, by: tuple[int, int]
) -> None:
    vertices = on_grid(star(given))
    moved = [(x + by[0] / 8, y + by[1] / 8) for x, y in vertices]
    for other in (vertices[first % len(vertices) :] + vertices[: first % len(vertices)], vertices[::-1], moved):
        assert area(other) == pytest.approx(area(vertices), rel=1e-9, abs=1e-6)
        assert crosses_itself(on_grid(other)) == crosses_itself(vertices)


def test_the_diameter_of_a_circle_of_many_vertices() -> None:
    angles = np.linspace(0.0, 2.0 * np.pi, 100, endpoint=False)
    assert diameter(np.column_stack([20.0 * np.cos(angles), 20.0 * np.sin(angles)])) == pytest.approx(40.0, rel=1e-3)


@given(arrays(np.bool_, (7, 7)))
def test_an_outline_encloses_as_much_as_was_counted_and_does_not_cross_itself(shape: NDArray[np.bool_]) -> None:
    """Of each piece of any shape, with holes, and pieces that touch by corners."""
    labels, count = ndimage.label(np.pad(shape, 8))
    found = outlines(labels.astype(np.int32))
    assert len(found) == count
    for number, outline in enumerate(found, 1):
        counted = int((labels == number).sum())
        assert area(outline) == pytest.approx(counted, abs=10.0**-DECIMALS * 40.0 * math.sqrt(counted))
        assert not crosses_itself(outline)


def test_an_outline_lies_on_the_rim_and_has_few_vertices() -> None:
    y, x = np.indices((60, 80))
    disk = np.hypot(x + 0.5 - 33.2, y + 0.5 - 27.9) < 14.0
    (outline,) = outlines(disk.astype(np.int32))
    assert len(outline) == VERTICES
    far = np.hypot(*(np.array(outline) - (33.2, 27.9)).T)
    assert np.abs(far - 14.0).max() < 0.6
    assert np.array(outline).mean(0) == pytest.approx([33.2, 27.9], abs=0.2)


def test_a_label_in_two_parts_has_the_outline_of_the_larger_and_the_area_of_both() -> None:
    labels = np.zeros((40, 40), np.int32)
    labels[10:20, 10:20] = 1
    labels[30, 30] = 1
    (outline,) = outlines(labels)
    assert area(outline) == pytest.approx(101.0, abs=0.05)
    assert max(x for x, _ in outline) < 21.0


def test_an_outline_at_the_edge_stays_in_the_picture() -> None:
    labels = np.zeros((30, 40), np.int32)
    labels[:9, 31:] = 1
    (outline,) = outlines(labels)
    assert all(0.0 <= x <= 40.0 and 0.0 <= y <= 30.0 for x, y in outline)
