"""Calibration polynomials with uncertainty in both coordinates and any covariance (as in ISO 6143), and their choice.

Gauss-Newton on the conditions y - P(x) = 0 at the adjusted points, as in ``line``. The powers are those
of a centred and scaled x, so that high degrees keep their digits; the coefficients are converted exactly.
"""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from fractions import Fraction
from functools import cached_property

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import FitError
from ..function import Polynomial as PolynomialFunction
from .points import (
    Estimate,
    blocks_of,
    chi2_quantile,
    cholesky,
    number,
    points_of,
    representable,
    require_scatter,
    standard,
    whiten,
)
from .roots import roots_within

Array = NDArray[np.float64]

_ITERATIONS = 100
HIGHEST = 12


@dataclass(frozen=True, eq=False)
class Polynomial:
    """The polynomial y = c0 + c1 x + ... fitted to n points.

    :param coefficients: c0, c1, ..., shape (degree + 1,).
    :param covariance: of the coefficients, shape (degree + 1, degree + 1).
    :param chi2: minimum of the sum of weighted squares; without any stated uncertainty the sum of squared residuals.
    :param dof: n - degree - 1.
    :param consistent: chi2 is at most its 95 % quantile; ``None`` where that cannot be tested.
    :param residuals: y - P(x), shape (n,).
    :param normalised: residuals over the standard uncertainty of y - P(x), both at the adjusted points, shape (n,).
    """

    coefficients: Array
    covariance: Array
    chi2: float
    dof: int
    consistent: bool | None
    residuals: Array
    normalised: Array
    centre: float
    scale: float
    scaled: Array
    scaled_covariance: Array

    @property
    def degree(self) -> int:
        return len(self.coefficients) - 1

    @property
    def u(self) -> Array:
        """Standard uncertainties of the coefficients, shape (degree + 1,)."""
        return np.asarray(np.sqrt(np.clip(self.covariance.diagonal(), 0, None)))

    @cached_property
    def function(self) -> PolynomialFunction:
        """The polynomial as a calibration function."""
        return PolynomialFunction(tuple(self.coefficients.tolist()))

    def value_at(self, x: float, u: float = 0.0) -> Estimate:
        """The value at ``x`` of standard uncertainty ``u``.

        :raises FitError: ``x`` is not a finite number.
        :raises UnknownUncertainty: ``u`` is negative, or not a finite number.
        """
        at, own = number("x", x), standard("u", u)
        with representable():
            t = (at - self.centre) / self.scale
            powers = t ** np.arange(len(self.scaled))
            variance = float(powers @ self.scaled_covariance @ powers) + (self._slope(t) * own) ** 2
            return Estimate(float(powers @ self.scaled), math.sqrt(max(variance, 0.0)))

    def solve(self, y: float, u: float = 0.0, *, within: tuple[float, float]) -> Estimate:
        """The only x in ``within`` at which the polynomial has the value ``y`` of standard uncertainty ``u``.

        :raises FitError: there is none in that range, or more than one, or the slope there is zero.
        :raises UnknownUncertainty: ``u`` is negative, or not a finite number.
        """
        low, high = number("within", within[0]), number("within", within[1])
        target, own = number("y", y), standard("u", u)
        if not low < high:
            raise FitError(f"within is from {low:g} to {high:g}", remedy="give the lower end first")
        if self.degree == 0 or not np.any(self.scaled[1:]):
            raise FitError("a constant has no inverse")
        with representable():
            ends = ((each - self.centre) / self.scale for each in (low, high))
            inside = roots_within(self.scaled, target, *ends)
        if len(inside) != 1:
            found = ", ".join(f"{self.centre + self.scale * t:.6g}" for t in inside)
            raise FitError(
                f"the polynomial has the value {target:g} {len(inside)} times from {low:g} to {high:g}"
                + (f": at {found}" if found else ""),
                remedy="give a range in which it only rises or only falls, and reaches the value",
            )
        t = inside[0]
        slope = self._slope(t)
        if abs(slope) * self.scale <= 1e-7 * float(np.abs(self.scaled[1:]).max()):
            raise FitError(f"the polynomial turns at the value {target:g}: its slope there is zero")
        x = self.centre + self.scale * t
        return Estimate(x, math.hypot(self.value_at(x).u, own) / abs(slope))

    def _slope(self, t: float) -> float:
        """dP/dx at the scaled t."""
        k = np.arange(1, len(self.scaled))
        return float((k * self.scaled[1:] * t ** (k - 1)).sum()) / self.scale


