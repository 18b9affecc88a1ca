"""Copies of the shipped bench for system tests, and the command line as its user calls it."""

from __future__ import annotations

import json
import shutil
import subprocess
import sys
from pathlib import Path
from typing import Any

from hil.bench import find_bench, shipped_benches

SHORT = ("--set", "readings=3", "--set", "warm_up=60 s", "--set", "levels=5,10,20,50,100,200")
"""Settings that make a calibration short."""

LONG = ("--set", "readings=200", "--set", "warm_up=60 s")
"""Settings that make a calibration last, so that something can happen to it."""


def copy_bench(folder: Path, *changes: tuple[str, str], add: str = "") -> Path:
    """Copy the shipped bench into ``folder``, replace each text by another in the bench file, and append ``add``."""
    others = shutil.ignore_patterns(*(f"{name}.toml" for name in shipped_benches() if name != "action-sim"))
    shutil.copytree(find_bench("action-sim").parent, folder, dirs_exist_ok=True, ignore=others)
    path = folder / "action-sim.toml"
    text = path.read_text(encoding="utf-8")
    for old, new in changes:
        assert old in text, old
        text = text.replace(old, new)
    path.write_text(text + add, encoding="utf-8")
    return path


def fault(device: str, kind: str, since: float) -> str:
    """The lines of a bench file that inject a fault, ``since`` bench seconds after the start."""
    return f'\n[[sim.faults]]\ndevice = "{device}"\nkind = "{kind}"\nfrom = {since}\nto = 1e9\n'


def command(*arguments: str | Path) -> list[str]:
    """A command line of `hil`."""
    return [sys.executable, "-m", "hil.cli", *map(str, arguments)]


def hil(*arguments: str | Path, cwd: Path, timeout: float = 100.0) -> subprocess.CompletedProcess[str]:
    """Run `hil` to its end."""
    return subprocess.run(command(*arguments), cwd=cwd, capture_output=True, text=True, timeout=timeout, check=False)


def run_json(*arguments: str | Path, cwd: Path) -> dict[str, Any]:
    """Run `hil … --json`, which must succeed, and parse what it prints."""
    done = hil(*arguments, "--json", cwd=cwd)
    assert done.returncode == 0, done.stderr
    parsed: dict[str, Any] = json.loads(done.stdout)
    return parsed
