"""What makes each run of a coverage one on a draw of its own, where the seed of a simulated world does not."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from ..bench.config import BenchConfig

SEED = "{seed}"
STIMULI = "stimuli"
"""The driver that makes stimuli by a seed."""


def of_seed(settings: Mapping[str, str], seed: int) -> dict[str, str]:
    """The settings of the run with ``seed``, which stands where they say ``{seed}``."""
    return {name: value.replace(SEED, str(seed)) for name, value in settings.items()}


def stimuli_of(config: BenchConfig) -> str | None:
    """The first device that makes stimuli by a seed; ``None`` where there is none."""
    return next((name for name, section in config.devices.items() if section.driver == STIMULI), None)


def drawn_bench(name: str, seed: int, folder: Path) -> str:
    """The bench of the run with ``seed``: where it makes stimuli, a copy of it in ``folder`` that makes those of the
    seed."""
    from ..bench.config import load_bench
    from ..bench.copying import copy_bench
    from ..bench.edit import set_option

    device = stimuli_of(load_bench(name))
    if device is None:
        return name
    copied = copy_bench(name, folder / "bench")
    set_option(copied, device, "seed", seed)
    return str(copied)