@representable()
def polynomial(
    x: ArrayLike,
    y: ArrayLike,
    degree: int,
    *,
    u_x: ArrayLike | None = None,
    u_y: ArrayLike | None = None,
    covariance: ArrayLike | None = None,
) -> Polynomial:
    """Fit a polynomial; without any uncertainty the covariance is scaled by the variance of the residuals.

    :param x: shape (n,), n > degree (one more without uncertainties).
    :param y: shape (n,).
    :param degree: 0 to 12.
    :param u_x: standard uncertainties of x, shape () or (n,); left out, x is exact.
    :param u_y: standard uncertainties of y, shape () or (n,); needed beside ``u_x``, may be zero there.
    :param covariance: of (x1 … xn, y1 … yn), shape (2n, 2n), instead of ``u_x`` and ``u_y``.
    :raises FitError: the data carry no such polynomial, or the iteration does not converge.
    """
    points, values = points_of(x, y)
    _whole(degree)
    stated = not (u_x is None and u_y is None and covariance is None)
    n, k = len(points), degree + 1
    if n < k + (not stated) or len(np.unique(points)) < k:
        raise FitError(f"{n} points for degree {degree}", remedy="measure more points, or lower the degree")
    if not stated:
        require_scatter(values)
    blocks = blocks_of(n, u_x, u_y, covariance) if stated else (np.zeros((n, n)), np.zeros((n, n)), np.eye(n))
    centre = float(points.max() + points.min()) / 2
    scale = float(points.max() - points.min()) / 2 or 1.0
    coefficients, root, factor, misfit = _gauss_newton(points, values, degree, blocks, centre, scale)
    residuals = values - _powers(points, degree, centre, scale) @ coefficients
    chi2 = float(np.sum(np.square(whiten(factor, misfit))))
    if not stated:
        root = root * math.sqrt(chi2 / (n - k))
    spread = np.sqrt(np.square(factor).sum(axis=1)) * (1.0 if stated else math.sqrt(chi2 / (n - k)))
    covariance_t = root @ root.T
    to_x = _conversion(degree, centre, scale)
    return Polynomial(
        coefficients=_exact(to_x, coefficients),
        covariance=_as_floats(to_x) @ covariance_t @ _as_floats(to_x).T,
        chi2=chi2,
        dof=n - k,
        consistent=chi2 <= chi2_quantile(n - k) if stated and n > k else None,
        residuals=residuals,
        normalised=misfit / np.where(spread > 0, spread, 1.0),
        centre=centre,
        scale=scale,
        scaled=coefficients,
        scaled_covariance=covariance_t,
    )


def _whole(degree: int) -> int:
    """A degree that can be fitted."""
    if not isinstance(degree, (int, np.integer)) or isinstance(degree, bool) or not 0 <= degree <= HIGHEST:
        raise FitError(f"degree {degree!r}", remedy=f"give a whole number from 0 to {HIGHEST}")
    return int(degree)


@dataclass(frozen=True)
class Candidate:
    """One degree of a choice: chi2 with its p-value, AICc, and the largest normalised residual."""

    degree: int
    chi2: float
    dof: int
    p_value: float
    aicc: float
    largest_residual: float


@dataclass(frozen=True)
class ModelChoice:
    """The degrees that were tried, the chosen one, its fit, and why."""

    candidates: tuple[Candidate, ...]
    degree: int
    fit: Polynomial
    reason: str

    def table(self) -> str:
        """The candidates as aligned text, the chosen one marked."""
        lines = ["  degree       chi2  dof        p       AICc  max |residual| / u"]
        for each in self.candidates:
            mark = "*" if each.degree == self.degree else " "
            lines.append(
                f"{mark} {each.degree:6d} {each.chi2:10.4g} {each.dof:4d} {each.p_value:8.3f} {each.aicc:10.4g} "
                f"{each.largest_residual:8.2f}"
            )
        return "\n".join([*lines, self.reason])


