"""The scene server's protocol and the strip of a frame's number, without any input or output."""

from __future__ import annotations

import json
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.errors import RemoteProtocolError
from hil_drivers.sim.wall.scenes import fault_of
from hil_drivers.wire.frame_tag import CELLS, MODULUS, cells, decode
from hil_drivers.wire.scene import MAX_LINE, Answer, Answers, encode, parse_answer, parse_scene


def line(number: int, **body: Any) -> bytes:
    return json.dumps({"id": number, "clock": 7, **body}).encode() + b"\n"


def test_a_late_answer_is_not_taken_for_the_next() -> None:
    answers = Answers(3)
    answers.receive_data(line(2, frame=1) + line(3, frame=2)[:5])
    assert answers.next_event() is None
    answers.receive_data(line(3, frame=2)[5:])
    answer = answers.next_event()
    assert answer is not None
    assert (answer.id, answer.clock, answer.count("frame")) == (3, 7, 2)


def test_an_answer_to_what_was_not_asked_is_refused() -> None:
    answers = Answers(3)
    answers.receive_data(line(4))
    with pytest.raises(RemoteProtocolError, match="request 4, which was not made"):
        answers.next_event()


@pytest.mark.parametrize("value", [None, True, -1, 1.5, "1", 2**62])
def test_what_is_no_count_is_refused(value: object) -> None:
    with pytest.raises(RemoteProtocolError, match="frame = "):
        Answer(1, 1, {"frame": value}, "wall").count("frame")


@given(st.lists(st.binary(max_size=200), max_size=20))
def test_any_bytes_are_answers_or_refused(parts: list[bytes]) -> None:
    answers = Answers(1)
    with suppress(RemoteProtocolError):
        for part in parts:
            answers.receive_data(part)
            while (event := answers.next_event()) is not None:
                assert event.id == 1


def test_a_line_without_end_is_refused() -> None:
    with pytest.raises(RemoteProtocolError, match="without end"):
        Answers(1).receive_data(b"x" * (MAX_LINE + 1))


@given(st.binary(max_size=80))
def test_any_line_is_an_answer_or_refused(data: bytes) -> None:
    with suppress(RemoteProtocolError):
        assert parse_answer(data).clock >= 0


@given(st.text(max_size=80))
def test_what_the_driver_takes_the_wall_can_draw(content: str) -> None:
    scene = parse_scene(content)
    if scene is not None and scene["kind"] != "picture":
        assert fault_of(json.loads(encode(1, "draw", scene=scene))["scene"]) == ""


@pytest.mark.parametrize(
    ("content", "kind"),
    [("STOP", "text"), ("", "text"), ("text:grey:1", "text"), ("grey:0.5", "grey"), ("element:-0.5", "element")],
)
def test_scenes_by_their_words(content: str, kind: str) -> None:
    scene = parse_scene(content)
    assert scene is not None
    assert scene["kind"] == kind


@pytest.mark.parametrize("content", ["grey:2", "grey:nan", "grey:", "element:11", "picture:", "é", "a\nb", "x" * 65])
def test_what_cannot_be_drawn(content: str) -> None:
    assert parse_scene(content) is None


def test_every_number_of_a_frame_is_read_back() -> None:
    assert [decode(cells(number)) for number in range(MODULUS)] == list(range(MODULUS))


@given(number=st.integers(0, 10**7), share=st.floats(0, 1), light=st.floats(0.1, 1e4), dark=st.floats(0, 1e4))
def test_an_exposure_over_two_frames_reads_as_one_of_them(number: int, share: float, light: float, dark: float) -> None:
    mixed = [
        dark + light * ((1 - share) * a + share * b) for a, b in zip(cells(number), cells(number + 1), strict=True)
    ]
    assert decode(mixed) in (number % MODULUS, (number + 1) % MODULUS)


@given(st.lists(st.floats(-1e3, 1e3), max_size=CELLS + 2))
def test_any_levels_are_a_number_or_none(levels: list[float]) -> None:
    found = decode(levels)
    assert found is None or 0 <= found < MODULUS


def test_a_damaged_strip_is_no_number() -> None:
    whole = list(cells(1234))
    whole[5] = 1 - whole[5]
    assert decode(whole) is None
    assert decode([0.5] * CELLS) is None
