"""Strings of ASCII-2, against those that the help text of a chamber has, and help texts of two forms."""

from __future__ import annotations

import math
from contextlib import suppress

import pytest
from hypothesis import given
from hypothesis import strategies as st

import ascii2_help
from hil_drivers.errors import LocalProtocolError, RemoteProtocolError
from hil_drivers.wire import weiss_ascii2 as ascii2
from hil_drivers.wire.events import Events

OFF = [False] * 32


def event(events: Events[object], data: bytes) -> object:
    events.receive_data(data)
    found = events.next_event()
    assert found is not None
    return found


def description(text: str, end: str = "\n") -> ascii2.Description:
    found = event(ascii2.Help(), text.replace("\n", end).encode())
    assert isinstance(found, ascii2.Description)
    return found


def test_requests_have_the_published_bytes() -> None:
    assert ascii2.request(ascii2.READ) == b"$01I\r"
    assert ascii2.request(ascii2.HELP) == b"$01?\r"
    alternating = [number % 2 == 1 for number in range(32)]
    assert ascii2.write([50.0, 80.0, 90.0, 0.0, 0.0, 0.0, 0.0], alternating) == (
        b"$01E 0050.0 0080.0 0090.0 0000.0 0000.0 0000.0 0000.0 01010101010101010101010101010101\r"
    )
    assert ascii2.write([-77.0], OFF).startswith(b"$01E -077.0 0")
    assert ascii2.gradients(0.0, 2.5, 0.0, 0.0) == b"$01U 0000.0 0002.5 0000.0 0000.0\r"


def test_the_published_state_is_read() -> None:
    state = event(ascii2.States(14), ascii2_help.CLIMATE_EXAMPLE.encode() + b"\r")
    assert isinstance(state, ascii2.State)
    assert state.numbers[:6] == (50.0, 24.6, 80.0, 66.7, 90.0, 90.0)
    assert [number for number, on in enumerate(state.channels) if on] == [1, 2]


@pytest.mark.parametrize("end", ["\n", "\r", "\r\n"])
def test_the_help_text_of_a_climate_chamber(end: str) -> None:
    told = description(ascii2_help.CLIMATE, end)
    assert told.written == ("CV01", "CV02", "SV01", "MV01", "MV02", "MV03", "MV04")
    assert len(told.read) == 14
    assert (told.nominal("CV02"), told.actual("CV02")) == (2, 3)
    assert told.quantities["CV01"] == ascii2.Quantity(-77.0, 182.0, "Temperature")
    assert told.quantities["SV01"] == ascii2.Quantity(50.0, 100.0, "Fan speed")
    assert (told.channels[1], told.channels[11], told.channels[31]) == ("Start", "Dryer", "unused")


def test_the_help_text_of_a_chamber_with_a_cabinet() -> None:
    told = description(ascii2_help.CABINET)
    assert (len(told.written), len(told.read)) == (9, 16)
    assert (told.nominal("SV02"), told.actual("SV02")) == (7, 7)
    assert told.actual("MV01") == 9
    with pytest.raises(RemoteProtocolError, match="does not read CV04"):
        told.actual("CV04")


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("$01E CV01 CV02\nCV01 CV01 DO00\nDO31  unused\n", "write what it does not read"),
        ("CV01 CV01 DO00\nDO31  unused\n", "write what it does not read"),
        ("CV01  value min: low  value max: 3  T\n", "no numbers"),
        ("x" * 600, "without end"),
        ("\x00", "no text"),
    ],
)
def test_a_help_text_that_contradicts_itself_is_refused(text: str, words: str) -> None:
    with pytest.raises(RemoteProtocolError, match=words):
        description(text)


