"""Soak and sweep on simulated benches, held against the truth: a chamber and thermometers, a lamp and a luxmeter."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest

from bench_copy import copy_bench, hil, run_json
from climatic_run import truth

ROLES = (
    'reader = "reader"\n',
    'reader = "reader"\nactuator = "light.illuminance"\nrunning = "carriage.position"\n'
    'sensor = "reference.illuminance"\n',
)
CHAMBER = ("--bench", "climate-sim", "--out", "runs")
SOAK = ("--set", "setpoint=40", "--set", "within=0.4", "--set", "abandon=2", "--set", "interval=15 s")


def test_a_chamber_is_soaked_and_its_drift_is_told(tmp_path: Path) -> None:
    out = run_json("run", "soak", *CHAMBER, *SOAK, "--set", "limit=1.5", cwd=tmp_path)
    found = out["results"]["results"]
    error = -truth(1)["error of the chamber's own thermometer"]
    mean, drift = found["mean"]["unrounded"], found["drift_per_hour"]["unrounded"]
    assert abs(mean["value"] - (40.0 - error)) <= 3.0 * mean["u"]
    assert abs(drift["value"]) <= 4.0 * drift["u"]
    assert found["s"] == pytest.approx(0.0707, rel=0.1), "that of the ripple"
    assert found["allan"][0]["averaging_time"] == pytest.approx(15.0, rel=0.05)
    assert out["verdict"]["outcome"] == "PASS"
    (page,) = (tmp_path / "runs").glob("*/report.html")
    text = page.read_text(encoding="utf-8")
    for told in ("SIMULATED", found["mean"]["value"], found["mean"]["U"], "SAMPLE-2026-0011", "Report of measurements"):
        assert told in text
    assert "sensor during the soak cannot be told" in found["limitations"][0]


@pytest.mark.soak
def test_a_limit_that_is_left_fails_and_one_too_near_is_not_decided(tmp_path: Path) -> None:
    for limit, outcome, code in ((0.3, "FAIL", 1), (0.63, "INCONCLUSIVE", 3)):
        done = hil("run", "soak", *CHAMBER, *SOAK, "--set", f"limit={limit}", cwd=tmp_path)
        assert done.returncode == code, done.stdout + done.stderr
        assert outcome in done.stdout


def test_a_soak_that_leaves_its_condition_is_void(tmp_path: Path) -> None:
    narrow = ("--set", "setpoint=40", "--set", "within=0.4", "--set", "abandon=0.2")
    done = hil("run", "soak", *CHAMBER, *narrow, cwd=tmp_path)
    assert done.returncode == 4
    assert "3 attempts were void" in done.stderr


def test_a_humidity_that_is_not_reached_is_void(tmp_path: Path) -> None:
    """At 10 °C the coil that dries, at a dew point of 4 °C, cannot bring the air below 66 %."""
    pace = ("--set", "temperatures=10", "--set", "humidities=50", "--set", "hold=60 s", "--set", "window=300 s")
    done = hil("run", "climatic-characterisation", *CHAMBER, *pace, cwd=tmp_path)
    assert done.returncode == 4
    assert "3 attempts were void, the last because chamber.humidity was 6" in done.stderr
    assert "outside 50 % ± 5.0 %" in done.stderr


def sweep_of_the_chamber(tmp_path: Path) -> dict[str, Any]:
    pace = ("--set", "dwell=600 s", "--set", "hold=900 s", "--set", "interval=25 s", "--set", "readings=18")
    levels = ("--set", "levels=20,40,60", "--set", "within=0.4")
    found: dict[str, Any] = run_json("run", "sweep", *CHAMBER, *levels, *pace, cwd=tmp_path)["results"]["results"]
    return found


def test_a_chamber_is_swept_up_and_down(tmp_path: Path) -> None:
    found = sweep_of_the_chamber(tmp_path)
    error = -truth(1)["error of the chamber's own thermometer"]
    for level in found["levels"]:
        assert abs(level["unrounded"]["value"] - (level["level"] - error)) <= 3.0 * level["unrounded"]["u"]
        assert level["hysteresis"] is None or abs(level["hysteresis"]) <= 3.0 * level["u_hysteresis"]
    assert "reference thermometer of SAMPLE-2026-0011 to 0019" in found["levels"][0]["budget"]
    assert found["line"]["b"] == pytest.approx(1.0, abs=0.003)


@pytest.mark.soak
def test_a_lamp_is_swept_by_the_same_procedure(tmp_path: Path) -> None:
    copy_bench(tmp_path / "bench", ROLES)
    settings = ("--set", "levels=20,50,100,200", "--set", "within=2", "--set", "hold=60 s")
    out = run_json("run", "sweep", "--bench", "bench/action-sim.toml", "--out", "runs", *settings, cwd=tmp_path)
    found = out["results"]["results"]
    assert found["unit"] == "lx"
    assert found["line"]["b"] == pytest.approx(1.0, abs=0.05)
    assert found["levels"][0]["hysteresis"] < 0.0, "the lamp gives less once it is warm"
    assert "reference temperature coefficient" in found["levels"][0]["budget"]
