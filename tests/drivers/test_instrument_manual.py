"""Readings that are typed: at a terminal, by JSON lines, and by the simulated operator; and whatever may be typed."""

from __future__ import annotations

import asyncio
import contextlib
import json
import math
import os
import threading
from collections.abc import AsyncIterator, Callable, Iterator
from typing import Any

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hil.clock import LockstepClock
from hil_drivers.clock import NANOSECONDS, Clock, WallClock
from hil_drivers.errors import AddressError, DeviceUnreachable, OptionError, RemoteProtocolError
from hil_drivers.indication import Flag
from hil_drivers.instruments.manual import Manual
from hil_drivers.sim.client import Simulation
from hil_drivers.testing import check_sensor
from hil_drivers.wire.manual import parse_answer, parse_typed, question

POINTS: dict[str, Any] = {"pressure": {"unit": "hPa", "lower": 900.0, "upper": 1100.0}, "level": "mm"}


class Person(threading.Thread):
    """A person at a terminal: types the next of ``lines`` whenever there is a question."""

    def __init__(self, *lines: str) -> None:
        super().__init__(daemon=True)
        self.master, self.slave = os.openpty()
        self.path = os.ttyname(self.slave)
        self.lines, self.seen = list(lines), ""

    def run(self) -> None:
        with contextlib.suppress(OSError):
            while True:
                self.seen += os.read(self.master, 1024).decode()
                if self.seen.endswith("? ") and self.lines:
                    os.write(self.master, f"{self.lines.pop(0)}\n".encode())


@pytest.fixture
def seat() -> Iterator[Callable[..., Person]]:
    seated: list[Person] = []

    def sit(*lines: str) -> Person:
        seated.append(Person(*lines))
        seated[-1].start()
        return seated[-1]

    yield sit
    for person in seated:
        os.close(person.slave)
        person.join(5)
        os.close(person.master)


def at_terminal(person: Person, clock: Clock, within: float = 20.0) -> Manual:
    return Manual("barometer", f"console:{person.path}", clock=clock, points=POINTS, within=within)


async def test_what_is_typed_is_the_reading(seat: Callable[..., Person], clock: Clock) -> None:
    person = seat("1013.20", "12", "998,5 hPa")
    device = at_terminal(person, clock)
    await device.open()
    pressure = await device.read("pressure")
    assert (pressure.value, pressure.unit) == (1013.2, "hPa")
    assert pressure.resolution == pytest.approx(0.01)
    assert pressure.usable
    assert pressure.earliest <= pressure.latest
    assert (await device.read("level")).resolution == 1.0
    assert (await device.read("pressure")).value == 998.5
    assert "barometer: pressure / hPa? " in person.seen
    await device.close()


@pytest.mark.parametrize("typed", ["", "   ", "\x1b", "10\x1b"])
async def test_nothing_typed_is_no_reading(seat: Callable[..., Person], clock: Clock, typed: str) -> None:
    device = at_terminal(seat(typed), clock)
    await device.open()
    indication = await device.read("level")
    assert (indication.value, indication.flags) == (None, Flag.NOT_AVAILABLE)
    await device.close()


async def test_what_is_no_number_or_out_of_bounds_is_asked_for_again(seat: Callable[..., Person], clock: Clock) -> None:
    person = seat("ten", "101.32", "1013.2", "1,013.2", "1o13", "x", "850.0", "850")
    device = at_terminal(person, clock)
    await device.open()
    assert (await device.read("pressure")).value == 1013.2
    assert "'ten' is no number in hPa; pressure / hPa? " in person.seen
    assert "101.32 is outside 900.0 to 1100.0; pressure / hPa? " in person.seen
    with pytest.raises(RemoteProtocolError, match="barometer: 'x' is no number in hPa, asked 3 times"):
        await device.read("pressure")
    assert (await device.read("pressure")).value == 850.0
    await device.close()


async def test_nobody_answers(seat: Callable[..., Person]) -> None:
    device = at_terminal(seat(), WallClock(), within=0.1)
    await device.open()
    with pytest.raises(DeviceUnreachable, match=r"nobody answered within 0\.1 s"):
        await device.read("level")
    await device.close()


