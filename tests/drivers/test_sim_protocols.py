"""The other instruments' sides of their protocols, without any wire: Art-Net, SCPI, HMP, HTTP, control."""

from __future__ import annotations

import copy
import json
import math
import struct
from contextlib import suppress
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.sim import lockstep
from hil_drivers.sim.climate_probe import Air
from hil_drivers.sim.faults import Faults
from hil_drivers.sim.server.artnet import dmx_level
from hil_drivers.sim.server.hmp import measured_registers, mirror_word
from hil_drivers.sim.server.modbus import words
from hil_drivers.sim.server.scpi import ScpiProtocol, carriage, forms, panel
from hil_drivers.sim.server.video import HttpError, HttpParser
from hil_drivers.sim.world import World
from hil_drivers.sim.world_file import WorldFile

SAMPLE: dict[str, Any] = json.loads((Path(__file__).parent / "sim_world.json").read_text())
WORLD = World(WorldFile.model_validate(SAMPLE))


def world(*faults: dict[str, object]) -> World:
    return World(WorldFile.model_validate(copy.deepcopy(SAMPLE) | {"faults": list(faults)}))


def a_panel(w: World) -> ScpiProtocol:
    return panel(w, Faults("panel", w))


def a_carriage(w: World) -> ScpiProtocol:
    return carriage(w, Faults("carriage", w), positions={0, 1})


def artdmx(levels: bytes, *, universe: int = 0) -> bytes:
    """ArtDmx as the protocol's specification lays it out."""
    head = b"Art-Net\x00" + struct.pack("<H", 0x5000) + struct.pack(">H", 14) + b"\x01\x00"
    return head + struct.pack("<H", universe) + struct.pack(">H", len(levels)) + levels


def test_a_dmx_frame_sets_the_level_by_16_bits() -> None:
    assert dmx_level(artdmx(b"\xff\xff"), 0, 1) == 1.0
    assert dmx_level(artdmx(b"\x00\x01"), 0, 1) == 1 / 65535
    assert dmx_level(artdmx(b"\x00\x00\x80\x00"), 0, 3) == 0x8000 / 65535


@pytest.mark.parametrize(
    "packet",
    [
        b"",
        artdmx(b"\xff\xff", universe=1),
        artdmx(b"\xff\xff")[:-1],
        artdmx(b"\xff\xff").replace(b"\x00\x50", b"\x00\x52"),
        artdmx(b"\xff\xff").replace(b"Art-Net", b"Art-Nut"),
        artdmx(b"\xff"),
    ],
)
def test_other_packets_set_nothing(packet: bytes) -> None:
    assert dmx_level(packet, 0, 1) is None


@given(st.binary(max_size=600), st.integers(1, 511))
def test_any_packet_is_taken(packet: bytes, channel: int) -> None:
    for data in (packet, artdmx(packet)):
        level = dmx_level(data, 0, channel)
        assert level is None or 0.0 <= level <= 1.0


def test_scpi_headers_have_a_short_and_a_long_form() -> None:
    assert set(forms("DISPlay:TEXT?")) == {"DISP:TEXT?", ":DISP:TEXT?", "DISPLAY:TEXT?", ":DISPLAY:TEXT?"}
    assert set(forms("*IDN?")) == {"*IDN?", ":*IDN?"}


def test_the_panel_shows_text() -> None:
    w = world()
    protocol = a_panel(w)
    assert protocol.receive(b"*IDN?\n") == [b"Example Instruments,SIGN PANEL,SN0001,1.0\n"]
    assert protocol.receive(b'DISP:TEXT "AB""C1"\nDISP:TEXT?\n') == [b'"AB""C1"\n']
    assert w.text == 'AB"C1'
    assert protocol.receive(b"display:text 'it''s'\r\nSYST:ERR?\n") == [b'0,"No error"\n']
    assert w.text == "it's"


@pytest.mark.parametrize(
    ("line", "number"),
    [
        (b"DISP:TEXT ABC", -104),
        (b'DISP:TEXT "' + b"A" * 65 + b'"', -223),
        (b"DISP:TXT?", -113),
        (b"!", -102),
        (b"\xff", -102),
        (b'DISP:TEXT "\x07"', -104),
        (b"DISP:TEXT? 1", -108),
        (b"A" * 5000, -223),
    ],
)
def test_the_panel_queues_errors(line: bytes, number: int) -> None:
    protocol = a_panel(WORLD)
    assert protocol.receive(line) == []
    assert protocol.receive(b"\nSYST:ERR?\n")[0].startswith(b"%d," % number)


def test_the_error_queue_overflows_and_clears() -> None:
    protocol = a_panel(WORLD)
    protocol.receive(b"NO\n" * 40)
    errors = [protocol.receive(b"SYST:ERR?\n")[0] for _ in range(17)]
    assert errors[0] == b'-113,"Undefined header"\n'
    assert errors[15] == b'-350,"Queue overflow"\n'
    assert errors[16] == b'0,"No error"\n'
    protocol.receive(b"NO\n*CLS\n")
    assert protocol.receive(b"SYST:ERR?\n") == [b'0,"No error"\n']


def test_the_carriage_moves_for_a_second() -> None:
    w = world()
    protocol = a_carriage(w)
    ask = b"STAT:OPER:COND?\nSOUR:POS?\n"
    assert protocol.receive(b"SOUR:POS 1\n" + ask) == [b"1\n", b"0\n"]
    w.time.advance(500_000_000)
    assert protocol.receive(ask) == [b"1\n", b"0.5\n"]
    w.time.advance(1_000_000_000)
    assert protocol.receive(ask) == [b"0\n", b"1\n"]
    assert protocol.receive(b"SOUR:POS 2\nSYST:ERR?\nSOUR:POS x\nSYST:ERR?\n") == [
        b'-222,"Data out of range"\n',
        b'-104,"Data type error"\n',
    ]


