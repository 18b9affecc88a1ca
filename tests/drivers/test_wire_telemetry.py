"""Payloads of sensors: numbers, words, time stamps; anything else is refused with the rule that it broke."""

from __future__ import annotations

import json
import math
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.errors import RemoteProtocolError
from hil_drivers.wire import telemetry

SECOND = 10**9


@pytest.mark.parametrize(
    ("payload", "field", "expected"),
    [
        (b"12.5", "", 12.5),
        (b" -3e2\n", "", -300.0),
        (b'{"power": 7}', "power", 7.0),
        (b'{"ENERGY": {"Power": 12.5}}', "ENERGY.Power", 12.5),
        (b'{"s": [{"v": "1.5"}]}', "s.0.v", 1.5),
        (b'{"power": null}', "power", None),
        (b'{"power": NaN}', "power", None),
        (b"unavailable", "", None),
        (b"nan", "", None),
    ],
)
def test_a_number_is_read_plain_or_from_a_field(payload: bytes, field: str, expected: float | None) -> None:
    assert telemetry.number(payload, field) == expected


def test_what_is_too_large_is_infinite() -> None:
    assert telemetry.number(b"1e9999") == math.inf
    assert telemetry.number(b'{"p": -Infinity}', "p") == -math.inf
    assert telemetry.number(b'{"p": 1%b}' % (b"0" * 400), "p") == math.inf


@pytest.mark.parametrize(
    ("payload", "field", "rule"),
    [
        (b"12,5", "", "no number"),
        (b"1_000", "", "no number"),
        ("١٢".encode(), "", "no number"),
        (b"\xff\xfe", "", "not UTF-8 at byte 0"),
        (b"12 W", "", "no number"),
        (b"{", "power", "no JSON"),
        (b"[" * 60000, "power", "no JSON"),
        (b'{"power": %b}' % (b"1" * 5000), "power", "no JSON"),
        (b'{"Power": 1}', "power", "no field 'power'"),
        (b'{"power": true}', "power", "no number"),
        (b'{"power": [1]}', "power", "no number"),
        (b"[1, 2]", "2", "no field '2'"),
        (b"1" * 70000, "", "70000 bytes, more than 65536"),
    ],
)
def test_what_is_no_number_says_why(payload: bytes, field: str, rule: str) -> None:
    with pytest.raises(RemoteProtocolError, match=rule):
        telemetry.number(payload, field)


NOON = 1_780_315_200 * SECOND


@pytest.mark.parametrize(
    ("value", "utc", "step"),
    [
        ("2026-06-01T12:00:00Z", NOON, SECOND),
        ("2026-06-01T14:00:00.250+02:00", NOON + SECOND // 4, 10**6),
        ("2026-06-01T12:00:00.123456Z", NOON + 123456000, 1000),
        (1780315200, NOON, SECOND),
        (1780315200.25, NOON + SECOND // 4, SECOND // 100),
        ("1780315200.5", NOON + SECOND // 2, SECOND // 10),
        (1780315200250, NOON + SECOND // 4, 10**6),
        (1780315200250000, NOON + SECOND // 4, 1000),
        (1780315200250000000, NOON + SECOND // 4, 1),
    ],
)
def test_time_stamps_are_told_apart_by_their_form(value: object, utc: int, step: int) -> None:
    assert telemetry.stamp(json.dumps({"t": value}).encode(), "t") == telemetry.Stamp(utc, step)


@pytest.mark.parametrize(
    ("value", "rule"),
    [
        ("2026-06-01T12:00:00", "without a zone"),
        ("noon", "no time stamp"),
        (-1, "no time stamp"),
        (1e30, "no time stamp"),
        (None, "no time stamp"),
        (True, "no time stamp"),
        ("0001-01-01T00:00:00+23:59", "no time stamp"),
    ],
)
def test_what_is_no_time_stamp_says_why(value: object, rule: str) -> None:
    with pytest.raises(RemoteProtocolError, match=rule):
        telemetry.stamp(json.dumps({"t": value}).encode(), "t")


def test_words_and_running_numbers() -> None:
    assert telemetry.word(b" ON\n") == "ON"
    assert telemetry.word(b'{"POWER": false}', "POWER") == "false"
    assert telemetry.word(b'{"state": 1}', "state") == "1"
    assert telemetry.sequence(b'{"n": 7}', "n") == 7
    for payload in (b'{"n": -1}', b'{"n": 1.5}', b'{"n": true}', b'{"n": "1"}'):
        with pytest.raises(RemoteProtocolError, match="no running number"):
            telemetry.sequence(payload, "n")


PARSERS: list[Callable[[bytes, str], object]] = [
    telemetry.number,
    telemetry.word,
    telemetry.stamp,
    telemetry.sequence,
]
JSON = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=30),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.sampled_from("abt"), inner, max_size=3),
    max_leaves=8,
)
PAYLOADS = st.binary(max_size=80) | JSON.map(lambda value: json.dumps(value).encode())


@given(st.sampled_from(PARSERS), PAYLOADS, st.sampled_from(["", "a", "a.b", "0", "t.0.a"]) | st.text(max_size=8))
def test_any_payload_is_read_or_refused(parse: Callable[[bytes, str], object], payload: bytes, field: str) -> None:
    try:
        value = parse(payload, field)
    except RemoteProtocolError:
        return
    if isinstance(value, float):
        assert not math.isnan(value)
    if isinstance(value, telemetry.Stamp):
        assert value.step >= 1


@given(st.floats(allow_nan=False), st.booleans())
def test_every_number_comes_back(value: float, plain: bool) -> None:
    if plain:
        assert telemetry.number(repr(value).encode()) == value
    else:
        assert telemetry.number(json.dumps({"a": {"b": value}}).encode(), "a.b") == value


@given(st.integers(min_value=0, max_value=10**11 - 1), st.integers(min_value=0, max_value=999))
def test_every_stamp_in_milliseconds_comes_back(seconds: int, milliseconds: int) -> None:
    sent = json.dumps({"t": f"{seconds}.{milliseconds:03d}"}).encode()
    assert telemetry.stamp(sent, "t").utc == seconds * SECOND + milliseconds * 10**6
