"""What a page may send as a correction: read as it was meant, or refused in one sentence that names the place."""

from __future__ import annotations

import json
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.errors import UsageError
from hil.micrographs.corrections import (
    LARGEST_U_RIM,
    MOST_CONTOURS,
    MOST_VERTICES,
    Contour,
    Correction,
    changes,
    parse_correction,
    parse_sent,
    recorded,
)
from hil.micrographs.polygon import area, crosses_itself, on_grid
from hil_drivers.virtual.particles import KINDS

SIZE = (64, 48)
PREDICTED = (
    Contour("isolated", ((1.0, 1.0), (9.0, 1.0), (9.0, 9.0)), 0),
    Contour("touching", ((20.0, 20.0), (30.0, 20.0), (30.0, 30.5), (20.0, 30.0)), 1),
)
SQUARE = [[40, 10], [50, 10], [50, 20], [40, 20]]
SENT: dict[str, Any] = {
    "after": 0,
    "who": "Operator A",
    "why": "one was missed",
    "u_rim": 0.5,
    "contours": [
        {"kind": "isolated", "predicted": 0},
        {"kind": "isolated", "predicted": 1},
        {"kind": "touching", "vertices": SQUARE},
    ],
}


def read(sent: object) -> Any:
    return parse_sent(json.dumps(sent).encode(), SIZE, PREDICTED)


def test_a_correction_is_read_as_it_is_meant() -> None:
    sent = read(SENT)
    assert (sent.after, sent.who, sent.why, sent.correction.u_rim) == (0, "Operator A", "one was missed", 0.5)
    kept, retyped, drawn = sent.correction.contours
    assert kept == PREDICTED[0]
    assert retyped == Contour("isolated", PREDICTED[1].vertices, 1)
    assert drawn == Contour("touching", ((40.0, 10.0), (50.0, 10.0), (50.0, 20.0), (40.0, 20.0)))
    assert drawn.by_hand
    assert changes(PREDICTED, sent.correction.contours) == "1 drawn, 1 of another type"
    assert changes(sent.correction.contours, PREDICTED[:1]) == "2 taken away"
    assert changes(PREDICTED, PREDICTED[::-1]) == ""


def test_what_was_predicted_is_read_back_as_what_is_found_again() -> None:
    (kept,) = read(one(predicted=0, vertices=[[1, 1], [9, 1.001], [9, 9]])).correction.contours
    assert kept == PREDICTED[0]


def test_a_contour_that_a_hand_moved_and_moved_back_is_one_drawn_by_hand() -> None:
    moved = Contour("isolated", PREDICTED[0].vertices)
    assert changes(PREDICTED, (moved, PREDICTED[1])) == "1 drawn, 1 taken away"
    assert changes((moved, PREDICTED[1]), PREDICTED) == "1 drawn, 1 taken away"


def test_nothing_drawn_by_hand_needs_no_uncertainty_and_keeps_none() -> None:
    assert read({**SENT, "contours": SENT["contours"][:1], "u_rim": None}).correction.u_rim is None
    assert read({**SENT, "contours": []}).correction == Correction((), None)


def one(**contour: Any) -> dict[str, Any]:
    return {**SENT, "contours": [{"kind": "isolated", **contour}]}


BOW_TIE = [[40, 10], [50, 20], [50, 10], [40, 20]]


