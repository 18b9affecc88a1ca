"""The scanner against its simulator in a process of its own: both dialects, intervals, faults, refusals."""

from __future__ import annotations

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

import pytest

from hil.clock import LockstepClock
from hil_drivers.clock import NANOSECONDS, Clock, WallClock
from hil_drivers.errors import DeviceUnreachable, OptionError, RemoteProtocolError
from hil_drivers.indication import Flag
from hil_drivers.instruments.pt100_scanner import Pt100Scanner
from hil_drivers.sim.client import Simulation
from hil_drivers.sim.server.scpi import ScpiError, channel_list

CHANNELS = {"air": 101, "wall": 102, "meter": {"channel": 103, "quantity": "temperature"}}
EXACT = {"distribution": "normal", "u": 0.0}
PROBE = {"r0": EXACT, "a": EXACT, "b": EXACT, "self_heating": 0.0, "lead": 3.0}
R_23 = 100.0 * (1 + 3.9083e-3 * 23.0 - 5.775e-7 * 23.0**2)


class Bench:
    """A scanner and its simulation, in lockstep."""

    def __init__(self, simulation: Simulation, **options: Any) -> None:
        self.simulation = simulation
        self.clock: Clock = LockstepClock(simulation, 0)
        self.options = {"channels": CHANNELS, **options}

    def make(self) -> Pt100Scanner:
        """A scanner that is not open."""
        return Pt100Scanner("scanner", self.simulation.addresses["scanner"], clock=self.clock, **self.options)


@pytest.fixture
async def start() -> AsyncIterator[Callable[..., Any]]:
    running: list[Simulation] = []

    async def started(
        *faults: dict[str, Any],
        device: dict[str, Any] | None = None,
        time: dict[str, Any] | None = None,
        **options: Any,
    ) -> Bench:
        made = {
            "kind": "pt100-scanner",
            "channels": CHANNELS,
            "probes": dict.fromkeys(CHANNELS, PROBE),
            "noise": 0.0,
            **({"dialect": options["dialect"]} if "dialect" in options else {}),
            **(device or {}),
        }
        world = {
            "seed": 5,
            "room": {"temperature": 23.0, "temperature_swing": 0.0},
            "devices": {"scanner": made},
            "faults": list(faults),
            **(time or {}),
        }
        running.append(await Simulation.start(world))
        return Bench(running[-1], **options)

    yield started
    for simulation in running:
        await simulation.end()


def fault(kind: str, begin: float = 0.0, end: float = 1e9) -> dict[str, Any]:
    return {"device": "scanner", "kind": kind, "from": begin, "to": end}


@pytest.mark.parametrize(("dialect", "step"), [("34970a", 1e-6), ("daq6510", 1e-4)])
async def test_four_wires_read_the_thermometer_alone(start: Callable[..., Any], dialect: str, step: float) -> None:
    bench: Bench = await start(dialect=dialect)
    scanner = bench.make()
    await scanner.open()
    assert {name: point.unit for name, point in scanner.points.items()} == {"air": "Ohm", "wall": "Ohm", "meter": "Cel"}
    indication = await scanner.read("wall")
    assert indication.value == pytest.approx(R_23, abs=step)
    assert indication.resolution == pytest.approx(step)
    assert (await scanner.read("meter")).value == pytest.approx(23.0, abs=1e-3)
    await scanner.close()


async def test_channels_of_a_sweep_have_intervals_of_their_own(start: Callable[..., Any]) -> None:
    bench: Bench = await start(nplc=10.0, delay=0.05)
    scanner = bench.make()
    await scanner.open()
    begun = bench.clock.now()
    found = await scanner.scan(["wall", "air", "meter"])
    assert list(found) == ["wall", "air", "meter"]
    each, least = 0.05 + 4 * 0.2, 0.05 + 0.2
    taken = 2 * each + 0.05 + 2 * 0.2
    assert bench.clock.now() - begun == pytest.approx(3 * each * NANOSECONDS)
    for k, indication in enumerate(found.values()):
        assert indication.earliest == begun + round(k * least * NANOSECONDS)
        assert indication.latest == pytest.approx(begun + (3 * each - (2 - k) * least) * NANOSECONDS)
        true_start = k * each + 0.05
        assert indication.earliest <= begun + true_start * NANOSECONDS
        assert begun + (true_start + 0.2) * NANOSECONDS <= indication.latest
    assert taken < 3 * each
    alone = await scanner.read("air")
    assert alone.latest - alone.earliest == pytest.approx(each * NANOSECONDS)
    await scanner.close()


