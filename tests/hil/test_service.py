"""The service: numbered events, and commands that act on a run."""

from __future__ import annotations

import asyncio
from pathlib import Path

import pytest

from hil.errors import UsageError
from hil.service import Abort, Event, Pause, Resume, Service
from hil.trial import Trial
from hil_drivers.capability import Sensor
from rig import Rig, control_of, plan


def test_events_are_numbered_and_the_past_is_told_to_newcomers() -> None:
    service, seen = Service(wall=lambda: 7), list[Event]()
    service.publish("a", {"x": 1})
    service.subscribe(seen.append)
    service.publish("b", {})
    assert [(event.number, event.kind, event.wall) for event in seen] == [(1, "a", 7), (2, "b", 7)]
    assert seen[0].to_json() == {"number": 1, "wall": 7, "kind": "a", "x": 1}


def test_a_command_without_a_run_is_refused() -> None:
    with pytest.raises(UsageError, match="no run is under way"):
        Service().execute(Abort("Operator A", "test"))


async def test_a_pause_holds_the_next_point_and_bench_time(tmp_path: Path) -> None:
    rig, service = Rig(tmp_path, plan(1.0, 2.0, 3.0), lambda t: 100.0), Service()
    reached: list[float] = []
    paused = asyncio.Event()

    async def script(trial: Trial) -> None:
        async for point in trial.points():
            reached.append(point.level)
            async with point.valid(trial.role("lux", Sensor), 100.0, tolerance=1.0):
                point.observe(level=point.level)
            if point.level == 1.0:
                service.execute(Pause("Operator A", "coffee"))
                paused.set()

    run = asyncio.ensure_future(rig.run(script))
    service.attach(control_of(rig))
    await paused.wait()
    before = rig.clock.now()
    for _ in range(100):
        await asyncio.sleep(0)
    assert (reached, rig.clock.now()) == ([1.0], before)
    service.execute(Resume("Operator A"))
    await run
    assert reached == [1.0, 2.0, 3.0]
