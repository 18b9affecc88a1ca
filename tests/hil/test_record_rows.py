"""What callers append: checked at the call, copied, never silently changed."""

from __future__ import annotations

import json
import math
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.errors import RecordError
from hil.record.rows import block_of_readings, integer, joined, json_text, real, scalar_reading, text
from hil_drivers.indication import Flag

JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(st.characters(exclude_categories=["Cs"])),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=3), inner, max_size=3),
    max_leaves=8,
)


@given(JSON)
def test_json_text_is_standard_and_canonical(value: Any) -> None:
    """It parses without NaN or Infinity, and encodes to itself again."""

    def refuse(name: str) -> None:
        raise AssertionError(name)

    try:
        encoded = json_text(value, "value")
    except RecordError:
        assert "\\ud" in ascii(value)
        return
    assert json_text(json.loads(encoded, parse_constant=refuse), "value") == encoded


def test_numpy_and_numbers_that_are_not_finite() -> None:
    """numpy becomes plain numbers; NaN and infinities become words."""
    value = {"b": np.float64(1.5), "a": np.arange(2), "n": np.float64("nan"), "i": [math.inf, -math.inf]}
    assert json_text(value, "x") == '{"a":[0,1],"b":1.5,"i":["Infinity","-Infinity"],"n":"NaN"}'
    assert json_text({"a": np.array([math.nan, 1.0])}, "x") == '{"a":["NaN",1.0]}'


@pytest.mark.parametrize("value", [object(), {1: 2, "a": 3}, {"a": {1, 2}}, b"bytes", "\ud800", {"\ud800": 1}])
def test_what_json_cannot_carry_is_refused(value: Any) -> None:
    """One sentence that names the place."""
    with pytest.raises(RecordError, match=r"^event x: "):
        json_text(value, "event x")


def test_an_endless_structure_is_refused() -> None:
    """A list that holds itself."""
    endless: list[Any] = []
    endless.append(endless)
    with pytest.raises(RecordError):
        json_text(endless, "x")


@pytest.mark.parametrize("value", [1.0, "1", None, 2**63, -(2**63) - 1, np.float64(3)])
def test_integers_only(value: Any) -> None:
    """Nanoseconds do not fit into a float."""
    with pytest.raises(RecordError):
        integer(value, "t")


def test_numbers_and_texts() -> None:
    """The borders of what is accepted."""
    assert integer(np.int64(-(2**63)), "t") == -(2**63)
    assert real(math.nan, "x") is None
    assert real(None, "x") is None
    assert math.copysign(1.0, real(-0.0, "x") or 0.0) == 1.0
    assert text("°C \0", "x") == "°C \0"
    for wrong in ("1.5", [1.0], object()):
        with pytest.raises(RecordError):
            real(wrong, "x")  # type: ignore[arg-type]
    with pytest.raises(RecordError):
        text(3, "x")  # type: ignore[arg-type]


def test_a_reading_without_indication_and_value_is_flagged() -> None:
    """An uncalibrated channel has an indication and no value: nothing is missing there."""
    rows = [
        scalar_reading(1, 1, (None, None, None, None, None), 2),
        scalar_reading(1, 1, (5.0, None, None, None, None), 0),
        scalar_reading(1, 1, (None, 5.0, 0.1, 0.2, 0.0), 0),
    ]
    assert joined(list(rows))["flags"].tolist() == [2 | Flag.NOT_AVAILABLE, 0, 0]


def test_single_readings_and_blocks_keep_their_order() -> None:
    """Mixed as they come, and the caller's array may change afterwards."""
    t = np.array([2, 3])
    block = block_of_readings(1, t, (1.0, [1.0, None], 0.0, 0.0, 0.0), 0)
    t[:] = 0
    single = scalar_reading(1, 1, (1.0, 1.0, 0.0, 0.0, 0.0), 0)
    assert joined([single, single, block, single])["t"].tolist() == [1, 1, 2, 3, 1]
    assert joined([block])["value"].tolist()[0] == 1.0
    assert math.isnan(joined([block])["value"][1])


@pytest.mark.parametrize(
    ("t", "value", "flags"),
    [
        ([1, 2, 3], [1.0, 2.0], 0),
        ([1, 2], [1.0], 0),
        ([[1, 2]], 1.0, 0),
        ([1.0, 2.0], 1.0, 0),
        (np.array([1, 2], np.uint64), 1.0, 0),
        ([1, 2], ["a", "b"], 0),
        ([1, 2], [1.0, object()], 0),
        ([1, 2], [[1.0], [1.0, 2.0]], 0),
        ([1, None], 1.0, 0),
        ([1, 2], 1.0, [0.0, 1.0]),
    ],
)
def test_blocks_that_make_no_sense_are_refused(t: Any, value: Any, flags: Any) -> None:
    """Unequal lengths, floats for times, words for numbers."""
    with pytest.raises(RecordError):
        block_of_readings(1, t, (value, value, 0.1, 0.1, 0.0), flags)
