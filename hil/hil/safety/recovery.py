"""After a crash: the next start on the bench names the run that was cut off, and makes the bench safe first."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BenchFault
from ..record.folder import SEAL
from ..record.names import plain
from ..record.schema import DATABASE
from .safe_state import SafeOutcome, SafeState

if TYPE_CHECKING:
    from ..bench.config import BenchConfig

MADE_SAFE = "made-safe.json"
"""Written into the folder of a run that was cut off, once its bench was brought to the safe state."""


@dataclass(frozen=True, slots=True)
class CutOff:
    """A run that was cut off.

    :param state: of its record; it changes where the run is resumed.
    :param unreadable: why its record cannot be read; empty where it can.
    """

    folder: Path
    state: str
    unreadable: str = ""

    @property
    def named(self) -> str:
        """The run in words."""
        return f"{self.folder.name} (its record cannot be read)" if self.unreadable else self.folder.name


def interrupted_runs(runs: Path, bench: str) -> list[Path]:
    """The folders in ``runs`` of runs of ``bench`` that were cut off, where nobody has made the bench safe since."""
    return [found.folder for found in cut_off_runs(runs, bench)]


def cut_off_runs(runs: Path, bench: str) -> list[CutOff]:
    """The runs of ``bench`` in ``runs`` that were cut off, where nobody has made the bench safe since.

    A record that cannot be read belongs to the bench by the name of its folder, and counts as cut off: what the rig
    was left with is not known.
    """
    named = sorted(runs.glob(f"*_{plain(bench)}_*"))
    open_ended = [folder for folder in named if folder.is_dir() and not (folder / SEAL).exists()]
    found = [each for folder in open_ended if (each := _cut_off(folder, bench)) is not None]
    return [each for each in found if _made_safe_at(each.folder) != each.state]


def _cut_off(folder: Path, bench: str) -> CutOff | None:
    from ..record import open_run

    if not any(folder.iterdir()):
        return None
    try:
        record = open_run(folder)
        if not record.run or record.status != "interrupted" or record.run["bench"]["name"] != bench:
            return None
        return CutOff(folder, record.chain_head)
    except Exception as error:  # noqa: BLE001 (whatever is wrong with a record, its rig is made safe)
        named = folder.name.split("_")[-2:-1] == [plain(bench)]
        return CutOff(folder, _state_of_file(folder / DATABASE), str(error)) if named else None


def _state_of_file(path: Path) -> str:
    try:
        found = path.stat()
    except OSError as error:
        return f"unreadable: {error.strerror}"
    return f"unreadable: {found.st_size} bytes of {found.st_mtime_ns}"


def _made_safe_at(folder: Path) -> str:
    """The state of the record when the bench was made safe: a run that is resumed may be cut off again."""
    try:
        head: str = json.loads((folder / MADE_SAFE).read_text(encoding="utf-8"))["head"]
    except (OSError, ValueError, KeyError, TypeError):
        return ""
    return head


async def bring_to_safe_state(config: BenchConfig, seed: int | None) -> tuple[list[SafeOutcome], list[str]]:
    """Bring a bench that is not open to its safe state: what became of each action, and a sentence for each failure."""
    from ..bench.opened import open_for_safety

    async with open_for_safety(config, seed=seed if config.sim else None) as (bench, failures):
        reached = await SafeState(bench).reach()
    outcomes = [outcome for outcome in reached if outcome.channel in bench.channels]
    return outcomes, failures + [outcome.error for outcome in outcomes if outcome.error]


async def recover(
    config: BenchConfig, runs: Path, *, seed: int | None, publish: Callable[[str, dict[str, Any]], object]
) -> list[dict[str, Any]]:
    """Bring the bench to its safe state if a run on it was cut off; what the next record is to say of that.

    :raises BenchFault: if it cannot be brought there: no run starts then.
    """
    cut_off = cut_off_runs(runs, config.name)
    if not cut_off:
        return []
    names = " and ".join(each.named for each in cut_off)
    outcomes, faults = await bring_to_safe_state(config, seed)
    if faults:
        raise BenchFault(
            f"the run {names} was cut off, and the bench could not be made safe: {'; '.join(faults)}",
            where=config.name,
            remedy="make it safe by hand, put right what does not answer, and start again",
        )
    told = []
    for each in cut_off:
        found = {"run": each.folder.name, "reached": len(outcomes), "of": len(outcomes)}
        if each.unreadable:
            found["unreadable"] = each.unreadable
        _mark(each, found)
        publish("recovered", found)
        told.append(found)
    return told


def _mark(made_safe: CutOff, found: dict[str, Any]) -> None:
    """Write down that the bench was made safe; where that cannot be written, the next start makes it safe again."""
    marker = {**found, "head": made_safe.state, "utc": time.time_ns()}
    with suppress(OSError):
        (made_safe.folder / MADE_SAFE).write_text(json.dumps(marker) + "\n", encoding="utf-8")
