"""Calibration lines and polynomials with uncertainty in both coordinates and any covariance."""

from __future__ import annotations

from .line import Line, straight_line
from .points import Estimate
from .polynomial import Candidate, ModelChoice, Polynomial, choose_degree, polynomial

__all__ = [
    "Candidate",
    "Estimate",
    "Line",
    "ModelChoice",
    "Polynomial",
    "choose_degree",
    "polynomial",
    "straight_line",
]
