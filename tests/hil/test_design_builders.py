"""Builders of points: grids, fractions of factorials with their aliases, Latin hypercubes, Sobol sequences."""

from __future__ import annotations

import math
from contextlib import suppress
from itertools import product
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.design import Levels, Range, fractional_factorial, grid, latin_hypercube, sobol
from hil.errors import ProcedureFault

LUX = Range("illuminance", "lx", 1.0, 1000.0, scale="log")
CEL = Range("temperature", "Cel", -10.0, 50.0)


def two(*names: str) -> list[Levels]:
    return [Levels(name, "1", (-1, 1)) for name in names]


def test_a_grid_has_every_combination_once_the_last_factor_fastest() -> None:
    design = grid(Levels("t", "Cel", (10, "303.15 K")), Levels("sign", None, ("A", "B", "C")))
    assert design.factors == {"t": "Cel", "sign": None}
    assert [tuple(p.values()) for p in design.points] == list(product((10, pytest.approx(30.0)), ("A", "B", "C")))


def test_a_half_fraction_of_three_factors_tells_its_aliases() -> None:
    design = fractional_factorial(*two("a", "b", "c"), generators={"c": "a*b"})
    assert [tuple(p.values()) for p in design.points] == [(-1, -1, 1), (-1, 1, -1), (1, -1, -1), (1, 1, 1)]
    assert design.notes["defining relation"] == ["a*b*c"]
    assert design.notes["resolution"] == 3
    assert design.notes["aliases"] == ["a = b*c", "b = a*c", "c = a*b"]


def test_the_other_half_has_the_other_sign() -> None:
    design = fractional_factorial(*two("a", "b", "c", "d"), generators={"d": "-a*b*c"})
    assert all(math.prod(p.values()) == -1 for p in design.points)
    assert design.notes["defining relation"] == ["-a*b*c*d"]
    assert design.notes["resolution"] == 4
    assert design.notes["aliases"] == ["a*b = -c*d", "a*c = -b*d", "a*d = -b*c"]


def test_the_saturated_fraction_of_seven_factors_is_box_hunter_and_hunter_s() -> None:
    """2^(7-4) of resolution III: the aliases of its first factor, A = BD = CE = FG (Box, Hunter, Hunter, chapter 6)."""
    design = fractional_factorial(*two(*"abcdefg"), generators={"d": "a*b", "e": "a*c", "f": "b*c", "g": "a*b*c"})
    assert len(design.points) == 8
    assert len(design.notes["defining relation"]) == 15
    assert design.notes["resolution"] == 3
    assert design.notes["aliases"][0] == "a = b*d = c*e = f*g"
    table = np.array([list(p.values()) for p in design.points])
    assert np.array_equal(table.T @ table, 8 * np.eye(7))


@given(st.sampled_from(["a*b", "a*c", "b*c", "a*b*c", "-a*b*c", "-b*c"]), st.sampled_from(["a*b*d", "b*d", "-c*d"]))
def test_told_aliases_are_the_columns_that_are_equal(first: str, second: str) -> None:
    names = "abcdef"
    design = fractional_factorial(*two(*names), generators={"e": first, "f": second})
    table = {name: np.array([p[name] for p in design.points]) for name in names}
    columns = dict(table) | {f"{x}*{y}": table[x] * table[y] for i, x in enumerate(names) for y in names[i + 1 :]}
    told = set()
    for line in design.notes["aliases"]:
        head, *others = line.split(" = ")
        for other in others:
            sign = -1 if other.startswith("-") else 1
            assert np.array_equal(columns[head], sign * columns[other.removeprefix("-")])
            told.add(frozenset((head, other.removeprefix("-"))))
    keys = list(columns)
    for i, x in enumerate(keys):
        for y in keys[i + 1 :]:
            if np.array_equal(columns[x], columns[y]) or np.array_equal(columns[x], -columns[y]):
                together = [line for line in design.notes["aliases"] if {x, y} <= _names(line)]
                assert together, (x, y)


def _names(line: str) -> set[str]:
    return {part.removeprefix("-") for part in line.split(" = ")}


def test_resolution_five_confounds_no_two_factor_interactions() -> None:
    design = fractional_factorial(*two(*"abcde"), generators={"e": "a*b*c*d"})
    assert (design.notes["resolution"], design.notes["aliases"]) == (5, [])


