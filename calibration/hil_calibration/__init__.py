"""Calibration: turn indications into measurements, results, verdicts and documents.

This package knows nothing of drivers nor of the bench; it is useful alone. Names load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .budget import Budget, BudgetLine
    from .calibration import CalibrationRecord, Instrument
    from .conformity import Decision, decide
    from .effect import Effect
    from .errors import CalibrationError
    from .function import CalibrationFunction, Polynomial, StraightLine, Table
    from .function_cvd import CallendarVanDusen
    from .quantity import Expanded, Quantity
    from .regression import Line, straight_line
    from .rounding import Reported, report
    from .stream import Measurements, concatenate, evaluate, quantities

_HOME = {
    "Budget": "budget",
    "BudgetLine": "budget",
    "CalibrationError": "errors",
    "CalibrationFunction": "function",
    "CalibrationRecord": "calibration",
    "CallendarVanDusen": "function_cvd",
    "Decision": "conformity",
    "Effect": "effect",
    "Expanded": "quantity",
    "Instrument": "calibration",
    "Line": "regression",
    "Measurements": "stream",
    "Polynomial": "function",
    "Quantity": "quantity",
    "Reported": "rounding",
    "StraightLine": "function",
    "Table": "function",
    "concatenate": "stream",
    "decide": "conformity",
    "evaluate": "stream",
    "quantities": "stream",
    "report": "rounding",
    "straight_line": "regression",
}

__all__ = [
    "Budget",
    "BudgetLine",
    "CalibrationError",
    "CalibrationFunction",
    "CalibrationRecord",
    "CallendarVanDusen",
    "Decision",
    "Effect",
    "Expanded",
    "Instrument",
    "Line",
    "Measurements",
    "Polynomial",
    "Quantity",
    "Reported",
    "StraightLine",
    "Table",
    "concatenate",
    "decide",
    "evaluate",
    "quantities",
    "report",
    "straight_line",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
