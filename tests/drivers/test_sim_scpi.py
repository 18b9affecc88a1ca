"""A simulated instrument of a SCPI description, without a wire and against its driver."""

from __future__ import annotations

from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st
from pydantic import ValidationError

from hil_drivers.clock import Clock, WallClock
from hil_drivers.errors import DeviceUnreachable, OptionError, RemoteProtocolError
from hil_drivers.indication import Flag
from hil_drivers.instruments.modbus import ModbusInstrument
from hil_drivers.instruments.scpi_instrument import ScpiInstrument
from hil_drivers.sim.client import Simulation
from hil_drivers.sim.devices.scpi import ScpiInstrumentDevice
from hil_drivers.sim.faults import Faults
from hil_drivers.sim.server.scpi import ScpiProtocol
from hil_drivers.sim.server.scpi_described import described
from hil_drivers.sim.world import World
from hil_drivers.sim.world_file import WorldFile
from subjects import MAP, SUPPLY, SUPPLY_ANSWERS

DEVICE: dict[str, Any] = {"kind": "scpi", "description": str(SUPPLY), **SUPPLY_ANSWERS}


def instrument(*faults: str, **changes: Any) -> tuple[World, ScpiProtocol]:
    """A world with one instrument, and its protocol."""
    present = [{"device": "supply", "kind": kind} for kind in faults]
    world = World(WorldFile.model_validate({"seed": 1, "devices": {"supply": DEVICE | changes}, "faults": present}))
    device = world.file.devices["supply"]
    assert isinstance(device, ScpiInstrumentDevice)
    return world, described("supply", device, world)(Faults("supply", world))


def test_it_answers_as_the_description_says() -> None:
    _, protocol = instrument()
    assert protocol.receive(b"*IDN?\nmeas:all?  (@1)\nVOLT 12.5\nvolt?\nSYST:ERR?\n") == [
        b"EXAMPLE INSTRUMENTS,EX-PSU 3,70001,1.2\n",
        b"+0.00000000E+00,+1.25000000E-02\n",
        b"+1.25000000E+01\n",
        b'0,"No error"\n',
    ]
    (told,) = protocol.receive(b"DIAG:TEMP?\n")
    assert told.startswith(b"T=+2.96")
    assert told.endswith(b"K\n")


def test_what_it_cannot_do_is_in_its_error_queue() -> None:
    _, protocol = instrument()
    assert protocol.receive(b"VOLT 31\nSYST:ERR?\nVOLT -\nSYST:ERR?\nCURR 1\nSYST:ERR?\nVOLT?\n") == [
        b'-222,"Data out of range"\n',
        b'-104,"Data type error"\n',
        b'-113,"Undefined header"\n',
        b"+0.00000000E+00\n",
    ]
    assert protocol.receive(b"OUTP ON\nOUTP OFF\n*CLS\nSYST:ERR?\n") == [b'0,"No error"\n']


def test_a_value_that_is_being_measured_is_waited_for() -> None:
    world, protocol = instrument()
    assert protocol.receive(b"INIT\nFETC?\nVOLT?\n") == []
    world.time.advance(399_999_999)
    assert protocol.due() == []
    world.time.advance(400_000_000)
    assert protocol.due() == [b"+1.00000000E+02\n", b"+0.00000000E+00\n"]


def test_its_faults() -> None:
    assert instrument("over-range")[1].receive(b"FETC?\n") == [b"+9.90000000E+37\n"]
    _, frozen = instrument("frozen")
    assert frozen.receive(b"VOLT 5\nVOLT?\n") == [b"+0.00000000E+00\n"]


