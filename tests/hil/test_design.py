"""The design of a trial: what it refuses, and that its order can be repeated."""

from __future__ import annotations

import pytest

from hil.design import Design
from hil.errors import ProcedureFault

POINTS = [{"level": float(level)} for level in range(8)]


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


def test_a_name_that_a_point_owns_is_refused() -> None:
    with pytest.raises(ProcedureFault, match="may not be named settle"):
        Design(factors={"settle": None}, points=[{"settle": 1}])


def test_a_condition_that_misses_a_factor_is_refused() -> None:
    with pytest.raises(ProcedureFault, match="condition 1 has"):
        Design(factors={"level": "lx", "sign": None}, points=[{"level": 1.0, "sign": "A"}, {"level": 1.0}])


@pytest.mark.parametrize("wrong", [{"points": []}, {"repeats": 0}, {"attempts": 0}])
def test_an_empty_plan_is_refused(wrong: dict[str, object]) -> None:
    arguments: dict[str, object] = {"factors": {"level": "lx"}, "points": POINTS, **wrong}
    with pytest.raises(ProcedureFault):
        Design(**arguments)  # type: ignore[arg-type]
