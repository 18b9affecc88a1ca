"""A short run of micrographs: three inside the domain of the model that ships, and one outside."""

from __future__ import annotations

from pathlib import Path

from bench_copy import hil
from hil.micrographs.source import Micrographs, read
from hil.record import open_run

SCRIPT = '''
"""Answers to a few micrographs."""

from hil import Design, Parameters, Record, Results, Trial, procedure
from hil_drivers.capability import Scene, Sensor, Source, SystemUnderTest
from hil_procedures.virtual.script import answer


@procedure(
    "few-micrographs",
    version="1",
    roles={"scene": Scene, "source": Source, "reference": Sensor, "model": SystemUnderTest},
)
async def few(trial: Trial, p: Parameters) -> None:
    """Give the model one stimulus after the other."""
    async for point in trial.points():
        await trial.role("scene", Scene).show(point.content)
        await answer(trial, point)


@few.plan
def plan(p: Parameters) -> Design:
    """Three of one kind and one of the other."""
    return Design({"content": None}, [{"content": one} for one in ("inside", "inside", "inside", "outside")])


@few.analysis
def analyse(record: Record, p: Parameters) -> Results:
    """Nothing to be said."""
    return Results((), {})
'''


def make_run(folder: Path) -> Path:
    """The folder of a closed run."""
    script = folder / "few.py"
    script.write_text(SCRIPT, encoding="utf-8")
    done = hil("run", script, "--bench", "particle-size", "--out", folder / "runs", cwd=folder)
    assert done.returncode == 0, done.stderr
    (run,) = (folder / "runs").glob("*few-micrographs*")
    return run


def pictures(run: Path) -> Micrographs:
    """Its pictures."""
    return read(open_run(run))