def test_operation_complete_is_answered_when_it_is_and_what_follows_waits() -> None:
    w = world()
    protocol = a_carriage(w)
    assert protocol.receive(b"SOUR:POS 1\n*opc?\nSOUR:POS?\n") == []
    w.time.advance(999_999_999)
    assert protocol.due() == []
    w.time.advance(1_000_000_000)
    assert protocol.due() == [b"1\n", b"1\n"]
    assert protocol.due() == []
    assert protocol.receive(b"*OPC?\n") == [b"1\n"]


def test_frozen_actuators_do_not_obey() -> None:
    w = world({"device": "panel", "kind": "frozen"}, {"device": "carriage", "kind": "frozen"})
    assert a_panel(w).receive(b'DISP:TEXT "A"\nDISP:TEXT?\n') == [b'""\n']
    assert a_carriage(w).receive(b"SOUR:POS 1\nSTAT:OPER:COND?\n") == [b"0\n"]


@given(st.lists(st.one_of(st.binary(max_size=50), st.sampled_from([b"SOUR:POS ", b'DISP:TEXT "', b"\n"]))))
def test_any_bytes_leave_scpi_answering(pieces: list[bytes]) -> None:
    w = world()
    for protocol in (a_panel(w), a_carriage(w)):
        for piece in pieces:
            assert all(reply.endswith(b"\n") for reply in protocol.receive(piece))
        protocol.receive(b"\n*CLS\n*OPC?\n")
        w.time.advance(w.time.now() + 1_000_000_000)
        protocol.due()
        assert protocol.receive(b"*OPC?\n") == [b"1\n"]


def test_floats_travel_least_significant_word_first() -> None:
    """30.56 % RH is 41F47AE1, sent as 7AE1, 41F4."""
    assert words(30.56) == [0x7AE1, 0x41F4]
    assert words(math.nan) == [0x0000, 0x7FC0]


@pytest.mark.parametrize(
    ("value", "word"),
    [(23.456, 2346), (-1.0, 0xFF9C), (math.nan, 0x8000), (327.67, 0x7FFF), (1e6, 0x7FFF), (-1e6, 0x8001)],
)
def test_integer_registers_mirror_the_values(value: float, word: int) -> None:
    assert mirror_word(value) == word


def test_the_register_map_has_what_the_probe_measures_and_nan_elsewhere() -> None:
    registers = measured_registers(Air(20.0, 50.0))
    assert registers[0x0000] == words(50.0)
    assert registers[0x0002] == words(20.0)
    assert registers[0x0101] == [2000]
    assert registers[0x0103] == [926]
    assert registers[0x0008] == words(math.nan)


def test_http_requests_are_parsed_piece_by_piece() -> None:
    parser = HttpParser()
    data = b"GET /camera.y4m?x=1 HTTP/1.1\r\nHost: a\r\n\r\nPOST /trigger HTTP/1.0\r\nContent-Length: 2\r\n\r\n{}"
    requests = [request for octet in data for request in parser.receive(bytes([octet]))]
    assert [(r.method, r.path, r.keep) for r in requests] == [
        ("GET", "/camera.y4m", True),
        ("POST", "/trigger", False),
    ]


@pytest.mark.parametrize(
    "data",
    [
        b"HELLO\r\n\r\n",
        b"GET / FTP/1.0\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: -1\r\n\r\n",
        b"GET / HTTP/1.1\r\nContent-Length: 99999999\r\n\r\n",
        b"A" * 9000,
    ],
)
def test_bad_http_is_refused(data: bytes) -> None:
    with pytest.raises(HttpError):
        HttpParser().receive(data)


@given(st.lists(st.binary(max_size=60)))
def test_any_bytes_are_http_or_refused(pieces: list[bytes]) -> None:
    parser = HttpParser()
    with suppress(HttpError):
        for piece in [*pieces, b" / HTTP/1.1\r\n", *pieces, b"\r\n\r\n"]:
            parser.receive(piece)


def test_control_messages_go_round() -> None:
    assert lockstep.parse(lockstep.advance(5, {"udp://x": 3})) == lockstep.Advance(5, {"udp://x": 3})
    assert lockstep.parse(b'{"advance":7}') == lockstep.Advance(7, {})
    for what in lockstep.QUERIES:
        assert lockstep.parse(lockstep.encode({what: True})) == lockstep.Query(what)
    request = {"response": {"device": "luxmeter", "illuminance": 100}}
    assert lockstep.parse(lockstep.encode(request)) == lockstep.Response("luxmeter", 100.0)


@pytest.mark.parametrize(
    "line",
    [
        b"",
        b"[]",
        b"{}",
        b'{"end":false}',
        b'{"advance":-1}',
        b'{"advance":1.5}',
        b'{"advance":true}',
        b'{"advance":1,"sent":{"a":"b"}}',
        b'{"response":{"device":"a"}}',
        b'{"response":{"device":"a","illuminance":NaN}}',
        b"[" * 100_000,
    ],
)
def test_other_control_messages_are_refused(line: bytes) -> None:
    with pytest.raises(lockstep.MessageError):
        lockstep.parse(line)


@given(st.one_of(st.binary(), st.recursive(st.none() | st.integers() | st.text(), st.lists).map(json.dumps)))
def test_any_line_is_a_request_or_refused(line: bytes | str) -> None:
    try:
        request = lockstep.parse(line if isinstance(line, bytes) else line.encode())
    except lockstep.MessageError:
        return
    assert isinstance(request, lockstep.Advance | lockstep.Response | lockstep.Query)
