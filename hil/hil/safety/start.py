"""What safety says before a start, as far as it can be known without opening anything."""

from __future__ import annotations

from collections.abc import Collection
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import BenchFault, ConfigurationError
from .acknowledgement import acknowledgement
from .claims import claim
from .latches import Latches
from .whereabouts import left_elsewhere

if TYPE_CHECKING:
    from ..bench.config import BenchConfig


def start_faults(config: BenchConfig, devices: Collection[str], runs: Path | None) -> list[str]:
    """One sentence for each thing that would stop a run: a latched interlock, a device that another run drives."""
    return [*_latched(config, runs), *_elsewhere(config, runs), *_claimed(config, devices)]


def interlock_rows(config: BenchConfig) -> list[dict[str, str]]:
    """The interlocks of a bench as rows of a table."""
    return [
        {
            "interlock": name,
            "when": section.when,
            "then": section.then.replace("_", " "),
            "latch": "yes" if section.latch else "no",
            "read every": f"{section.period:g} s",
            "confidence": f"{section.confidence:g}",
            "priority": section.urgency,
        }
        for name, section in config.interlocks.items()
    ]


def _latched(config: BenchConfig, runs: Path | None) -> list[str]:
    if runs is None:
        return []
    try:
        held = Latches.of(runs, config.name).held()
    except ConfigurationError as error:
        return [str(error)]
    return [
        f"interlock {name}: tripped in the run {each.run}: {each.reason}; look at the rig, and acknowledge it with "
        f"`{acknowledgement(name, config, runs)}`"
        for name, each in held.items()
        if name in config.interlocks and not each.acknowledged_by
    ]


def _elsewhere(config: BenchConfig, runs: Path | None) -> list[str]:
    left = "" if runs is None else left_elsewhere(config, runs)
    return [left] if left else []


def _claimed(config: BenchConfig, devices: Collection[str]) -> list[str]:
    faults = []
    for name in devices:
        try:
            with claim({name: config.devices[name].address}):
                pass
        except BenchFault as error:
            faults.append(str(error))
    return faults
