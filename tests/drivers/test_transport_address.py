"""Addresses: what is accepted, and that each refusal says why."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.errors import AddressError
from hil_drivers.transport.address import parse


@pytest.mark.parametrize(
    ("text", "scheme", "host", "port", "path"),
    [
        ("serial:///dev/ttyUSB0?baudrate=9600", "serial", "", 0, "/dev/ttyUSB0"),
        ("tcp://host:5025", "tcp", "host", 5025, ""),
        ("udp://127.0.0.1:6454", "udp", "127.0.0.1", 6454, ""),
        ("modbus+tcp://host?device_id=1", "modbus+tcp", "host", 502, ""),
        ("modbus+rtu:///dev/ttyS0?device_id=1&parity=E", "modbus+rtu", "", 0, "/dev/ttyS0"),
        ("mqtt://broker/room/temperature", "mqtt", "broker", 1883, "/room/temperature"),
        ("ros2:///topic", "ros2", "", 0, "/topic"),
        ("video:///my%20file.mkv", "video", "", 0, "/my file.mkv"),
        ("video+http://[::1]:8080/camera.y4m", "video+http", "::1", 8080, "/camera.y4m"),
        ("sim:lights", "sim", "", 0, "lights"),
        ("process:", "process", "", 0, ""),
    ],
)
def test_the_addresses_of_the_design(text: str, scheme: str, host: str, port: int, path: str) -> None:
    address = parse(text)
    assert (address.scheme, address.host, address.port, address.path) == (scheme, host, port, path)
    assert address.text == text


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("", "printable"),
        ("tcp://host:1 ", "blanks"),
        ("seriall:///dev/x", "use|begin with serial"),
        ("host:5025", "no scheme"),
        ("tcp:host:5025", "lacks //"),
        ("tcp://host", "lacks a port"),
        ("tcp://host:0", "no port"),
        ("tcp://host:70000", "no port"),
        ("tcp://host:5025/path", "no path"),
        ("tcp://:5025", "no host"),
        ("serial://dev/ttyUSB0", "three slashes"),
        ("serial:///", "lacks a path"),
        ("serial:///dev/x?baudrat=9600", "use baudrate"),
        ("serial:///dev/x?baudrate=9600&baudrate=1", "twice"),
        ("tcp://host:1?x=1", "leave it out"),
        ("video:///a%00b", "printable"),
    ],
)
def test_each_refusal_says_why(text: str, words: str) -> None:
    with pytest.raises(AddressError, match=words):
        parse(text)


def test_a_scheme_that_does_not_fit_the_driver_is_refused() -> None:
    with pytest.raises(AddressError, match="use serial or tcp"):
        parse("udp://host:1", allowed=("serial", "tcp"))
    with pytest.raises(AddressError, match="through a bench"):
        parse("sim:lights", allowed=("udp",))


def test_options_have_types_and_bounds() -> None:
    address = parse("serial:///dev/x?baudrate=19200&parity=E")
    assert address.integer("baudrate", 9600, lower=50, upper=115200) == 19200
    assert address.integer("bytesize", 8, lower=5, upper=8) == 8
    assert address.choice("parity", ("N", "E")) == "E"
    assert address.choice("backend", ("serialx", "pyserial")) == "serialx"
    with pytest.raises(AddressError, match="no integer from 50 to 9600"):
        address.integer("baudrate", 9600, lower=50, upper=9600)
    with pytest.raises(AddressError, match="none of N, O"):
        address.choice("parity", ("N", "O"))


SCHEMES = ["serial:", "tcp:", "udp:", "modbus+tcp:", "modbus+rtu:", "mqtt:", "video:", "video+http:", "sim:", ""]


@given(st.sampled_from(SCHEMES), st.sampled_from(["", "//", "///", "//host:1"]), st.text(max_size=60))
def test_any_text_is_an_address_or_refused(scheme: str, slashes: str, rest: str) -> None:
    try:
        address = parse(scheme + slashes + rest)
    except AddressError:
        return
    assert 0 <= address.port <= 65535
    assert address.path.isprintable()