@pytest.mark.parametrize(
    ("changes", "told"),
    [
        ({"identity": "ACME,1,2,3"}, "does not match"),
        ({"answers": {}}, "lacks {temperature}"),
        ({"answers": {"DIAG:TEMP?": "T={temprature}K"}}, "lacks {temperature}"),
        ({"answers": SUPPLY_ANSWERS["answers"] | {"X?": "1"}}, "names a query or a point"),
        ({"values": {"currant": 1.0}}, "the description has no point 'currant'"),
        ({"description": "/nowhere.toml"}, "cannot be read"),
    ],
)
def test_a_device_that_contradicts_its_description_is_refused(changes: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        instrument(**changes)


@example([b"INIT\n", b"FETC?\n", b"INIT\n", b"FETC?"])
@given(st.lists(st.one_of(st.binary(max_size=40), st.sampled_from([b"VOLT ", b"FETC?\n", b"INIT\n", b"\n"]))))
def test_any_bytes_leave_it_answering(pieces: list[bytes]) -> None:
    world, protocol = instrument()
    for piece in pieces:
        assert all(reply.endswith(b"\n") for reply in protocol.receive(piece))
    protocol.receive(b"\n*CLS\n")
    for _ in range(sum(map(len, pieces)) // 4 + 2):  # each measurement that was begun takes its time
        world.time.advance(world.time.now() + 1_000_000_000)
        protocol.due()
    assert protocol.receive(b"VOLT 1.5\nVOLT?\n") == [b"+1.50000000E+00\n"]


async def test_the_driver_reads_it_in_a_world_that_runs(clock: Clock) -> None:
    world = {"seed": 1, "mode": "paced", "speed": 4.0, "devices": {"supply": DEVICE}}
    simulation = await Simulation.start(world)
    supply = ScpiInstrument("supply", simulation.addresses["supply"], clock=clock, description=str(SUPPLY))
    await supply.open()
    found = {name: await supply.read(name) for name, point in supply.points.items() if point.readable}
    assert found["resistance"].value == pytest.approx(100.0)
    assert found["current"].value == pytest.approx(12.5)
    await simulation.inject("supply", "over-range")
    assert (await supply.read("current")).flags == Flag.OVER_RANGE
    await supply.close()
    await simulation.end()


async def test_the_deadline_is_an_option(clock: Clock) -> None:
    simulation = await Simulation.start({"seed": 1, "devices": {"supply": DEVICE}})
    await simulation.inject("supply", "silent")
    supply = ScpiInstrument("supply", simulation.addresses["supply"], clock=clock, description=str(SUPPLY), timeout=0.1)
    with pytest.raises(DeviceUnreachable, match=r"did not answer within 0\.1 s"):
        await supply.open()
    await simulation.end()
    for timeout in (0.0, -1.0, 101.0, float("nan")):
        with pytest.raises(OptionError, match=r"timeout = .* s; give 0\.05 to 100"):
            ScpiInstrument("supply", "tcp://h:1", clock=WallClock(), description=str(SUPPLY), timeout=timeout)
        with pytest.raises(OptionError, match=r"timeout = .* s; give 0\.05 to 100"):
            ModbusInstrument("flow", "modbus+tcp://h", clock=WallClock(), map=str(MAP), timeout=timeout)
    flow = ModbusInstrument("flow", "modbus+tcp://h", clock=WallClock(), map=str(MAP), timeout=9.5)
    assert flow._link.timeout == 9.5


@pytest.mark.parametrize("answer", ["PSU 3", "A,B,C", "A,B,C,D,E", ""])
async def test_an_identity_that_has_not_four_parts_is_told(clock: Clock, tmp_path: Any, answer: str) -> None:
    path = tmp_path / "any.toml"
    path.write_text('[points.a]\nunit = "V"\nquery = "A?"\n')
    simulation = await Simulation.start(
        {"seed": 1, "devices": {"supply": {"kind": "scpi", "description": str(path), "identity": answer}}}
    )
    supply = ScpiInstrument("supply", simulation.addresses["supply"], clock=clock, description=str(path))
    with pytest.raises(
        RemoteProtocolError, match=r"supply: identifies itself as '.*', not in four parts .*; check that the address"
    ):
        await supply.open()
    await simulation.end()
