"""Many runs of one procedure, each on a world of its own, in as many processes as there are cores."""

from __future__ import annotations

import asyncio
import multiprocessing
import os
import shutil
import tempfile
from collections.abc import Callable, Mapping, Sequence
from concurrent.futures import ProcessPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from hil_calibration.errors import CalibrationError
from hil_drivers.errors import DriverError

from .. import parameters, scripts
from ..errors import HilError, UsageError
from .draw import drawn_bench, of_seed, stimuli_of
from .truth import Answer, true_world


@dataclass(frozen=True)
class Asked:
    """What is run: the procedure's own short settings hold where ``settings`` name nothing else.

    ``{seed}`` in a setting stands for the seed of each run.
    """

    procedure: str
    bench: str
    settings: Mapping[str, str]
    operator: str | None = None


@dataclass(frozen=True)
class Outcome:
    """One run: what it stated beside the truth, and its verdict; or the error that ended it."""

    seed: int
    answer: Answer | None
    verdict: str | None = None
    error: str = ""


def checked(asked: Asked) -> Asked:
    """``asked`` with all settings and the operator.

    :raises UsageError: if the procedure declares no truth, the bench is not simulated, or they do not fit together.
    """
    from ..bench.config import load_bench
    from ..preparation import prepare

    found = scripts.find(asked.procedure)
    if found.truth_of is None:
        raise UsageError(
            "declares no truth, against which its results could be held",
            where=asked.procedure,
            remedy="declare it with @….truth",
        )
    config = load_bench(asked.bench)
    if config.sim is None and stimuli_of(config) is None:
        raise UsageError(
            "its recordings are no worlds drawn anew for each run, and of what they show the truth is not known"
            if config.bench.kind == "dataset"
            else "the truth of a real bench is not known",
            where=str(config.path),
            remedy="use a simulated one",
        )
    settings = {**found.coverage_settings, **asked.settings}
    prepare(asked.procedure, asked.bench, of_seed(settings, 0), None)
    return Asked(asked.procedure, asked.bench, settings, config.laboratory.operator(asked.operator))


def carry_out(asked: Asked, seeds: Sequence[int], jobs: int, told: Callable[[Outcome], None]) -> list[Outcome]:
    """Run ``asked`` once with each seed; the outcomes are in the order of the seeds.

    :param jobs: processes at the same time; each serves many runs.
    :param told: called after each run.
    """
    found: dict[int, Outcome] = {}
    context = multiprocessing.get_context("spawn")
    with (
        tempfile.TemporaryDirectory(prefix="hil-coverage-") as folder,
        ProcessPoolExecutor(jobs, context, initializer=_begin) as pool,
    ):
        waiting = [pool.submit(one_run, asked, seed, Path(folder)) for seed in seeds]
        try:
            for done in as_completed(waiting):
                outcome = done.result()
                found[outcome.seed] = outcome
                told(outcome)
        except BaseException:
            pool.shutdown(wait=True, cancel_futures=True)
            raise
    return [found[seed] for seed in seeds]


def _begin() -> None:
    """Of a process that serves many runs: with one thread for arithmetic, simulators that start at once, and no longer
    than this one lives."""
    from hil_drivers.sim.child import STARTER
    from hil_drivers.sim.forked import Forked

    from ..parent import end_with_parent

    end_with_parent()
    os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
    STARTER.set(Forked)


def one_run(asked: Asked, seed: int, folder: Path) -> Outcome:
    """One run on the real path, its results held against the truth; its record is not kept."""
    own = Path(tempfile.mkdtemp(dir=folder))
    try:
        return asyncio.run(_run(asked, seed, own))
    except (HilError, CalibrationError, DriverError) as error:
        return Outcome(seed, None, error=str(error))
    finally:
        shutil.rmtree(own, ignore_errors=True)


async def _run(asked: Asked, seed: int, out: Path) -> Outcome:
    from ..bench.config import load_bench
    from ..conclusion import fault_of
    from ..run import run_procedure

    settings, bench = of_seed(asked.settings, seed), drawn_bench(asked.bench, seed, out)
    done = await run_procedure(
        asked.procedure,
        bench,
        settings=settings,
        seed=seed,
        speed=None,
        out=out / "runs",
        operator=asked.operator or "",
        on_event=lambda _event: None,
        documents=False,
    )
    if done.error:
        return Outcome(seed, None, error=done.error)
    found = scripts.find(asked.procedure)
    if found.truth_of is None:
        raise UsageError("declares no truth", where=asked.procedure)
    chosen = parameters.parse(found.parameters, settings, where=asked.procedure)
    world = true_world(load_bench(bench), seed)
    try:
        answer = found.truth_of(world, done.results["results"], chosen)
    except Exception as error:  # noqa: BLE001 (what somebody else's function raises)
        raise fault_of("truth", asked.procedure, error) from None
    return Outcome(seed, answer, None if done.verdict is None else done.verdict["outcome"])
