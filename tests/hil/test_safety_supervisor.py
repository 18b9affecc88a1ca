"""The supervisor on a simulated rig, at speed 1 on real sockets: what trips it, and what it does then."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hil import exclusive
from hil.bench.config import is_shipped
from hil.errors import Aborted, ConfigurationError, InterlockTripped, exit_code
from hil.record import open_run
from hil.safety.latches import Latches
from safe_bench import ESTOP, WATCHDOG, Guarded, guarded, interlock, write_bench


async def lamp_on(rig: Guarded, level: float = 500.0) -> None:
    """Switch the lamp's supply on, and dim it."""
    await rig.bench.actuator("io.lamp").set(1.0)
    await rig.bench.actuator("light.illuminance").set(level)
    async with asyncio.timeout(5.0):
        while (await rig.world.state())["illuminance"] < 0.5 * level:
            await rig.bench.clock.sleep(0.02)


async def dark(rig: Guarded) -> bool:
    state = await rig.world.state()
    return bool(state["lights"] == 0.0) and bool(state["illuminance"] < 1.0)


async def test_an_open_estop_chain_trips_and_the_rig_is_made_safe_at_once(tmp_path: Path) -> None:
    async with guarded(write_bench(tmp_path / "bench", ESTOP), tmp_path / "run") as rig:
        await rig.supervisor.arm()
        await lamp_on(rig)
        await rig.world.inject("io", "estop")
        told = await rig.until_told("trip")
        assert (told["interlock"], told["reason"]) == ("estop", "io.estop == 0 (io.estop = 0)")
        assert [trip.name for trip in rig.trips] == ["estop"]
        await rig.until_told("safe state")
        assert rig.kinds("safe state") == [{"reached": 2, "of": 2}]
        assert await dark(rig)
        error = rig.trips[0].error()
        assert exit_code(error) == 5
        assert str(error) == (
            "interlock estop: tripped: io.estop == 0 (io.estop = 0); look at the rig, then reset the chain; "
            f"then acknowledge it with `hil ack estop --bench {tmp_path}/bench/safe.toml --out {tmp_path}`"
        )
        with pytest.raises(Aborted, match="the run is over"):
            await rig.binding.channels["io.estop"].read()
    kinds = [event.kind for event in open_run(tmp_path / "run").events()]
    assert kinds.count("trip") == 1
    assert kinds.count("safe state") == 2, "an action that is done is not done again"
    assert kinds.count("alarm") == 1


async def test_a_limit_that_an_actuator_crosses_trips(tmp_path: Path) -> None:
    bench = write_bench(tmp_path / "bench", interlock("reference.illuminance > 700", 'stale_after = "3 s"'))
    async with guarded(bench, tmp_path / "run") as rig:
        await lamp_on(rig, 500.0)
        await rig.supervisor.arm()
        await rig.bench.actuator("light.illuminance").set(900.0)
        told = await rig.until_told("trip")
        assert "reference.illuminance > 700 (reference.illuminance = " in told["reason"]
        assert "lx, u = " in told["reason"]
        await rig.until_told("safe state")
        assert await dark(rig)