@pytest.mark.parametrize(
    ("generators", "told"),
    [
        ({"d": "a*x"}, "there is no factor 'x'"),
        ({"x": "a*b"}, "there is no factor 'x'"),
        ({"d": "a"}, "is not a product"),
        ({"d": "a*a"}, "is not a product"),
        ({"c": "a*b", "d": "a*c"}, "is not a product"),
        ({"c": "a*b", "d": "a*b"}, "always changed together"),
    ],
)
def test_generators_that_cannot_be_are_refused(generators: dict[str, str], told: str) -> None:
    with pytest.raises(ProcedureFault, match=told):
        fractional_factorial(*two(*"abcd"), generators=generators)


def test_a_fraction_needs_two_levels() -> None:
    with pytest.raises(ProcedureFault, match="has 3 levels"):
        fractional_factorial(Levels("a", "1", (1, 2, 3)), *two("b", "c"), generators={"c": "a*b"})


@given(st.integers(1, 64), st.integers(0, 2**31))
def test_a_latin_hypercube_has_one_point_in_each_part_of_each_range(n: int, seed: int) -> None:
    points = latin_hypercube(LUX, CEL, n=n, seed=seed).points
    light = sorted(math.floor(n * math.log(p["illuminance"]) / math.log(1000.0) + 1e-9) for p in points)
    heat = sorted(math.floor(n * (p["temperature"] + 10.0) / 60.0 + 1e-9) for p in points)
    assert light == heat == list(range(n))


def test_a_sobol_sequence_is_balanced_in_every_quarter() -> None:
    points = sobol(LUX, CEL, n=64, seed=3).points
    upper = [(p["illuminance"] > math.sqrt(1000.0), p["temperature"] > 20.0) for p in points]
    assert {quarter: upper.count(quarter) for quarter in set(upper)} == dict.fromkeys(
        product((False, True), repeat=2), 16
    )


@pytest.mark.parametrize("build", [latin_hypercube, sobol])
def test_the_same_seed_gives_the_same_points_in_a_plan(build: Any) -> None:
    first, again, other = (build(LUX, CEL, n=16, seed=seed, order="random") for seed in (1, 1, 2))
    assert first.points == again.points != other.points
    assert first.planned(7) == again.planned(7)
    assert first.notes["seed"] == 1
    assert all(type(value) is float for point in first.points for value in point.values())


@pytest.mark.parametrize("n", [0, -1, 3, 100])
def test_a_sobol_sequence_has_a_power_of_two(n: int) -> None:
    with pytest.raises(ProcedureFault, match="a power of two"):
        sobol(LUX, n=n, seed=1)


def test_an_empty_hypercube_is_refused() -> None:
    with pytest.raises(ProcedureFault, match="0 points"):
        latin_hypercube(LUX, n=0, seed=1)


@pytest.mark.parametrize(
    ("low", "high", "scale"), [(2.0, 1.0, "linear"), (1.0, 1.0, "linear"), (0.0, 1.0, "log"), (0.0, 1.0, "square")]
)
def test_a_range_that_is_none_is_refused(low: float, high: float, scale: Any) -> None:
    with pytest.raises(ProcedureFault, match="factor 'x'"):
        Range("x", "lx", low, high, scale=scale)


@pytest.mark.parametrize("end", [math.nan, math.inf, "5 K", "warm", None])
def test_an_end_that_is_no_finite_number_is_refused(end: object) -> None:
    with pytest.raises(ProcedureFault, match="factor 'x'"):
        Range("x", "lx", 0.0, end)


@pytest.mark.parametrize("levels", [(), (1.0, 1.0), (1.0, math.nan), ("3 m",), (None,)])
def test_levels_that_cannot_be_are_refused(levels: tuple[object, ...]) -> None:
    with pytest.raises(ProcedureFault, match="factor 'x'"):
        Levels("x", "lx", levels)


def test_a_name_that_is_there_twice_is_refused() -> None:
    with pytest.raises(ProcedureFault, match="is there twice"):
        grid(*two("a", "a"))
    with pytest.raises(ProcedureFault, match="is there twice"):
        latin_hypercube(LUX, LUX, n=4, seed=1)


def test_a_design_without_a_factor_is_refused() -> None:
    with pytest.raises(ProcedureFault, match="needs a factor"):
        grid()


@given(st.text(max_size=12), st.text(max_size=12))
def test_any_generator_is_a_fraction_or_a_fault_in_words(name: str, text: str) -> None:
    points = 8
    with suppress(ProcedureFault):
        points = len(fractional_factorial(*two(*"abcd"), generators={name: text}).points)
    assert points == 8
