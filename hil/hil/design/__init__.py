"""Designs of experiment: the points of a trial over its influence quantities, their order, and adaptive plans."""

from __future__ import annotations

from .adaptive import Adaptive, AdaptiveDesign
from .bisection import Bisection, Bracket
from .design import Design
from .factorial import fractional_factorial, grid
from .factors import Levels, Range
from .plan import AdaptivePlan, History, ListPlan, Observed, Plan, PlannedPoint
from .sampling import latin_hypercube, sobol
from .sequential import Trials, UntilDecided, UntilNarrow

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
