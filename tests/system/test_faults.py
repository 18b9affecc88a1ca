"""Bad luck on the bench: one sentence, the right exit code, the bench safe, and what was measured kept."""

from __future__ import annotations

import json
import resource
import signal
import subprocess
from datetime import date
from pathlib import Path

import pytest

from bench_copy import LONG, SHORT, command, copy_bench, fault, hil
from hil.record import Record, open_run

RUN = ("run", "calibrate-luxmeter", "--bench", "bench/action-sim.toml", "--out", "runs")
CALIBRATE = (*RUN, *SHORT)
IMPATIENT = ("[bench]\n", '[bench]\npatience = "2 s"\n')


def only_run(folder: Path) -> Record:
    (found,) = (folder / "runs").iterdir()
    return open_run(found)


def one_sentence(stderr: str) -> str:
    told = [line for line in stderr.splitlines() if line.startswith("hil: ")]
    assert len(told) == 1, stderr
    assert "Traceback" not in stderr
    return told[0]


def lights_are_out(record: Record) -> bool:
    commands = [event for event in record.events("safe state") if event.data["channel"] == "light.illuminance"]
    return bool(commands) and commands[-1].data["value"] == 0.0 and not commands[-1].data["error"]


@pytest.mark.parametrize(
    ("device", "kind", "told"),
    [
        ("luxmeter", "silent", "luxmeter: did not answer"),
        ("luxmeter", "low-battery", "low battery"),
        pytest.param("luxmeter", "dropped", "luxmeter: cannot be reached", marks=pytest.mark.soak),
        pytest.param("luxmeter", "garbage", "luxmeter", marks=pytest.mark.soak),
        pytest.param("luxmeter", "checksum", "luxmeter", marks=pytest.mark.soak),
        pytest.param("luxmeter", "over-range", "over range", marks=pytest.mark.soak),
        pytest.param("luxmeter", "nan", "not available", marks=pytest.mark.soak),
        pytest.param("climate", "silent", "climate", marks=pytest.mark.soak),
        pytest.param("climate", "nan", "room.", marks=pytest.mark.soak),
        pytest.param("carriage", "silent", "carriage", marks=pytest.mark.soak),
    ],
)
def test_an_instrument_that_fails_ends_the_run_safely(tmp_path: Path, device: str, kind: str, told: str) -> None:
    copy_bench(tmp_path / "bench", IMPATIENT, add=fault(device, kind, 130.0))
    done = hil(*CALIBRATE, cwd=tmp_path)
    assert done.returncode == 4, done.stderr
    assert told in one_sentence(done.stderr)
    record = only_run(tmp_path)
    assert record.status == "failed"
    assert len(record.readings("room.temperature")) >= 10
    assert lights_are_out(record)
    verified = hil("data", "verify", record.folder, cwd=tmp_path)
    assert verified.returncode == 0, verified.stdout


def test_a_lost_link_is_on_record(tmp_path: Path) -> None:
    copy_bench(tmp_path / "bench", IMPATIENT, add=fault("luxmeter", "dropped", 130.0))
    assert hil(*CALIBRATE, cwd=tmp_path).returncode == 4
    (event,) = only_run(tmp_path).events("link")
    assert (event.data["device"], event.data["state"]) == ("luxmeter", "down")
    assert "cannot be reached" in event.data["reason"]


