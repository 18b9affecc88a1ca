"""An instrument told by a register map: its numbers, its flags, its checks; and every fault of a map in a sentence."""

from __future__ import annotations

import math
import struct
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st
from pymodbus.server import ModbusTcpServer
from pymodbus.simulator import DataType, SimData, SimDevice

from hil_drivers.clock import Clock
from hil_drivers.description import DescriptionError
from hil_drivers.errors import AddressError, LocalProtocolError, OptionError, RemoteProtocolError, SetpointRefused
from hil_drivers.indication import Flag
from hil_drivers.instruments.modbus import ModbusInstrument
from hil_drivers.instruments.modbus_map import load_map
from hil_drivers.sim.client import Simulation
from hil_drivers.testing import check_actuator, check_sensor
from hil_drivers.wire.modbus_values import Layout, other_orders
from rtu_peer import RtuPeer

MAP = Path(__file__).parents[1] / "support" / "flow_meter.toml"

HOLDING = {
    0: struct.unpack("<HH", struct.pack("<f", 12.5)),
    4: struct.unpack("<HH", struct.pack("<I", 1_234_567)),
    8: struct.unpack(">HHHH", struct.pack(">d", -1.25)),
    16: (3000,),
    18: struct.unpack("<HH", struct.pack("<f", 1.0)),
    20: (0b1000,),
    0x1F00: (53191, 58982, 49910),
}


class Meter:
    """The meter on pymodbus's server, which knows nothing of maps."""

    def __init__(self) -> None:
        self.inputs = [SimData(2, values=[215], datatype=DataType.REGISTERS)]
        self.held: dict[int, list[int]] = {}

    async def start(self) -> ModbusTcpServer:
        """Serve."""
        holding = [
            SimData(address, values=list(words), datatype=DataType.REGISTERS) for address, words in HOLDING.items()
        ]
        coils = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
        discrete = [SimData(0, values=[False] * 16, datatype=DataType.BITS)]
        device = SimDevice(17, (coils, discrete, holding, self.inputs), action=self.act)
        server = ModbusTcpServer(device, address=("127.0.0.1", 0))
        await server.serve_forever(background=True)
        return server

    async def act(
        self, _function: int, start: int, _address: int, _count: int, registers: list[int], _written: object
    ) -> None:
        """Put what a test wants to be read."""
        for address, words in self.held.items():
            if 0 <= address - start < len(registers):
                registers[address - start : address - start + len(words)] = words


@pytest.fixture
async def meter() -> Meter:
    return Meter()


@pytest.fixture
async def address(meter: Meter) -> AsyncIterator[str]:
    server = await meter.start()
    yield f"modbus+tcp://127.0.0.1:{server.transport.sockets[0].getsockname()[1]}"  # type: ignore[attr-defined]
    await server.shutdown()  # type: ignore[no-untyped-call]


@pytest.fixture
async def opened(address: str, clock: Clock) -> AsyncIterator[ModbusInstrument]:
    made = ModbusInstrument("flow", address, clock=clock, map=str(MAP))
    await made.open()
    yield made
    await made.close()


VALUES = {
    "flow": (12.5, "L/min", 2.0**-20),
    "temperature": (21.5, "Cel", 0.1),
    "total": (1234.567, "L", 0.001),
    "pressure": (100.075, "kPa", 2.0**-52),
    "setpoint": (30.0, "L/min", 0.01),
    "gain": (1.0, "1", 2.0**-23),
    "alarm": (1.0, "1", None),
    "valve": (0.0, "1", None),
}


async def test_every_type_is_read_from_an_independent_server(opened: ModbusInstrument) -> None:
    for point, (value, unit, step) in VALUES.items():
        indication = await opened.read(point)
        assert indication.value == pytest.approx(value)
        assert indication.unit == unit
        assert indication.resolution == (None if step is None else pytest.approx(step))
        assert indication.usable


async def test_the_interval_reaches_back_by_the_scan_period(opened: ModbusInstrument, clock: Clock) -> None:
    await clock.sleep(10.0)
    flow, temperature = await opened.read("flow"), await opened.read("temperature")
    assert (flow.earliest, flow.latest) == (9_500_000_000, 10_000_000_000)
    assert temperature.earliest == 10_000_000_000


