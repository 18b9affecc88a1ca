"""Calibration lines, polynomials and linear models with uncertainty in both coordinates and any covariance."""

from __future__ import annotations

from .line import Line, straight_line
from .linear import LinearModel, linear_model
from .points import Estimate
from .polynomial import Candidate, ModelChoice, Polynomial, choose_degree, polynomial

__all__ = [
    "Candidate",
    "Estimate",
    "Line",
    "LinearModel",
    "ModelChoice",
    "Polynomial",
    "choose_degree",
    "linear_model",
    "polynomial",
    "straight_line",
]