@pytest.mark.parametrize("dialect", ["34970a", "daq6510"])
async def test_a_meter_that_takes_longer_than_its_schedule_is_waited_for(
    start: Callable[..., Any], clock: Clock, dialect: str
) -> None:
    """The driver's clock does not wait at all, so that it asks while the meter of a world that runs still scans."""
    bench: Bench = await start(dialect=dialect, nplc=1.0, time={"mode": "paced", "speed": 2.0})
    bench.clock = clock
    scanner = bench.make()
    await scanner.open()
    for _ in range(3):
        found = await scanner.scan()
        assert found["air"].value == pytest.approx(R_23, abs=1e-4)
        assert found["meter"].value == pytest.approx(23.0, abs=1e-3)
    await scanner.close()


FLAGS = {"over-range": Flag.OVER_RANGE, "open-circuit": Flag.OVER_RANGE, "nan": Flag.NOT_AVAILABLE}


@pytest.mark.parametrize("dialect", ["34970a", "daq6510"])
async def test_faults_of_the_meter_become_flags(start: Callable[..., Any], dialect: str) -> None:
    windows = {kind: 20.0 * n for n, kind in enumerate(FLAGS, start=1)}
    bench: Bench = await start(*(fault(kind, t, t + 20.0) for kind, t in windows.items()), dialect=dialect)
    scanner = bench.make()
    await scanner.open()
    for kind, t in windows.items():
        await bench.clock.sleep_until(int((t + 1.0) * NANOSECONDS))
        found = await scanner.scan()
        assert found["air"].value is None
        assert found["air"].flags == FLAGS[kind]
        assert not found["air"].usable
        assert found["wall"].usable is (kind == "open-circuit")
    await scanner.close()


async def test_noise_falls_with_integration_and_the_same_seed_gives_the_same(start: Callable[..., Any]) -> None:
    async def spread(nplc: float) -> list[float]:
        bench: Bench = await start(device={"noise": 1e-3}, nplc=nplc, offset_compensation=False)
        scanner = bench.make()
        await scanner.open()
        values = [(await scanner.read("air")).value for _ in range(40)]
        await scanner.close()
        return [value - R_23 for value in values if value is not None]

    fast, slow, again = await spread(1.0), await spread(100.0), await spread(1.0)
    assert fast == again
    rms = [(sum(x * x for x in values) / len(values)) ** 0.5 for values in (fast, slow)]
    assert rms[0] == pytest.approx(1e-3, rel=0.4)
    assert rms[1] == pytest.approx(1e-4, rel=0.4)


async def test_a_certificate_is_the_truth_that_is_drawn(start: Callable[..., Any]) -> None:
    certificate = {"indication": [100.1, 108.1, 120.1], "value": [0.0, 21.0, 52.0], "covariance": [[1e-12] * 3] * 3}
    bench: Bench = await start(device={"certificates": {"air": certificate}})
    scanner = bench.make()
    await scanner.open()
    nominal = [100.0 * (1 + 3.9083e-3 * t - 5.775e-7 * t * t) for t in (21.0, 52.0)]
    beyond = [108.1 - nominal[0], 120.1 - nominal[1]]
    expected = R_23 + beyond[0] + (beyond[1] - beyond[0]) * 2.0 / 31.0
    assert (await scanner.read("air")).value == pytest.approx(expected, abs=2e-5)
    assert (await scanner.read("wall")).value == pytest.approx(R_23, abs=2e-5)
    await scanner.close()


