"""A lamp shows how a run ended, before devices are closed; a lamp that fails changes nothing else."""

from __future__ import annotations

from pathlib import Path

import pytest

from bench_copy import copy_bench, fault
from hil.bench.config import load_bench
from hil.bench.drivers import check_drivers
from hil.errors import ConfigurationError
from hil.record import open_run
from hil.run import RunOutcome, run_procedure

SCRIPT = """
from hil import Design, Parameters, Results, Trial, procedure
from hil_drivers.capability import Actuator


class Brief(Parameters):
    fails: bool = False


@procedure("brief", version="1", roles={"light": Actuator})
async def brief(trial: Trial, p: Brief) -> None:
    await trial.sleep(5.0)
    async for point in trial.points():
        if p.fails:
            raise RuntimeError("a bug")


@brief.plan
def plan(p):
    return Design({"level": "lx"}, [{"level": 10.0}])


@brief.analysis
def analyse(record, p):
    return Results((), {})
"""

NO_CARRIAGE = (', { channel = "carriage.position", set = 0.0 }', "")
"""The carriage serves as a lamp here, so the safe state must not move it."""

SIGNALS = """
[signals]
complete = [{ channel = "carriage.position", set = 1.0 }]
failed = [{ channel = "carriage.position", set = 0.0 }]
"""


async def carry_out(place: Path, bench: Path, **settings: str) -> RunOutcome:
    (place / "brief.py").write_text(SCRIPT, encoding="utf-8")
    return await run_procedure(
        str(place / "brief.py"),
        str(bench),
        settings=settings,
        seed=None,
        speed=None,
        out=place / "runs",
        operator="Operator A",
        on_event=lambda event: None,
    )


@pytest.mark.parametrize(("fails", "status", "set_to"), [("false", "complete", 1.0), ("true", "failed", 0.0)])
async def test_the_ending_is_shown_after_the_safe_state(tmp_path: Path, fails: str, status: str, set_to: float) -> None:
    outcome = await carry_out(tmp_path, copy_bench(tmp_path / "bench", NO_CARRIAGE, add=SIGNALS), fails=fails)
    record = open_run(outcome.folder)
    assert record.status == status
    (told,) = record.events("signal")
    assert told.data == {"ending": status, "channel": "carriage.position", "set": set_to, "error": ""}
    assert max(event.t for event in record.events("safe state")) <= told.t


async def test_a_lamp_that_does_not_answer_is_on_record_and_the_run_is_complete(tmp_path: Path) -> None:
    signals = SIGNALS + 'deadline = "1 s"\n' + fault("carriage", "silent", 1.0)
    outcome = await carry_out(tmp_path, copy_bench(tmp_path / "bench", NO_CARRIAGE, add=signals))
    record = open_run(outcome.folder)
    assert record.status == "complete"
    (told,) = record.events("signal")
    assert "carriage" in told.data["error"] or "not done within 1 s" in told.data["error"]


@pytest.mark.parametrize(
    ("line", "told"),
    [
        ('complete = [{ channel = "lamp", set = 1.0 }]', 'there is no channel "lamp"'),
        ('complete = [{ channel = "light.illuminance", set = 5.0 }]', "belongs to the safe state"),
        ('failed = [{ channel = "room.humidity", set = 1.0 }]', "senses and takes no setpoint"),
        ("over = []", "unknown key"),
    ],
)
def test_what_cannot_be_a_sign(tmp_path: Path, line: str, told: str) -> None:
    def check(path: Path) -> None:
        config = load_bench(path)
        check_drivers(config, config.devices, config.channels)

    bench = copy_bench(tmp_path / "bench", add=f"\n[signals]\n{line}\n")
    with pytest.raises(ConfigurationError, match=told):
        check(bench)