NO_VALUES: list[tuple[str, int, list[int], Flag]] = [
    ("flow", 0, [0, 0x7FC0], Flag.NOT_AVAILABLE),
    ("flow", 0, [0, 0x7F80], Flag.NOT_AVAILABLE),
    ("flow", 0, list(struct.unpack("<HH", struct.pack("<f", 60.1))), Flag.OVER_RANGE),
    ("flow", 0, list(struct.unpack("<HH", struct.pack("<f", -0.1))), Flag.UNDER_RANGE | Flag.NOT_AVAILABLE),
    ("temperature", 2, [0x8000], Flag.NOT_AVAILABLE),
    ("temperature", 2, [0x7FFF], Flag.OVER_RANGE),
    ("setpoint", 16, [65535], Flag.NOT_AVAILABLE),
]


@pytest.mark.parametrize(("point", "register", "words", "flags"), NO_VALUES)
async def test_what_is_no_value_is_flagged(
    opened: ModbusInstrument, meter: Meter, point: str, register: int, words: list[int], flags: Flag
) -> None:
    meter.held[register] = words
    indication = await opened.read(point)
    assert (indication.value, indication.flags, indication.usable) == (None, flags, False)


async def test_it_writes_what_reads_back(opened: ModbusInstrument) -> None:
    for point, value in (("setpoint", 12.34), ("gain", 0.5), ("valve", 1.0), ("valve", 0.0)):
        await opened.write(point, value)
        assert (await opened.read(point)).value == pytest.approx(value)


REFUSED = {
    ("setpoint", 60.5): "cannot be set to 60.5 L/min; command a value from 0 to 60",
    ("setpoint", math.nan): "cannot be set to nan",
    ("valve", 0.5): "neither 0 nor 1",
    ("gain", 1e39): "does not fit float32",
}


@pytest.mark.parametrize(("setpoint", "told"), REFUSED.items())
async def test_a_setpoint_that_cannot_be_is_refused(
    opened: ModbusInstrument, setpoint: tuple[str, float], told: str
) -> None:
    with pytest.raises(SetpointRefused, match=told):
        await opened.write(*setpoint)


async def test_a_number_that_means_no_value_is_never_written(tmp_path: Path, address: str, clock: Clock) -> None:
    path = tmp_path / "map.toml"
    path.write_text(MAP.read_text().replace("upper = 60.0\nwritable", "upper = 700.0\nwritable"))
    made = ModbusInstrument("flow", address, clock=clock, map=str(path))
    await made.open()
    with pytest.raises(SetpointRefused, match="stands for no value"):
        await made.write("setpoint", 655.35)
    await made.close()


@pytest.mark.parametrize("point", ["flow", "temperature", "total"])
async def test_it_conforms(address: str, clock: Clock, point: str) -> None:
    expected = VALUES[point][0]
    await check_sensor(
        lambda: ModbusInstrument("flow", address, clock=clock, map=str(MAP)),
        point,
        accept=lambda value: math.isclose(value, expected),
    )


async def test_it_conforms_as_an_actuator(address: str, clock: Clock) -> None:
    await check_actuator(
        lambda: ModbusInstrument("flow", address, clock=clock, map=str(MAP)), "setpoint", [10.0, 20.5, 0.0]
    )


OTHER_KINDS: dict[str, tuple[int, list[int], str]] = {
    "another instrument": (
        0x1F00,
        [7],
        r"flow: holds 7 at 0x1f00 where -12345 \(its test integer\) is expected; check that the address leads to Exam",
    ),
    "words swapped": (
        0x1F01,
        [49910, 58982],
        r"another order; write word_order = \"high-first\" and byte_order = \"high-first\" in the map",
    ),
    "bytes swapped": (
        0x1F01,
        [0x66E6, 0xF6C2],
        r"another order; write word_order = \"low-first\" and byte_order = \"low-first\" in the map",
    ),
}


@pytest.mark.parametrize("kind", OTHER_KINDS)
async def test_checks_are_made_when_it_is_opened(address: str, meter: Meter, clock: Clock, kind: str) -> None:
    register, words, told = OTHER_KINDS[kind]
    meter.held[register] = words
    with pytest.raises(RemoteProtocolError, match=told):
        await ModbusInstrument("flow", address, clock=clock, map=str(MAP)).open()


