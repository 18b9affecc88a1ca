"""After a crash: the next start on the bench names the run that was cut off, and makes the bench safe first."""

from __future__ import annotations

import json
import time
from collections.abc import Callable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import BenchFault, HilError
from ..record.folder import SEAL, plain
from ..record.schema import DATABASE
from .safe_state import SafeOutcome, SafeState

if TYPE_CHECKING:
    from ..bench.config import BenchConfig

MADE_SAFE = "made-safe.json"
"""Written into the folder of a run that was cut off, once its bench was brought to the safe state."""


def interrupted_runs(runs: Path, bench: str) -> list[Path]:
    """The folders in ``runs`` of runs of ``bench`` that were cut off, where nobody has made the bench safe since."""
    named = sorted(runs.glob(f"*_{plain(bench)}_*"))
    open_ended = [folder for folder in named if (folder / DATABASE).exists() and not (folder / SEAL).exists()]
    return [folder for folder in open_ended if _is_cut_off(folder, bench)]


def _is_cut_off(folder: Path, bench: str) -> bool:
    from ..record import open_run

    try:
        record = open_run(folder)
        if record.status != "interrupted" or record.run["bench"]["name"] != bench:
            return False
        head = record.chain_head
    except (HilError, KeyError, TypeError):
        return False
    return _made_safe_at(folder) != head


def _made_safe_at(folder: Path) -> str:
    """The head of the chain of the record when the bench was made safe: a run that is resumed may be cut off again."""
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
    cut_off = interrupted_runs(runs, config.name)
    if not cut_off:
        return []
    from ..record import open_run

    names = " and ".join(folder.name for folder in cut_off)
    outcomes, faults = await bring_to_safe_state(config, seed)
    if faults:
        raise BenchFault(
            f"the run {names} was cut off, and the bench could not be made safe: {'; '.join(faults)}",
            where=config.name,
            remedy="make it safe by hand, put right what does not answer, and start again",
        )
    told = []
    for folder in cut_off:
        found = {"run": folder.name, "reached": len(outcomes), "of": len(outcomes)}
        marker = {**found, "head": open_run(folder).chain_head, "utc": time.time_ns()}
        (folder / MADE_SAFE).write_text(json.dumps(marker) + "\n", encoding="utf-8")
        publish("recovered", found)
        told.append(found)
    return told
