"""The design of a trial: what it refuses, and that its order can be repeated."""

from __future__ import annotations

import inspect
from collections import Counter
from itertools import pairwise
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

import hil
from hil.design import Design, History, Levels, ListPlan, PlannedPoint, grid
from hil.design.factors import RESERVED
from hil.errors import ProcedureFault
from hil.point import Point

POINTS = [{"level": float(level)} for level in range(8)]


def values(points: list[PlannedPoint], factor: str) -> list[Any]:
    return [point.factors[factor] for point in points]


def changes(points: list[PlannedPoint], factor: str) -> int:
    return sum(a != b for a, b in pairwise(values(points, factor)))


def crossed(*levels: int, **arrangement: Any) -> Design:
    factors = [Levels(name, "1", tuple(map(float, range(count)))) for name, count in zip("abc", levels, strict=False)]
    return grid(*factors, **arrangement)


def test_it_is_what_procedures_import() -> None:
    assert hil.Design is Design


def test_a_random_order_is_the_seed_s_and_each_repeat_a_block() -> None:
    design = Design(factors={"level": "lx"}, points=POINTS, repeats=3, order="random")
    first, again, other = design.planned(1), design.planned(1), design.planned(2)
    assert first == again
    assert first != other
    for block in (first[:8], first[8:16], first[16:]):
        assert sorted(point.factors["level"] for point in block) == [float(level) for level in range(8)]
    assert [point.factors for point in first[:8]] != [point.factors for point in first[8:16]]
    assert [point.index for point in first] == list(range(24))


def test_the_given_order_is_kept() -> None:
    design = Design(factors={"level": "lx"}, points=POINTS, repeats=2)
    assert [point.factors for point in design.planned(5)] == POINTS * 2


def test_repeats_can_be_shuffled_together() -> None:
    planned = Design(factors={"level": "lx"}, points=POINTS, repeats=3, order="across-repeats").planned(1)
    assert Counter(values(planned, "level")) == {float(level): 3 for level in range(8)}
    assert sorted(values(planned[:8], "level")) != sorted(values(planned[8:16], "level"))


def test_a_block_has_every_condition_in_an_order_of_its_own() -> None:
    design = grid(
        Levels("day", None, ("Monday", "Tuesday")), Levels("level", "lx", tuple(range(8))), order="random", block="day"
    )
    planned = design.planned(3)
    assert values(planned, "day") == ["Monday"] * 8 + ["Tuesday"] * 8
    monday, tuesday = values(planned[:8], "level"), values(planned[8:], "level")
    assert sorted(monday) == sorted(tuesday) == list(range(8))
    assert monday != tuesday


def test_within_a_block_each_repeat_is_one() -> None:
    planned = crossed(2, 5, order="random", block="a", repeats=3).planned(1)
    assert changes(planned, "a") == 1
    for start in range(0, 30, 5):
        assert sorted(values(planned[start : start + 5], "b")) == [0.0, 1.0, 2.0, 3.0, 4.0]


def test_a_block_without_every_condition_is_refused() -> None:
    with pytest.raises(ProcedureFault, match="the blocks of 'day' have different conditions"):
        Design({"day": None, "x": "1"}, [{"day": 1, "x": 1}, {"day": 2, "x": 2}], order="random", block="day")


@given(st.integers(2, 5), st.integers(1, 5), st.integers(1, 3), st.integers(1, 3), st.integers(0, 1000))
def test_what_is_slow_to_change_changes_no_more_often_than_it_must(
    a: int, b: int, c: int, repeats: int, seed: int
) -> None:
    design = crossed(a, b, c, order="random", hard_to_change=("a", "b"), repeats=repeats)
    planned = design.planned(seed)
    assert changes(planned, "a") == a - 1
    assert changes(planned, "b") == a * (b - 1)
    assert Counter(tuple(point.factors.values()) for point in planned) == Counter(
        {tuple(point.values()): repeats for point in design.points}
    )
    assert planned == design.planned(seed)


def test_whole_plots_and_what_is_in_them_come_in_random_order() -> None:
    design = crossed(4, 6, order="random", hard_to_change=("a",))
    orders = {tuple(values(design.planned(seed), "a")[::6]) for seed in range(50)}
    assert len(orders) > 15
    planned = design.planned(1)
    assert values(planned[:6], "b") != values(planned[6:12], "b")


def test_a_split_plot_in_blocks_goes_on_with_the_value_that_is_set() -> None:
    planned = crossed(3, 4, 2, order="random", hard_to_change=("b",), block="a").planned(2)
    assert changes(planned, "a") == 2
    assert changes(planned, "b") == 3 * 3


