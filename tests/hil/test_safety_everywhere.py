"""An E-stop, a lost device, a value that is none, whatever a run is doing just then: the bench is made safe."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path

import pytest

from bench_copy import fault
from hil.commands import Pause, PauseNow, Stop
from hil.record import Record, open_run
from hil.run import RunOutcome, run_procedure
from hil.service import Event, Service
from real_rig import real_rig, with_driver
from safe_bench import ESTOP, WATCHDOG, interlock, write_bench

SCRIPT = """
from typing import Literal

from hil import Design, Parameters, Results, Trial, procedure
from hil_drivers.capability import Actuator, Sensor


class Doing(Parameters):
    what: Literal["sleep", "settle", "gate", "prompt", "clearing up", "nothing"]


@procedure("busy", version="1", roles={"light": Actuator, "lamp": Actuator, "reference": Sensor})
async def busy(trial: Trial, p: Doing) -> None:
    light, lamp = trial.role("light", Actuator), trial.role("lamp", Actuator)
    reference = trial.role("reference", Sensor)
    async for point in trial.points():
        await lamp.set(1.0)
        await light.set(500.0)
        try:
            match p.what:
                case "sleep":
                    await trial.sleep(100.0)
                case "settle":
                    await point.settle(reference, within=1e-9, for_=50.0)
                case "gate":
                    async with point.valid(reference, 500.0, tolerance=450.0):
                        await trial.sleep(100.0)
                case "prompt":
                    await trial.ask("Is the door shut?", kind="yes/no", limit=20.0)
        finally:
            if p.what == "clearing up":
                await trial.sleep(50.0)


@busy.plan
def plan(p: Doing) -> Design:
    return Design({"number": "1"}, [{"number": 1.0}, {"number": 2.0}])


@busy.analysis
def analyse(record, p: Doing) -> Results:
    return Results((), {})
"""


MEASURING = '    reference = trial.role("reference", Sensor)\n'


async def run(
    path: Path,
    what: str,
    *,
    speed: float | None = None,
    told: Callable[[Service, Event], None] = lambda service, event: None,
) -> tuple[RunOutcome, Record, list[Event]]:
    """Run the procedure on the bench at ``path``; ``told`` hears every event."""
    script = path.parent.parent / "busy.py"
    script.write_text(SCRIPT, encoding="utf-8")
    return await carry_out(script, path, {"what": what}, speed, told)


async def carry_out(
    script: Path,
    path: Path,
    settings: dict[str, str],
    speed: float | None = None,
    told: Callable[[Service, Event], None] = lambda service, event: None,
) -> tuple[RunOutcome, Record, list[Event]]:
    """Carry out a script, for 60 s at most."""
    service, events = Service(), []

    def heard(event: Event) -> None:
        events.append(event)
        told(service, event)

    running = run_procedure(
        str(script),
        str(path),
        settings=settings,
        seed=None,
        speed=speed,
        out=script.parent / "runs",
        operator="A. Metrologist",
        on_event=heard,
        service=service,
    )
    outcome = await asyncio.wait_for(running, 60.0)
    return outcome, open_run(outcome.folder), events


def bench(folder: Path, *more: str, since: float = 5.0) -> Path:
    """A bench of which the E-stop chain opens ``since`` seconds after the start, or one with ``more`` instead."""
    path = write_bench(folder / "bench", *(more or (ESTOP, WATCHDOG)))
    if not more:
        path.write_text(path.read_text(encoding="utf-8") + fault("io", "estop", since), encoding="utf-8")
    return path


def is_safe(record: Record) -> bool:
    """Whether the last word to each actuator was that of the safe state, and it was carried out."""
    safe = {event.data["channel"]: event for event in record.events("safe state")}
    last = max((event.t for event in record.events("command")), default=0)
    return set(safe) == {"light.illuminance", "io.lamp"} and all(
        not event.data["error"] and event.data["value"] == 0.0 and event.t >= last for event in safe.values()
    )


@pytest.mark.parametrize("what", ["sleep", "settle", "gate", "clearing up"])
async def test_a_trip_ends_a_script_whatever_it_waits_for(tmp_path: Path, what: str) -> None:
    outcome, record, _ = await run(bench(tmp_path), what)
    assert (outcome.status, outcome.exit_code) == ("tripped", 5)
    assert "interlock estop: tripped: io.estop == 0" in outcome.error
    assert is_safe(record)
    assert not [point for point in record.points() if point.state == "committed"]


STOPPED_AT_ONCE = """
                case "nothing":
                    await asyncio.sleep(0)
                    async with asyncio.TaskGroup() as group:
                        for _ in range(2):
                            group.create_task(reference.read())
