"""A bench that is not fit to start: refused, or begun by an authorised deviation, and then nothing is traceable."""

from __future__ import annotations

import json
from pathlib import Path

from bench_copy import SHORT, copy_bench, hil

CALIBRATE = ("run", "calibrate-luxmeter", "--bench", "bench/action-sim.toml", "--out", "runs", *SHORT)
WHY = ("--deviation", "the recalibration is late")


def overdue(folder: Path) -> None:
    copy_bench(folder / "bench")
    register = folder / "bench" / "equipment.toml"
    entry, due = "[instruments.reference-luxmeter]\n", "due = 2027-03-31"
    before, found, after = register.read_text(encoding="utf-8").partition(entry)
    assert found
    register.write_text(before + found + after.replace(due, "due = 2020-03-31", 1), encoding="utf-8")


def test_an_overdue_standard_needs_an_authorised_deviation(tmp_path: Path) -> None:
    overdue(tmp_path)
    refused = {
        (): "was due on 2020-03-31",
        WHY: "there is nothing to deviate from",
        ("--authorised-by", "Technical Manager C"): "a deviation without a reason",
        (*WHY, "--authorised-by", "Operator A"): "'Operator A' does not have the role \"authoriser\"",
        (*WHY, "--authorised-by", "Somebody"): "no person 'Somebody'",
    }
    for arguments, told in refused.items():
        done = hil(*CALIBRATE, *arguments, cwd=tmp_path)
        assert done.returncode == 2
        assert told in done.stderr
    stopped = hil(*CALIBRATE, "--dry-run", cwd=tmp_path)
    assert stopped.returncode == 2
    assert "was due on 2020-03-31" in stopped.stdout
    foreseen = hil(*CALIBRATE, *WHY, "--authorised-by", "Technical Manager C", "--dry-run", cwd=tmp_path)
    assert foreseen.returncode == 0, foreseen.stdout
    assert (
        "Authorised by Technical Manager C, and nothing of it is traceable: reference.illuminance: " in foreseen.stdout
    )
    nobody = hil(*CALIBRATE, *WHY, "--authorised-by", "Operator A", "--dry-run", cwd=tmp_path)
    assert nobody.returncode == 2
    assert "does not have the role" in nobody.stdout
    done = hil(*CALIBRATE, *WHY, "--authorised-by", "Technical Manager C", cwd=tmp_path)
    assert done.returncode == 0, done.stderr
    assert "NOT TRACEABLE: reference.illuminance: its calibration was due on 2020-03-31" in done.stdout
    folder = sorted((tmp_path / "runs").glob("*_calibrate-luxmeter_*"))[-1]
    assert not list(folder.glob("certificate.*"))
    (reason,) = json.loads((folder / "results.json").read_text(encoding="utf-8"))["not_traceable"]
    assert "was due" in reason
    shown = hil("data", "show", str(folder), cwd=tmp_path).stdout
    assert "the recalibration is late" in shown
    assert "Technical Manager C" in shown
    assert hil("data", "seal", str(folder), cwd=tmp_path).returncode == 0
    drafted = hil("certificate", "export", str(folder), cwd=tmp_path)
    assert drafted.returncode == 2
    assert "no calibration certificate is made of what is not traceable" in drafted.stderr


def test_a_fit_bench_needs_no_deviation(tmp_path: Path) -> None:
    copy_bench(tmp_path / "bench")
    done = hil(*CALIBRATE, *WHY, "--authorised-by", "Technical Manager C", cwd=tmp_path)
    assert done.returncode == 2
    assert "the bench is fit to start" in done.stderr
    assert not (tmp_path / "runs").exists()
