"""RTDE without a wire: frames of the fact sheet, recipes, and anything a peer may send."""

from __future__ import annotations

import struct

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.errors import LocalProtocolError, RemoteProtocolError
from hil_drivers.wire import rtde

NAMES = ("timestamp", "actual_TCP_pose", "robot_mode")
RECIPE = b"\x07DOUBLE,VECTOR6D,INT32"


def test_frames_are_those_of_the_fact_sheet() -> None:
    assert rtde.request_version().hex() == "0005560002"
    assert rtde.encode(rtde.Kind.START) == b"\x00\x03S"
    assert rtde.setup_outputs(125.0, ["timestamp", "actual_q"]) == b"\x00\x1dO" + struct.pack(">d", 125.0) + (
        b"timestamp,actual_q"
    )
    assert rtde.setup_inputs(["input_int_register_24"]) == b"\x00\x18Iinput_int_register_24"


def test_a_recipe_lays_vectors_out_flat() -> None:
    recipe = rtde.parse_recipe(RECIPE, NAMES, what="outputs")
    assert (recipe.number, recipe.places) == (7, {"timestamp": 0, "actual_TCP_pose": 1, "robot_mode": 7})
    values = (12.5, 0.1, 0.2, 0.3, 0.4, 0.5, 0.6, 7)
    package = recipe.pack(values)
    assert package[:4] == bytes((0, 4 + 8 + 48 + 4, ord("U"), 7))
    assert recipe.unpack(package[3:]) == values
    assert recipe.unpack(b"\x08" + package[4:]) is None
    with pytest.raises(RemoteProtocolError, match="59 bytes where its recipe has 60"):
        recipe.unpack(package[3:-1])
    with pytest.raises(LocalProtocolError):
        recipe.pack(values[:-1])


@pytest.mark.parametrize(
    ("reply", "message"),
    [
        (b"\x01DOUBLE,NOT_FOUND,NOT_FOUND", "does not have the outputs actual_TCP_pose, robot_mode"),
        (b"\x01IN_USE,VECTOR6D,INT32", "has given to somebody else the outputs timestamp; end the other client"),
        (b"\x01DOUBLE,VECTOR6D", "told 2 types for 3 outputs"),
        (b"\x01DOUBLE,VECTOR6D,STRING", "unknown type 'STRING' of robot_mode"),
        (b"\x01", "answered the set-up of outputs"),
        (b"", "answered the set-up of outputs"),
    ],
)
def test_what_a_controller_does_not_give_is_named(reply: bytes, message: str) -> None:
    with pytest.raises(RemoteProtocolError, match=message):
        rtde.parse_recipe(reply, NAMES, what="outputs")


def test_short_replies() -> None:
    rtde.parse_accepted(b"\x01", "to start")
    with pytest.raises(RemoteProtocolError, match="refused to start"):
        rtde.parse_accepted(b"\x00", "to start")
    with pytest.raises(RemoteProtocolError, match="2 bytes"):
        rtde.parse_accepted(b"\x01\x01", "to start")
    assert str(rtde.parse_controller_version(struct.pack(">4I", 5, 11, 3, 9))) == "5.11.3"
    with pytest.raises(RemoteProtocolError, match="in 15 bytes"):
        rtde.parse_controller_version(bytes(15))


def test_a_text_message() -> None:
    assert rtde.parse_text(b"\x05stop!\x04RTDE\x02") == rtde.Text(2, "stop!", "RTDE")
    for octets in (b"", b"\x05stop", b"\x05stop!\x04RTDE", b"\x00\x00\x01\x01"):
        with pytest.raises(RemoteProtocolError, match="lengths"):
            rtde.parse_text(octets)


@pytest.mark.parametrize("names", [[], ["a,b"], ["ü"], ["x" * 3000]])
def test_names_that_nobody_has_are_a_bug_of_ours(names: list[str]) -> None:
    with pytest.raises(LocalProtocolError):
        rtde.setup_inputs(names)


@given(st.lists(st.binary(max_size=40), max_size=8), st.integers(1, 7))
def test_packages_survive_any_split(payloads: list[bytes], size: int) -> None:
    stream = b"".join(rtde.encode(rtde.Kind.DATA, payload) for payload in payloads)
    packages = rtde.Packages()
    found = []
    for start in range(0, len(stream), size):
        packages.receive_data(stream[start : start + size])
        while (package := packages.next_event()) is not None:
            found.append(package)
    assert found == [rtde.Package(rtde.Kind.DATA, payload) for payload in payloads]


@given(st.lists(st.binary(max_size=60), max_size=10))
def test_any_bytes_are_packages_or_refused(pieces: list[bytes]) -> None:
    packages = rtde.Packages()
    recipe = rtde.parse_recipe(RECIPE, NAMES, what="outputs")
    for piece in pieces:
        packages.receive_data(piece)
        try:
            while (package := packages.next_event()) is not None:
                recipe.unpack(package.payload)
        except RemoteProtocolError:
            packages = rtde.Packages()


@given(st.binary(max_size=80))
def test_any_payload_is_parsed_or_refused(payload: bytes) -> None:
    parsers = (
        rtde.parse_text,
        rtde.parse_controller_version,
        lambda octets: rtde.parse_recipe(octets, NAMES, what="inputs"),
        lambda octets: rtde.parse_accepted(octets, "to start"),
    )
    for parse in parsers:
        try:
            parse(payload)
        except RemoteProtocolError as error:
            assert str(error).isprintable()  # noqa: PT017
