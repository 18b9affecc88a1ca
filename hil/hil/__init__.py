"""`hil`: the controller of a metrologically traceable test bench for AI systems and robots.

What procedures import stands here; names load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .design import Design
    from .measurement import Measurement, Window
    from .parameters import Parameters, unit
    from .point import Point
    from .record import Record, open_run
    from .results import Results, SummaryTable, Verdict
    from .scripts import procedure
    from .trial import Trial

_HOME = {
    "Design": "design",
    "Measurement": "measurement",
    "Parameters": "parameters",
    "Point": "point",
    "Record": "record",
    "Results": "results",
    "SummaryTable": "results",
    "Trial": "trial",
    "Verdict": "results",
    "Window": "measurement",
    "open_run": "record",
    "procedure": "scripts",
    "unit": "parameters",
}

__all__ = [
    "Design",
    "Measurement",
    "Parameters",
    "Point",
    "Record",
    "Results",
    "SummaryTable",
    "Trial",
    "Verdict",
    "Window",
    "open_run",
    "procedure",
    "unit",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