async def test_it_reads_on_a_serial_line(tmp_path: Path, clock: Clock) -> None:
    peer = RtuPeer(tmp_path / "line", ids=(5,))
    peer.plug()
    path = tmp_path / "map.toml"
    path.write_text('[points.level]\nregister = 3\nfunction = 4\ntype = "uint16"\nunit = "mm"\n')
    made = ModbusInstrument("level", f"modbus+rtu://{peer.path}?device_id=5", clock=clock, map=str(path))
    await made.open()
    assert (await made.read("level")).value == 5003.0
    await made.close()
    await peer.unplug()


FAULTS = {
    "": "points: missing; expected at least one table [points.NAME]",
    "[points]\n": "points: expected at least one table [points.NAME], found {}",
    'word_ordre = "low-first"\n': "word_ordre: unknown key; did you mean 'word_order'?",
    'word_order = "little"\n': 'word_order: expected one of "high-first", "low-first", found \'little\'',
    "[points.a]\nregister = 70000\n": "points.a.register: expected a protocol address from 0 to 65535",
    "[points.a]\nregistre = 7\n": "points.a.registre: unknown key; did you mean 'register'?",
    "[points.a]\nfunction = 5\n": "points.a.function: expected the function code by which it is read: 1 coil",
    '[points.a]\ntype = "float16"\n': "points.a.type: expected one of int16, uint16, int32",
    '[points.a]\nregister = 1\ntype = "bit"\nunit = "1"\n': "points.a: a bit of a register needs its number",
    '[points.a]\nregister = 1\ntype = "int16"\nunit = "1"\nbit = 2\n': "points.a: 'bit' is for type = \"bit\"",
    '[points.a]\nregister = 1\nfunction = 2\ntype = "int16"\nunit = "1"\n': "points.a: function 2 reads single bits",
    '[points.a]\nregister = 65535\ntype = "float32"\nunit = "1"\n': "points.a: a float32 at register 65535 reaches",
    '[points.a]\nregister = 1\ntype = "int16"\nunit = "1"\nscale = 0\n': "points.a: scale: expected a number other",
    '[points.a]\nregister = 1\ntype = "int16"\nunit = "1"\nlower = 2\nupper = 1\n': "points.a: lower is not below",
    '[points.a]\nregister = 1\nfunction = 4\ntype = "int16"\nunit = "1"\nwritable = true\n': (
        "points.a: what function 4 reads cannot be written; use function = 1 or 3"
    ),
    '[points.a]\nregister = 1\ntype = "int16"\nunit = "1"\ninvalid = { 1 = "overrange" }\n': (
        "points.a: invalid: 'overrange' is no flag; did you mean 'over-range'?"
    ),
    '[points.a]\nregister = 1\ntype = "int16"\nunit = "1"\ninvalid = { x = "stale" }\n': (
        "points.a: invalid: 'x' is no number"
    ),
    '[points.a]\nregister = 1\ntype = "int32"\nunit = "1"\nwritable = true\nwrite_function = 6\n': (
        "points.a: write_function: expected 16, found 6"
    ),
    '[points.a]\nregister = 1\ntype = "int16"\nunit = "1"\nwrite_function = 6\n': (
        "points.a: 'write_function' is for a point with writable = true"
    ),
    "[[checks]]\nregister = 1\ntype = 'int16'\n": "checks[0].equals: missing; expected a number",
}


@pytest.mark.parametrize(("text", "sentence"), FAULTS.items())
def test_a_fault_of_a_map_is_told(tmp_path: Path, text: str, sentence: str) -> None:
    path = tmp_path / "map.toml"
    path.write_text(text)
    with pytest.raises(DescriptionError) as raised:
        load_map(path)
    assert f"{path}: {sentence}" in str(raised.value)


async def test_points_are_known_before_it_is_opened(clock: Clock) -> None:
    declared = ModbusInstrument.declared({"map": str(MAP)})
    assert {name: point.unit for name, point in declared.items()} == {k: unit for k, (_, unit, _) in VALUES.items()}
    assert [name for name, point in declared.items() if point.writable] == ["setpoint", "gain", "valve"]
    with pytest.raises(OptionError, match="lacks the option 'map'"):
        ModbusInstrument.declared({})
    with pytest.raises(DescriptionError, match="cannot be read"):
        ModbusInstrument("flow", "modbus+tcp://host", clock=clock, map="none.toml")


async def test_an_id_that_no_line_has_is_refused(tmp_path: Path, clock: Clock) -> None:
    path = tmp_path / "map.toml"
    path.write_text('device_id = 250\n[points.a]\nregister = 3\ntype = "uint16"\nunit = "mm"\n')
    with pytest.raises(AddressError, match="has an id from 1 to 247, not 250"):
        ModbusInstrument("a", "modbus+rtu:///dev/ttyUSB0", clock=clock, map=str(path))


