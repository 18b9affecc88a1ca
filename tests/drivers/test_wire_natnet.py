"""NatNet without a wire: frames built byte by byte here, of both layouts, and anything a peer may send."""

from __future__ import annotations

import struct
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.errors import LocalProtocolError, RemoteProtocolError
from hil_drivers.wire import natnet

BODY = struct.pack("<i3f4ffh", 7, 0.5, -1.0, 2.0, 0.0, 0.0, 0.6, 0.8, 0.0002, 1)
LOST = struct.pack("<i3f4ffh", 9, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0.0, 0)


def section(count: int, content: bytes, *, sized: bool) -> bytes:
    head = struct.pack("<i", count)
    return head + (struct.pack("<i", len(content)) if sized else b"") + content


def frame(*, sized: bool = False, precise: bool = False) -> bytes:
    """Every section with something in it."""
    marker = struct.pack("<i4fhf", (7 << 16) | 1, 0.1, 0.2, 0.3, 0.02, 0, 0.0001)
    channel = struct.pack("<ii2f", 1, 2, 1.0, 2.0)
    sections = [
        section(1, b"all\0" + struct.pack("<i3f", 1, 1.0, 2.0, 3.0), sized=sized),
        section(2, struct.pack("<6f", *range(6)), sized=sized),
        section(2, BODY + LOST, sized=sized),
        section(1, struct.pack("<ii", 3, 1) + BODY, sized=sized),
        *([section(1, struct.pack("<ii", 4, 1) + BODY + struct.pack("<i", 1) + marker, sized=True)] if sized else []),
        section(1, marker, sized=sized),
        section(1, struct.pack("<i", 5) + channel, sized=sized),
        section(1, struct.pack("<i", 6) + channel, sized=sized),
    ]
    suffix = struct.pack("<IIdQQQ", 1, 2, 0.25, 10_000, 10_050, 10_090)
    suffix += struct.pack("<II", 0, 0) if precise else b""
    suffix += struct.pack("<hi", 2, 0)
    return struct.pack("<i", 42) + b"".join(sections) + suffix


@pytest.mark.parametrize("precise", [False, True])
@pytest.mark.parametrize(("version", "sized"), [((3, 0), False), ((4, 0), False), ((4, 1), True), ((4, 2), True)])
def test_a_frame_with_every_section(version: tuple[int, int], sized: bool, precise: bool) -> None:
    found = natnet.parse_frame(frame(sized=sized, precise=precise), version)
    assert (found.number, found.mid_exposure, found.transmitted, found.models_changed) == (42, 10_000, 10_090, True)
    assert set(found.bodies) == {7, 9}
    body = found.bodies[7]
    assert body.position == (0.5, -1.0, 2.0)
    assert body.rotation == pytest.approx((0.0, 0.0, 0.6, 0.8))
    assert body.marker_error == pytest.approx(0.0002)
    assert body.tracked
    assert not found.bodies[9].tracked


def test_a_layout_taken_for_the_other_is_refused() -> None:
    for version, sized in (((3, 0), True), ((4, 1), False)):
        with pytest.raises(RemoteProtocolError, match="sent a message"):
            natnet.parse_frame(frame(sized=sized), version)


def test_a_tracked_body_without_a_pose_is_refused() -> None:
    broken = frame().replace(struct.pack("<f", -1.0), struct.pack("<f", float("nan")))
    with pytest.raises(RemoteProtocolError, match="without a finite pose"):
        natnet.parse_frame(broken, (3, 0))


def description(number: int, name: bytes, version: tuple[int, int]) -> bytes:
    text = name + b"\0" + struct.pack("<ii3f", number, -1, 0.0, 0.0, 0.0)
    text += struct.pack("<4f", 0.0, 0.0, 0.0, 1.0) if version >= (4, 2) else b""
    text += struct.pack("<i", 2) + struct.pack("<6f", *range(6)) + struct.pack("<2i", 1, 2)
    return text + (b"one\0two\0" if version >= (4, 0) else b"")


