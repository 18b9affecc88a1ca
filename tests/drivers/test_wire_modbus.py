"""Modbus data units and RTU frames, against the specification's own examples and any bytes at all."""

from __future__ import annotations

import struct
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.errors import LocalProtocolError, RemoteProtocolError
from hil_drivers.wire import modbus, modbus_rtu
from hil_drivers.wire.modbus import Function, Request
from rtu_peer import crc as crc_by_bits

EXAMPLES = [
    (Request(Function.READ_COILS, 0x13, 0x13), "01 00 13 00 13", "01 03 cd 6b 05"),
    (Request(Function.READ_DISCRETE_INPUTS, 0xC4, 0x16), "02 00 c4 00 16", "02 03 ac db 35"),
    (Request(Function.READ_HOLDING_REGISTERS, 0x6B, 3), "03 00 6b 00 03", "03 06 02 2b 00 00 00 64"),
    (Request(Function.READ_INPUT_REGISTERS, 8, 1), "04 00 08 00 01", "04 02 00 0a"),
    (Request(Function.WRITE_COIL, 0xAC, 1, (1,)), "05 00 ac ff 00", "05 00 ac ff 00"),
    (Request(Function.WRITE_REGISTER, 1, 1, (3,)), "06 00 01 00 03", "06 00 01 00 03"),
    (Request(Function.WRITE_REGISTERS, 1, 2, (10, 258)), "10 00 01 00 02 04 00 0a 01 02", "10 00 01 00 02"),
]
"""Request and response of each function (Application Protocol Specification V1.1b3, clause 6)."""


@pytest.mark.parametrize(("request_", "sent", "answered"), EXAMPLES)
def test_the_examples_of_the_specification(request_: Request, sent: str, answered: str) -> None:
    response = bytes.fromhex(answered)
    assert modbus.encode(request_) == bytes.fromhex(sent)
    assert modbus.response_size(response) == len(response)
    modbus.check(request_, response)
    values = modbus.values_of(request_, response)
    expected = {Function.READ_HOLDING_REGISTERS: [0x022B, 0, 0x64], Function.READ_INPUT_REGISTERS: [10]}
    assert values == expected.get(request_.function, values)
    assert len(values) == (0 if request_.values else request_.count)


def test_bits_are_counted_from_the_lowest() -> None:
    request, response = EXAMPLES[0][0], bytes.fromhex(EXAMPLES[0][2])
    assert modbus.values_of(request, response)[:8] == [1, 0, 1, 1, 0, 0, 1, 1]


def test_the_published_frame() -> None:
    """MODBUS over Serial Line V1.02, 6.2.2: the check of 02 07 is 41 12, the low byte first."""
    assert modbus_rtu.crc(b"\x02\x07") == bytes.fromhex("4112")


@given(st.binary(max_size=64))
def test_the_check_is_that_of_the_specification(data: bytes) -> None:
    assert modbus_rtu.crc(data) == crc_by_bits(data)


def test_the_pause_between_frames() -> None:
    assert modbus_rtu.gap(9600) == pytest.approx(4.01e-3, rel=1e-3)
    assert modbus_rtu.gap(115200) == modbus_rtu.SHORTEST_GAP


WRONG = [
    Request(Function.READ_HOLDING_REGISTERS, 0, 126),
    Request(Function.READ_HOLDING_REGISTERS, 0xFFFF, 2),
    Request(Function.READ_COILS, -1, 1),
    Request(Function.WRITE_REGISTER, 0, 1, (0x10000,)),
    Request(Function.WRITE_REGISTERS, 0, 2, (1,)),
    Request(Function.WRITE_REGISTERS, 0, 0),
]


@pytest.mark.parametrize("wrong", WRONG)
def test_what_no_device_understands_is_never_sent(wrong: Request) -> None:
    with pytest.raises(LocalProtocolError):
        modbus.encode(wrong)


@pytest.mark.parametrize("device_id", [0, 248, -1])
def test_no_device_has_this_id(device_id: int) -> None:
    with pytest.raises(LocalProtocolError):
        modbus_rtu.frame(device_id, b"\x03")


NOT_ITS_ANSWER = {
    "answered function 4": "04 02 00 0a",
    "sent 2 registers where 3": "03 04 00 01 00 02",
    "sent 2.5 registers where 3": "03 05 00 01 00 02 00",
}


@pytest.mark.parametrize(("told", "answered"), NOT_ITS_ANSWER.items())
def test_what_answers_another_question_is_refused(told: str, answered: str) -> None:
    with pytest.raises(RemoteProtocolError, match=told):
        modbus.check(EXAMPLES[2][0], bytes.fromhex(answered))


@pytest.mark.parametrize("number", [4, 5, 6])
def test_another_echo_is_refused(number: int) -> None:
    request, _, answered = EXAMPLES[number]
    with pytest.raises(RemoteProtocolError, match=r"echoed|wrote other registers"):
        modbus.check(request, bytes.fromhex(answered)[:-1] + b"\x77")


def test_exceptions_are_named() -> None:
    request = EXAMPLES[2][0]
    response = b"\x83\x06"
    modbus.check(request, response)
    told = modbus.refusal(request, modbus.exception_code(response))
    assert str(told) == "refused to read holding register from 0x006b: busy (6)"
    assert "exception (99)" in str(modbus.refusal(request, 99))


@given(st.lists(st.binary(max_size=40), max_size=8), st.integers(1, 247))
def test_any_bytes_in_any_pieces_are_responses_or_refused(pieces: list[bytes], device_id: int) -> None:
    responses = modbus_rtu.Responses(device_id)
    for piece in pieces:
        try:
            responses.receive_data(piece)
            while (event := responses.next_event()) is not None:
                assert modbus.response_size(event) == len(event)
        except RemoteProtocolError:
            assert responses.next_event() is None


@given(
    st.lists(st.integers(0, 0xFFFF), min_size=1, max_size=125),
    st.lists(st.integers(1, 300), max_size=6),
    st.integers(1, 247),
    st.integers(1, 247),
)
def test_frames_in_any_pieces(values: list[int], cuts: list[int], mine: int, other: int) -> None:
    """Three frames of two devices in one go, cut anywhere: those of this device come out."""
    pdu = struct.pack(f">BB{len(values)}H", 3, 2 * len(values), *values)
    frames = [bytes([each]) + pdu + crc_by_bits(bytes([each]) + pdu) for each in (other, mine, other)]
    stream = b"".join(frames)
    responses = modbus_rtu.Responses(mine)
    found = []
    borders = sorted({0, *(cut for cut in cuts if cut < len(stream)), len(stream)})
    for begin, end in pairwise(borders):
        for at in range(begin, end, 200):
            responses.receive_data(stream[at : min(at + 200, end)])
            while (event := responses.next_event()) is not None:
                found.append(event)
    assert found == [pdu] * (3 if mine == other else 1)