LAYOUTS = st.builds(
    Layout,
    st.sampled_from(["int16", "uint16", "int32", "uint32", "float32", "float64"]),
    st.sampled_from(["high-first", "low-first"]),
    st.sampled_from(["high-first", "low-first"]),
)


@given(LAYOUTS, st.data())
def test_any_registers_are_a_number(layout: Layout, data: st.DataObject) -> None:
    words = data.draw(st.lists(st.integers(0, 0xFFFF), min_size=layout.count, max_size=layout.count))
    number = layout.decode(words)
    if math.isfinite(number):
        assert layout.encode(number) == words or number == 0.0
        assert layout.step(number) > 0


@given(LAYOUTS, st.lists(st.integers(-5, 0x1FFFF), max_size=5))
def test_other_registers_are_refused(layout: Layout, words: list[int]) -> None:
    if len(words) != layout.count or not all(0 <= word <= 0xFFFF for word in words):
        with pytest.raises(RemoteProtocolError, match=f"where a {layout.kind} has {layout.count} registers"):
            layout.decode(words)


@pytest.mark.parametrize(
    ("kind", "number"), [("int16", 32768), ("uint16", -1), ("float32", 1e39), ("uint32", math.inf), ("int16", math.nan)]
)
def test_a_number_that_does_not_fit_is_never_sent(kind: Any, number: float) -> None:
    with pytest.raises(LocalProtocolError, match=f"does not fit {kind}"):
        Layout(kind).encode(number)


def test_the_published_float_in_all_orders() -> None:
    """3704.6042 is 45678 9AB as a float; the WKL100 sends it as ab 89 67 45."""
    for layout, words in {
        Layout("float32"): [0x4567, 0x89AB],
        Layout("float32", "low-first"): [0x89AB, 0x4567],
        Layout("float32", "low-first", "low-first"): [0xAB89, 0x6745],
        Layout("float32", "high-first", "low-first"): [0x6745, 0xAB89],
    }.items():
        assert layout.decode(words) == pytest.approx(3704.6042, rel=1e-7)
        assert len(other_orders(layout)) == 3


WORLD: dict[str, Any] = {
    "seed": 5,
    "room": {"temperature": 23.4, "temperature_swing": 0.0},
    "devices": {
        "flow": {
            "kind": "modbus",
            "map": str(MAP),
            "values": {
                "flow": {"constant": 12.5, "noise": 0.01},
                "temperature": {"follows": "temperature", "noise": 0.0},
                "total": 1234.567,
                "alarm": 1,
            },
        }
    },
}


@pytest.fixture(params=["tcp", "rtu"])
async def simulation(request: pytest.FixtureRequest) -> AsyncIterator[Simulation]:
    device = {**WORLD["devices"]["flow"], "transport": request.param}
    started = await Simulation.start({**WORLD, "devices": {"flow": device}})
    yield started
    await started.end()


async def test_the_simulator_serves_the_same_map(simulation: Simulation, clock: Clock) -> None:
    made = ModbusInstrument("flow", simulation.addresses["flow"], clock=clock, map=str(MAP))
    await made.open()
    read = {point: (await made.read(point)).value for point in made.points}
    assert read["flow"] == pytest.approx(12.5, abs=0.1)
    assert read["flow"] != 12.5
    assert read["temperature"] == pytest.approx(23.4, abs=0.051)
    assert [read["total"], read["alarm"], read["pressure"]] == pytest.approx([1234.567, 1.0, 0.0])
    for point, value in (("setpoint", 12.34), ("gain", 0.25), ("valve", 1.0)):
        await made.write(point, value)
        assert (await made.read(point)).value == pytest.approx(value)
    await simulation.inject("flow", "nan")
    assert [(await made.read(point)).flags for point in ("flow", "temperature")] == [Flag.NOT_AVAILABLE] * 2
    await made.close()


async def test_swapped_words_of_the_simulator_are_found(simulation: Simulation, clock: Clock) -> None:
    await simulation.inject("flow", "word-order")
    with pytest.raises(RemoteProtocolError, match="its words or bytes stand in another order"):
        await ModbusInstrument("flow", simulation.addresses["flow"], clock=clock, map=str(MAP)).open()
