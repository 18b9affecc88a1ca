"""SCPI messages, string data and lines."""

from __future__ import annotations

import contextlib
import itertools
import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hil_drivers.errors import LocalProtocolError, RemoteProtocolError
from hil_drivers.wire import scpi

printable = st.text(st.characters(min_codepoint=0x20, max_codepoint=0x7E), max_size=60)


def lines_of(*pieces: bytes) -> list[str]:
    lines, found = scpi.Lines(), []
    for piece in pieces:
        lines.receive_data(piece)
        while (line := lines.next_event()) is not None:
            found.append(line)
    return found


def test_lines_come_from_any_pieces() -> None:
    assert lines_of(b"1\r", b"\n2\n", b"3") == ["1", "2"]


@given(st.lists(printable, max_size=5), st.lists(st.integers(0, 300), max_size=6))
def test_any_lines_survive_any_split(texts: list[str], cuts: list[int]) -> None:
    data = "".join(text + "\n" for text in texts).encode()
    edges = [0, *sorted(min(cut, len(data)) for cut in cuts), len(data)]
    pieces = [data[start:end] for start, end in itertools.pairwise(edges)]
    assert lines_of(*pieces) == texts


@pytest.mark.parametrize("data", [b"caf\xe9\n", b"\x00\n", b"x" * 5000])
def test_garbage_is_the_instruments_fault(data: bytes) -> None:
    with pytest.raises(RemoteProtocolError):
        lines_of(data)


@pytest.mark.parametrize("message", ["", "a\nb", "é", "\x00"])
def test_a_message_that_must_not_be_sent_is_our_bug(message: str) -> None:
    with pytest.raises(LocalProtocolError):
        scpi.encode(message)


@given(printable)
def test_string_data_survives(text: str) -> None:
    assert scpi.parse_string(scpi.quote(text)) == text
    assert scpi.parse_string("'" + text.replace("'", "''") + "'") == text


@pytest.mark.parametrize("line", ["", "ABC", '"A', '"A"B"', '"'])
def test_what_is_no_string_data_is_refused(line: str) -> None:
    with pytest.raises(RemoteProtocolError):
        scpi.parse_string(line)


def test_entries_of_the_error_queue() -> None:
    """SCPI-99, 21.8."""
    assert scpi.parse_error('-113,"Undefined header"') == scpi.ErrorEntry(-113, "Undefined header")
    assert scpi.parse_error('+0,"No error"').code == 0


def test_the_identity_has_four_parts() -> None:
    assert scpi.parse_identity("Example Instruments,SIGN PANEL,SN0001,1.0") == scpi.Identity(
        "Example Instruments", "SIGN PANEL", "SN0001", "1.0"
    )
    with pytest.raises(RemoteProtocolError, match="four parts"):
        scpi.parse_identity("a toaster")


@given(st.text(max_size=40))
@example("0\x1f")
def test_any_text_is_parsed_or_refused(text: str) -> None:
    for parse in (scpi.parse_error, scpi.parse_identity, scpi.parse_string):
        with contextlib.suppress(RemoteProtocolError):
            parse(text)
    for number in (scpi.parse_integer, scpi.parse_number):
        with contextlib.suppress(RemoteProtocolError):
            assert math.isfinite(number(text))


@pytest.mark.parametrize(("line", "value"), [("1", 1.0), (" +0.5", 0.5), ("-1.E-3", -1e-3), (".25e2", 25.0)])
def test_numbers(line: str, value: float) -> None:
    assert scpi.parse_number(line) == value
