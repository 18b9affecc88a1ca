"""Straight calibration lines with uncertainty in both coordinates and any covariance (ISO/TS 28037).

One algorithm serves clauses 6 (u of y only), 7 (u of x and y) and 10 (full covariance): Gauss-Newton on the
adjusted points. It is written on the n conditions y - a - b x = 0, whose covariance is W = B V B', B = [-b I,
I], instead of on the 2 n points; step, solution and covariance of (a, b) are the same, but V itself may be
singular: u of x may be zero exactly, and points may be correlated as they please, as long as W is not
singular.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import FitError
from ..function import StraightLine
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

Array = NDArray[np.float64]

_ITERATIONS = 100


@dataclass(frozen=True, eq=False)
class Line:
    """The line y = a + b x fitted to n points.

    ``cov`` is the covariance of a and b at the adjusted points, as ISO/TS 28037 defines it (no second-order
    terms).

    :param chi2: minimum of the sum of weighted squares; without any stated uncertainty the sum of squared
        residuals.
    :param dof: n - 2.
    :param consistent: chi2 is at most its 95 % quantile (ISO/TS 28037, 6.3 step 6); ``None`` where that
        cannot be tested: dof is zero, or the uncertainty was estimated from the residuals.
    :param residuals: y - a - b x, shape (n,).
    :param jacobian: d (a, b) / d (x, y) at the solution, shape (2, 2n): it carries named effects of the
        points into the coefficients.
    """

    a: float
    b: float
    u_a: float
    u_b: float
    cov: float
    chi2: float
    dof: int
    consistent: bool | None
    residuals: Array
    jacobian: Array

    @property
    def function(self) -> StraightLine:
        """The line as a calibration function."""
        return StraightLine(self.a, self.b)

    @property
    def covariance(self) -> Array:
        """Covariance of (a, b), shape (2, 2)."""
        return np.array([[self.u_a**2, self.cov], [self.cov, self.u_b**2]])

    def value_at(self, x: float, u: float = 0.0) -> Estimate:
        """The value at ``x`` whose standard uncertainty is ``u`` (ISO/TS 28037, 11.2).

        :raises FitError: ``x`` is not a finite number.
        :raises UnknownUncertainty: ``u`` is negative, or not a finite number.
        """
        at, own = number("x", x), standard("u", u)
        with representable():
            variance = self.u_a**2 + 2 * at * self.cov + (at * self.u_b) ** 2 + (self.b * own) ** 2
        return Estimate(self.a + self.b * at, math.sqrt(max(variance, 0.0)))

    def solve(self, y: float, u: float = 0.0) -> Estimate:
        """The x at which the line has the value ``y`` of standard uncertainty ``u`` (ISO/TS 28037, 11.1).

        :raises FitError: the slope is zero, or ``y`` is not a finite number.
        :raises UnknownUncertainty: ``u`` is negative, or not a finite number.
        """
        at, own = number("y", y), standard("u", u)
        if self.b == 0:
            raise FitError("a line of slope zero has no inverse")
        x = (at - self.a) / self.b
        return Estimate(x, math.hypot(self.value_at(x).u, own) / abs(self.b))


@representable()
def straight_line(
    x: ArrayLike,
    y: ArrayLike,
    *,
    u_x: ArrayLike | None = None,
    u_y: ArrayLike | None = None,
    covariance: ArrayLike | None = None,
) -> Line:
    """Fit y = a + b x.

    Without any uncertainty the weights are equal and the covariance is scaled by the variance of the
    residuals (GUM H.3), with n - 2 degrees of freedom.

    :param x: shape (n,), n >= 2 (3 without uncertainties), not all equal.
    :param y: shape (n,).
    :param u_x: standard uncertainties of x, shape () or (n,); left out, x is exact.
    :param u_y: standard uncertainties of y, shape () or (n,); needed beside ``u_x``, may be zero there.
    :param covariance: of (x1 … xn, y1 … yn), shape (2n, 2n), instead of ``u_x`` and ``u_y``.
    :raises FitError: the data carry no line, the points have no independent uncertainty at all (their errors
        are fully correlated, or zero), or the iteration does not converge.
    """
    points, values = points_of(x, y)
    stated = not (u_x is None and u_y is None and covariance is None)
    n = len(points)
    blocks = blocks_of(n, u_x, u_y, covariance) if stated else (np.zeros((n, n)), np.zeros((n, n)), np.eye(n))
    if not stated and n < 3:
        raise FitError("two points without uncertainty", remedy="state u_y, or measure more points")
    if not stated:
        require_scatter(values)
    # About the centroid, so that a distant origin costs no digits.
    x0, y0 = points.mean(), values.mean()
    level, b, gain, root, factor = _gauss_newton(points - x0, values - y0, blocks)
    residuals = values - y0 - level - b * (points - x0)
    back = np.array([[1.0, -x0], [0.0, 1.0]])
    a, gain, root = float(y0 + level - b * x0), back @ gain, back @ root
    chi2 = float(np.sum(np.square(whiten(factor, residuals))))
    scale = 1.0 if stated else math.sqrt(chi2 / (n - 2))
    root = scale * root
    cov = root @ root.T
    testable = stated and n > 2
    return Line(
        a=a,
        b=b,
        u_a=float(np.linalg.norm(root[0])),
        u_b=float(np.linalg.norm(root[1])),
        cov=float(cov[0, 1]),
        chi2=chi2,
        dof=n - 2,
        consistent=chi2 <= chi2_quantile(n - 2) if testable else None,
        residuals=residuals,
        jacobian=np.hstack([-b * gain, gain]),
    )


def _gauss_newton(x: Array, y: Array, blocks: tuple[Array, Array, Array]) -> tuple[float, float, Array, Array, Array]:
    """a, b, d (a, b) / d y (2, n), R with R R' = cov(a, b), and the Cholesky factor of W, at the solution."""
    v_xx, v_xy, v_yy = blocks
    offset = x - x.mean()
    b = float(offset @ y / (offset @ offset))
    a = float(y.mean() - b * x.mean())
    adjusted = x
    for _ in range(_ITERATIONS):
        factor = cholesky(v_yy - b * (v_xy + v_xy.T) + b * b * v_xx)
        q, r = np.linalg.qr(whiten(factor, np.column_stack([np.ones_like(x), adjusted])))
        if abs(r[1, 1]) <= 1e-13 * abs(r[0, 1]):
            raise FitError("the adjusted x are all equal", remedy="spread the points, or reduce u_x")
        # The conditions linearised at the adjusted points, solved for the new a and b themselves.
        white = whiten(factor, y - b * (x - adjusted))
        step = q.T @ white - r @ [a, b]
        a, b = np.linalg.solve(r, q.T @ white)
        weighted = whiten(factor, whiten(factor, y - a - b * x), transposed=True)
        adjusted = x - (v_xy - b * v_xx) @ weighted
        if np.linalg.norm(step) <= 1e-11 * (1.0 + np.linalg.norm(white) * 1e-4):
            root = np.linalg.inv(r)
            gain = root @ whiten(factor, q, transposed=True).T
            return float(a), float(b), gain, root, factor
    raise FitError(
        f"no convergence in {_ITERATIONS} iterations",
        remedy="check that the points lie near a line within their u",
    )