@pytest.mark.parametrize("version", [(3, 0), (4, 0), (4, 1), (4, 2)])
def test_the_names_of_rigid_bodies(version: tuple[int, int]) -> None:
    sets = [
        (0, b"all\0" + struct.pack("<i", 2) + b"a\0b\0"),
        (1, description(7, b"tool", version)),
        (1, description(9, b"robot", version)),
        (5, b"camera\0" + bytes(28)),
    ]
    payload = struct.pack("<i", len(sets))
    for kind, content in sets:
        payload += struct.pack("<i", kind)
        payload += (struct.pack("<i", len(content)) if version >= (4, 1) else b"") + content
    assert natnet.parse_models(payload, version) == {"tool": 7, "robot": 9}


def server_info(version: tuple[int, ...], *, frequency: int = 10_000_000, multicast: bool = True) -> bytes:
    head = b"Motive".ljust(256, b"\0") + bytes((2, 1, 0, 0)) + bytes(version)
    return head + struct.pack("<QHB4B", frequency, 1511, multicast, 239, 255, 42, 99)


def test_who_serves() -> None:
    found = natnet.parse_server_info(server_info((3, 0, 0, 0)))
    assert found == natnet.ServerInfo("Motive", (3, 0), 10_000_000, 1511, "239.255.42.99")
    assert natnet.parse_server_info(server_info((4, 1, 0, 0), multicast=False)).group == ""


@pytest.mark.parametrize(
    ("payload", "message"),
    [
        (server_info((2, 10, 0, 0)), r"speaks NatNet 2\.10.*let the server stream version 3\.0 to 4\.x"),
        (server_info((5, 0, 0, 0)), r"speaks NatNet 5\.0"),
        (server_info((3, 0, 0, 0), frequency=0), "clock frequency of 0 Hz"),
        (server_info((3, 0, 0, 0))[:-1], "without its connection"),
        (b"Motive", "too short"),
    ],
)
def test_a_server_that_cannot_be_used_is_told(payload: bytes, message: str) -> None:
    with pytest.raises(RemoteProtocolError, match=message):
        natnet.parse_server_info(payload)


def test_messages_and_pings() -> None:
    assert natnet.connect() == b"\x00\x00\x05\x00Ping\x00"
    assert natnet.echo_request(258) == b"\x0c\x00\x08\x00\x02\x01" + bytes(6)
    assert natnet.decode(b"\x0d\x00\x10\x00" + struct.pack("<QQ", 5, 6)).id == natnet.Id.ECHO_RESPONSE
    assert natnet.parse_echo(struct.pack("<QQ", 5, 6)) == natnet.Echo(5, 6)
    with pytest.raises(RemoteProtocolError, match="wrong length"):
        natnet.parse_echo(bytes(15))
    with pytest.raises(LocalProtocolError):
        natnet.echo_request(-1)
    for short in (b"", b"\x00\x00\x05"):
        with pytest.raises(RemoteProtocolError, match="too short"):
            natnet.decode(short)
    with pytest.raises(RemoteProtocolError, match="of 4 bytes that tells 5"):
        natnet.decode(b"\x00\x00\x05\x00Ping")


def test_the_step_of_a_float32() -> None:
    assert natnet.float_step(1.0) == 2.0**-23
    assert natnet.float_step(0.0) == 2.0**-149


VERSIONS = st.sampled_from([(3, 0), (4, 0), (4, 1), (4, 2)])
PARSERS: tuple[Any, ...] = (
    natnet.parse_frame,
    natnet.parse_models,
    lambda octets, _: natnet.parse_server_info(octets),
    lambda octets, _: natnet.parse_echo(octets),
    lambda octets, _: natnet.decode(octets),
)


@given(st.binary(max_size=400), VERSIONS)
def test_any_bytes_are_parsed_or_refused(octets: bytes, version: tuple[int, int]) -> None:
    for parse in PARSERS:
        try:
            parse(octets, version)
        except RemoteProtocolError as error:
            assert str(error).isprintable()  # noqa: PT017


@given(st.booleans(), st.data())
def test_a_damaged_frame_is_parsed_or_refused(sized: bool, data: st.DataObject) -> None:
    whole = frame(sized=sized)
    at = data.draw(st.integers(0, len(whole) - 1))
    damaged = bytearray(whole[: data.draw(st.integers(at + 1, len(whole)))])
    damaged[at] ^= data.draw(st.integers(1, 255))
    try:
        natnet.parse_frame(bytes(damaged), (4, 1) if sized else (3, 0))
    except RemoteProtocolError as error:
        assert str(error).isprintable()  # noqa: PT017