def test_a_help_text_without_end_is_refused() -> None:
    unending = ascii2.Help()
    for _ in range(ascii2.MAX_HELP // 16):
        unending.receive_data(b"nothing of use\r\n")
        assert unending.next_event() is None
    with pytest.raises(RemoteProtocolError, match="help without end"):
        unending.receive_data(b"nothing of use\r\n")


@pytest.mark.parametrize(
    ("line", "words"),
    [
        (b"0050.0 0024.6 " + b"0" * 32, "sent 2 numbers where its help tells 3"),
        (b"0050.0 0024.6 0000.0 " + b"0" * 31, "no state"),
        (b"0050.0 0024.6 nan " + b"0" * 32, "no state"),
        (b"0", "no state"),
        (b"", "no state"),
        (b"\x07", "no text"),
    ],
)
def test_what_is_no_state_is_refused_with_its_reason(line: bytes, words: str) -> None:
    states = ascii2.States(3)
    with pytest.raises(RemoteProtocolError, match=words):
        event(states, line + b"\r")
    good = b"0001.0 0002.0 0003.0 " + b"1" * 32 + b"\r"
    assert event(states, good) == ascii2.State((1.0, 2.0, 3.0), (True,) * 32)


@pytest.mark.parametrize(
    ("data", "answer"), [(b"0\r", "0"), (b"\n0\r\n", "0"), (b"\r", ""), (b"'x' unknown\r", "'x' unknown")]
)
def test_acknowledgements(data: bytes, answer: str) -> None:
    assert event(ascii2.Acknowledgements(), data) == answer


@pytest.mark.parametrize(("number", "channels", "address"), [(1.0, 31, 1), (12345.0, 32, 1), (1.0, 32, 100)])
def test_a_write_that_cannot_be_is_our_bug(number: float, channels: int, address: int) -> None:
    with pytest.raises(LocalProtocolError):
        ascii2.write([number], OFF[:channels], address=address)


@pytest.mark.parametrize("slopes", [(1.0, 1.0, 0.0, 0.0), (0.0, 0.0, 1.0, 1.0), (math.nan, 0.0, 0.0, 0.0)])
def test_gradients_that_cannot_be_are_our_bug(slopes: tuple[float, float, float, float]) -> None:
    with pytest.raises(LocalProtocolError):
        ascii2.gradients(*slopes)


@pytest.mark.parametrize(("kind", "address"), [("E", 1), (ascii2.READ, 0)])
def test_a_request_that_cannot_be_is_our_bug(kind: str, address: int) -> None:
    with pytest.raises(LocalProtocolError):
        ascii2.request(kind, address=address)


@given(st.lists(st.binary(max_size=60)), st.sampled_from(["state", "acknowledgement", "help"]))
def test_any_bytes_in_any_pieces_are_understood_or_refused(pieces: list[bytes], kind: str) -> None:
    made: dict[str, Events[object]] = {
        "state": ascii2.States(2),
        "acknowledgement": ascii2.Acknowledgements(),
        "help": ascii2.Help(),
    }
    for piece in pieces:
        with suppress(RemoteProtocolError):
            made[kind].receive_data(piece)
            while made[kind].next_event() is not None:
                pass


FRAGMENTS = st.sampled_from(
    [
        "$01E",
        "CV01",
        "CV02",
        "SV01",
        "DO00",
        "DO31",
        "value min:",
        "value max:",
        "-77.0",
        "182.0",
        "x",
        " ",
        "\r\n",
        "\n",
    ]
)


@given(st.lists(FRAGMENTS, max_size=80))
def test_any_words_of_a_help_text_are_understood_or_refused(words: list[str]) -> None:
    helps = ascii2.Help()
    with suppress(RemoteProtocolError):
        helps.receive_data(" ".join(words).encode())
        told = helps.next_event()
        assert told is None or set(told.written) <= set(told.read)


@given(st.data())
def test_strings_survive_any_split(data: st.DataObject) -> None:
    for events, sent in (
        (ascii2.Help(), ascii2_help.CLIMATE.replace("\n", "\r\n").encode()),
        (ascii2.States(14), ascii2_help.CLIMATE_EXAMPLE.encode() + b"\r\n"),
    ):
        whole = event(type(events)(14) if isinstance(events, ascii2.States) else ascii2.Help(), sent)
        rest, found = sent, None
        while rest and found is None:
            cut = data.draw(st.integers(1, min(len(rest), 400)))
            events.receive_data(rest[:cut])
            rest, found = rest[cut:], events.next_event()
        assert found == whole


@given(st.floats(-999.9, 9999.9).map(lambda value: round(value, 1)))
def test_a_number_survives(value: float) -> None:
    sent = ascii2.write([value, value], OFF).removeprefix(b"$01E ")
    assert event(ascii2.States(2), sent) == ascii2.State((value, value), tuple(OFF))