@pytest.mark.parametrize(
    ("arrangement", "told"),
    [
        ({"order": "random", "hard_to_change": ("temprature",)}, "has no factor 'temprature'"),
        ({"order": "random", "block": "day"}, "has no factor 'day'"),
        ({"hard_to_change": ("level",)}, "its order is the given one"),
        ({"order": "random", "hard_to_change": ("level", "level")}, "names a factor twice"),
        ({"order": "radnom"}, "did you mean 'random'"),
    ],
)
def test_an_order_that_cannot_be_is_refused(arrangement: dict[str, Any], told: str) -> None:
    with pytest.raises(ProcedureFault, match=told):
        Design({"level": "lx"}, POINTS, **arrangement)


def test_every_name_that_a_point_has_is_reserved() -> None:
    own = {name for name, _ in inspect.getmembers(Point) if not name.startswith("_")}
    source = inspect.getsource(Point.__init__)
    own |= {name for name in RESERVED | {"index", "attempt", "factors", "state"} if f"self.{name}" in source}
    assert own <= RESERVED


@pytest.mark.parametrize("name", ["settle", "of", "code", "void"])
def test_a_name_that_a_point_owns_is_refused(name: str) -> None:
    with pytest.raises(ProcedureFault, match=f"may not be named {name}"):
        Design(factors={name: None}, points=[{name: 1}])


@pytest.mark.parametrize("name", ["_record", "two words", "", "class"])
def test_a_name_that_cannot_be_an_attribute_is_refused(name: str) -> None:
    with pytest.raises(ProcedureFault, match="a factor is named"):
        Design(factors={name: None}, points=[{name: 1}])


def test_a_unit_that_is_none_is_refused() -> None:
    with pytest.raises(ProcedureFault, match="level"):
        Design(factors={"level": "lux"}, points=[{"level": 1}])


def test_a_condition_that_misses_a_factor_is_refused() -> None:
    with pytest.raises(ProcedureFault, match="condition 1 has"):
        Design(factors={"level": "lx", "sign": None}, points=[{"level": 1.0, "sign": "A"}, {"level": 1.0}])


@pytest.mark.parametrize("value", [float("nan"), float("inf"), "20 lx", True, None])
def test_a_value_that_is_no_finite_number_in_the_unit_is_refused(value: object) -> None:
    with pytest.raises(ProcedureFault, match="level"):
        Design(factors={"level": "lx"}, points=[{"level": value}])


def test_a_factor_without_a_unit_is_finite_too() -> None:
    with pytest.raises(ProcedureFault, match="give something finite"):
        Design(factors={"side": None}, points=[{"side": float("nan")}])


@pytest.mark.parametrize("wrong", [{"points": []}, {"repeats": 0}, {"attempts": 0}])
def test_an_empty_plan_is_refused(wrong: dict[str, object]) -> None:
    arguments: dict[str, object] = {"factors": {"level": "lx"}, "points": POINTS, **wrong}
    with pytest.raises(ProcedureFault):
        Design(**arguments)  # type: ignore[arg-type]


def test_points_from_a_generator_are_kept() -> None:
    design = Design({"level": "lx"}, (point for point in POINTS))  # type: ignore[arg-type]
    assert [point.factors for point in design.planned(1)] == POINTS
    with pytest.raises(ProcedureFault, match="Design: has no points; give it one condition at least"):
        Design({"level": "lx"}, iter(POINTS[:0]))  # type: ignore[arg-type]


def test_a_list_hands_out_what_does_not_count_yet() -> None:
    planned = Design({"level": "lx"}, POINTS[:4]).planned(1)
    plan, history = ListPlan(planned), History()
    assert plan.count == plan.most == 4
    history.commit(planned[0], [])
    history.commit(planned[2], [{"hit": True}])
    assert plan.next(history) == plan.next(history) == planned[1]
    history.commit(planned[1], [])
    assert plan.next(history) == planned[3]
    history.commit(planned[3], [])
    assert plan.next(history) is None
    assert (len(history), [seen.index for seen in history.observed]) == (4, [2])


def test_blinded_codes_stand_for_conditions_and_change_with_the_seed() -> None:
    design = Design({"sign": None}, [{"sign": "A"}, {"sign": "B"}], repeats=2, blind=True)
    first, other = design.planned(1), design.planned(2)
    assert [point.code for point in first[:2]] == [point.code for point in first[2:]]
    assert first[0].code != first[1].code
    assert first[0].code != other[0].code
    assert first[0].shown == {"code": first[0].code}
    assert Design({"sign": None}, [{"sign": "A"}]).planned(1)[0].shown == {"sign": "A"}


@pytest.mark.parametrize("duration", [-1.0, float("nan"), float("inf")])
def test_a_duration_is_a_number_of_seconds(duration: float) -> None:
    with pytest.raises(ProcedureFault, match="duration"):
        Design(factors={"level": "lx"}, points=POINTS, duration=duration)
