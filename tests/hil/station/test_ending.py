"""The end of a service: a stop acts as long as anything can, and a safe state that has begun is reached."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from bench_copy import copy_bench
from hil.bench.config import load_bench
from hil.commands import Note, Stop
from hil.errors import UsageError
from hil.lease import Leases
from hil.safety.alarms import Alarms
from hil.safety.latches import Latches
from hil.service_commands import Hold, QueueAdd, Start
from hil.station.commands import StationControl
from hil.station.disk import Disk
from hil.station.journal import Journal
from hil.station.queue import RunQueue
from hil.station.safe import Safe


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk()
    yield made
    made.close()


@pytest.fixture
def journal(tmp_path: Path, disk: Disk) -> Iterator[Journal]:
    made = Journal(tmp_path / "service.jsonl", disk)
    yield made
    disk.close()
    made.close()


def control(folder: Path, disk: Disk, journal: Journal, stops: list[str]) -> StationControl:
    return StationControl(
        RunQueue(folder / "queue.json", disk),
        Leases(lambda *_: None),
        journal,
        handover=None,
        latches=Latches.none(),
        alarms=Alarms(lambda: 0, lambda *_: None),
        make_safe=lambda: stops.append("stop"),
    )


def test_only_a_stop_acts_while_the_service_ends_and_nothing_afterwards(
    tmp_path: Path, disk: Disk, journal: Journal
) -> None:
    stops = list[str]()
    made = control(tmp_path, disk, journal, stops)
    made.ending = True
    made.carry_out(Stop("A", "smoke"))
    for command in (Start("A"), Hold("A"), QueueAdd("A", procedure="sweep"), Note("A", "hm")):
        with pytest.raises(UsageError, match="the service is ending"):
            made.carry_out(command)
    made.ended = True
    with pytest.raises(UsageError, match="the service has ended; where something moves, use the E-stop"):
        made.carry_out(Stop("A", "smoke"))
    assert stops == ["stop"]


async def test_a_safe_state_that_has_begun_is_reached_whatever_ends_the_service(tmp_path: Path) -> None:
    told = list[tuple[str, dict[str, Any]]]()
    config = load_bench(str(copy_bench(tmp_path / "bench")))
    safe = Safe(config, tmp_path, lambda kind, data: told.append((kind, data)), lambda: None)
    safe.want()
    making = asyncio.create_task(safe.make())
    await asyncio.sleep(0)
    making.cancel()
    await asyncio.wait([making])
    assert making.cancelled()
    ((kind, data),) = told
    assert (kind, data["reached"], safe.wanted) == ("safe state", data["of"], False)


async def test_a_fault_of_hil_while_it_is_made_safe_is_told_and_ends_nothing(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    told = list[tuple[str, dict[str, Any]]]()
    config = load_bench(str(copy_bench(tmp_path / "bench")))
    safe = Safe(config, tmp_path, lambda kind, data: told.append((kind, data)), lambda: None)
    monkeypatch.setattr(safe, "_config", None)
    await safe.make()
    ((kind, data),) = told
    assert kind == "safe state failed"
    assert data["error"].startswith("a fault in hil itself: raised ")