async def test_self_heating_shows(start: Callable[..., Any]) -> None:
    bench: Bench = await start(device={"probes": {"air": {**PROBE, "self_heating": 0.2}, "wall": PROBE}})
    scanner = bench.make()
    await scanner.open()
    found = await scanner.scan(["air", "wall"])
    assert found["air"].value is not None
    assert found["wall"].value is not None
    assert found["air"].value - found["wall"].value == pytest.approx(0.2 * 0.109 * 0.388, rel=0.02)
    await scanner.close()


async def test_a_cancelled_sweep_is_aborted(start: Callable[..., Any]) -> None:
    bench: Bench = await start()
    scanner = bench.make()
    await scanner.open()
    for turns in (1, 5, 20, 60, 120):
        task = asyncio.create_task(scanner.read("air"))
        for _ in range(turns):
            await asyncio.sleep(0)
        task.cancel()
        await asyncio.wait([task])
        assert (await scanner.read("wall")).value == pytest.approx(R_23, abs=1e-5)
    await scanner.close()


async def test_a_silent_meter_is_prepared_anew(start: Callable[..., Any]) -> None:
    bench: Bench = await start(fault("silent", 10.0, 20.0))
    scanner = bench.make()
    scanner._link._link.timeout = 0.3
    await scanner.open()
    await bench.clock.sleep_until(11 * NANOSECONDS)
    with pytest.raises(DeviceUnreachable, match="did not answer"):
        await scanner.read("air")
    await bench.clock.sleep_until(21 * NANOSECONDS)
    assert (await scanner.read("air")).value == pytest.approx(R_23, abs=1e-5)
    await scanner.close()


async def test_the_wrong_dialect_is_told(start: Callable[..., Any]) -> None:
    bench: Bench = await start()
    bench.options["dialect"] = "daq6510"
    with pytest.raises(
        RemoteProtocolError, match="is a 34970A, which this dialect does not fit; give the dialect of DAQ6510"
    ):
        await bench.make().open()


async def test_a_channel_that_the_meter_does_not_have_is_told(start: Callable[..., Any]) -> None:
    bench: Bench = await start()
    bench.options["channels"] = {"air": 301}
    with pytest.raises(RemoteProtocolError, match=r"refused CONF:FRES \(@301\): -222, Data out of range"):
        await bench.make().open()


REFUSED = [
    ({"dialect": "34401a"}, "use 34970a or daq6510"),
    ({"nplc": 0.0}, r"give a number from 0\.02 to 200"),
    ({"nplc": 20.0, "dialect": "daq6510"}, r"give a number from 0\.02 to 15"),
    ({"delay": -1.0}, "give a number from 0 to 60"),
    ({"channels": {}}, "names no channels"),
    ({"channels": {"a": "101"}}, r"channels\.a = '101'"),
    ({"channels": {"a": True}}, "give a channel number"),
    ({"channels": {"a": {"channel": 101, "kind": "x"}}}, "give a channel number"),
    ({"channels": {"a": {"channel": 101, "quantity": "voltage"}}}, "give a channel number"),
    ({"channels": {"a": 101, "b": 101}}, "channel 101 has two names"),
]


@pytest.mark.parametrize(("options", "told"), REFUSED)
def test_options_are_checked(options: dict[str, Any], told: str) -> None:
    with pytest.raises(OptionError, match=told):
        Pt100Scanner("scanner", "tcp://127.0.0.1:5025", clock=WallClock(), **{"channels": CHANNELS, **options})


def test_its_points_are_known_before_it_is_opened(clock: Clock) -> None:
    assert {name: point.unit for name, point in Pt100Scanner.declared({"channels": CHANNELS}).items()} == {
        "air": "Ohm",
        "wall": "Ohm",
        "meter": "Cel",
    }
    with pytest.raises(OptionError):
        Pt100Scanner.declared({})


def test_the_simulated_meter_reads_channel_lists() -> None:
    assert channel_list("(@101,103:105, 107)") == [101, 103, 104, 105, 107]
    for text in ("101", "(@)", "(@101", "(@105:101)", "(@1:2:3)", "(@1:9999)", "(@a)"):
        with pytest.raises(ScpiError):
            channel_list(text)
