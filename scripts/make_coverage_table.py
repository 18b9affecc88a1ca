"""Makes ``docs/reference/coverage.md``: every procedure whose truth is known, on many drawn worlds.

``make_coverage_table.py FOLDER [RUNS]`` takes RUNS worlds of each, 100 by default: about an hour of two cores. What
FOLDER holds already, from before or from ``hil coverage PROCEDURE --out FOLDER/PROCEDURE``, is not run again; with 0
RUNS, nothing is, and what the page says of a procedure that FOLDER does not hold stays. The risk of a wrong FAIL takes
runs of their own, in FOLDER/PROCEDURE-acceptable.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

from hil.scripts import find
from hil_calibration.unit import symbol

PAGE = Path(__file__).resolve().parents[1] / "docs" / "reference" / "coverage.md"

BENCHES = {
    "calibrate-luxmeter": "action-sim",
    "calibrate-virtual-instrument": "heart-rate",
    "climatic-characterisation": "climate-sim",
    "climatic-robustness": "robustness-sim",
    "detection-range": "range-sim",
    "detection-vs-illuminance": "reader-sim",
    "docking": "simulation",
    "obstacle-stop": "simulation",
    "pose-accuracy": "arm-sim",
    "repeatability-reproducibility": "range-sim",
    "scene-to-sensor-latency": "immersion-sim",
    "screening": "slab-emulator",
    "soak": "climate-sim",
    "success-rate": "reader-sim",
    "success-rate-sequential": "reader-sim",
    "sweep": "climate-sim",
    "voice-detection-vs-snr": "listener-sim",
}
"""Where each procedure is tried."""

ACCEPTABLE = {
    "detection-range": "required=2.68 m",
    "detection-vs-illuminance": "required=16.5 lx",
    "repeatability-reproducibility": "limit=0.00225",
    "scene-to-sensor-latency": "required=67 ms",
    "success-rate": "illuminance=16.5 lx",
    "success-rate-sequential": "illuminance=30 lx",
    "voice-detection-vs-snr": "required=-1.2",
}
"""Where a procedure states a risk of FAIL for what is acceptable, a setting with which it just is."""

RISKS = (
    ("risk", "risk of PASS where it does not conform", "nonconforming", "passed"),
    ("producer_risk", "risk of FAIL where it is acceptable", "acceptable", "failed"),
)
"""By their key in ``coverage.json``: what is tried, on how many items, and how many were judged wrong."""

HEAD = """# Coverage of the stated intervals

<!-- Made by scripts/make_coverage_table.py. Do not edit by hand. -->

Each line: so many worlds drawn from what the bench declares, the whole path from bench file to analysis in each, and
how many of the stated intervals hold the true value ([how](../how-to/prove-coverage.md)). *conservative*: more than
claimed, beyond chance; then u is larger than the errors. *u of errors* is the root mean square of error/u: 1 where u is
right. Not rejected is not proved: the exact interval of the share says what so many runs allow. Each of *under-covers*,
*conservative* and *biased* is said by chance of one procedure in 20 at most; one of which it is said with few runs
needs more of them, and it is no proof either. A bias is weighed beside u: that of `sweep` at 60 °C is 1.4 mK, where u
is 22 mK; 0.4 mK of it is the chamber's last approach to its set point, which the true value here leaves out.
That of a90 in `detection-vs-illuminance` is 0.8 lx with the 128 pictures shown here, towards the worse, where u is
2.5 lx.

*Version* is that of the procedure that was run, with the present one beside it where there is a later one: what changed
between the two is what counts as failed, and what is told beside the results.

| procedure | version | bench | measurand | runs | inside | claimed | share, 95 % interval | u of errors | finding |
|---|---|---|---|---|---|---|---|---|---|
"""


def covered(procedure: str, runs: int, folder: Path, setting: str = "") -> dict[str, Any]:
    """What `hil coverage` tells, in ``folder``; with one ``setting`` in place of the procedure's own."""
    told, bench = folder / "coverage.json", BENCHES[procedure]
    if not told.exists():
        command = [sys.executable, "-m", "hil.cli", "coverage", procedure, "--bench", bench, "--runs", str(runs)]
        command += ["--set", setting] if setting else []
        done = subprocess.run([*command, "--out", str(told.parent)], stderr=subprocess.PIPE, text=True, check=False)
        if not told.exists():
            sys.exit(f"hil coverage {procedure} ended with {done.returncode}: {done.stderr}")
    found: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
    if found["bench"] != bench:
        sys.exit(f"{told} is of the bench {found['bench']}, and the page of {bench}: delete it, or the entry is wrong")
    return found


def rows(procedure: str, told: dict[str, Any]) -> list[str]:
    """A line for each measurand and each risk, and one for the runs that ended without a result."""
    lines, begin = (
        [],
        f"| `{procedure}` | {versioned(procedure, told['procedure']['version'])} | `{BENCHES[procedure]}`",
    )
    for one in told["measurands"]:
        low, high = one["interval"]
        unit = f" / {symbol(one['unit'])}" if one["unit"] not in ("", "1") else ""
        lines.append(
            f"{begin} | {one['measurand']}{unit} | {one['runs']} | {one['inside']} "
            f"| {one['claimed']:.4g} | {low:.3f} to {high:.3f} | {one['spread']:.2f} | {one['finding']} |"
        )
    for key, name, items, wrong in RISKS:
        if (one := told.get(key)) is not None and one["stated"] is not None:
            low, high = one["interval"]
            lines.append(
                f"{begin} | *{name}* | {one[items]} | {one[wrong]} {wrong} "
                f"| ≤ {one['stated']:.4g} | {low:.3f} to {high:.3f} | "
                f"| {'larger than stated' if one['exceeded'] else 'as stated'} |"
            )
    if told["failed"]:
        lines.append(f"{begin} | *without a result* | {len(told['failed'])} | | | | | |")
    return lines


def versioned(procedure: str, version: str) -> str:
    """The version that was run, and the present one where it is another."""
    now = find(procedure).version
    return version if version == now else f"{version} (now {now})"


def kept(procedure: str, *, of_fail: bool) -> list[str]:
    """What the page says of a procedure: its lines on the risk of FAIL, or all others."""
    found = []
    for line in PAGE.read_text(encoding="utf-8").splitlines():
        cells = line.split(" | ")
        if cells[0] == f"| `{procedure}`" and ("risk of FAIL" in line) is of_fail:
            version = cells[1].split(" ")[0]
            found.append(" | ".join([cells[0], version and versioned(procedure, version), *cells[2:]]))
    return found


def main() -> None:
    """Write the page."""
    folder, runs = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100
    known = [each.name for each in entry_points(group="hil.procedures") if each.load().truth_of is not None]
    found: list[str] = []
    for procedure in sorted(known):
        for setting in ("", ACCEPTABLE[procedure]) if procedure in ACCEPTABLE else ("",):
            place = folder / (f"{procedure}-acceptable" if setting else procedure)
            if runs or (place / "coverage.json").exists():
                told = covered(procedure, runs, place, setting)
                found += rows(procedure, told if not setting else {**told, "measurands": [], "failed": {}})
            else:
                what = "risk of FAIL where it is acceptable: not run" if setting else "not run"
                none = f"| `{procedure}` | | `{BENCHES[procedure]}` | *{what} for this page* | | | | | | |"
                found += kept(procedure, of_fail=bool(setting)) or [none]
    PAGE.write_text(HEAD + "\n".join(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
