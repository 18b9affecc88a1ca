"""What an amendment changed, in words."""

from __future__ import annotations

import json

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.cli.amended import LONGEST, MOST, changed

PLAN = {"codes": ["A", "B"], "parameters": {"level": 100.0}, "seed": 1}


@pytest.mark.parametrize(
    ("new", "told"),
    [
        ({**PLAN, "parameters": {"level": 50.0}}, "parameters.level was 100.0, is 50.0"),
        ({**PLAN, "codes": ["B", "A"], "seed": 2}, 'codes 1 was "A", is "B"; seed was 1, is 2'),
        ({**PLAN, "codes": ["A"]}, 'codes was ["A", "B"], is ["A"]'),
        ({**PLAN, "note": "x"}, 'note was nothing, is "x"'),
    ],
)
def test_of_a_plan_the_differences_are_told(new: dict[str, object], told: str) -> None:
    assert changed(json.dumps(PLAN), json.dumps(new)) == told


def test_anything_else_is_told_in_whole() -> None:
    assert changed("1f" * 32, "2e" * 32) == f"was {'1f' * 32}, is {'2e' * 32}"


values = st.dictionaries(st.sampled_from("abcdefgh"), st.integers() | st.text() | st.lists(st.integers(), max_size=3))


@given(values, values)
def test_every_two_objects_that_differ_have_a_short_difference(old: dict[str, object], new: dict[str, object]) -> None:
    told = changed(json.dumps(old), json.dumps(new))
    assert bool(told) == (old != new)
    assert len(told) <= MOST * (2 * LONGEST + 40)
