"""A dataset bench: the same results in one lane as in several, each point once, each recording once."""

from __future__ import annotations

import asyncio
import json
import os
import signal
import subprocess
import sys
import time
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest

from hil.bench.config import load_bench
from hil.bench.drivers import check_drivers
from hil.bench.opened import open_shared
from hil.commands import Abort, Pause, Resume, Stop
from hil.errors import ConfigurationError, NotFit, UsageError
from hil.record import Record, open_run
from hil.run import RunOutcome, run_procedure
from hil.service import Event, Service
from hil.trace import trace
from hil_drivers.capability import Frame, SystemUnderTest
from hil_drivers.clock import WallClock
from replayed import POINTS, SETTINGS, make_bench

Told = Callable[[Event], None]


async def run(bench: Path, out: Path, *, told: Told = lambda _: None, **options: Any) -> RunOutcome:
    return await run_procedure(
        "detection-vs-illuminance",
        str(bench),
        settings=options.pop("settings", SETTINGS),
        seed=options.pop("seed", 7),
        speed=None,
        out=out,
        operator="Operator A",
        on_event=told,
        **options,
    )


def hits(record: Record) -> list[tuple[int, bool]]:
    """By point, whether its sign was read; each point once."""
    return sorted((each.point, each.data["hit"]) for each in record.observations())


def require_each_once(record: Record) -> None:
    """Every point of the plan counts once, and no recording counts twice."""
    assert sorted(each.point for each in record.observations()) == list(range(POINTS))
    valid = {(each.point, each.attempt) for each in record.observations()}
    used = [e.data["sha256"] for e in record.events("recording") if (e.data["point"], e.data["attempt"]) in valid]
    assert len(used) == len(set(used)) == POINTS


@pytest.fixture(scope="module")
def runs(tmp_path_factory: pytest.TempPathFactory) -> dict[int, RunOutcome]:
    """The same trial in one lane and in three."""
    folder = tmp_path_factory.mktemp("lanes")
    return {
        lanes: asyncio.run(run(make_bench(folder / f"of-{lanes}", lanes=lanes, delay=0.005), folder / f"runs-{lanes}"))
        for lanes in (1, 3)
    }


def test_lanes_change_no_result(runs: dict[int, RunOutcome]) -> None:
    one, three = (open_run(runs[lanes].folder) for lanes in (1, 3))
    assert {outcome.status for outcome in runs.values()} == {"complete"}
    assert 0 < sum(hit for _, hit in hits(one)) < POINTS
    assert hits(one) == hits(three)
    for record in (one, three):
        require_each_once(record)
    of_one, of_three = (runs[lanes].results["results"]["unrounded"] for lanes in (1, 3))
    assert of_one["lower"] > 5.0
    assert of_three == {**of_one, "lower": pytest.approx(of_one["lower"], rel=1e-9)}


def test_lanes_take_turns_at_a_system_that_is_there_once(runs: dict[int, RunOutcome], tmp_path: Path) -> None:
    bench = make_bench(tmp_path / "bench", lanes=3, delay=0.005, shared=True)
    outcome = asyncio.run(run(bench, tmp_path / "runs"))
    assert outcome.status == "complete"
    record = open_run(outcome.folder)
    assert hits(record) == hits(open_run(runs[1].folder))
    told = [each.data["details"] for each in record.observations()]
    assert sorted(each["asked"] for each in told) == list(range(1, POINTS + 1)), "all were asked of one"
    assert {each["at once"] for each in told} == {1}
    assert len({each.links["luxmeter.illuminance"]["channel"] for each in record.observations()}) == 3
    apart = [each.data["details"]["asked"] for each in open_run(runs[3].folder).observations()]
    assert max(apart) < POINTS, "without sharing, each lane has its own"


def test_every_lane_has_its_own_channels_on_record(runs: dict[int, RunOutcome]) -> None:
    record = open_run(runs[3].folder)
    assert {f"luxmeter.illuminance{suffix}" for suffix in ("", " (lane 2)", " (lane 3)")} <= record.channels.keys()
    used = Counter(each.links["luxmeter.illuminance"]["channel"] for each in record.observations())
    assert len(used) == 3
    assert [event.data for event in record.events("lanes")] == [{"count": 3}]


def test_what_was_measured_is_the_reference_of_the_recording(runs: dict[int, RunOutcome]) -> None:
    record = open_run(runs[3].folder)
    for each in record.observations():
        link = each.links["luxmeter.illuminance"]
        readings = record.readings(link["channel"], link["start"], link["end"])
        assert len(readings) == 2, "before the observation and after: the reference is one value"
        assert len(set(readings.value)) == 1
        assert abs(readings.value[0] / each.data["illuminance"] - 1) < 0.021
        assert readings.u[0] / readings.value[0] == pytest.approx(0.01, rel=1e-6)