def choose_degree(
    x: ArrayLike,
    y: ArrayLike,
    degrees: Iterable[int] = range(1, 5),
    *,
    u_x: ArrayLike | None = None,
    u_y: ArrayLike | None = None,
    covariance: ArrayLike | None = None,
) -> ModelChoice:
    """The degree of least AICc among those that chi2 does not refuse (p of 0.05 or more); all of them are shown.

    Uncertainties must be stated: a choice needs them to tell lack of fit from noise.

    A degree that needs more points than there are is named in the reason.

    :raises FitError: no uncertainty, no degree that the data can carry, or none that they do not refuse.
    """
    from scipy.special import chdtrc

    if u_y is None and covariance is None:
        raise FitError("a choice of degree without stated uncertainties", remedy="state u_y")
    candidates, fits, untried = [], {}, []
    n = len(points_of(x, y)[0])
    for degree in dict.fromkeys(degrees):
        k = _whole(degree) + 1
        if n - k - 1 < 1:
            untried.append(f"degree {degree} was not tried: it needs {k + 2} points")
            continue
        fit = polynomial(x, y, degree, u_x=u_x, u_y=u_y, covariance=covariance)
        fits[degree] = fit
        aicc = fit.chi2 + 2 * k + 2 * k * (k + 1) / (n - k - 1)
        p_value = float(chdtrc(fit.dof, fit.chi2))
        candidates.append(Candidate(degree, fit.chi2, fit.dof, p_value, aicc, float(np.abs(fit.normalised).max())))
    good = [each for each in candidates if each.p_value >= 0.05]
    if not good:
        tried = ", ".join([*(f"{each.degree} (p = {each.p_value:.2g})" for each in candidates), *untried]) or "none"
        raise FitError(f"no degree fits within the stated uncertainties: {tried}", remedy="look at u_y and the points")
    best = min(good, key=lambda each: each.aicc)
    reason = f"degree {best.degree} has the least AICc ({best.aicc:.4g}) of those with p >= 0.05"
    reason = "; ".join([reason, *untried])
    return ModelChoice(tuple(candidates), best.degree, fits[best.degree], reason)


def _gauss_newton(
    x: Array, y: Array, degree: int, blocks: tuple[Array, Array, Array], centre: float, scale: float
) -> tuple[Array, Array, Array, Array]:
    """Coefficients in scaled powers, R with R R' their covariance, the Cholesky factor of W, and what is left of the
    conditions linearised at the adjusted points, of which W is the covariance: all at the solution."""
    v_xx, v_xy, v_yy = blocks
    exact = not (np.any(v_xx) or np.any(v_xy))
    coefficients = np.linalg.lstsq(_powers(x, degree, centre, scale), y, rcond=None)[0]
    adjusted = x
    for _ in range(_ITERATIONS):
        powers = _powers(adjusted, degree, centre, scale)
        k = np.arange(1, degree + 1)
        slope = powers[:, :-1] @ (k * coefficients[1:]) / scale if degree else np.zeros_like(x)
        cross = v_xy * slope[:, None]
        factor = cholesky(v_yy - cross - cross.T + slope[:, None] * v_xx * slope)
        q, r = np.linalg.qr(whiten(factor, powers))
        if np.abs(r.diagonal()).min() <= 1e-13 * np.abs(r).max():
            raise FitError(
                "the points do not tell the coefficients apart", remedy="spread the points, or lower the degree"
            )
        linear = y - slope * (x - adjusted)
        white = whiten(factor, linear)
        before, coefficients = coefficients, np.linalg.solve(r, q.T @ white)
        step = np.linalg.norm(r @ (coefficients - before))
        if exact or step <= 1e-11 * (1.0 + np.linalg.norm(white) * 1e-4):
            return np.asarray(coefficients), np.asarray(np.linalg.inv(r)), factor, linear - powers @ coefficients
        weighted = whiten(factor, whiten(factor, linear - powers @ coefficients), transposed=True)
        adjusted = x - (v_xy - v_xx * slope[None, :]) @ weighted
    raise FitError(f"no convergence in {_ITERATIONS} iterations", remedy="check the points and their uncertainties")


def _powers(x: Array, degree: int, centre: float, scale: float) -> Array:
    return np.vander((x - centre) / scale, degree + 1, increasing=True)


def _conversion(degree: int, centre: float, scale: float) -> list[list[Fraction]]:
    """The matrix from coefficients of ((x - centre) / scale)^k to those of x^j, exactly."""
    c, h = Fraction(centre), Fraction(scale)
    return [
        [math.comb(k, j) * (-c) ** (k - j) / h**k if k >= j else Fraction(0) for k in range(degree + 1)]
        for j in range(degree + 1)
    ]


def _exact(matrix: list[list[Fraction]], coefficients: Array) -> Array:
    exact = [Fraction(float(each)) for each in coefficients]
    return np.array([float(sum((a * b for a, b in zip(row, exact, strict=True)), Fraction(0))) for row in matrix])


def _as_floats(matrix: list[list[Fraction]]) -> Array:
    return np.array([[float(each) for each in row] for row in matrix])
