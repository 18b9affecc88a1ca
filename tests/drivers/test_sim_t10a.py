"""The T-10A's side of its protocol: frames, states, conversions, faults."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.clock import NANOSECONDS
from hil_drivers.sim.devices.t10a import T10aDevice
from hil_drivers.sim.faults import Faults
from hil_drivers.sim.luxmeter import Luxmeter
from hil_drivers.sim.server.serial_t10a import T10aProtocol, check, frame, value_field
from hil_drivers.sim.world import World
from hil_drivers.sim.world_file import WorldFile

SAMPLE: dict[str, Any] = json.loads((Path(__file__).parent / "sim_world.json").read_text())
S = NANOSECONDS


class Bench:
    """One luxmeter on the plane, without any wire."""

    def __init__(self, *faults: dict[str, object], name: str = "reference", head: int = 0) -> None:
        document = copy.deepcopy(SAMPLE)
        document["faults"] = list(faults)
        document["devices"][name]["head"] = head
        self.world = World(WorldFile.model_validate(document))
        device = self.world.file.devices[name]
        assert isinstance(device, T10aDevice)
        self.meter = Luxmeter(name, device, self.world)
        self.protocol = T10aProtocol(self.meter, self.world, Faults(name, self.world))
        self.world.light.set_level(0, 0.05)

    def send(self, body: str, at: float | None = None) -> list[bytes]:
        if at is not None:
            self.world.time.advance(round(at * S))
        return self.protocol.receive(frame(body))

    def ready(self) -> None:
        for body in ("00541   ", "99551  0", "004010  "):
            self.send(body)

    def measure(self, at: float) -> bytes:
        self.send("994021  ", at=at)
        (reply,) = self.send("00100200", at=at + 0.5)
        return reply


def fault(kind: str, start: float = 0.0, end: float = 1e9) -> dict[str, object]:
    return {"device": "reference", "kind": kind, "from": start, "to": end}


@pytest.mark.parametrize(
    ("body", "code"),
    [
        ("00541   ", b"13"),
        ("99551  0", b"02"),
        ("004010  ", b"06"),
        ("994021  ", b"04"),
        ("00021200", b"02"),
        ("00021 10+ 2733+45450+44990", b"1F"),
    ],
)
def test_published_frames_have_their_block_check(body: str, code: bytes) -> None:
    """Frames of the public client cl200a_controller, with the check in hexadecimal."""
    assert check(body.encode() + b"\x03") == code
    assert frame(body) == b"\x02" + body.encode() + b"\x03" + code + b"\r\n"


@pytest.mark.parametrize(
    ("illuminance", "field"),
    [
        (0.0, "+   02"),
        (0.01, "+   12"),
        (-0.004, "+   02"),
        (-0.02, "-   22"),
        (29.99, "+29992"),
        (29.996, "+ 3003"),
        (27.33, "+27332"),
        (300.0, "+ 3004"),
        (1234.4, "+12344"),
        (2999.6, "+ 3005"),
        (299_900.0, "+29996"),
    ],
)
def test_values_are_rounded_to_the_digits_of_their_range(illuminance: float, field: str) -> None:
    assert value_field(illuminance) == field


def decoded(reply: bytes) -> float:
    assert len(reply) == 32
    assert reply[-4:-2] == check(reply[1:-4])
    text = reply[9:15].decode()
    return float(text[0] + "1") * int(text[1:5]) * 10.0 ** (int(text[5]) - 4)


def test_the_sequence_of_the_manual_yields_a_reading() -> None:
    bench = Bench()
    assert bench.send("00541   ") == [frame("00541 10")]
    assert bench.send("99551  0") == []
    assert bench.send("004010  ") == [frame("00401 10")]
    value = decoded(bench.measure(at=10.0))
    expected = bench.meter.indication(bench.meter.illuminance(10 * S, 10 * S + S // 2), 10 * S)
    assert value == pytest.approx(expected, rel=4e-3)


def test_ext_mode_without_hold_is_refused() -> None:
    bench = Bench()
    bench.send("00541   ")
    (reply,) = bench.send("004010  ")
    assert reply[6:7] == b"4"


def test_nothing_is_answered_before_the_pc_mode_or_for_another_head() -> None:
    bench = Bench(head=7)
    assert bench.send("07100200") == []
    bench.send("07541   ")
    assert bench.send("00100200") == []
    assert len(bench.send("07100200")) == 1


def test_a_read_before_the_conversion_ends_gives_the_previous_value() -> None:
    bench = Bench()
    bench.ready()
    bench.send("994021  ", at=1.0)
    (blank,) = bench.send("00100200", at=1.499999999)
    assert blank[9:27] == b" " * 18
    (first,) = bench.send("00100200", at=1.5)
    assert bench.send("00100200", at=1.9) == [first]
    bench.world.light.set_level(2 * S, 0.1)
    bench.send("994021  ", at=2.0)
    assert bench.send("00100200", at=2.4) == [first]
    (second,) = bench.send("00100200", at=2.5)
    assert decoded(second) == pytest.approx(2 * decoded(first), rel=0.02)


def test_without_ext_mode_it_converts_all_the_time_until_held() -> None:
    bench = Bench()
    bench.send("00541   ")
    first = decoded(bench.send("00100200", at=1.0)[0])
    assert first == pytest.approx(105, rel=0.1)
    bench.world.light.set_level(S, 0.1)
    assert decoded(bench.send("00100200", at=1.5)[0]) == pytest.approx(2 * first, rel=0.02)
    bench.send("99551  0")
    bench.world.light.set_level(round(1.5 * S), 0.2)
    assert decoded(bench.send("00100200", at=9.0)[0]) == pytest.approx(2 * first, rel=0.02)
    bench.send("99550  0")
    assert decoded(bench.send("00100200")[0]) == pytest.approx(4 * first, rel=0.02)


def test_faults_of_a_reading() -> None:
    healthy = Bench()
    healthy.ready()
    reply = healthy.measure(at=10.0)
    faulty = {}
    for kind in ("nan", "low-battery", "over-range", "checksum"):
        bench = Bench(fault(kind))
        bench.ready()
        faulty[kind] = bench.measure(at=10.0)
    assert faulty["nan"][9:27] == b" " * 18
    assert faulty["low-battery"][8:9] == b"1"
    assert decoded(faulty["low-battery"]) == decoded(reply)
    assert faulty["over-range"][6:7] == b"5"
    assert decoded(faulty["over-range"]) == 299_900.0
    assert faulty["checksum"][:-4] == reply[:-4]
    assert faulty["checksum"][-4:-2] != reply[-4:-2]


def test_a_frozen_value_stays_until_the_fault_ends() -> None:
    bench = Bench(fault("frozen", 2.0, 5.0))
    bench.ready()
    first = bench.measure(at=1.0)
    bench.world.light.set_level(round(1.6 * S), 0.1)
    assert bench.measure(at=2.0) == first
    assert bench.measure(at=3.0) == first
    assert decoded(bench.measure(at=6.0)) == pytest.approx(2 * decoded(first), rel=0.02)


def test_a_real_over_range_is_flagged() -> None:
    bench = Bench()
    bench.ready()
    bench.world.light.set_level(0, 400.0)
    assert bench.measure(at=1.0)[6:7] == b"5"


def test_frames_may_come_in_pieces_and_after_noise() -> None:
    bench = Bench()
    data = b"\x11\x00\x02half" + frame("00541   ")[:-2]
    replies = [reply for octet in data for reply in bench.protocol.receive(bytes([octet]))]
    assert replies == [frame("00541 10")]


def test_a_wrong_block_check_is_not_obeyed() -> None:
    bench = Bench()
    assert bench.protocol.receive(b"\x0200541   \x0312\r\n") == []
    assert bench.send("00100200") == []


@given(
    st.lists(
        st.one_of(
            st.binary(max_size=80),
            st.sampled_from(["00541   ", "99551  0", "004010  ", "994021  ", "00100200"]).map(frame),
            st.text(alphabet="0123456789 ", max_size=20).map(frame),
        ),
        max_size=20,
    )
)
def test_any_bytes_leave_it_answering(pieces: list[bytes]) -> None:
    bench = Bench()
    for piece in pieces:
        for reply in bench.protocol.receive(piece):
            assert reply[-4:-2] == check(reply[1:-4])
    bench.protocol.receive(b"\x03" * 70)
    assert len(bench.send("00541   ")) == 1