def test_a_device_that_is_lost_and_back_costs_no_point(tmp_path: Path) -> None:
    copy_bench(tmp_path / "bench", add=fault("luxmeter", "dropped", 130.0).replace("to = 1e9", "to = 140.0"))
    done = hil(*CALIBRATE, cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert done.stderr.count("lost, when luxmeter.illuminance was used: luxmeter: cannot be reached") == 1
    record = only_run(tmp_path)
    assert [event.data["state"] for event in record.events("link")] == ["down", "up"]
    counted = [point.index for point in record.points() if point.state == "committed"]
    assert counted == list(range(len(record.run["plan"]["points"])))


def test_faults_that_a_driver_must_bear_change_nothing(tmp_path: Path) -> None:
    copy_bench(tmp_path / "bench", add=fault("luxmeter", "split", 0.0) + fault("reference", "late", 0.0))
    done = hil(*CALIBRATE, "--json", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    faulty = json.loads(done.stdout)["results"]["results"]
    copy_bench(tmp_path / "good" / "bench")
    good = json.loads(hil(*CALIBRATE, "--json", cwd=tmp_path / "good").stdout)["results"]["results"]
    assert faulty == good


def test_an_expired_certificate_stops_the_start(tmp_path: Path) -> None:
    copy_bench(tmp_path / "bench")
    register = tmp_path / "bench" / "equipment.toml"
    text = register.read_text(encoding="utf-8")
    assert "2027-03-31" in text
    register.write_text(text.replace("2027-03-31", date(2026, 5, 31).isoformat(), 1), encoding="utf-8")
    done = hil(*CALIBRATE, cwd=tmp_path)
    assert done.returncode == 2
    assert "was due on 2026-05-31" in done.stderr
    assert "Traceback" not in done.stderr


def test_a_certificate_of_another_instrument_stops_the_start(tmp_path: Path) -> None:
    copy_bench(tmp_path / "bench")
    register = tmp_path / "bench" / "equipment.toml"
    text = register.read_text(encoding="utf-8")
    register.write_text(text.replace('serial = "20001"', 'serial = "20009"'), encoding="utf-8")
    done = hil(*CALIBRATE, cwd=tmp_path)
    assert done.returncode == 2
    assert "EX-LUX 1 20001, not of Example Instruments EX-LUX 1 20009" in done.stderr


def test_a_trial_with_an_uncalibrated_luxmeter_is_refused(tmp_path: Path) -> None:
    copy_bench(tmp_path / "bench")
    done = hil("run", "detection-vs-illuminance", "--bench", "bench/action-sim.toml", "--out", "runs", cwd=tmp_path)
    assert done.returncode == 2
    assert "luxmeter.illuminance: has no calibration" in done.stderr


def test_a_full_disk_ends_the_run_safely(tmp_path: Path) -> None:
    copy_bench(tmp_path / "bench")

    def limit() -> None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (300_000, 300_000))

    done = subprocess.run(
        command(*RUN, *LONG),
        cwd=tmp_path,
        capture_output=True,
        text=True,
        timeout=100,
        check=False,
        preexec_fn=limit,
    )
    assert done.returncode == 4, done.stderr
    assert "disk" in one_sentence(done.stderr)
    (folder,) = (tmp_path / "runs").iterdir()
    assert len(open_run(folder).readings("room.temperature")) > 0
    verified = hil("data", "verify", folder, cwd=tmp_path)
    assert verified.returncode == 0
    assert "ends" in verified.stdout


def test_a_killed_run_loses_nothing_that_was_acknowledged(tmp_path: Path) -> None:
    copy_bench(tmp_path / "bench")
    acknowledged = 0
    with subprocess.Popen(command(*RUN, *LONG, "--jsonl"), cwd=tmp_path, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        for line in process.stdout:
            event = json.loads(line)
            if event["kind"] == "committed":
                acknowledged = event["readings"]
            if acknowledged > 100:
                process.send_signal(signal.SIGKILL)
                break
        process.wait()
    record = only_run(tmp_path)
    kept = sum(len(record.readings(channel)) for channel in record.channels)
    assert kept >= acknowledged > 100
    assert record.status == "interrupted"
    verified = hil("data", "verify", record.folder, cwd=tmp_path)
    assert verified.returncode == 0
    assert "interrupted" in verified.stdout
    assert "ends" in verified.stdout


def test_an_interrupted_run_is_aborted_safely(tmp_path: Path) -> None:
    copy_bench(tmp_path / "bench")
    with subprocess.Popen(
        command(*RUN, *LONG, "--jsonl"),
        cwd=tmp_path,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
    ) as process:
        assert process.stdout is not None
        for line in process.stdout:
            if json.loads(line)["kind"] == "point":
                process.send_signal(signal.SIGINT)
                break
        process.communicate()
    assert process.returncode == 130
    record = only_run(tmp_path)
    assert record.status == "aborted"
    assert lights_are_out(record)
