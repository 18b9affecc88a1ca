"""The command that acknowledges an interlock, as a person types it."""

from __future__ import annotations

import shlex
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..bench.config import BenchConfig

_RUNS = Path("runs")
"""The folder of runs that a command takes where it is told no other."""


def acknowledgements(interlocks: Iterable[str], config: BenchConfig, runs: Path) -> dict[str, str]:
    """By interlock, what to type where it has latched in ``runs``; a bench that does not ship is named by its file.

    To be made before a trip, where nothing may be looked up.
    """
    from ..bench.config import is_shipped

    bench = config.path.stem if is_shipped(config.path) else str(config.path)
    place = [] if runs == _RUNS else ["--out", str(runs)]
    return {name: shlex.join(["hil", "ack", name, "--bench", bench, *place]) for name in interlocks}


def acknowledgement(interlock: str, config: BenchConfig, runs: Path) -> str:
    """What to type where ``interlock`` has latched in ``runs``."""
    return acknowledgements([interlock], config, runs)[interlock]
