"""A laboratory's small history, made once: a luxmeter is calibrated, its certificate entered, and it is used."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

from bench_copy import SHORT, copy_bench, run_json
from hil.bench.copying import enter_certificate

LOOK = """
from hil import Design, Parameters, Results, Trial, procedure
from hil_drivers.capability import Actuator, Sensor


class Look(Parameters):
    pass


@procedure("look", version="1", roles={"light": Actuator, "luxmeter": Sensor})
async def look(trial: Trial, p: Look) -> None:
    lux = trial.role("luxmeter", Sensor)
    async for point in trial.points():
        await trial.role("light", Actuator).set(point.level)
        async with point.valid(lux, point.level, tolerance=point.level):
            point.observe(seen=await trial.sample(lux, 2))


@look.plan
def plan(p):
    return Design({"level": "lx"}, [{"level": 100.0}])


@look.analysis
def analyse(record, p):
    return Results((), {})
"""


@dataclass(frozen=True)
class History:
    """``calibration`` issued the certificate through which ``after`` measured."""

    bench: Path
    runs: Path
    calibration: Path
    after: Path


def make(place: Path) -> History:
    """Make it in ``place``, in a few seconds."""
    bench = copy_bench(place / "bench")
    (place / "look.py").write_text(LOOK, encoding="utf-8")
    calibrated = run_json("run", "calibrate-luxmeter", "--bench", bench, *SHORT, cwd=place)
    calibration = place / calibrated["folder"]
    enter_certificate(bench, "luxmeter.illuminance", calibration / "certificate.xml", None)
    looked = run_json("run", "look.py", "--bench", bench, cwd=place)
    return History(bench, place / "runs", calibration, place / looked["folder"])
