"""A run that was cut off goes on: each point counts once, and nothing changes unsaid in between."""

from __future__ import annotations

import json
import shutil
import signal
import subprocess
from collections import Counter
from pathlib import Path
from typing import Any

import pytest

from bench_copy import command, copy_bench, hil, run_json
from hil.record import Record, open_run

BENCH = "bench/action-sim.toml"
RUN = ("run", "calibrate-luxmeter", "--bench", BENCH, "--out", "runs")
SETTINGS = ("--set", "readings=40", "--set", "warm_up=60 s", "--set", "levels=5,10,20,50,100,200")


def run_and_kill(point: int, *arguments: str | Path, cwd: Path) -> None:
    """Run, and kill at the first commit after this point (counted from 1) began: those long before it are on disk."""
    begun = 0
    with subprocess.Popen(command(*arguments, "--jsonl"), cwd=cwd, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            begun = event["index"] + 1 if event["kind"] == "point" else begun
            if event["kind"] == "committed" and begun >= point:
                process.send_signal(signal.SIGKILL)
                break
        process.wait()


def counted(record: Record) -> Counter[int]:
    """How often each point counts."""
    return Counter(point.index for point in record.points() if point.state == "committed")


@pytest.fixture(scope="module")
def killed_once(tmp_path_factory: pytest.TempPathFactory) -> Path:
    place = tmp_path_factory.mktemp("killed")
    copy_bench(place / "bench")
    run_and_kill(4, *RUN, *SETTINGS, cwd=place)
    return place


@pytest.fixture
def killed(killed_once: Path, tmp_path: Path) -> Path:
    """A folder of a run that was killed, to go on with."""
    shutil.copytree(killed_once, tmp_path, dirs_exist_ok=True)
    (folder,) = (tmp_path / "runs").iterdir()
    return folder


def resume(folder: Path, *arguments: str, cwd: Path) -> subprocess.CompletedProcess[str]:
    return hil(*RUN, "--resume", folder, *arguments, cwd=cwd)


def errors(results: dict[str, Any]) -> list[tuple[float, float]]:
    """The error of indication and its U at each level."""
    return [(float(level["error"]), float(level["U"])) for level in results["results"]["levels"]]


def test_each_point_counts_once_and_the_results_agree(killed: Path, tmp_path: Path) -> None:
    before = counted(open_run(killed))
    assert 0 < sum(before.values()) < 13
    done = resume(killed, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert f"resumed: {sum(before.values())} points count already" in done.stderr
    record = open_run(killed)
    assert record.status == "complete"
    assert counted(record) == Counter(range(13))
    assert [event.data["operator"] for event in record.events("resumed")] == ["Operator A"]
    verified = hil("data", "verify", killed, cwd=tmp_path)
    assert verified.returncode == 0, verified.stdout
    reproduced = hil("data", "reproduce", killed, cwd=tmp_path)
    assert reproduced.returncode == 0, reproduced.stdout
    whole = run_json(*RUN, *SETTINGS, "--out", "whole", cwd=tmp_path)["results"]
    resumed = json.loads((killed / "results.json").read_text(encoding="utf-8"))
    for (one, u), (other, _) in zip(errors(resumed), errors(whole), strict=True):
        assert abs(one - other) <= u


def test_a_run_killed_twice_is_resumed_twice(killed: Path, tmp_path: Path) -> None:
    run_and_kill(8, *RUN, "--resume", killed, cwd=tmp_path)
    done = resume(killed, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    record = open_run(killed)
    assert counted(record) == Counter(range(13))
    assert len(record.events("resumed")) == 2


def test_a_change_needs_a_reason_and_is_an_amendment(killed: Path, tmp_path: Path) -> None:
    path = tmp_path / BENCH
    path.write_text(path.read_text(encoding="utf-8") + "# the lamp was cleaned\n", encoding="utf-8")
    refused = resume(killed, cwd=tmp_path)
    assert refused.returncode == 2
    assert "the bench changed since the run began" in refused.stderr
    assert "--deviation" in refused.stderr
    assert open_run(killed).status == "interrupted"
    done = resume(killed, "--deviation", "a comment was added", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    (amendment,) = open_run(killed).table("amend")
    assert (amendment["target"], amendment["why"]) == ("run bench", "a comment was added")


def test_a_dry_run_shows_what_is_left_and_what_would_stop_it(killed: Path, tmp_path: Path) -> None:
    count = len(counted(open_run(killed)))
    left = hil(*RUN, "--resume", killed, "--dry-run", cwd=tmp_path)
    assert left.returncode == 0, left.stdout + left.stderr
    assert f"13 points, {count} of which count already, seed 1" in left.stdout
    told = run_json(*RUN, "--resume", killed, "--dry-run", cwd=tmp_path)
    assert (len(told["points"]), told["done"]) == (13 - count, count)
    assert told["cut_off"] == [killed.name]
    path = tmp_path / BENCH
    path.write_text(path.read_text(encoding="utf-8") + "# the lamp was cleaned\n", encoding="utf-8")
    stopped = hil(*RUN, "--resume", killed, "--dry-run", cwd=tmp_path)
    assert stopped.returncode == 2
    assert "the bench changed since the run began" in stopped.stdout
    excused = hil(*RUN, "--resume", killed, "--deviation", "a comment was added", "--dry-run", cwd=tmp_path)
    assert excused.returncode == 0, excused.stdout
    assert open_run(killed).status == "interrupted"


def test_other_parameters_need_a_reason_too(killed: Path, tmp_path: Path) -> None:
    refused = resume(killed, "--set", "readings=50", *SETTINGS[2:], cwd=tmp_path)
    assert refused.returncode == 2
    assert "the parameters changed since the run began" in refused.stderr


def test_a_changed_calibration_is_never_excused(killed: Path, tmp_path: Path) -> None:
    for certificate in (tmp_path / "bench" / "certificates").glob("*.xml"):
        certificate.write_bytes(certificate.read_bytes() + b"\n")
    done = resume(killed, "--deviation", "never mind", cwd=tmp_path)
    assert done.returncode == 2
    assert "the calibration of" in done.stderr
    assert open_run(killed).status == "interrupted"


def test_a_changed_register_is_told_before_anything_is_opened(killed: Path, tmp_path: Path) -> None:
    register = tmp_path / "bench" / "equipment.toml"
    text = register.read_text(encoding="utf-8")
    register.write_text(text.replace("2027-03-31", "2027-04-30"), encoding="utf-8")
    refused = resume(killed, cwd=tmp_path)
    assert refused.returncode == 2
    assert "what the register says of the instrument behind" in refused.stderr
    assert open_run(killed).status == "interrupted"


def test_what_cannot_be_resumed_says_why(killed: Path, tmp_path: Path) -> None:
    other = hil("run", "detection-vs-illuminance", *RUN[2:], "--resume", killed, cwd=tmp_path)
    assert other.returncode == 2
    assert "it is a run of the procedure calibrate-luxmeter, not detection-vs-illuminance" in other.stderr
    nothing = resume(killed, "--deviation", "why not", cwd=tmp_path)
    assert nothing.returncode == 2
    assert "nothing changed" in nothing.stderr
    assert resume(killed, cwd=tmp_path).returncode == 0
    complete = resume(killed, cwd=tmp_path)
    assert complete.returncode == 2
    assert "the run is complete" in complete.stderr
    missing = resume(tmp_path / "nowhere", cwd=tmp_path)
    assert missing.returncode == 2
    assert "Traceback" not in missing.stderr
