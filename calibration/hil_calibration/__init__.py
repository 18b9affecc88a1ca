"""Calibration: turn indications into measurements, results, verdicts and documents.

This package knows nothing of drivers nor of the bench; it is useful alone. Names load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .budget import Budget, BudgetLine
    from .calibration import CalibrationRecord, Instrument
    from .comparison import e_n, equivalence, zeta
    from .complex_quantity import ComplexQuantity
    from .conformity import Decision, decide, probability
    from .effect import Effect
    from .errors import CalibrationError
    from .function import CalibrationFunction, Polynomial, StraightLine, Table
    from .function_cvd import CallendarVanDusen
    from .measurement.distribution import Distribution
    from .measurement.evaluation import evaluate as evaluate_model
    from .measurement.model_file import load as load_model
    from .montecarlo import Propagation, coverage_region, propagate
    from .performance import proportion_interval
    from .pod import fit_pod
    from .precision import repeatability_reproducibility
    from .quantity import Expanded, Quantity
    from .regression import Line, choose_degree, linear_model, straight_line
    from .regression.polynomial import polynomial
    from .reporting import ReportingPolicy
    from .risk import global_risk
    from .rounding import Reported, report
    from .series import MeasuredLine, interpolate, line_through
    from .stream import Measurements, concatenate, evaluate, quantities

_HOME = {
    "Budget": "budget",
    "BudgetLine": "budget",
    "CalibrationError": "errors",
    "CalibrationFunction": "function",
    "CalibrationRecord": "calibration",
    "CallendarVanDusen": "function_cvd",
    "ComplexQuantity": "complex_quantity",
    "Decision": "conformity",
    "Distribution": "measurement.distribution",
    "Effect": "effect",
    "Expanded": "quantity",
    "Instrument": "calibration",
    "Line": "regression",
    "MeasuredLine": "series",
    "Measurements": "stream",
    "Polynomial": "function",
    "Propagation": "montecarlo",
    "Quantity": "quantity",
    "Reported": "rounding",
    "ReportingPolicy": "reporting",
    "StraightLine": "function",
    "Table": "function",
    "choose_degree": "regression",
    "concatenate": "stream",
    "coverage_region": "montecarlo",
    "decide": "conformity",
    "e_n": "comparison",
    "equivalence": "comparison",
    "evaluate": "stream",
    "evaluate_model": "measurement.evaluation",
    "fit_pod": "pod",
    "global_risk": "risk",
    "interpolate": "series",
    "line_through": "series",
    "linear_model": "regression",
    "load_model": "measurement.model_file",
    "polynomial": "regression",
    "probability": "conformity",
    "propagate": "montecarlo",
    "proportion_interval": "performance",
    "quantities": "stream",
    "repeatability_reproducibility": "precision",
    "report": "rounding",
    "straight_line": "regression",
    "zeta": "comparison",
}

_THERE = {"evaluate_model": "evaluate", "load_model": "load"}
"""Names that are others where they are at home."""

__all__ = [
    "Budget",
    "BudgetLine",
    "CalibrationError",
    "CalibrationFunction",
    "CalibrationRecord",
    "CallendarVanDusen",
    "ComplexQuantity",
    "Decision",
    "Distribution",
    "Effect",
    "Expanded",
    "Instrument",
    "Line",
    "MeasuredLine",
    "Measurements",
    "Polynomial",
    "Propagation",
    "Quantity",
    "Reported",
    "ReportingPolicy",
    "StraightLine",
    "Table",
    "choose_degree",
    "concatenate",
    "coverage_region",
    "decide",
    "e_n",
    "equivalence",
    "evaluate",
    "evaluate_model",
    "fit_pod",
    "global_risk",
    "interpolate",
    "line_through",
    "linear_model",
    "load_model",
    "polynomial",
    "probability",
    "propagate",
    "proportion_interval",
    "quantities",
    "repeatability_reproducibility",
    "report",
    "straight_line",
    "zeta",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), _THERE.get(name, name))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
