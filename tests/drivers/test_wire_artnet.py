"""The OpDmx packet, byte by byte and against datagrams of any kind."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.errors import LocalProtocolError, RemoteProtocolError
from hil_drivers.wire import artnet


def test_the_packet_has_the_layout_of_the_protocol() -> None:
    """Art-Net 4: identifier, opcode 0x5000 little endian, version 14 big endian, length big endian and even."""
    data = artnet.encode(artnet.OpDmx(universe=0x0102, data=b"\x10\x20\x30", sequence=7))
    assert data == b"Art-Net\0" + bytes.fromhex("0050 000e 07 00 0201 0004 10203000")


@given(
    st.integers(0, 0x7FFF),
    st.binary(min_size=1, max_size=512),
    st.integers(0, 255),
    st.integers(0, 255),
)
def test_a_packet_survives(universe: int, data: bytes, sequence: int, physical: int) -> None:
    padded = data + b"\0" * (len(data) % 2)
    packet = artnet.OpDmx(universe, data, sequence, physical)
    assert artnet.decode(artnet.encode(packet)) == artnet.OpDmx(universe, padded, sequence, physical)


@pytest.mark.parametrize(
    "packet",
    [
        artnet.OpDmx(0x8000, b"\0\0"),
        artnet.OpDmx(-1, b"\0\0"),
        artnet.OpDmx(0, b""),
        artnet.OpDmx(0, bytes(513)),
        artnet.OpDmx(0, b"\0\0", sequence=256),
    ],
)
def test_what_the_protocol_does_not_have_is_our_bug(packet: artnet.OpDmx) -> None:
    with pytest.raises(LocalProtocolError):
        artnet.encode(packet)


@given(st.binary(max_size=600), st.booleans())
def test_any_datagram_is_a_packet_or_refused(data: bytes, begins_well: bool) -> None:
    try:
        packet = artnet.decode(b"Art-Net\0\0\x50" * begins_well + data)
    except RemoteProtocolError:
        return
    assert len(packet.data) in range(2, 513, 2)


@given(st.floats(0.0, 1.0))
def test_sixteen_bits_resolve_a_level(level: float) -> None:
    coarse, fine = artnet.coarse_fine(level)
    assert abs((coarse * 256 + fine) / 65535 - level) <= 0.5001 / 65535


@pytest.mark.parametrize("level", [-0.001, 1.001, float("nan")])
def test_a_level_outside_0_to_1_is_our_bug(level: float) -> None:
    with pytest.raises(LocalProtocolError):
        artnet.coarse_fine(level)