async def test_nothing_is_looked_up_between_a_trip_and_the_safe_state(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    looked = list[Path]()

    def look(path: Path) -> bool:
        looked.append(path)
        return is_shipped(path)

    monkeypatch.setattr("hil.bench.config.is_shipped", look)
    async with guarded(write_bench(tmp_path / "bench", ESTOP), tmp_path / "run") as rig:
        await rig.supervisor.arm()
        before = len(looked)
        await rig.world.inject("io", "estop")
        await rig.until_told("safe state")
        assert rig.supervisor.trip is not None
        assert "hil ack estop --bench" in str(rig.supervisor.trip.error())
        assert len(looked) == before > 0


async def test_no_run_starts_tripped(tmp_path: Path) -> None:
    bench = write_bench(tmp_path / "bench", interlock("room.temperature < 90", 'delay = "60 s"'), ESTOP)
    async with guarded(bench, tmp_path / "run") as rig:
        with pytest.raises(InterlockTripped, match=r"interlock limit: tripped: room.temperature < 90 \(room.temp"):
            await rig.supervisor.arm()
        assert not rig.trips, "there is no run to end"


async def test_an_alarm_does_not_stop_a_run_and_can_be_acknowledged(tmp_path: Path) -> None:
    bench = write_bench(tmp_path / "bench", interlock("room.temperature < 90", 'then = "alarm"'))
    async with guarded(bench, tmp_path / "run") as rig:
        await rig.supervisor.arm()
        (alarm,) = rig.supervisor.alarms.held
        assert (alarm.name, alarm.priority) == ("limit", "medium")
        rig.supervisor.alarms.acknowledge("limit", "A. Metrologist")
        assert rig.kinds("alarm")[-1]["acknowledged_by"] == "A. Metrologist"
        assert rig.supervisor.trip is None


@pytest.mark.parametrize("fault", ["silent", "dropped", "nan"])
async def test_a_sensor_that_is_not_there_any_more_trips(tmp_path: Path, fault: str) -> None:
    bench = write_bench(tmp_path / "bench", interlock("room.temperature > 90", 'stale_after = "500 ms"'))
    async with guarded(bench, tmp_path / "run") as rig:
        await rig.supervisor.arm()
        await lamp_on(rig)
        await rig.world.inject("climate", fault)
        told = await rig.until_told("trip")
        what = "room.temperature may not be used" if fault == "nan" else "room.temperature is stale: no value"
        assert told["reason"].startswith(what)
        await rig.until_told("safe state")
        assert await dark(rig)


async def test_a_sensor_that_answers_with_the_same_value_for_ever_is_seen_by_its_slope(tmp_path: Path) -> None:
    """The probe's noise is larger than its resolution, so that equal values for 4 s are those of a frozen one."""
    bench = write_bench(tmp_path / "bench", interlock("rate(room.temperature, 4 s) == 0", 'stale_after = "3 s"'))
    async with guarded(bench, tmp_path / "run") as rig:
        await rig.supervisor.arm()
        await rig.world.inject("climate", "frozen")
        told = await rig.until_told("trip")
        assert "rate(room.temperature) = 0" in told["reason"]


async def test_a_lost_device_and_another_interlock_can_be_looked_at(tmp_path: Path) -> None:
    lost = interlock("lost(climate)", 'then = "alarm"', "latch = false", name="gone")
    late = interlock("interlock(gone) and io.estop == 1", name="late")
    watch = interlock("stale(room.temperature)", 'then = "alarm"', name="stale")
    async with guarded(write_bench(tmp_path / "bench", lost, late, watch), tmp_path / "run") as rig:
        await rig.supervisor.arm()
        await rig.world.inject("climate", "dropped")
        told = await rig.until_told("trip")
        assert told["interlock"] == "late"
        assert "gone" in [alarm["alarm"] for alarm in rig.kinds("alarm")]


async def test_a_delay_is_waited_for(tmp_path: Path) -> None:
    bench = write_bench(tmp_path / "bench", interlock("io.estop == 0", 'delay = "400 ms"'))
    async with guarded(bench, tmp_path / "run") as rig:
        await rig.supervisor.arm()
        injected = rig.bench.clock.now()
        await rig.world.inject("io", "estop")
        await rig.until_told("trip")
        assert rig.supervisor.trip is not None
        assert (rig.bench.clock.now() - injected) / 1e9 >= 0.4


async def test_what_was_latched_keeps_the_next_run_from_starting_until_a_person_knows(tmp_path: Path) -> None:
    bench, runs = write_bench(tmp_path / "bench", ESTOP), tmp_path / "runs"
    async with guarded(bench, runs / "1", latches=Latches.of(runs, "safe", "first")) as rig:
        await rig.supervisor.arm()
        await rig.world.inject("io", "estop")
        await rig.until_told("safe state")
    async with guarded(bench, runs / "2", latches=Latches.of(runs, "safe", "second")) as rig:
        with pytest.raises(InterlockTripped, match=r"io.estop == 0 .*, in the run first"):
            await rig.supervisor.arm()
    Latches.of(runs, "safe").acknowledge("estop", "A. Metrologist")
    async with guarded(bench, runs / "3", latches=Latches.of(runs, "safe", "third")) as rig:
        await rig.supervisor.arm()
        assert not rig.supervisor.alarms.held
        assert [(data["was"], data["state"]) for data in rig.kinds("alarm")] == [
            ("clear", "active"),
            ("active", "acknowledged"),
            ("acknowledged", "clear"),
        ]
        known = rig.kinds("alarm")[1]
        assert known["acknowledged_by"] == "A. Metrologist"
        assert known["acknowledged"] > known["raised"] > 0
    assert not Latches.of(runs, "safe").held()


async def test_the_watchdog_is_fed_by_the_supervisor_until_it_trips(tmp_path: Path) -> None:
    async with guarded(write_bench(tmp_path / "bench", WATCHDOG, ESTOP), tmp_path / "run") as rig:
        await rig.supervisor.arm()
        await lamp_on(rig)
        await rig.bench.clock.sleep(2.5)
        assert (await rig.world.state())["illuminance"] > 100.0, "it is fed"
        for task in asyncio.all_tasks():
            if task.get_name() == "safety supervisor":
                task.cancel()
        told = await rig.until_told("trip")
        assert told == {"interlock": "supervisor", "reason": "the safety supervisor was cancelled", "guidance": ""}
        await rig.until_told("safe state")
        assert await dark(rig)


async def test_a_watchdog_that_cannot_be_fed_trips(tmp_path: Path) -> None:
    async with guarded(write_bench(tmp_path / "bench", WATCHDOG), tmp_path / "run") as rig:
        await rig.supervisor.arm()
        await lamp_on(rig)
        await rig.world.inject("io", "silent")
        told = await rig.until_told("trip")
        assert told["interlock"] == "watchdog"
        assert "io was not fed for " in told["reason"]
        await rig.until(lambda: rig.kinds("safe state"))
        assert (await rig.world.state())["lights"] == 0.0, "the lights answer"
        assert rig.kinds("safe state")[0] == {"reached": 1, "of": 2}
        assert await dark(rig), "and the relay has dropped by itself"


async def test_a_watchdog_is_fed_twice_within_its_time_at_least(tmp_path: Path) -> None:
    slow = WATCHDOG.replace("200 ms", "600 ms")
    async with guarded(write_bench(tmp_path / "bench", slow), tmp_path / "run") as rig:
        with pytest.raises(ConfigurationError, match=r"is fed every 0.6 s, and its watchdog waits for 0.8 s; write"):
            await rig.supervisor.arm()


async def test_a_safe_state_with_a_device_that_hangs_does_not_wait_for_it(tmp_path: Path) -> None:
    async with guarded(write_bench(tmp_path / "bench", ESTOP), tmp_path / "run") as rig:
        await rig.supervisor.arm()
        await lamp_on(rig)
        await rig.world.inject("io", "silent")
        begun = rig.bench.clock.now()
        task = asyncio.create_task(rig.supervisor.make_safe(urgent=True))
        async with asyncio.timeout(1.0):
            while (await rig.world.state())["lights"] != 0.0:
                await rig.bench.clock.sleep(0.01)
        assert not task.done(), "the other device still hangs"
        light, lamp = await task
        assert (rig.bench.clock.now() - begun) / 1e9 < 8.0
        assert light.ok
        assert "not done within 1 s" in lamp.error or "did not answer" in lamp.error
        assert lamp.tries == 2
        assert "not done within 1 s" in lamp.first_error or "did not answer" in lamp.first_error
        await rig.world.clear("io")
        light, lamp = await rig.supervisor.make_safe()
        assert light.ok
        assert lamp.ok
        assert lamp.seen == 0.0


async def test_an_action_waits_for_those_that_it_comes_after_whether_they_end_well_or_not(tmp_path: Path) -> None:
    light, lamp = '{ channel = "light.illuminance", set = 0.0', '{ channel = "io.lamp", set = 0.0, readback ='
    change = (f"    {light} }},\n    {lamp}", f"    {lamp}")
    end = ("within = 0.1 },\n", f'within = 0.1 }},\n    {light}, after = ["io.lamp"] }},\n')
    bench = write_bench(tmp_path / "bench", ESTOP, changes=(change, end))
    async with guarded(bench, tmp_path / "run") as rig:
        await rig.supervisor.arm()
        await lamp_on(rig)
        await rig.world.inject("io", "silent")
        begun = rig.bench.clock.now()
        task = asyncio.create_task(rig.supervisor.make_safe(urgent=True))
        while (await rig.world.state())["lights"] != 0.0:
            await rig.bench.clock.sleep(0.01)
        assert (rig.bench.clock.now() - begun) / 1e9 > 0.9, "the first had its deadline of 1 s"
        first, second = await task
        assert second.ok
        assert not first.ok


async def test_an_action_that_does_not_show_is_told(tmp_path: Path) -> None:
    bench = write_bench(
        tmp_path / "bench",
        changes=(
            (
                '{ channel = "light.illuminance", set = 0.0 }',
                '{ channel = "light.illuminance", set = 0.0, readback = "reference.illuminance", within = 5.0, '
                'deadline = "1500 ms", retries = 0 }',
            ),
        ),
    )
    async with guarded(bench, tmp_path / "run") as rig:
        await rig.supervisor.arm()
        await lamp_on(rig)
        await rig.bench.sensor("reference.illuminance").read()
        await rig.world.inject("reference", "frozen")
        light, lamp = await rig.supervisor.make_safe()
        assert lamp.ok
        assert light.seen is not None
        assert light.seen > 100.0
        assert "reference.illuminance shows" in light.error
        assert "lx where 0 lx was commanded" in light.error
        await rig.world.clear("reference")
        light, lamp = await rig.supervisor.make_safe()
        assert light.ok


async def test_in_lockstep_the_interlocks_are_on_the_bench_clock(tmp_path: Path) -> None:
    bench = write_bench(tmp_path / "bench", ESTOP, WATCHDOG)
    async with guarded(bench, tmp_path / "run", speed=None) as rig:
        await rig.supervisor.arm()
        await rig.bench.actuator("io.lamp").set(1.0)
        await rig.bench.clock.sleep(30.0)
        assert (await rig.bench.sensor("io.lamp").read()).value == 1.0, "fed in bench time"
        await rig.world.inject("io", "estop")
        injected = rig.bench.clock.now()
        while rig.supervisor.trip is None:
            await rig.bench.clock.sleep(0.01)
        assert rig.bench.clock.now() - injected <= 70_000_000, "one period, and what the reading takes"


async def test_a_latch_that_cannot_be_kept_is_told_and_stops_nothing(tmp_path: Path) -> None:
    bench, runs = write_bench(tmp_path / "bench", ESTOP), tmp_path / "no" / "folder"
    runs.parent.write_text("", encoding="utf-8")
    async with guarded(bench, tmp_path / "run", latches=Latches.of(runs, "safe", "first")) as rig:
        await rig.supervisor.arm()
        await lamp_on(rig)
        await rig.world.inject("io", "estop")
        told = await rig.until_told("latch not kept")
        assert told["interlock"] == "estop"
        assert await dark(rig)
        assert [trip.name for trip in rig.trips] == ["estop"]


async def test_no_operation_is_left_in_a_device_when_it_is_closed(tmp_path: Path) -> None:
    watch = interlock("room.temperature > 90", 'then = "alarm"', 'stale_after = "9 s"')
    async with guarded(write_bench(tmp_path / "bench", ESTOP, watch), tmp_path / "run") as rig:
        await rig.supervisor.arm()
        await rig.world.inject("climate", "silent")
        reading = asyncio.create_task(rig.binding.channels["room.temperature"].read())
        await rig.world.inject("io", "estop")
        await rig.until_told("safe state")
        await rig.supervisor.disarm()
        async with asyncio.timeout(0.5):
            await rig.binding.idle()
        with pytest.raises((Aborted, asyncio.CancelledError)):
            await reading


async def test_a_device_whose_driver_hangs_counts_as_lost(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Its link says nothing of it: the simulated probe would answer, and the driver waits for 3 s."""
    monkeypatch.setattr(exclusive, "OPERATION_DEADLINE", 0.3)
    lost = interlock("lost(climate) and room.temperature > -90", 'stale_after = "60 s"', name="gone")
    async with guarded(write_bench(tmp_path / "bench", lost), tmp_path / "run") as rig:
        await rig.supervisor.arm()
        await rig.world.inject("climate", "silent")
        told = await rig.until_told("trip")
        assert told["interlock"] == "gone"
        await rig.until(lambda: rig.kinds("safe state"))
    (down,) = [event for event in open_run(tmp_path / "run").events("link") if event.data["state"] == "down"]
    assert "an operation did not end within" in down.data["reason"]