@pytest.mark.parametrize(
    ("sent", "told"),
    [
        ([], "body: is no JSON object"),
        ({**SENT, "user": "x"}, "body: has an entry 'user' that nobody knows; "),
        ({**SENT, "after": -1}, "after: is no number of an amendment"),
        ({**SENT, "after": True}, "after: is no number of an amendment"),
        ({**SENT, "who": "  "}, "who: is no line of 1 to 100 characters"),
        ({**SENT, "who": "A\nB"}, "who: is no line"),
        ({**SENT, "why": "x" * 1001}, "why: is no line of 1 to 1000 characters"),
        ({**SENT, "contours": None}, "contours: is no list"),
        ({**SENT, "contours": [{}] * (MOST_CONTOURS + 1)}, "contours: is no list of at most 500"),
        ({**SENT, "contours": [SENT["contours"][2]] * 2}, "contours: a contour is there twice"),
        ({**SENT, "u_rim": None}, "u_rim: contours were drawn by hand, and their uncertainty is not known"),
        ({**SENT, "u_rim": 0}, "u_rim: "),
        ({**SENT, "u_rim": LARGEST_U_RIM * 1.01}, "u_rim: "),
        ({**SENT, "u_rim": "0.5"}, "u_rim: "),
        (one(kind="isolatd", vertices=SQUARE), "contour 1: there is no type 'isolatd'; did you mean 'isolated'?"),
        (one(kind=["isolated"], vertices=SQUARE), "contour 1: there is no type"),
        (one(predicted=2), "contour 1: no contour of this number was predicted; there are 2, from 0"),
        (one(predicted=0, vertices=SQUARE), "contour 1: has other vertices than the contour 0 that was predicted"),
        (one(predicted=0, vertices=[[1, 1], [9, 1], [9, "9"]]), "contour 1: has other vertices"),
        (one(predicted=0, vertices=[[1, 1], [9, 1], [9, 9.02]]), "contour 1: has other vertices"),
        (one(predicted=0, vertices=[[1, 1], [9, 1], [9]]), "contour 1: has other vertices"),
        (one(predicted=0, vertices=None), "contour 1: has other vertices"),
        (one(predicted=1.0), "contour 1: no contour of this number"),
        (one(colour="red", vertices=SQUARE), "contour 1: has an entry 'colour'"),
        (one(), "contour 1: has not 3 to 200 vertices"),
        (one(vertices=SQUARE[:2]), "contour 1: has not 3 to 200 vertices"),
        (one(vertices=[[1, 1]] * (MOST_VERTICES + 1)), "contour 1: has not 3 to 200 vertices"),
        (one(vertices=[*SQUARE, [1]]), "contour 1: a vertex is no pair of numbers"),
        (one(vertices=[*SQUARE, [1, "2"]]), "contour 1: a vertex is no pair of numbers"),
        (one(vertices=[*SQUARE, [1, float("nan")]]), "contour 1: a vertex is no pair of numbers"),
        (one(vertices=[*SQUARE, [1, 10**400]]), "contour 1: a vertex is no pair of numbers"),
        (one(vertices=[[40, 10], [64.01, 10], [50, 20]]), "contour 1: leaves the picture; keep it within 64 x 48"),
        (one(vertices=[[40, -0.01], [50, 10], [50, 20]]), "contour 1: leaves the picture"),
        (one(vertices=BOW_TIE), "contour 1: crosses or touches itself; move its vertices apart"),
        (one(vertices=[*SQUARE, [40, 20]]), "contour 1: crosses or touches itself"),
        (one(vertices=[[40, 10], [41, 10], [41, 11]]), "contour 1: is smaller than a pixel"),
    ],
)
def test_what_is_no_correction_is_refused_where_it_is_wrong(sent: object, told: str) -> None:
    with pytest.raises(UsageError) as refused:
        read(sent)
    assert str(refused.value).startswith(told)
    assert refused.value.remedy
    assert "\n" not in str(refused.value)


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"[" * 100_000, b'{"who": }'])
def test_a_body_that_is_no_json_is_refused(body: bytes) -> None:
    with pytest.raises(UsageError, match="the body is no JSON"):
        parse_sent(body, SIZE, PREDICTED)


strange = st.just(1e400) | st.booleans() | st.none() | st.text(max_size=2)
numbers = st.integers(-10, 80) | st.floats(-10, 80) | strange
vertices = st.lists(st.lists(numbers, max_size=3), max_size=6)
good_vertices = st.lists(st.tuples(st.floats(0, SIZE[0]), st.floats(0, SIZE[1])).map(list), min_size=3, max_size=6)
contours = st.fixed_dictionaries(
    {"kind": st.sampled_from([*KINDS, "other"])},
    optional={"predicted": st.integers(-1, 3) | st.none(), "vertices": good_vertices | vertices},
)
anything = st.fixed_dictionaries(
    {"who": st.text(max_size=5), "why": st.just("because"), "after": st.integers(-1, 3), "u_rim": numbers},
    optional={"contours": st.lists(contours, max_size=4), "more": st.none()},
)


@given(anything)
def test_whatever_is_sent_is_refused_in_one_sentence_or_is_a_correction_of_this_picture(sent: dict[str, Any]) -> None:
    found = None
    try:
        found = read(sent)
    except UsageError as error:
        refusal = error
    if found is None:
        assert refusal.where
        assert "\n" not in str(refusal)
        return
    for contour in found.correction.contours:
        assert contour.kind in KINDS
        assert all(0 <= x <= SIZE[0] and 0 <= y <= SIZE[1] for x, y in contour.vertices)
        assert not crosses_itself(contour.vertices)
        assert area(contour.vertices) >= 1.0
    assert found.who == found.who.strip() != ""
    by_hand = any(contour.by_hand for contour in found.correction.contours)
    assert (found.correction.u_rim is not None) is by_hand


@st.composite
def drawn(draw: st.DrawFn) -> Contour:
    """A triangle by hand, on the grid."""
    x, y, side = (draw(st.integers(low, high)) / 1000 for low, high in ((0, 40_000), (0, 20_000), (2_000, 20_000)))
    corners = [(x, y), (x + side, y), (x, y + side)]
    return Contour(draw(st.sampled_from(KINDS)), on_grid(corners))


@given(
    st.lists(drawn(), max_size=4, unique_by=lambda one: one.vertices),
    st.sets(st.sampled_from(PREDICTED)),
    st.floats(1e-6, LARGEST_U_RIM),
)
def test_what_is_put_on_record_is_read_back_as_it_was(by_hand: list[Contour], kept: set[Contour], u_rim: float) -> None:
    correction = Correction((*by_hand, *kept), u_rim if by_hand else None)
    assert parse_correction(json.loads(json.dumps(recorded(correction))), SIZE, PREDICTED) == correction
