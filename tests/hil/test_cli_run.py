"""Running procedures from the command line, and looking at their records."""

from __future__ import annotations

import contextlib
import json
import re
import shlex
import shutil
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from hil.bench import find_bench
from hil.cli import __main__ as entry
from hil.record import open_run

PROCEDURE = '''
from typing import Annotated

from hil import Design, Parameters, Results, SummaryTable, Trial, Verdict, procedure, unit
from hil_drivers.capability import Actuator


class Brief(Parameters):
    outcome: str = ""
    seconds: Annotated[float, unit("s")] = 1.0


@procedure("brief", version="1", roles={"light": Actuator})
async def brief(trial: Trial, p: Brief) -> None:
    """Switch a light."""
    light = trial.role("light", Actuator)
    async for point in trial.points():
        await light.set(point.level)
        await trial.sleep(p.seconds)


@brief.plan
def plan(p):
    return Design({"level": "lx"}, [{"level": 10.0}, {"level": 20.0}], duration=2 * p.seconds)


@brief.analysis
def analyse(record, p):
    verdict = Verdict(p.outcome, "the light shines", "simple acceptance", "it did") if p.outcome else None
    return Results((SummaryTable("Levels", ("level / lx",), (("10",), ("20",))),), {"levels": ["10", "20"]}, verdict)
'''


RUN = ("run", "brief.py", "--bench", "bench/action-sim.toml")


@pytest.fixture
def place(tmp_path: Path) -> Path:
    """A folder with a brief procedure and a copy of the shipped bench."""
    (tmp_path / "brief.py").write_text(PROCEDURE, encoding="utf-8")
    shutil.copytree(find_bench("action-sim").parent, tmp_path / "bench")
    return tmp_path


def hil(place: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "hil.cli", *args], cwd=place, capture_output=True, text=True, timeout=90
    )


def inside(place: Path, capsys: pytest.CaptureFixture[str], *args: str) -> tuple[int, str]:
    """The exit code and stdout of a command within this process, which is quicker."""
    with contextlib.chdir(place):
        code = entry.run(args)
    return code, capsys.readouterr().out


def run_brief(place: Path, *args: str) -> subprocess.CompletedProcess[str]:
    return hil(place, *RUN, *args)


def test_a_run_shows_progress_on_stderr_and_results_on_stdout(place: Path) -> None:
    done = run_brief(place)
    assert done.returncode == 0, done.stderr
    assert done.stdout.splitlines()[:4] == ["Levels", "level / lx", "----------", "10"]
    assert "point 2 of 2: level 20" in done.stderr
    assert "committed" not in done.stderr
    assert done.stderr.splitlines()[-1] == "finished: complete"


@pytest.mark.parametrize(("outcome", "code"), [("PASS", 0), ("FAIL", 1), ("INCONCLUSIVE", 3)])
def test_the_verdict_is_the_exit_code(place: Path, capsys: pytest.CaptureFixture[str], outcome: str, code: int) -> None:
    found, output = inside(place, capsys, *RUN, "--set", f"outcome={outcome}", "--json")
    assert found == code
    told = json.loads(output)
    assert told["verdict"]["outcome"] == outcome
    assert told["exit_code"] == code
    assert told["status"] == "complete"
    assert (place / told["folder"] / "run.db").is_file()


