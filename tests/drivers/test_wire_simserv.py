"""Frames of SIMSERV, against the bytes that public clients of such chambers send and read."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.errors import LocalProtocolError, RemoteProtocolError
from hil_drivers.wire import simserv
from hil_drivers.wire.simserv import Reply

SET_23_5 = bytes.fromhex("31 31 30 30 31 b6 31 b6 31 b6 32 33 2e 35 0d")
"""11001 of variable 1 to 23.5, as the fact sheet has it."""


@pytest.mark.parametrize(
    ("request_", "expected"),
    [
        (simserv.encode(simserv.WRITE_SET_POINT, 1, 23.5), SET_23_5),
        (simserv.encode(simserv.WRITE_SET_POINT, 1, -40.0), b"11001\xb61\xb61\xb6-40\r"),
        (simserv.encode(simserv.ACTUAL, 2), b"11004\xb61\xb62\r"),
        (simserv.encode(simserv.STATUS), b"10012\xb61\r"),
        (simserv.encode(simserv.WRITE_OUTPUT, simserv.MANUAL_MODE, 1), b"14001\xb61\xb61\xb61\r"),
        (simserv.encode(simserv.WRITE_GRADIENT_UP, 1, 3), b"11068\xb61\xb61\xb63\r"),
        (simserv.encode(simserv.INFO, 3), b"99997\xb61\xb63\r"),
    ],
)
def test_requests_have_the_published_bytes(request_: bytes, expected: bytes) -> None:
    assert request_ == expected


@pytest.mark.parametrize("arguments", [(1, 1, 1, 1, 1)])
def test_more_than_four_arguments_are_our_bug(arguments: tuple[int, ...]) -> None:
    with pytest.raises(LocalProtocolError):
        simserv.encode(simserv.ACTUAL, *arguments)


@pytest.mark.parametrize(("command", "chamber"), [(999, 1), (100000, 1), (11004, 0), (11004, 100)])
def test_a_request_that_cannot_be_is_our_bug(command: int, chamber: int) -> None:
    with pytest.raises(LocalProtocolError):
        simserv.encode(command, chamber=chamber)


def reply(data: bytes) -> Reply:
    replies = simserv.Replies()
    replies.receive_data(data)
    event = replies.next_event()
    assert event is not None
    return event


@pytest.mark.parametrize(
    ("data", "expected"),
    [
        (b"1\r\n", Reply(1, ())),
        (b"1\xb623.45\r\n", Reply(1, ("23.45",))),
        (b"1\xb6\xb0C\r\n", Reply(1, ("\N{DEGREE SIGN}C",))),
        (b"1\xb6\xb6x\r\n", Reply(1, ("", "x"))),
        (b"-8\r\n", Reply(-8, ())),
    ],
)
def test_replies(data: bytes, expected: Reply) -> None:
    assert reply(data) == expected


@pytest.mark.parametrize(
    ("code", "words"),
    [(-5, "does not know this command"), (-6, "too few or wrong parameters"), (-8, "cannot read these data"), (7, "7")],
)
def test_a_refusal_is_told_in_words(code: int, words: str) -> None:
    with pytest.raises(RemoteProtocolError, match=words):
        simserv.demand(Reply(code, ()))


def test_missing_data_are_told() -> None:
    with pytest.raises(RemoteProtocolError, match="sent 0 data where 1 are due"):
        simserv.number(Reply(1, ()))


@pytest.mark.parametrize("data", [("23.4 C",), ("nan",), ("1_0",), ("inf",), ("",), ("1e999",)])
def test_what_is_no_number_is_refused(data: tuple[str, ...]) -> None:
    with pytest.raises(RemoteProtocolError, match="where a number is due"):
        simserv.number(Reply(1, data))


@pytest.mark.parametrize("text", ["-1", "2.5"])
def test_what_is_no_whole_number_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError, match="whole number"):
        simserv.integer(Reply(1, (text,)))
    assert simserv.integer(Reply(1, ("3.0",))) == 3


@pytest.mark.parametrize(
    ("text", "value", "step"),
    [("23.45", 23.45, 0.01), (" -40", -40.0, 1.0), ("1.5e1", 15.0, 1.0), ("0.0", 0.0, 0.1)],
)
def test_the_resolution_is_that_of_the_last_digit(text: str, value: float, step: float) -> None:
    assert simserv.measured(Reply(1, (text,))) == (value, step)


@pytest.mark.parametrize("unreadable", [Reply(-8, ()), Reply(1, ("Read failed",))])
def test_data_that_cannot_be_read_are_no_value(unreadable: Reply) -> None:
    assert simserv.measured(unreadable) == (None, None)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (b"1\xb623\n", "CR LF"),
        (b"1\r2\r\n", "CR LF"),
        (b"one\r\n", "no code"),
        (b"\r\n", "no code"),
        (b"1\xb6\x00", "no text"),
        (b"Ready", "no code"),
        (b"1\xb6" + b"9" * simserv.MAX_LINE, "without end"),
    ],
)
def test_what_is_no_reply_is_refused_with_its_reason(data: bytes, words: str) -> None:
    replies = simserv.Replies()

    def receive() -> Reply | None:
        replies.receive_data(data)
        return replies.next_event()

    with pytest.raises(RemoteProtocolError, match=words):
        receive()
    replies.receive_data(b"1\r\n")
    assert replies.next_event() == Reply(1, ())


@given(st.lists(st.binary(max_size=40)))
def test_any_bytes_in_any_pieces_are_replies_or_refused(pieces: list[bytes]) -> None:
    replies = simserv.Replies()
    for piece in pieces:
        with suppress(RemoteProtocolError):
            replies.receive_data(piece)
            while (event := replies.next_event()) is not None:
                assert b"\xb6" not in "".join(event.data).encode("latin-1")


@given(st.integers(-9, 9), st.lists(st.text(max_size=12), max_size=3))
def test_any_data_are_a_finite_number_or_refused(code: int, data: list[str]) -> None:
    reply_ = Reply(code, tuple(data))
    for parse in (simserv.number, simserv.integer, simserv.measured):
        with suppress(RemoteProtocolError):
            found = parse(reply_)
            value, step = found if isinstance(found, tuple) else (found, 1.0)
            assert (value is None) == (step is None)
            assert value is None or math.isfinite(value)


FIELD = st.text(st.characters(min_codepoint=0x20, max_codepoint=0xFF, exclude_characters="\xb6"), max_size=8).filter(
    lambda text: all(character < "\x7f" or character > "\x9f" for character in text)
)


@given(st.integers(-999, 999), st.lists(FIELD, max_size=4), st.data())
def test_a_reply_survives_any_split(code: int, fields: list[str], data: st.DataObject) -> None:
    sent = b"\xb6".join([str(code).encode(), *(field.encode("latin-1") for field in fields)]) + b"\r\n"
    replies, events, rest = simserv.Replies(), [], sent + sent
    while rest:
        cut = data.draw(st.integers(1, len(rest)))
        replies.receive_data(rest[:cut])
        rest = rest[cut:]
        while (event := replies.next_event()) is not None:
            events.append(event)
    assert events == [Reply(code, tuple(fields))] * 2


@given(st.floats(-999.0, 9999.0))
def test_a_set_point_travels_as_the_controller_reads_it(value: float) -> None:
    *_, field = simserv.encode(simserv.WRITE_SET_POINT, 1, value).rstrip(b"\r").split(simserv.SEPARATOR)
    assert float(field) == pytest.approx(value, rel=1e-8, abs=1e-300)
