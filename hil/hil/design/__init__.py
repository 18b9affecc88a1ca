"""Designs of experiment: the points of a trial over its influence quantities, their order, and adaptive plans."""

from __future__ import annotations

from .adaptive import Adaptive, AdaptiveDesign
from .design import Design
from .factorial import fractional_factorial, grid
from .factors import Levels, Range
from .plan import AdaptivePlan, ListPlan, Observed, Plan, PlannedPoint, Progress
from .sampling import latin_hypercube, sobol

__all__ = [
    "Adaptive",
    "AdaptiveDesign",
    "AdaptivePlan",
    "Design",
    "Levels",
    "ListPlan",
    "Observed",
    "Plan",
    "PlannedPoint",
    "Progress",
    "Range",
    "fractional_factorial",
    "grid",
    "latin_hypercube",
    "sobol",
]