def test_replayed_is_said_everywhere(runs: dict[int, RunOutcome]) -> None:
    outcome = runs[3]
    record = open_run(outcome.folder)
    assert record.run["provenance"] == outcome.results["provenance"] == "replayed"
    assert {channel["provenance"] for channel in record.channels.values()} == {"replayed"}
    report = next(path for path in outcome.documents if path.suffix == ".html").read_text(encoding="utf-8")
    assert "Replayed. " in report
    assert "data set letters" in report
    (said,) = [event.data for event in record.events("data set")]
    assert (said["name"], said["origin"], said["recordings"]) == ("letters", "rendered", POINTS)


async def test_a_wait_of_all_lanes_is_told_once(tmp_path: Path) -> None:
    told: list[Event] = []
    bench = make_bench(tmp_path / "bench", lanes=3, delay=0.005)
    outcome = await run(bench, tmp_path / "runs", told=told.append, settings={**SETTINGS, "warm_up": "60 s"})
    assert outcome.status == "complete"
    assert [event.data["seconds"] for event in told if event.kind == "waiting"] == [60.0]


async def test_a_plan_for_which_recordings_lack_is_refused_by_name(tmp_path: Path) -> None:
    with pytest.raises(NotFit, match=r"at illuminance 5 lx ± 10 %, and number 2 is needed \(or reuse"):
        await run(make_bench(tmp_path / "bench", repeats=1), tmp_path / "runs")
    assert not (tmp_path / "runs").exists()


async def test_no_recording_counts_at_two_points(tmp_path: Path) -> None:
    settings = {**SETTINGS, "illuminances": "20,20.1,80"}
    outcome = await run(make_bench(tmp_path / "bench"), tmp_path / "runs", settings=settings)
    assert outcome.status == "failed"
    assert "png was used at point" in outcome.error


async def test_a_run_that_was_aborted_goes_on(tmp_path: Path) -> None:
    bench, service, told = make_bench(tmp_path / "bench", lanes=3, delay=0.005), Service(), list[Event]()

    def hear(event: Event) -> None:
        told.append(event)
        if event.kind == "point" and sum(each.kind == "point" for each in told) == POINTS // 2:
            asyncio.get_running_loop().call_soon(service.execute, Abort("Operator A", "dinner"))

    outcome = await run(bench, tmp_path / "runs", told=hear, service=service)
    assert (outcome.status, "dinner" in outcome.error) == ("aborted", True)
    before = len(open_run(outcome.folder).observations())
    assert 0 < before < POINTS
    assert [e.data["command"] for e in open_run(outcome.folder).events("command of operator")] == ["abort"]
    assert (await run(bench, tmp_path / "runs", settings={}, seed=None, resume=outcome.folder)).status == "complete"
    require_each_once(open_run(outcome.folder))


async def test_all_lanes_pause_and_go_on(tmp_path: Path) -> None:
    service, told = Service(), list[Event]()
    states: list[str] = []
    resumed_at: list[int] = []

    def hear(event: Event) -> None:
        told.append(event)
        loop = asyncio.get_running_loop()
        if sum(each.kind == "point" for each in told) == 6 and event.kind == "point":
            loop.call_soon(service.execute, Pause("Operator A"))
        if event.kind == "state":
            states.append(event.data["state"])
            if event.data["state"] == "paused":
                assert service.snapshot()["state"] == "paused"
                loop.call_soon(service.execute, Resume("Operator A"))
            if event.data["state"] == "running":
                resumed_at.append(len([each for each in told if each.kind == "point"]))
        if resumed_at and event.kind == "point" and event.data["index"] == POINTS - 2:
            loop.call_soon(service.execute, Abort("Operator A"))

    outcome = await run(make_bench(tmp_path / "bench", lanes=2), tmp_path / "runs", told=hear, service=service)
    assert outcome.status == "aborted"
    assert states == ["pausing", "paused", "running"]
    assert len(open_run(outcome.folder).observations()) > resumed_at[0]


async def test_a_stop_ends_every_lane(tmp_path: Path) -> None:
    service = Service()

    def hear(event: Event) -> None:
        if event.kind == "point" and event.data["index"] == 4:
            asyncio.get_running_loop().call_soon(service.execute, Stop("Operator A", "smoke"))

    bench = make_bench(tmp_path / "bench", lanes=2, delay=0.05)
    outcome = await run(bench, tmp_path / "runs", told=hear, service=service)
    assert (outcome.status, "smoke" in outcome.error) == ("stopped", True)


