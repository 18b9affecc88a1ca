"""The simulator's side of Modbus, alone: any bytes leave it answering, and it refuses what it does not have."""

from __future__ import annotations

import asyncio
import struct
from collections.abc import Sequence
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.sim.faults import Faults
from hil_drivers.sim.server.modbus import Memory, Refused, RtuProtocol, TcpProtocol, crc, respond
from hil_drivers.sim.world import World
from hil_drivers.sim.world_file import WorldFile

WORLD = World(WorldFile.model_validate({"seed": 1, "devices": {"probe": {"kind": "hmp"}}}))
FAULTS = Faults("probe", WORLD)


class Few(Memory):
    """Holding register ``a`` is ``a``, up to 9; coils can be written."""

    def __init__(self) -> None:
        self.written: list[int] = []

    def holding(self, address: int, count: int) -> list[int]:
        if address + count > 10:
            raise Refused
        return list(range(address, address + count))

    def write_coils(self, address: int, values: Sequence[int]) -> None:
        self.written = list(values)


ANSWERS = {
    "03 00 01 00 02": "03 04 00 01 00 02",
    "03 00 09 00 02": "83 02",
    "03 00 00 00 00": "83 03",
    "03 00 00 00 7e": "83 03",
    "04 00 00 00 01": "84 02",
    "01 00 00 00 01": "81 02",
    "02 00 00 00 01": "82 02",
    "05 00 00 ff 00": "05 00 00 ff 00",
    "05 00 00 12 34": "85 03",
    "06 00 00 00 01": "86 02",
    "0f 00 00 00 0a 02 cd 01": "0f 00 00 00 0a",
    "10 00 00 00 01 02 00 07": "90 02",
    "10 00 00 00 02 02 00 07": "90 03",
    "2b 0e 01 00": "ab 01",
    "03 00": "83 03",
}


@pytest.mark.parametrize(("request_", "response"), ANSWERS.items())
def test_a_request_is_answered_as_the_specification_says(request_: str, response: str) -> None:
    assert respond(Few(), FAULTS, bytes.fromhex(request_)).hex(" ") == response


def test_many_coils_are_unpacked_from_the_lowest_bit() -> None:
    memory = Few()
    respond(memory, FAULTS, bytes.fromhex("0f 00 00 00 0a 02 cd 01"))
    assert memory.written == [1, 0, 1, 1, 0, 0, 1, 1, 1, 0]


@given(st.binary(min_size=1, max_size=300))
def test_any_request_is_answered(request: bytes) -> None:
    response = respond(Few(), FAULTS, request)
    assert response[0] & 0x7F == request[0] & 0x7F


@given(st.lists(st.binary(max_size=60), max_size=6))
def test_any_bytes_leave_both_protocols_standing(pieces: list[bytes]) -> None:
    async def feed() -> None:
        for protocol in (TcpProtocol(Few(), FAULTS, 1), RtuProtocol(Few(), FAULTS, 1)):
            for piece in pieces:
                protocol.receive(piece)

    asyncio.run(feed())


@given(st.lists(st.integers(1, 40), max_size=6))
def test_requests_are_put_together_from_any_pieces(cuts: list[int]) -> None:
    pdu = bytes.fromhex("03 00 01 00 02")
    tcp = struct.pack(">HHHB", 7, 0, 6, 1) + pdu
    rtu = b"\x01" + pdu + crc(b"\x01" + pdu)

    async def feed() -> None:
        for protocol, request in ((TcpProtocol(Few(), FAULTS, 1), tcp), (RtuProtocol(Few(), FAULTS, 1), rtu)):
            stream, replies = 2 * request, []
            borders = sorted({0, *(cut for cut in cuts if cut < len(stream)), len(stream)})
            for begin, end in pairwise(borders):
                replies += protocol.receive(stream[begin:end])
            assert len(replies) == 2

    asyncio.run(feed())


async def test_a_line_is_in_step_again_after_a_pause() -> None:
    """What was cut off is forgotten once the line was silent, as a device does."""
    protocol = RtuProtocol(Few(), FAULTS, 1)
    body = bytes.fromhex("01 03 00 01 00 02")
    assert protocol.receive(body[:3]) == []
    await asyncio.sleep(0.06)
    assert len(protocol.receive(body + crc(body))) == 1


def test_requests_for_others_are_passed_over() -> None:
    body = bytes.fromhex("02 03 00 01 00 02")

    async def feed() -> list[bytes]:
        return RtuProtocol(Few(), FAULTS, 1).receive(body + crc(body))

    assert asyncio.run(feed()) == []