async def test_a_withdrawn_question_takes_no_answer(seat: Callable[..., Person], clock: Clock) -> None:
    person = seat()
    device = at_terminal(person, clock)
    await device.open()
    for turns in (1, 10, 100):
        task = asyncio.create_task(device.read("level"))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
    person.lines.append("7.5")
    assert (await device.read("level")).value == 7.5
    await device.close()


async def test_no_terminal_is_told(clock: Clock, tmp_path: Any) -> None:
    device = Manual("barometer", f"console:{tmp_path}/none", clock=clock, points=POINTS)
    with pytest.raises(DeviceUnreachable, match="is not open"):
        await device.read("level")
    await device.open()
    with pytest.raises(DeviceUnreachable, match=r"none: it does not exist .*; run it in a terminal, or give"):
        await device.read("level")
    await device.close()


class Listener:
    """Whoever answers JSON lines: with the next of ``answers``."""

    def __init__(self, *answers: Any) -> None:
        self.answers, self.asked = list(answers), list[dict[str, str]]()

    async def serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        """One conversation."""
        while line := await reader.readline():
            asked = json.loads(line)
            self.asked += [asked] if asked["ask"] else []
            answer = self.answers.pop(0) if asked["ask"] else {"value": None}
            writer.write(answer if isinstance(answer, bytes) else json.dumps(answer).encode() + b"\n")
        writer.close()


@contextlib.asynccontextmanager
async def listening(listener: Listener, clock: Clock) -> AsyncIterator[Manual]:
    server = await asyncio.start_server(listener.serve, "127.0.0.1", 0)
    async with server:
        address = f"tcp://127.0.0.1:{server.sockets[0].getsockname()[1]}"
        device = Manual("barometer", address, clock=clock, points=POINTS)
        await device.open()
        yield device
        await device.close()


async def test_whoever_answers_by_json_lines(clock: Clock) -> None:
    listener = Listener({"value": "1013.2"}, {"wait": 2.5}, {"wait": 1}, {"value": "12.50"}, {"value": None})
    async with listening(listener, clock) as device:
        assert (await device.read("pressure")).value == 1013.2
        begun = clock.now()
        level = await device.read("level")
        assert level.value == 12.5
        assert level.resolution == pytest.approx(0.01)
        assert (level.earliest, level.latest) == (begun, begun + round(3.5 * NANOSECONDS))
        assert (await device.read("level")).flags == Flag.NOT_AVAILABLE
    assert listener.asked[0] == {"ask": "pressure", "unit": "hPa"}


async def test_it_is_told_what_was_wrong(clock: Clock) -> None:
    listener = Listener({"value": "1o13"}, {"value": "1013"})
    async with listening(listener, clock) as device:
        assert (await device.read("pressure")).value == 1013.0
    assert listener.asked[1]["again"] == "'1o13' is no number in hPa"


@pytest.mark.parametrize(
    "answer", [b"1013.2\n", {"value": 1013.2}, {"wait": -1}, {"wait": True}, {"x": 1}, [], b"\xff\n"]
)
async def test_garbage_is_refused(clock: Clock, answer: Any) -> None:
    async with listening(Listener(answer), clock) as device:
        with pytest.raises(RemoteProtocolError, match="barometer: "):
            await device.read("pressure")


async def test_an_endless_wait_is_given_up(clock: Clock) -> None:
    async with listening(Listener(*[{"wait": 100}] * 4), clock) as device:
        with pytest.raises(DeviceUnreachable, match="nobody answered within 300 s"):
            await device.read("level")


@pytest.fixture
async def start() -> AsyncIterator[Callable[..., Any]]:
    running: list[Simulation] = []

    async def started(*faults: dict[str, Any]) -> tuple[Manual, LockstepClock]:
        displays = {"level": {"value": 12.3, "resolution": 0.5, "noise": 0.0}, "air": {"shows": "temperature"}}
        world = {
            "seed": 2,
            "room": {"temperature": 21.0, "temperature_swing": 0.0},
            "devices": {"operator": {"kind": "manual", "displays": displays, "reaction": 4.0}},
            "faults": list(faults),
        }
        running.append(await Simulation.start(world))
        clock = LockstepClock(running[-1], 0)
        points = {"level": "mm", "air": "Cel"}
        return Manual("operator", running[-1].addresses["operator"], clock=clock, points=points), clock

    yield started
    for simulation in running:
        await simulation.end()


