"""The errors of a luxmeter at each level, their uncertainty, and its calibration function."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass, field, replace

import numpy as np
from numpy.typing import NDArray

from hil_calibration.effect import budget_line
from hil_calibration.errors import FitError
from hil_calibration.regression import Line, straight_line
from hil_calibration.stream import Measurements

from .session import REFERENCE_PARTS, Independent, Session

Array = NDArray[np.float64]

HYSTERESIS = "hysteresis"
DRIFT = "drift during the session"
LINEARITY = "departure of the luxmeter from a straight line"


@dataclass(frozen=True)
class Contribution:
    """One line of a budget at all levels: standard uncertainties of the error, shape ``(n,)``, in lx.

    :param effects: what single effects contribute to it, signed, each of shape ``(n,)``, in lx.
    """

    name: str
    u: Array
    dof: Array
    distribution: str
    effects: Mapping[str, Array] = field(default_factory=dict)


@dataclass(frozen=True)
class Errors:
    """Errors of indication at ``n`` levels, rising and falling readings averaged; all arrays ``(n,)``, in lx.

    ``u`` is the combined standard uncertainty of ``error``, ``dof`` its effective degrees of freedom by
    Welch-Satterthwaite (GUM G.4.1). ``shared`` holds the reference values with their shared effects. ``covariance``
    is that of indications and reference values, ``(2n, 2n)``.
    """

    level: Array
    reference: Array
    u_reference: Array
    indication: Array
    error: Array
    u: Array
    dof: Array
    contributions: tuple[Contribution, ...]
    shared: Measurements
    covariance: Array
    hysteresis: Array
    drift: float

    def fit(self) -> Line:
        """The reference value as a straight line in the indication (ISO/TS 28037:2010, clause 10).

        Clause 10, full covariance: all reference values share one standard.

        :raises FitError: if the luxmeter indicated the same at every level.
        """
        if np.ptp(self.indication) == 0.0:
            raise FitError(
                f"the luxmeter indicated {self.indication[0]:g} lx at every level",
                where="calibrate-luxmeter",
                remedy="look whether it follows the light, and calibrate it anew",
            )
        return straight_line(self.indication, self.reference, covariance=self.covariance)


def combined(session: Session, linearity: float) -> Errors:
    """Average the rising and falling pairs of each level, and combine all contributions.

    :param linearity: half-width of the item's relative departure from a straight line.
    """
    levels = np.unique(session.level)
    weights = _weights(session, levels)
    reference, indication = weights @ session.reference.value, weights @ session.indication
    half = _half_difference(session, levels)
    drift = _session_drift(session)
    independent = [_averaged(part, weights) for part in session.independent]
    spread = float(np.sqrt(np.mean(np.square(half[np.isfinite(half)]))))
    independent.append(_rectangle(HYSTERESIS, reference * spread))
    common = [
        *_shared(session.reference, weights, session.distributions),
        _rectangle(DRIFT, reference * abs(drift) / 2.0),
    ]
    contributions = (*common, *independent)
    variance = np.sum([part.u**2 for part in contributions], axis=0)
    quartic = np.sum([part.u**4 / part.dof for part in contributions], axis=0)
    u_reference = np.sqrt(
        np.sum(np.square(weights @ session.reference.shared), axis=1)
        + np.sum([part.u**2 for part in independent[:REFERENCE_PARTS]], axis=0)
    )
    return Errors(
        level=levels,
        reference=reference,
        u_reference=u_reference,
        indication=indication,
        error=indication - reference,
        u=np.sqrt(variance),
        dof=np.divide(variance**2, quartic, out=np.full(len(levels), math.inf), where=quartic > 0),
        contributions=contributions,
        shared=_averaged_reference(session.reference, weights),
        covariance=_covariance(session, weights, independent, reference, abs(drift), linearity),
        hysteresis=half * reference,
        drift=drift,
    )


def _weights(session: Session, levels: Array) -> Array:
    """The matrix ``(levels, pairs)`` that averages the rising and falling pairs of each level."""
    series = np.array([direction in ("up", "down") for direction in session.direction])
    matrix = (session.level == levels[:, None]) & series
    return np.asarray(matrix / matrix.sum(axis=1, keepdims=True), dtype=np.float64)


def _half_difference(session: Session, levels: Array) -> Array:
    """Half the difference of the relative errors, falling minus rising; NaN where a level has one direction."""
    ratio = session.indication / session.reference.value
    found = []
    for level in levels:
        up, down = (
            [ratio[i] for i in session.pairs(direction) if session.level[i] == level] for direction in ("up", "down")
        )
        found.append((np.mean(down) - np.mean(up)) / 2.0 if up and down else math.nan)
    return np.array(found)


def _session_drift(session: Session) -> float:
    """Relative change of the item against the reference from the first level to the return to it."""
    first, back = session.pairs("up")[0], session.pairs("return")[0]
    ratio = session.indication / session.reference.value
    return float(ratio[back] / ratio[first] - 1.0)


def _averaged_reference(values: Measurements, weights: Array) -> Measurements:
    return replace(values, value=weights @ values.value, u_ind=np.zeros(len(weights)), shared=weights @ values.shared)


def _averaged(part: Independent, weights: Array) -> Contribution:
    u = np.sqrt(np.square(weights) @ np.square(part.u))
    dof = np.array([float(part.dof[row > 0].min()) for row in weights])
    return Contribution(part.name, u, dof, part.distribution)


def _shared(values: Measurements, weights: Array, distributions: Mapping[str, str]) -> list[Contribution]:
    """One line for each effect that the reference values share; the coefficients of a certificate make one line
    together. A reference value that is too large makes the error too small."""
    columns = (weights @ values.shared).T
    lines: dict[str, tuple[Array, float]] = {}
    effects: dict[str, dict[str, Array]] = {}
    for name, column, dof in zip(values.effects, columns, values.dof, strict=True):
        line = budget_line(name)
        before = lines.get(line, (np.zeros(len(column)), dof))
        lines[line] = (np.hypot(before[0], column), min(before[1], dof))
        effects.setdefault(line, {})[name] = -column
    return [
        Contribution(name, u, np.full(len(u), dof), distributions.get(name, "normal"), effects[name])
        for name, (u, dof) in lines.items()
    ]


def _rectangle(name: str, half_width: Array) -> Contribution:
    u = half_width / math.sqrt(3.0)
    return Contribution(name, u, np.full(len(u), math.inf), "rectangular")


def _covariance(
    session: Session,
    weights: Array,
    independent: list[Contribution],
    reference: Array,
    drift: float,
    linearity: float,
) -> Array:
    """Covariance of ``(indications, reference values)``, ``(2n, 2n)``."""
    variances = [np.square(part.u) for part in independent]
    of_reference = np.sum(variances[:REFERENCE_PARTS], axis=0) + np.square(reference * linearity) / 3.0
    of_item = np.sum(variances[REFERENCE_PARTS:], axis=0)
    common_drift = reference * drift / 2.0 / math.sqrt(3.0)
    shared = weights @ session.reference.shared
    n = len(reference)
    covariance = np.zeros((2 * n, 2 * n))
    covariance[:n, :n] = np.diag(of_item)
    covariance[n:, n:] = shared @ shared.T + np.outer(common_drift, common_drift) + np.diag(of_reference)
    return covariance
