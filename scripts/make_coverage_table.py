"""Makes ``docs/reference/coverage.md``: every procedure whose truth is known, on many drawn worlds.

``make_coverage_table.py FOLDER [RUNS]`` takes RUNS worlds of each, 100 by default: about an hour of two cores. What
FOLDER holds already, from before or from ``hil coverage PROCEDURE --out FOLDER/PROCEDURE``, is not run again; with 0
RUNS, nothing is.
"""

from __future__ import annotations

import json
import subprocess
import sys
from importlib.metadata import entry_points
from pathlib import Path
from typing import Any

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

HEAD = """# Coverage of the stated intervals

<!-- Made by scripts/make_coverage_table.py. Do not edit by hand. -->

Each line: so many worlds drawn from what the bench declares, the whole path from bench file to analysis in each, and
how many of the stated intervals hold the true value ([how](../how-to/prove-coverage.md)). *conservative*: more than
claimed, beyond chance; then u is larger than the errors. *u of errors* is the root mean square of error/u: 1 where u is
right. Not rejected is not proved: the exact interval of the share says what so many runs allow. Each of *under-covers*,
*conservative* and *biased* is said by chance of one procedure in 20 at most; one of which it is said with few runs
needs more of them, and it is no proof either.

| procedure | bench | measurand | runs | inside | claimed | share, 95 % interval | u of errors | finding |
|---|---|---|---|---|---|---|---|---|
"""


def covered(procedure: str, runs: int, folder: Path) -> dict[str, Any]:
    """What `hil coverage` tells."""
    told, bench = folder / procedure / "coverage.json", BENCHES[procedure]
    if not told.exists():
        command = [sys.executable, "-m", "hil.cli", "coverage", procedure, "--bench", bench, "--runs", str(runs)]
        done = subprocess.run([*command, "--out", str(told.parent)], stderr=subprocess.PIPE, text=True, check=False)
        if not told.exists():
            sys.exit(f"hil coverage {procedure} ended with {done.returncode}: {done.stderr}")
    found: dict[str, Any] = json.loads(told.read_text(encoding="utf-8"))
    if found["bench"] != bench:
        sys.exit(f"{told} is of the bench {found['bench']}, and the page of {bench}: delete it, or the entry is wrong")
    return found


def rows(procedure: str, bench: str, told: dict[str, Any]) -> list[str]:
    """A line for each measurand, and one for the runs that ended without a result."""
    lines = []
    for one in told["measurands"]:
        low, high = one["interval"]
        unit = f" / {one['unit']}" if one["unit"] not in ("", "1") else ""
        lines.append(
            f"| `{procedure}` | `{bench}` | {one['measurand']}{unit} | {one['runs']} | {one['inside']} "
            f"| {one['claimed']:.4g} | {low:.3f} to {high:.3f} | {one['spread']:.2f} | {one['finding']} |"
        )
    if told["risk"] is not None and told["risk"]["stated"] is not None:
        one = told["risk"]
        low, high = one["interval"]
        lines.append(
            f"| `{procedure}` | `{bench}` | *risk of PASS where it does not conform* | {one['nonconforming']} "
            f"| {one['passed']} passed | ≤ {one['stated']:.4g} | {low:.3f} to {high:.3f} | "
            f"| {'larger than stated' if one['exceeded'] else 'as stated'} |"
        )
    if told["failed"]:
        lines.append(f"| `{procedure}` | `{bench}` | *without a result* | {len(told['failed'])} | | | | | |")
    return lines


def main() -> None:
    """Write the page."""
    folder, runs = Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 100
    known = [each.name for each in entry_points(group="hil.procedures") if each.load().truth_of is not None]
    found: list[str] = []
    for procedure in sorted(known):
        if runs or (folder / procedure / "coverage.json").exists():
            found += rows(procedure, BENCHES[procedure], covered(procedure, runs, folder))
        else:
            found.append(f"| `{procedure}` | `{BENCHES[procedure]}` | *not run for this page* | | | | | | |")
    PAGE.write_text(HEAD + "\n".join(found) + "\n", encoding="utf-8")


if __name__ == "__main__":
    main()
