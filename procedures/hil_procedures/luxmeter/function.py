"""The calibration function of a luxmeter as its certificate carries it: coefficients, covariance, named effects."""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from hil_calibration.certificate.model import Function, SharedEffect
from hil_calibration.effect import Effect
from hil_calibration.regression import Line

from .errors import LINEARITY, Errors
from .session import Session

Array = NDArray[np.float64]

MARGIN = 0.02
"""How far beyond the extreme indications the function may be used, as a fraction of each: the levels' own tolerance."""


def calibration_function(session: Session, errors: Errors, line: Line, linearity: float) -> Function:
    """The straight line with what is known of it.

    An effect that acts on all reference values by the same factor acts so on every value of the line. It is kept by
    name, so that the reference and the item stay correlated through it; the covariance of the coefficients
    holds the rest.

    :param linearity: half-width of the item's relative departure from the line, a rectangle.
    """
    proportional = _proportional(errors)
    rest = errors.covariance.copy()
    n = len(errors.reference)
    for name in proportional:
        column = errors.shared.shared[:, errors.shared.effects.index(name)]
        rest[n:, n:] -= np.outer(column, column)
    covariance = line.jacobian @ rest @ line.jacobian.T
    effects = [_effect(name, u, session.distributions.get(name, "normal")) for name, u in proportional.items()]
    return Function(
        kind="straight-line",
        indication_unit="lx",
        unit="lx",
        minimum=repr(float(errors.indication.min()) * (1.0 - MARGIN)),
        maximum=repr(float(errors.indication.max()) * (1.0 + MARGIN)),
        coefficients=(repr(line.a), repr(line.b)),
        covariance=tuple(tuple(repr(float(cell)) for cell in row) for row in (covariance + covariance.T) / 2.0),
        effects=(
            *effects,
            _effect(LINEARITY, linearity / math.sqrt(3.0), "rectangular"),
            *(
                _from_here(effect, session.temperature)
                for effect in session.item_effects
                if effect.reference is not None
            ),
        ),
    )


def _from_here(effect: Effect, temperature: float) -> SharedEffect:
    """An effect of the item per kelvin: the function holds at the temperature of this calibration, no other."""
    return SharedEffect(
        name=effect.name,
        kind=effect.kind,
        distribution=effect.distribution,
        u=f"{effect.u:.6g}",
        half_width="" if effect.half_width is None else f"{effect.half_width:.6g}",
        reference=f"{temperature:.6g}",
        source=effect.source,
        dof="" if math.isinf(effect.dof) else f"{effect.dof:.6g}",
    )


def _proportional(errors: Errors) -> dict[str, float]:
    """The effects that act on all reference values by one factor, and the standard uncertainty of that factor.

    One that lowers the values where it is positive is not among them: by its name alone, the sign of its correlation
    would be lost. It stays in the covariance.
    """
    relative = errors.shared.shared / errors.reference[:, None]
    mean = relative.mean(axis=0)
    alike = np.all(np.abs(relative - mean) <= 1e-3 * np.abs(mean), axis=0)
    return {name: float(u) for name, u, same in zip(errors.shared.effects, mean, alike, strict=True) if same and u > 0}


def _effect(name: str, u: float, distribution: str) -> SharedEffect:
    rectangular = distribution == "rectangular"
    return SharedEffect(
        name=name,
        kind="relative",
        distribution=distribution if rectangular else "normal",
        u=f"{u:.6g}",
        half_width=f"{u * math.sqrt(3.0):.6g}" if rectangular else "",
        source="calibration of the luxmeter",
    )
