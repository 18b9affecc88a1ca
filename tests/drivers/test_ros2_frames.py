"""Frames between the controller and the ROS process: any value, any split; garbage says which rule was broken."""

from __future__ import annotations

import math
from contextlib import suppress
from itertools import pairwise
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.ros2.frames import INLINE, LARGEST, PREFIX, FrameError, Frames, frame

VALUES = st.recursive(
    st.none() | st.booleans() | st.integers(-(2**63), 2**63) | st.floats(allow_nan=False) | st.text(),
    lambda inner: st.lists(inner, max_size=4) | st.dictionaries(st.text(min_size=1), inner, max_size=4),
    max_leaves=12,
).filter(lambda value: "$array" not in repr(value))
HEADS = st.dictionaries(st.text(min_size=1).filter(lambda key: key != "$array"), VALUES, max_size=4)


@given(heads=st.lists(HEADS, max_size=4), cuts=st.lists(st.integers(0, 400), max_size=8))
def test_frames_come_back_however_they_are_cut(heads: list[dict[str, Any]], cuts: list[int]) -> None:
    data = b"".join(map(frame, heads))
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    frames = Frames()
    found: list[dict[str, Any]] = []
    for begin, end in pairwise(edges):
        found += frames.receive(data[begin:end])
    assert found == heads


@pytest.mark.parametrize("kind", ["<f8", "<f4", "u1", "<i8", "<u2", "?"])
@pytest.mark.parametrize("count", [0, INLINE - 1, INLINE, 1000])
def test_arrays_come_back_as_they_were(kind: str, count: int) -> None:
    given_ = np.arange(count).astype(kind)
    (head,) = Frames().receive(frame({"a": given_, "nested": {"b": [given_[::-1]]}}))
    np.testing.assert_array_equal(head["a"], given_)
    np.testing.assert_array_equal(head["nested"]["b"][0], given_[::-1])
    if count >= INLINE:
        assert head["a"].dtype == given_.dtype


def test_numbers_that_are_none_come_back() -> None:
    (head,) = Frames().receive(frame({"a": [math.inf, -math.inf, math.nan]}))
    assert head["a"][:2] == [math.inf, -math.inf]
    assert math.isnan(head["a"][2])


@given(data=st.binary(max_size=64))
def test_any_bytes_are_frames_or_an_error(data: bytes) -> None:
    frames = Frames()
    with suppress(FrameError):
        for head in frames.receive(data):
            assert isinstance(head, dict)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (PREFIX.pack(LARGEST, 1), "is longer than"),
        (PREFIX.pack(2, 0) + b"[]", "no JSON object"),
        (PREFIX.pack(3, 0) + b"{a}", "no JSON object"),
        (PREFIX.pack(27, 0) + b'{"a":{"$array":[0,9,"<f8"]}', "no JSON object"),
        (PREFIX.pack(28, 0) + b'{"a":{"$array":[0,9,"<f8"]}}', "no JSON object"),
        (PREFIX.pack(28, 8) + b'{"a":{"$array":[0,1,"|O8"]}}' + bytes(8), "no JSON object"),
    ],
)
def test_garbage_says_which_rule_was_broken(data: bytes, words: str) -> None:
    with pytest.raises(FrameError, match=words):
        list(Frames().receive(data))


def test_what_cannot_be_sent_is_refused() -> None:
    with pytest.raises(TypeError, match="set cannot be sent"):
        frame({"a": {1}})
