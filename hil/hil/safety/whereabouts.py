"""Where the runs of a real bench are: what an earlier run left behind concerns the next, in whatever folder that is.

One file for each bench, in the user's state directory, names the folder of its latest run. A simulated bench, or one
that replays recordings, begins anew with each run, and has none.
"""

from __future__ import annotations

import hashlib
import os
from contextlib import suppress
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import BenchFault
from ..record.names import plain
from .claims import place
from .latches import Latches
from .recovery import interrupted_runs

if TYPE_CHECKING:
    from ..bench.config import BenchConfig


def state_directory() -> Path:
    """Where this user's programs keep what outlasts a restart of the machine."""
    given = os.environ.get("XDG_STATE_HOME")
    return (Path(given) if given else Path.home() / ".local" / "state") / "hil" / "benches"


def require_settled(config: BenchConfig, runs: Path) -> None:
    """Check that no run of the bench in another folder than ``runs`` left something behind.

    :raises BenchFault: naming what, and the folder.
    """
    if fault := left_elsewhere(config, runs):
        raise BenchFault(fault, where=config.name, remedy="run it there by --out, or see to it there first")


def left_elsewhere(config: BenchConfig, runs: Path) -> str:
    """What a run in another folder than ``runs`` left behind, in one clause; empty where nothing was."""
    other = _latest(config)
    if other is None or other == runs.resolve() or not other.is_dir():
        return ""
    if cut_off := interrupted_runs(other, config.name):
        return f"the run {cut_off[-1].name} was cut off, in {other}"
    held = [name for name, each in Latches.of(other, config.name).held().items() if not each.acknowledged_by]
    return f"the interlock {held[0]} is latched since a run in {other}" if held else ""


def remember(config: BenchConfig, runs: Path) -> None:
    """The bench's runs are in ``runs`` from now on.

    A machine where that cannot be written down has the folder given to ``--out`` alone to go by.
    """
    if _begins_anew(config):
        return
    with suppress(OSError):
        file = _file(config)
        file.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        file.write_text(str(runs.resolve()) + "\n", encoding="utf-8")


def _begins_anew(config: BenchConfig) -> bool:
    return config.sim is not None or config.replays


def _latest(config: BenchConfig) -> Path | None:
    if _begins_anew(config):
        return None
    try:
        return Path(_file(config).read_text(encoding="utf-8").strip())
    except (OSError, ValueError):
        return None


def _file(config: BenchConfig) -> Path:
    """By the bench's name and the places of its devices: two benches of one name are two benches."""
    places = sorted(place(device.address) for device in config.devices.values())
    key = hashlib.sha256("\n".join(places).encode()).hexdigest()[:16]
    return state_directory() / f"{plain(config.name)}-{key}"