"""


async def test_a_stop_is_told_as_one_though_the_script_fails_first_because_devices_take_nothing_more(
    tmp_path: Path,
) -> None:
    def stop(service: Service, event: Event) -> None:
        if event.kind == "point":
            service.execute(Stop("A. Metrologist", "smoke"))

    script = tmp_path / "busy.py"
    at = '                case "prompt":'
    script.write_text(
        "import asyncio\n" + SCRIPT.replace(at, STOPPED_AT_ONCE.strip("\n") + "\n" + at), encoding="utf-8"
    )
    outcome, record, _ = await carry_out(script, bench(tmp_path), {"what": "nothing"}, told=stop)
    assert (outcome.status, outcome.exit_code) == ("stopped", 5)
    assert "smoke" in outcome.error
    assert is_safe(record)


@pytest.mark.parametrize("what", ["nothing", "prompt"])
async def test_a_trip_ends_a_run_that_is_paused_or_waits_for_a_person(tmp_path: Path, what: str) -> None:
    waits, opened = {"nothing": ("state", "paused"), "prompt": ("prompt", "Is the door shut?")}[what], []
    async with real_rig(tmp_path, ESTOP, WATCHDOG) as rig:

        def told(service: Service, event: Event) -> None:
            if event.kind == "point" and what == "nothing":
                service.execute(Pause("A. Metrologist"))
            if event.kind == waits[0] and waits[1] in event.data.values():
                opened.append(asyncio.create_task(rig.world.inject("io", "estop")))

        script = tmp_path / "busy.py"
        script.write_text(SCRIPT.replace(', "reference": Sensor', "").replace(MEASURING, ""), encoding="utf-8")
        path = rig.folder / "bench" / "safe.toml"
        outcome, record, _ = await carry_out(script, path, {"what": what}, told=told)
        assert await rig.illuminance() < 1.0
    assert opened
    assert outcome.status == "tripped"
    assert is_safe(record)


async def test_a_pause_that_a_device_does_not_let_come_ends_in_the_safe_state(tmp_path: Path) -> None:
    """It waits for the operation under way; where that fails for good, the run does not stand there half paused."""

    def told(service: Service, event: Event) -> None:
        if event.kind == "device lost":
            service.execute(PauseNow("A. Metrologist"))

    outcome, record, events = await run(bench(tmp_path, ESTOP, fault("reference", "silent", 8.0)), "settle", told=told)
    assert [event.data["state"] for event in events if event.kind == "state"] == ["pausing"]
    assert (outcome.status, outcome.exit_code) == ("failed", 4)
    assert "reference" in outcome.error
    assert is_safe(record)


async def test_a_chain_that_is_open_at_the_start_lets_nothing_move(tmp_path: Path) -> None:
    outcome, record, _ = await run(bench(tmp_path, since=0.0), "sleep")
    assert outcome.status == "tripped"
    assert not record.events("command")
    assert is_safe(record)


async def test_a_chain_that_opens_at_the_end_ends_safe_all_the_same(tmp_path: Path) -> None:
    outcome, record, _ = await run(bench(tmp_path, since=0.3), "nothing")
    assert outcome.status in {"complete", "tripped"}
    assert is_safe(record)


async def test_a_value_that_is_no_number_trips_by_equality_too(tmp_path: Path) -> None:
    async with real_rig(tmp_path, ESTOP) as rig:
        path = with_driver(rig, "wedged_driver:NumberlessIo")
        outcome, record, _ = await carry_out(tmp_path / "burn.py", path, {})
        assert await rig.illuminance() < 1.0
    assert outcome.status == "tripped"
    assert "io.estop may not be used (it is nan)" in outcome.error
    assert is_safe(record)


async def test_a_device_that_is_lost_trips_by_its_name(tmp_path: Path) -> None:
    lost = interlock("lost(climate)", name="gone")
    watch = interlock("room.temperature > 90", 'then = "alarm"', "latch = false", 'stale_after = "5 s"', name="warm")
    outcome, record, _ = await run(bench(tmp_path, lost, watch, fault("climate", "dropped", 3.0)), "sleep")
    assert outcome.status == "tripped"
    assert "interlock gone: tripped: lost(climate)" in outcome.error
    assert is_safe(record)