def test_a_killed_run_goes_on(tmp_path: Path) -> None:
    bench = make_bench(tmp_path / "bench", lanes=2, delay=0.1)
    given = [part for name, value in SETTINGS.items() for part in ("--set", f"{name}={value}")]
    command = [sys.executable, "-m", "hil.cli", "run", "detection-vs-illuminance", "--bench", str(bench)]
    environment = {**os.environ, "PYTHONPATH": str(Path(__file__).parents[1] / "support")}
    runs = tmp_path / "runs"
    with subprocess.Popen(
        [*command, "--out", str(runs), "--seed", "7", *given], env=environment, stdout=subprocess.DEVNULL
    ) as child:
        deadline = time.monotonic() + 60
        while time.monotonic() < deadline and _committed(runs) < 3:
            time.sleep(0.05)
        child.send_signal(signal.SIGKILL)
    (folder,) = runs.iterdir()
    before = len(open_run(folder).observations())
    assert 0 < before < POINTS
    assert asyncio.run(run(bench, runs, settings={}, seed=None, resume=folder)).status == "complete"
    require_each_once(open_run(folder))


def _committed(runs: Path) -> int:
    try:
        return sum(len(open_run(folder).observations()) for folder in runs.iterdir())
    except (OSError, UsageError):
        return 0


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ('kind = "dataset"', 'kind = "action"', "only a dataset bench has lanes"),
        ("[roles]", '[safe_state]\nactions = [{ channel = "light.illuminance", set = 0.0 }]\n[roles]', "leave it out"),
        ('address = "process:"', 'address = "tcp://127.0.0.1:9"', "let lanes take turns"),
        ("lanes = 2", "lanes = 0", "lanes"),
        ("[roles]", '[sim]\nworld = "light-room"\nseed = 1\nstart = "2026-06-01T08:00:00Z"\n[roles]', "simulates"),
    ],
)
def test_what_a_dataset_bench_cannot_mean_is_refused(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = make_bench(tmp_path / "bench", lanes=2)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(ConfigurationError) as caught:
        load_bench(path)
    assert told in str(caught.value)


@pytest.mark.parametrize(
    ("old", "new", "told"),
    [
        ("lanes = 2", "lanes = 1", ""),
        ('address = "process:"', 'address = "tcp://127.0.0.1:9"', ""),
        ('folder = "signs"', 'folder = "signs"\nshared = true', "is shared by lanes, so no channel"),
        ('kind = "dataset"\n', 'kind = "action"\n', "only a dataset bench has lanes that share"),
    ],
)
def test_what_lanes_can_share(tmp_path: Path, old: str, new: str, told: str) -> None:
    path = make_bench(tmp_path / "bench", lanes=2, shared=True)
    text = path.read_text(encoding="utf-8")
    assert old in text
    path.write_text(text.replace(old, new, 1), encoding="utf-8")
    if not told:
        assert load_bench(path).devices["reader"].shared
        return
    with pytest.raises(ConfigurationError, match=told):
        load_bench(path)


async def test_a_shared_system_is_not_closed_while_a_lane_waits_for_its_answer(tmp_path: Path) -> None:
    config = load_bench(make_bench(tmp_path / "bench", lanes=2, delay=30.0, shared=True))
    async with open_shared(config, ["reader"]) as shared:
        system = shared["reader"].on(WallClock())
        assert isinstance(system, SystemUnderTest)
        asked = asyncio.create_task(system.respond(Frame(np.zeros((4, 8), np.uint8), 1, 0, 0, "png")))
        await asyncio.sleep(0)
    asked.cancel()
    with pytest.raises(asyncio.CancelledError):
        await asked


def test_only_a_system_under_test_is_shared(tmp_path: Path) -> None:
    path = make_bench(tmp_path / "bench", lanes=2)
    text = path.read_text(encoding="utf-8")
    path.write_text(
        text.replace(
            "[roles]",
            '[devices.more]\ndriver = "dataset"\naddress = "dataset:"\nfolder = "signs"\nshared = true\n[roles]',
        ),
        encoding="utf-8",
    )
    with pytest.raises(ConfigurationError, match="only a system under test is shared"):
        check_drivers(load_bench(path), ["more"], [])


def test_the_bench_that_ships_is_replayed() -> None:
    config = load_bench("dataset")
    assert (config.provenance, config.bench.lanes) == ("replayed", 2)
    assert json.dumps(config.content.model_dump(mode="json"))


def test_the_chain_of_a_replayed_value_ends_at_its_data_set() -> None:
    (device,) = trace(load_bench("dataset"), "luxmeter.illuminance").top.rests_on
    (end,) = device.rests_on
    assert (end.what, end.name) == ("data set", "signs")
    assert "rendered" in end.remarks[0].message