async def test_the_simulated_operator_reads_with_the_display_s_step(start: Callable[..., Any]) -> None:
    device, _ = await start()
    await device.open()
    level = await device.read("level")
    assert (level.value, level.resolution) == (12.5, pytest.approx(0.1))
    assert level.latest - level.earliest == 4 * NANOSECONDS
    assert (await device.read("air")).value == pytest.approx(21.0, abs=0.051)
    await device.close()


async def test_faults_of_the_operator(start: Callable[..., Any]) -> None:
    windows = {"typo": (10.0, 60.0), "nan": (70.0, 100.0)}
    device, clock = await start(
        *({"device": "operator", "kind": kind, "from": a, "to": b} for kind, (a, b) in windows.items())
    )
    await device.open()
    await clock.sleep_until(11 * NANOSECONDS)
    with pytest.raises(RemoteProtocolError, match=r"'12\.5l' is no number in mm, asked 3 times"):
        await device.read("level")
    await clock.sleep_until(71 * NANOSECONDS)
    assert (await device.read("level")).flags == Flag.NOT_AVAILABLE
    await device.close()


async def test_it_conforms(start: Callable[..., Any]) -> None:
    device, clock = await start()
    await check_sensor(
        lambda: Manual("operator", device.address, clock=clock, points={"level": "mm", "air": "Cel"}), "level"
    )


REFUSED = [
    ({"points": {}}, "names no points"),
    ({"points": {"a": 3}}, r"points\.a = 3; give a unit"),
    ({"points": {"a": {"unit": "mm", "lower": 2, "upper": 1}}}, "give a unit, or"),
    ({"points": {"a": {"unit": "mm", "max": 1}}}, "give a unit, or"),
    ({"points": {"a": ""}}, "give a unit, or"),
    ({"within": 0}, "give seconds above 0"),
]


@pytest.mark.parametrize(("options", "told"), REFUSED)
def test_options_are_checked(options: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        Manual("m", "console:", clock=WallClock(), **{"points": POINTS, **options})


def test_the_address_is_checked() -> None:
    with pytest.raises(AddressError, match="use console or tcp"):
        Manual("m", "udp://host:1", clock=WallClock(), points=POINTS)


@given(st.text(max_size=30))
@example("1e99")
@example("٣")
@example("1.2.3")
@example("-0,")
def test_whatever_is_typed_is_a_number_nothing_or_refused(text: str) -> None:
    try:
        found = parse_typed(text, "hPa")
    except RemoteProtocolError:
        return
    if found is None:
        assert "\x1b" in text or not text.strip()
    else:
        assert math.isfinite(found.value)
        assert found.step > 0


@given(st.integers(-(10**9), 10**9), st.integers(0, 6), st.sampled_from([".", ","]), st.sampled_from(["", " mm", "mm"]))
def test_a_number_comes_back_with_its_step(digits: int, decimals: int, mark: str, unit: str) -> None:
    text = f"{digits / 10**decimals:.{decimals}f}".replace(".", mark)
    found = parse_typed(f" {text}{unit} ", "mm")
    assert found is not None
    assert found.value == pytest.approx(digits / 10**decimals, rel=1e-12)
    assert found.step == pytest.approx(10.0**-decimals)


@given(st.text(max_size=60) | st.recursive(st.none() | st.floats() | st.text(), st.lists).map(json.dumps))
@example('{"wait": NaN}')
@example('{"wait": 1e400}')
@example("[" * 5000)
def test_any_answer_is_understood_or_refused(line: str) -> None:
    try:
        found = parse_answer(line)
    except RemoteProtocolError:
        return
    assert found.text is None or isinstance(found.text, str)
    assert 0 <= found.wait <= 3600


def test_a_question_is_one_line() -> None:
    assert question("a\nb", "Ω").count(b"\n") == 1
