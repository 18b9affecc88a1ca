"""A SCPI instrument by its description, against an instrument on a real socket that knows nothing of ours."""

from __future__ import annotations

import asyncio
import math
import re
from collections.abc import AsyncIterator
from pathlib import Path
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.clock import NANOSECONDS, Clock
from hil_drivers.description import DescriptionError
from hil_drivers.device import make_device
from hil_drivers.errors import OptionError, RemoteProtocolError, SetpointRefused, UnitError
from hil_drivers.indication import Flag
from hil_drivers.instruments.scpi_description import PointSection
from hil_drivers.instruments.scpi_instrument import ScpiInstrument
from hil_drivers.testing import check_actuator, check_sensor

DESCRIPTION = r"""
[instrument]
identity = 'EXAMPLE INSTRUMENTS,EX-PSU \d,.*'
opening = ["*CLS", "OUTP ON"]
closing = ["OUTP OFF"]

[points.voltage]
unit = "V"
query = "MEAS:ALL?"
resolution = 0.001

[points.current]
unit = "mA"
query = "MEAS:ALL?"
field = 1
scale = 1e3

[points.temperature]
unit = "Cel"
query = "DIAG:TEMP?"
pattern = 'T=([-+.0-9E]+)K'
offset = -273.15
age = 2.0

[points.resistance]
unit = "Ohm"
trigger = "INIT"
query = "FETC?"
integration = 0.4

[points.output]
unit = "V"
query = "VOLT?"
command = "VOLT {value:.3f}"
lower = 0.0
upper = 30.0
settle = 0.5

[points.level]
unit = "%"
command = "LEV {value:d},1"
scale = 0.01
lower = 0
upper = 100
"""


