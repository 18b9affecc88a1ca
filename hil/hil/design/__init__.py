"""Designs of experiment: the points of a trial over its influence quantities, their order, and adaptive plans.

Names load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .adaptive import Adaptive, AdaptiveDesign
    from .bisection import Bisection, Bracket
    from .design import Design
    from .factorial import fractional_factorial, grid
    from .factors import Levels, Range
    from .plan import AdaptivePlan, History, ListPlan, Observed, Plan, PlannedPoint
    from .sampling import latin_hypercube, sobol
    from .sequential import Trials, UntilDecided, UntilNarrow

_HOME = {
    "Adaptive": "adaptive",
    "AdaptiveDesign": "adaptive",
    "AdaptivePlan": "plan",
    "Bisection": "bisection",
    "Bracket": "bisection",
    "Design": "design",
    "History": "plan",
    "Levels": "factors",
    "ListPlan": "plan",
    "Observed": "plan",
    "Plan": "plan",
    "PlannedPoint": "plan",
    "Range": "factors",
    "Trials": "sequential",
    "UntilDecided": "sequential",
    "UntilNarrow": "sequential",
    "fractional_factorial": "factorial",
    "grid": "factorial",
    "latin_hypercube": "sampling",
    "sobol": "sampling",
}

__all__ = [
    "Adaptive",
    "AdaptiveDesign",
    "AdaptivePlan",
    "Bisection",
    "Bracket",
    "Design",
    "History",
    "Levels",
    "ListPlan",
    "Observed",
    "Plan",
    "PlannedPoint",
    "Range",
    "Trials",
    "UntilDecided",
    "UntilNarrow",
    "fractional_factorial",
    "grid",
    "latin_hypercube",
    "sobol",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
