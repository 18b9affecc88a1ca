"""The same pictures through a dataset bench: procedure, gates, record."""

from __future__ import annotations

import asyncio
import resource
import tempfile
import time
from dataclasses import dataclass
from pathlib import Path

from hil.bench.config import shipped_benches
from hil.bench.copying import copy_bench
from hil.record import open_run
from hil.run import run_procedure
from hil.service import Event


@dataclass(frozen=True)
class Replayed:
    """``rate`` is points per second; ``busy`` and ``wall`` are seconds for each point in one lane.

    ``busy`` is the processor time of the core, without the models' processes; ``latency`` that of the model as the
    driver saw it.
    """

    rate: float
    wall: float
    busy: float
    latency: float


def replay(lanes: int, repeats: int, *, shared: bool = False) -> Replayed:
    """Run the trial of detection on the bench that ships, in ``lanes`` lanes.

    :param shared: whether they take turns at one model.
    """
    with tempfile.TemporaryDirectory() as folder:
        bench = copy_bench(str(shipped_benches()["dataset"]), Path(folder) / "bench")
        text, reader = bench.read_text(encoding="utf-8"), "[devices.reader]\n"
        for old, new in (
            ("lanes = 2\n", f"lanes = {lanes}\n"),
            (reader, f"{reader}shared = {str(shared).lower()}\n"),
        ):
            assert old in text, f"the bench that ships has no line {old!r}"
            text = text.replace(old, new)
        bench.write_text(text, encoding="utf-8")
        return asyncio.run(_run(bench, Path(folder) / "runs", lanes, repeats))


async def _run(bench: Path, out: Path, lanes: int, repeats: int) -> Replayed:
    times: list[tuple[int, float]] = []

    def hear(event: Event) -> None:
        if event.kind == "point":
            used = resource.getrusage(resource.RUSAGE_SELF)
            times.append((time.monotonic_ns(), used.ru_utime + used.ru_stime))

    outcome = await run_procedure(
        "detection-vs-illuminance",
        str(bench),
        settings={"repeats": str(repeats)},
        seed=1,
        speed=None,
        out=out,
        operator="benchmark",
        on_event=hear,
    )
    assert outcome.status == "complete", outcome.error
    latencies = [each.data["latency"] for each in open_run(outcome.folder).observations()]
    points, span = len(times) - lanes, (times[-1][0] - times[lanes - 1][0]) / 1e9
    busy = times[-1][1] - times[lanes - 1][1]
    return Replayed(points / span, lanes * span / points, busy / points, sum(latencies) / len(latencies))