class Supply:
    """A power supply on a socket."""

    def __init__(self) -> None:
        self.voltage, self.errors = 0.0, list[str]()
        self.heard = list[str]()
        self.instead: dict[str, str] = {}
        self.tasks = set[asyncio.Task[None]]()
        self.off = asyncio.Event()

    async def start(self) -> str:
        """Listen; the address."""
        self.server = await asyncio.start_server(self.serve, "127.0.0.1", 0)
        return f"tcp://127.0.0.1:{self.server.sockets[0].getsockname()[1]}"

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One connection."""
        task = asyncio.current_task()
        assert task is not None
        self.tasks.add(task)
        try:
            while line := await reader.readline():
                message = line.decode().strip()
                self.heard.append(message)
                if message == "OUTP OFF":
                    self.off.set()
                answer = self.instead.get(message, self.answer(message))
                if answer is not None:
                    writer.write(f"{answer}\n".encode())
        except (ConnectionError, asyncio.CancelledError):
            pass
        writer.transport.abort()

    def answer(self, message: str) -> str | None:
        """What it answers, if anything."""
        if found := re.fullmatch(r"VOLT ([\d.]+)", message):
            self.voltage = float(found[1])
        elif message == "SYST:ERR?":
            return self.errors.pop(0) if self.errors else '+0,"No error"'
        elif not message.endswith("?") and not re.fullmatch(r"\*CLS|OUTP O.*|INIT|LEV \d+,1", message):
            self.errors.append('-113,"Undefined header"')
        return {
            "*IDN?": "EXAMPLE INSTRUMENTS,EX-PSU 3,70001,1.2",
            "MEAS:ALL?": f"{self.voltage:+.4E},+1.2500E-02",
            "DIAG:TEMP?": "OK T=300.65K",
            "FETC?": "+1.0000E+03",
            "VOLT?": f"{self.voltage:.3f}",
        }.get(message)

    async def stop(self) -> None:
        """Close every connection."""
        self.server.close()
        for task in self.tasks:
            task.cancel()
        await asyncio.gather(*self.tasks)


@pytest.fixture
async def supply() -> AsyncIterator[Supply]:
    made = Supply()
    made.address = await made.start()  # type: ignore[attr-defined]
    yield made
    await made.stop()


@pytest.fixture
def description(tmp_path: Path) -> Path:
    path = tmp_path / "supply.toml"
    path.write_text(DESCRIPTION, encoding="utf-8")
    return path


@pytest.fixture
async def device(supply: Any, description: Path, clock: Clock) -> AsyncIterator[ScpiInstrument]:
    made = ScpiInstrument("supply", supply.address, clock=clock, description=str(description))
    await made.open()
    yield made
    await made.close()


async def test_points_are_read_as_described(device: ScpiInstrument, supply: Supply, clock: Clock) -> None:
    supply.voltage = 12.3456
    voltage = await device.read("voltage")
    assert (voltage.value, voltage.unit, voltage.resolution) == (12.346, "V", 0.001)
    assert (await device.read("current")).value == pytest.approx(12.5)
    temperature = await device.read("temperature")
    assert temperature.value == pytest.approx(27.5)
    assert temperature.latest - temperature.earliest == 2 * NANOSECONDS
    before = clock.now()
    resistance = await device.read("resistance")
    assert (resistance.earliest, resistance.latest) == (before, before + 4 * NANOSECONDS // 10)
    assert clock.now() == resistance.latest


async def test_a_command_is_sent_checked_and_waited_for(device: ScpiInstrument, supply: Supply, clock: Clock) -> None:
    before = clock.now()
    await device.write("output", 12.34567)
    assert supply.heard[-2:] == ["VOLT 12.346", "SYST:ERR?"]
    assert clock.now() - before == NANOSECONDS // 2
    await device.write("level", 40.0)
    assert supply.heard[-2:] == ["LEV 4000,1", "SYST:ERR?"]
    for value in (-0.1, 30.1, math.nan):
        with pytest.raises(SetpointRefused, match="command a value from 0 to 30 V"):
            await device.write("output", value)
    with pytest.raises(UnitError):
        await device.write("voltage", 1.0)


async def test_the_range_of_the_bench_is_kept_before_anything_is_sent(device: ScpiInstrument, supply: Supply) -> None:
    device.restrict("output", 5.0, 12.0)
    device.restrict("level", 10.0, 20.0)
    before = len(supply.heard)
    for point, value in (("output", 4.9), ("output", 30.0), ("output", math.inf), ("level", 20.5), ("level", math.nan)):
        with pytest.raises(SetpointRefused):
            await device.write(point, value)
    assert len(supply.heard) == before
    await device.write("output", 12.0)
    assert supply.heard[-2:] == ["VOLT 12.000", "SYST:ERR?"]


async def test_what_the_instrument_refuses_is_told_in_its_words(device: ScpiInstrument, supply: Supply) -> None:
    supply.errors.append('-222,"Data out of range"')
    with pytest.raises(RemoteProtocolError, match=r"supply: refused VOLT 1\.000: -222, Data out of range"):
        await device.write("output", 1.0)


async def test_overload_and_garbage(device: ScpiInstrument, supply: Supply) -> None:
    supply.instead["FETC?"] = "9.90000E+37"
    indication = await device.read("resistance")
    assert (indication.value, indication.flags) == (None, Flag.OVER_RANGE)
    supply.instead["FETC?"] = "9.91E+37"
    assert not (await device.read("resistance")).usable
    for answer in ("", "OVLD", "nan"):
        supply.instead["FETC?"] = answer
        with pytest.raises(RemoteProtocolError, match=r"where a number is due \(asked FETC\?\)"):
            await device.read("resistance")
    supply.instead["DIAG:TEMP?"] = "OK"
    with pytest.raises(RemoteProtocolError, match="in which nothing matches the pattern"):
        await device.read("temperature")
    supply.instead["MEAS:ALL?"] = "1.0"
    with pytest.raises(RemoteProtocolError, match="which has no field 1"):
        await device.read("current")


async def test_it_is_prepared_and_left_as_described(supply: Any, description: Path, clock: Clock) -> None:
    made = ScpiInstrument("supply", supply.address, clock=clock, description=str(description))
    await made.open()
    assert [m for m in supply.heard if m != "SYST:ERR?"] == ["*IDN?", "*IDN?", "*CLS", "OUTP ON"]
    await made.close()
    await supply.off.wait()


async def test_another_instrument_is_refused(supply: Any, description: Path, clock: Clock) -> None:
    supply.instead["*IDN?"] = "EXAMPLE INSTRUMENTS,EX-DMM 1,1,1"
    made = ScpiInstrument("supply", supply.address, clock=clock, description=str(description))
    with pytest.raises(RemoteProtocolError, match="identifies itself as 'EXAMPLE INSTRUMENTS,EX-DMM 1,1,1', not as"):
        await made.open()


async def test_it_conforms(supply: Any, description: Path, clock: Clock) -> None:
    def make() -> ScpiInstrument:
        return ScpiInstrument("supply", supply.address, clock=clock, description=str(description))

    await check_actuator(make, "output", [1.5, 30.0, 0.0])
    await check_sensor(make, "temperature", accept=lambda value: 20 < value < 30)


FAULTS = {
    '[points.a]\nunit = "V"\n': "points.a: it has neither query nor command",
    '[points.a]\nunit = "V"\nquery = "VOLT"\n': "asks nothing",
    '[points.a]\nunit = "V"\nquery = "V?"\nfeild = 1\n': "points.a.feild: unknown key; did you mean 'field'?",
    '[points.a]\nunit = "V"\ncommand = "VOLT {value}"\n': "a point with a command needs lower and upper",
    '[points.a]\nunit = "V"\ncommand = "VOLT"\nlower = 0\nupper = 1\n': "needs {value} once",
    '[points.a]\nunit = "V"\ncommand = "V {value.x}"\nlower = 0\nupper = 1\n': "needs {value} once",
    '[points.a]\nunit = "V"\nquery = "V?"\npattern = "["\n': "is no regular expression",
    '[points.a]\nunit = "V"\nquery = "V?"\npattern = "V"\n': "needs one group in round brackets",
    '[points.a]\nunit = "V"\nquery = "V?"\nintegration = 1\n': "integration counts from a trigger",
    '[points.a]\nunit = "V"\nquery = "V?"\nscale = 0\n': "scale is 0",
    '[points.a]\nunit = "V"\nquery = "V?\\n"\n': "is no message",
    "points = {}\n": "points: expected a table for each point",
    '[instrument]\nidentity = "("\n[points.a]\nunit = "V"\nquery = "V?"\n': "is no regular expression",
}


@pytest.mark.parametrize(("text", "told"), FAULTS.items())
def test_a_wrong_description_is_told(tmp_path: Path, text: str, told: str) -> None:
    path = tmp_path / "wrong.toml"
    path.write_text(text, encoding="utf-8")
    with pytest.raises(DescriptionError) as raised:
        ScpiInstrument.declared({"description": str(path)})
    assert told in str(raised.value)
    assert str(raised.value).startswith(f"{path}: ")


def test_its_points_are_known_before_it_is_opened(description: Path) -> None:
    points = ScpiInstrument.declared({"description": str(description)})
    assert points["output"].writable
    assert not points["level"].readable
    with pytest.raises(OptionError, match="names no file"):
        ScpiInstrument.declared({})


def test_it_is_found_by_its_name(description: Path) -> None:
    assert isinstance(make_device("tcp://127.0.0.1:1", "scpi", description=str(description)), ScpiInstrument)


ANY = PointSection(unit="V", query="V?", field=2)
MATCHED = PointSection(unit="V", query="V?", pattern="V=(.*);")


@given(st.text(max_size=50))
def test_any_answer_is_a_number_or_refused(answer: str) -> None:
    for section in (ANY, MATCHED):
        try:
            value = section.value(section.number(answer))
        except RemoteProtocolError:
            continue
        assert value is None or math.isfinite(value)


@given(st.floats(-1e6, 1e6))
def test_a_command_carries_the_value(value: float) -> None:
    section = PointSection(unit="V", command="V {value}", scale=2.0, offset=1.0, lower=-1e6, upper=1e6)
    assert float(section.commanded(value).removeprefix("V ")) * 2.0 + 1.0 == pytest.approx(value, rel=1e-7, abs=1e-6)
