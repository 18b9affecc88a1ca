"""Whatever people command and devices do: no actuator is left on, and no point counts twice."""

from __future__ import annotations

import asyncio
import re
from collections import Counter
from collections.abc import Callable, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from bench_copy import copy_bench, fault
from hil.commands import Abort, Command, Note, Pause, PauseNow, Resume, Stop
from hil.errors import UsageError
from hil.record import Record, open_run
from hil.run import RunOutcome, run_procedure
from hil.service import Event, Service

SETTINGS = {"readings": "3", "warm_up": "20 s", "levels": "5,10,20,50,100,200"}
POINTS = 13

COMMANDS: dict[str, Callable[[], Command]] = {
    "pause": lambda: Pause("Operator A"),
    "pause now": lambda: PauseNow("Operator A"),
    "resume": lambda: Resume("Operator A"),
    "note": lambda: Note("Operator A", "the door was opened"),
    "abort": lambda: Abort("Operator A", "enough"),
    "stop": lambda: Stop("Operator A", "smoke"),
}
GENTLE = ["pause", "pause now", "resume", "note"]


@dataclass(frozen=True)
class Fault:
    """What a device does, in bench seconds from the beginning of the run."""

    device: str
    kind: str
    since: float

    def text(self) -> str:
        return fault(self.device, self.kind, self.since)


faults = st.builds(
    Fault,
    st.sampled_from(["luxmeter", "reference", "climate", "carriage", "lights"]),
    st.sampled_from(["silent", "dropped", "nan", "garbage", "split", "frozen"]),
    st.integers(1, 120).map(float),
)
commands = st.lists(
    st.tuples(st.integers(2, 40), st.sampled_from([*GENTLE, *GENTLE, "abort", "stop"])), max_size=5
).map(sorted)


class Operator:
    """Gives each command after so many events; resumes a run that waits for nothing else."""

    def __init__(self, service: Service, given: Sequence[tuple[int, str]]) -> None:
        self._service, self._left = service, list(given)
        service.subscribe(self._told)

    def _told(self, event: Event) -> None:
        paused = event.kind == "state" and event.data["state"] == "paused"
        if paused or (self._left and event.number >= self._left[0][0]):
            asyncio.get_running_loop().call_soon(self._give)

    def _give(self) -> None:
        name = self._left.pop(0)[1] if self._left else "resume"
        with suppress(UsageError):
            self._service.execute(COMMANDS[name]())
        if self._service.snapshot()["state"] == "paused":
            asyncio.get_running_loop().call_soon(self._give)


async def carry_out(
    folder: Path, given: Sequence[tuple[int, str]], resume: Path | None = None, deviation: str | None = None
) -> RunOutcome:
    service = Service()
    Operator(service, given)
    return await asyncio.wait_for(
        run_procedure(
            "calibrate-luxmeter",
            str(folder / "bench" / "action-sim.toml"),
            settings={} if resume else SETTINGS,
            seed=None,
            speed=None,
            out=folder / "runs",
            operator="Operator A",
            on_event=lambda event: None,
            service=service,
            resume=resume,
            deviation=deviation,
        ),
        120.0,
    )


def lamp_is_out(record: Record, *, unless_lost: bool) -> bool:
    """Whether the last thing that was said to the lamp was "off", and it took that."""
    commanded = [e for e in record.events("command") if e.data["channel"] == "light.illuminance"]
    safe = [e for e in record.events("safe state") if e.data["channel"] == "light.illuminance"]
    if not commanded:
        return True
    if not safe or safe[-1].t < commanded[-1].t or safe[-1].data["value"] != 0.0:
        return False
    return not safe[-1].data["error"] or unless_lost


def counted(record: Record) -> Counter[int]:
    return Counter(point.index for point in record.points() if point.state == "committed")


def examine(given: Sequence[tuple[int, str]], happening: Sequence[Fault]) -> None:
    lost = any(one.device == "lights" and one.kind in {"silent", "dropped"} for one in happening)
    with TemporaryDirectory() as name:
        folder = Path(name)
        bench = copy_bench(folder / "bench", ("[bench]\n", '[bench]\npatience = "1 s"\n'))
        good = bench.read_text(encoding="utf-8")
        bench.write_text(good + "".join(one.text() for one in happening), encoding="utf-8")
        outcome = asyncio.run(carry_out(folder, given))
        record = open_run(outcome.folder)
        refused = record.status == "complete" != outcome.status
        assert not refused or any(one.kind == "frozen" for one in happening), "of good readings there is a result"
        assert outcome.status == ("failed" if refused else record.status)
        assert record.status in {"complete", "failed", "aborted", "stopped", "tripped"}
        assert lamp_is_out(record, unless_lost=lost)
        assert max(counted(record).values(), default=1) == 1
        if record.status == "complete":
            assert counted(record) == Counter(range(POINTS))
            return
        bench.write_text(good, encoding="utf-8")
        resumed = asyncio.run(carry_out(folder, [], outcome.folder, "mended" if happening else None))
        assert resumed.status == "complete", resumed.error
        again = open_run(outcome.folder)
        assert counted(again) == Counter(range(POINTS))
        assert lamp_is_out(again, unless_lost=False)


def test_a_luxmeter_that_is_stuck_has_no_calibration_and_a_whole_record(tmp_path: Path) -> None:
    bench = copy_bench(tmp_path / "bench")
    stuck = Fault("luxmeter", "frozen", 1.0).text()
    bench.write_text(bench.read_text(encoding="utf-8") + stuck, encoding="utf-8")
    outcome = asyncio.run(carry_out(tmp_path, []))
    assert outcome.status == "failed"
    assert re.search(r"calibrate-luxmeter: the luxmeter indicated .* lx at every level; look whether", outcome.error)
    assert open_run(outcome.folder).status == "complete"


@settings(max_examples=4)
@given(commands, st.lists(faults, max_size=2))
def test_no_actuator_stays_on_and_no_point_counts_twice(given: list[tuple[int, str]], happening: list[Fault]) -> None:
    examine(given, happening)


@pytest.mark.soak
@settings(max_examples=40)
@given(commands, st.lists(faults, max_size=3))
def test_no_actuator_stays_on_and_no_point_counts_twice_in_many_runs(
    given: list[tuple[int, str]], happening: list[Fault]
) -> None:
    examine(given, happening)