def test_events_as_a_stream(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, output = inside(place, capsys, *RUN, "--jsonl")
    assert code == 0
    *events, outcome = [json.loads(line) for line in output.splitlines()]
    assert [event["number"] for event in events] == list(range(1, len(events) + 1))
    assert outcome["kind"] == "outcome"
    assert outcome["status"] == "complete"


def test_a_dry_run_shows_the_plan_and_makes_nothing(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    code, output = inside(place, capsys, *RUN, "--dry-run", "--set", "seconds=5")
    assert code == 0
    assert "2 points" in output
    assert "is fit to start" in output
    assert "At least 10 s of bench time. Devices: carriage, climate, lights." in output
    assert not (place / "runs").exists()
    told = json.loads(inside(place, capsys, *RUN, "--dry-run", "--json")[1])
    assert told["points"] == [{"level": 10.0}, {"level": 20.0}]
    assert (told["duration"], told["devices"]) == (2.0, ["carriage", "climate", "lights"])
    assert inside(place, capsys, *RUN, "--dry-run", "--set", "second=5")[0] == 2


def test_a_dry_run_tells_units_as_they_are_written(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    climatic = ("run", "climatic-characterisation", "--bench", "climate-sim", "--set", "temperatures=40", "--dry-run")
    code, output = inside(place, capsys, *climatic)
    assert code == 0
    assert "1 point, seed 1\npoint  set_temperature / °C\n" in output


def test_a_bench_that_is_not_fit_is_exit_code_2_and_on_record(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    register = place / "bench" / "equipment.toml"
    register.write_text(register.read_text(encoding="utf-8").replace("2027-03-31", "2020-03-31"), encoding="utf-8")
    done = run_brief(place)
    assert done.returncode == 2
    assert "was due on 2020-03-31" in done.stderr
    (folder,) = (place / "runs").iterdir()
    assert "was due on 2020-03-31" in open_run(folder).reason
    shown = json.loads(inside(place, capsys, "data", "show", "last", "--json")[1])
    assert (shown["status"], shown["reason"]) == ("failed", open_run(folder).reason)
    assert inside(place, capsys, "data", "verify", "last")[0] == 0


def test_a_device_that_does_not_answer_is_exit_code_4(place: Path) -> None:
    bench = place / "bench" / "action-sim.toml"
    text = bench.read_text(encoding="utf-8")
    fault = '[sim]\nfaults = [{ device = "climate", kind = "silent" }]'
    bench.write_text(text.replace("[sim]", fault, 1), encoding="utf-8")
    done = run_brief(place)
    assert done.returncode == 4
    assert "climate" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 5), (signal.SIGHUP, 5)])
def test_a_signal_ends_a_run_in_order(
    place: Path, capsys: pytest.CaptureFixture[str], number: signal.Signals, code: int
) -> None:
    command = [sys.executable, "-m", "hil.cli", *RUN, "--speed", "1", "--set", "seconds=600"]
    with subprocess.Popen(command, cwd=place, stderr=subprocess.PIPE, stdout=subprocess.PIPE, text=True) as process:
        assert process.stderr is not None
        for line in process.stderr:
            if line.startswith("point 1"):
                process.send_signal(number)
                break
        told = process.stderr.read()
        assert process.wait(30) == code, told
    assert "Traceback" not in told
    (run,) = json.loads(inside(place, capsys, "data", "list", "--json")[1])["runs"]
    assert run["status"] == "aborted"
    assert open_run(place / "runs" / run["run"]).reason == "the run was interrupted"
    assert inside(place, capsys, "data", "verify", "last")[0] == 0
    if number is signal.SIGINT:
        (again,) = re.findall("it goes on with `hil (.*)`", told)
        assert again == f"run brief.py --bench bench/action-sim.toml --resume runs/{run['run']}"
        assert inside(place, capsys, *shlex.split(again), "--dry-run")[0] == 0


def test_a_run_that_is_interrupted_after_its_last_point_is_complete(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    script = (place / "brief.py").read_text("utf-8")
    begin = "def analyse(record, p):\n"
    late = f"{begin}    import os, signal\n    os.kill(os.getpid(), signal.SIGINT)\n"
    (place / "late.py").write_text(script.replace(begin, late), "utf-8")
    command = [sys.executable, "-m", "hil.cli", *(each.replace("brief.py", "late.py") for each in RUN)]
    done = subprocess.run(command, cwd=place, capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 130, done.stderr
    (told,) = re.findall("the run was complete already; its results are in (.*)", done.stderr)
    assert (place / told / "results.json").exists()
    assert "it goes on with" not in done.stderr


def test_the_clock_and_the_sampling_are_on_record(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = json.loads(inside(place, capsys, *RUN, "--set", "seconds=32", "--json")[1])["folder"]
    record = open_run(place / folder)
    first, last = record.table("clock")[0], record.table("clock")[-1]
    assert first["mono_before"] <= first["mono_after"] < last["mono_before"]
    assert record.events("clock")[0].data["synchronised"] == bool(first["source"])
    (sampling,) = record.events("sampling")
    assert sampling.data["channels"]["room.temperature"] == {"taken": 6, "missed": 0}
    assert record.events()[-1].kind == "closed"


def test_records_are_listed_shown_and_verified(place: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = Path(json.loads(inside(place, capsys, *RUN, "--json")[1])["folder"])
    (run,) = json.loads(inside(place, capsys, "data", "list", "--json")[1])["runs"]
    assert (run["procedure"], run["bench"], run["operator"]) == ("brief", "action-sim", "Operator A")
    assert (run["provenance"], run["status"], run["run"]) == ("simulated", "complete", folder.name)
    shown = json.loads(inside(place, capsys, "data", "show", folder.name, "--json")[1])
    assert shown["points"] == 2
    assert shown["results"]["results"] == {"levels": ["10", "20"]}
    assert inside(place, capsys, "data", "list")[1].startswith("begun, as UTC")
    told = inside(place, capsys, "data", "show", "last")[1]
    assert "brief" in told
    assert any(line.split() == ["parameter", "seconds", "1.0", "s"] for line in told.splitlines())
    code, verified = inside(place, capsys, "data", "verify", str(folder))
    assert code == 0
    assert "holds (closed)" in verified


def test_a_record_that_was_altered_is_exit_code_6_with_the_place(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    folder = place / json.loads(inside(place, capsys, *RUN, "--json")[1])["folder"]
    results = folder / "results.json"
    results.write_text(results.read_text(encoding="utf-8").replace('"10"', '"11"'), encoding="utf-8")
    done = hil(place, "data", "verify", "last")
    assert done.returncode == 6
    assert "does not hold: results.json" in done.stdout
    told = json.loads(inside(place, capsys, "data", "verify", "last", "--json")[1])
    assert not told["holds"]
    assert told["findings"][0]["place"] == "results.json"


def test_a_folder_that_holds_no_readable_record_is_listed_as_such(
    place: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    broken = place / "runs" / "broken"
    broken.mkdir(parents=True)
    (broken / "run.db").write_bytes(b"nothing of the kind")
    (run,) = json.loads(inside(place, capsys, "data", "list", "--json")[1])["runs"]
    assert run["status"].startswith("cannot be read")
    assert inside(place, capsys, "data", "show", "broken")[0] in (2, 4)
    assert inside(place, capsys, "data", "verify", "broken")[0] == 6
