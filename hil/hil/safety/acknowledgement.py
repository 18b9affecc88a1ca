"""The command that acknowledges an interlock, as a person types it."""

from __future__ import annotations

import shlex
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..bench.config import BenchConfig

_RUNS = Path("runs")
"""The folder of runs that a command takes where it is told no other."""


def acknowledgement(interlock: str, config: BenchConfig, runs: Path) -> str:
    """What to type where ``interlock`` has latched in ``runs``; a bench that does not ship is named by its file."""
    from ..bench.config import shipped_benches

    ships = config.path in shipped_benches().values()
    words = ["hil", "ack", interlock, "--bench", config.path.stem if ships else str(config.path)]
    return shlex.join(words if runs == _RUNS else [*words, "--out", str(runs)])
