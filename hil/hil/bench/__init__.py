"""The bench: from configuration to connected, calibrated channels. Names load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .channel import Channel
    from .config import BenchConfig, find_bench, load_bench, shipped_benches
    from .edit import enter_calibration
    from .effects import channel_effects
    from .fit import Fitness, assess, fit_to_start
    from .opened import Bench, open_bench
    from .world import compile_world

_HOME = {
    "Bench": "opened",
    "BenchConfig": "config",
    "Channel": "channel",
    "Fitness": "fit",
    "assess": "fit",
    "channel_effects": "effects",
    "compile_world": "world",
    "enter_calibration": "edit",
    "find_bench": "config",
    "fit_to_start": "fit",
    "load_bench": "config",
    "open_bench": "opened",
    "shipped_benches": "config",
}

__all__ = [
    "Bench",
    "BenchConfig",
    "Channel",
    "Fitness",
    "assess",
    "channel_effects",
    "compile_world",
    "enter_calibration",
    "find_bench",
    "fit_to_start",
    "load_bench",
    "open_bench",
    "shipped_benches",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
