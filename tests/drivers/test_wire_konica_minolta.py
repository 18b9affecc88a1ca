"""Frames of the T-10A and CL-200A, against frames published in a public client for the CL-200A."""

from __future__ import annotations

import itertools

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.errors import LocalProtocolError, RemoteProtocolError
from hil_drivers.indication import Flag
from hil_drivers.wire import konica_minolta as km

# MasashiSode/cl200a_controller, cl200a_utils.py and its tests; checks recomputed in hexadecimal.
PUBLISHED = [
    (km.PC_MODE, b"\x0200541   \x0313\r\n"),
    (km.HOLD, b"\x0299551  0\x0302\r\n"),
    (km.EXT_MODE, b"\x02004010  \x0306\r\n"),
    (km.TRIGGER, b"\x02994021  \x0304\r\n"),
    (km.Command(0, 2, "1200"), b"\x0200021200\x0302\r\n"),
    (km.read_illuminance(0), bytes.fromhex("0230303130303230300330300d0a")),
]
SAMPLE = bytes.fromhex("0230303032312031302b20323733332b34353435302b34343939300331460d0a")


@pytest.mark.parametrize(("command", "expected"), PUBLISHED)
def test_commands_have_the_published_bytes(command: km.Command, expected: bytes) -> None:
    assert km.encode(command) == expected


def reply(data: bytes) -> km.Reply:
    replies = km.Replies()
    replies.receive_data(data)
    event = replies.next_event()
    assert event is not None
    return event


def test_the_published_reply_is_read() -> None:
    read = reply(SAMPLE)
    assert (read.head, read.number, read.error, read.flags) == (0, 2, 0, Flag.GOOD)
    assert read.fields == (km.Field(27.3, 0.1), km.Field(0.4545, 1e-4), km.Field(0.4499, 1e-4))
    assert len(SAMPLE) == 32


def test_a_short_reply_has_no_fields() -> None:
    data = km.frame(b"00541 10")
    assert len(data) == 14
    assert reply(data).fields == ()


@pytest.mark.parametrize(
    ("status", "error", "flags"),
    [
        (b"1 10", 0, Flag.GOOD),
        (b"1010", 0, Flag.GOOD),
        (b"1110", 1, Flag.DEVICE_ERROR),
        (b"1410", km.NOT_IN_HOLD, Flag.DEVICE_ERROR),
        (b"1510", 5, Flag.OVER_RANGE),
        (b"1610", 6, Flag.LOW_LIGHT),
        (b"1710", 7, Flag.OVER_RANGE | Flag.UNDER_RANGE),
        (b"1 11", 0, Flag.LOW_BATTERY),
    ],
)
def test_error_and_battery_characters_become_flags(status: bytes, error: int, flags: Flag) -> None:
    read = reply(km.frame(b"0010" + status))
    assert (read.error, read.flags) == (error, flags)


@pytest.mark.parametrize(
    ("text", "value", "resolution"),
    [
        ("+ 2733", 27.3, 0.1),
        ("+45450", 0.4545, 1e-4),
        ("-   14", -1.0, 1.0),
        ("+99999", 999900000.0, 1e5),
        ("=   01", 0.0, 1e-3),
    ],
)
def test_fields(text: str, value: float, resolution: float) -> None:
    assert km.parse_field(text) == km.Field(value, resolution)


def test_a_blank_field_is_no_value() -> None:
    assert km.parse_field("      ") is None


@pytest.mark.parametrize("text", ["+    3", "+ 27 3", "*27333", "+27.33", "=   13", "+2733 ", "+²7333"])
def test_a_field_that_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError, match="number"):
        km.parse_field(text)


@pytest.mark.parametrize(
    ("data", "words"),
    [
        (SAMPLE[:-4] + b"1E\r\n", "wrong check"),
        (SAMPLE[:10] + b"9" + SAMPLE[11:], "wrong check"),
        (b"hello" + SAMPLE, "does not send frames"),
        (km.frame(b"00541 1"), "length"),
        (km.frame(b"0x541 10"), "unknown head"),
        (km.frame(b"00541x10"), "unknown head"),
        (b"\x02" + b"0" * 300, "without end"),
    ],
)
def test_garbage_is_the_instruments_fault(data: bytes, words: str) -> None:
    with pytest.raises(RemoteProtocolError, match=words):
        reply(data)


def test_the_next_frame_is_read_after_garbage() -> None:
    replies = km.Replies()
    replies.receive_data(b"noise")
    with pytest.raises(RemoteProtocolError):
        replies.next_event()
    replies.receive_data(b"\x11" + SAMPLE + b"\x13" + SAMPLE)
    assert replies.next_event() == replies.next_event() is not None
    assert replies.next_event() is None


@pytest.mark.parametrize(
    "command", [km.Command(31, 10), km.Command(0, 100), km.Command(0, 10, "1"), km.Command(0, 10, "1\x0300")]
)
def test_a_command_that_must_not_be_sent_is_our_bug(command: km.Command) -> None:
    with pytest.raises(LocalProtocolError):
        km.encode(command)


@given(st.binary(max_size=40), st.lists(st.integers(0, 40), max_size=6))
def test_any_body_survives_any_split(text: bytes, cuts: list[int]) -> None:
    body = bytes(0x20 + byte % 0x5F for byte in text)
    data = km.frame(body)
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    bodies = km.Bodies()
    found = []
    for start, end in itertools.pairwise(edges):
        bodies.receive_data(data[start:end])
        found.append(bodies.next_event())
    assert [event for event in found if event is not None] == [body]


@given(st.lists(st.binary(max_size=80) | st.just(SAMPLE) | st.just(SAMPLE[:9]), max_size=8))
def test_any_bytes_give_replies_or_a_remote_protocol_error(pieces: list[bytes]) -> None:
    replies = km.Replies()
    for piece in pieces:
        try:
            replies.receive_data(piece)
            while replies.next_event() is not None:
                pass
        except RemoteProtocolError:
            pass


@given(st.text(st.sampled_from("+-= 0123456789x"), min_size=6, max_size=6))
def test_any_field_is_a_number_or_refused(text: str) -> None:
    try:
        field = km.parse_field(text)
    except RemoteProtocolError:
        return
    assert field is None or field.resolution >= 1e-4
