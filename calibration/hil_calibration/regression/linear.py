"""Models that are linear in their coefficients: a line through the origin, several influences at once, any basis."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import FitError
from .points import Estimate, blocks_of, chi2_quantile, cholesky, number, numbers, representable, whiten

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LinearModel:
    """y = b1 x1 + b2 x2 + ..., fitted to n observations.

    :param coefficients: b1, b2, ..., shape (p,).
    :param covariance: of the coefficients, shape (p, p).
    :param chi2: minimum of the sum of weighted squares; without any stated uncertainty the sum of squared residuals.
    :param dof: n - p.
    :param consistent: chi2 is at most its 95 % quantile; ``None`` where that cannot be tested.
    :param residuals: y - X b, shape (n,).
    """

    coefficients: Array
    covariance: Array
    chi2: float
    dof: int
    consistent: bool | None
    residuals: Array

    @property
    def u(self) -> Array:
        """Standard uncertainties of the coefficients, shape (p,)."""
        return np.asarray(np.sqrt(self.covariance.diagonal()))

    def value_at(self, row: ArrayLike) -> Estimate:
        """The value at an exact row (x1, x2, ...) of shape (p,).

        :raises FitError: the row does not fit, or is not finite.
        """
        at = numbers("row", row)
        if at.shape != self.coefficients.shape:
            raise FitError(f"a row of shape {at.shape} for {len(self.coefficients)} coefficients")
        for each in at:
            number("row", each)
        with representable():
            return Estimate(float(at @ self.coefficients), math.sqrt(max(float(at @ self.covariance @ at), 0.0)))


@representable()
def linear_model(
    columns: ArrayLike, y: ArrayLike, *, u_y: ArrayLike | None = None, covariance: ArrayLike | None = None
) -> LinearModel:
    """Fit y = X b with exact X by generalised least squares; a line through the origin has the one column x.

    QR of X with columns of unit length, then one step of refinement with residuals in extended precision. Without any
    uncertainty the covariance is scaled by the variance of the residuals.

    :param columns: X, shape (n, p), n >= p (more without uncertainties), of full rank.
    :param y: shape (n,).
    :param u_y: standard uncertainties of y, shape () or (n,), above 0.
    :param covariance: of y, shape (n, n), instead of ``u_y``.
    :raises FitError: the data carry no such model.
    """
    design, values = numbers("columns", columns), numbers("y", y)
    if design.ndim != 2 or values.shape != design.shape[:1] or not design.shape[1]:
        raise FitError(f"columns of shape {design.shape} and y of shape {values.shape}", remedy="give (n, p) and n")
    if not (np.all(np.isfinite(design)) and np.all(np.isfinite(values))):
        raise FitError("columns or y hold values that are not finite", remedy="leave those observations out")
    n, p = design.shape
    stated = not (u_y is None and covariance is None)
    if n < p + (not stated):
        raise FitError(f"{n} observations for {p} coefficients", remedy="observe more, or take fewer columns")
    factor = cholesky(_of_y(n, u_y, covariance)) if stated else np.eye(n)
    length = np.linalg.norm(whiten(factor, design), axis=0)
    if not np.all(length > 0):
        raise FitError(f"column {int(np.argmin(length)) + 1} is zero", remedy="leave it out")
    q, r = np.linalg.qr(whiten(factor, design) / length)
    if np.abs(r.diagonal()).min() <= 1e-13:
        raise FitError("the columns do not tell the coefficients apart", remedy="leave one out, or observe elsewhere")
    found = np.linalg.solve(r, q.T @ whiten(factor, values)) / length
    found = found + np.linalg.solve(r, q.T @ whiten(factor, _residuals(design, values, found))) / length
    residuals = _residuals(design, values, found)
    chi2 = float(np.sum(np.square(whiten(factor, residuals))))
    root = np.linalg.inv(r) / length[:, None] * (1.0 if stated else math.sqrt(chi2 / (n - p)))
    return LinearModel(
        coefficients=found,
        covariance=root @ root.T,
        chi2=chi2,
        dof=n - p,
        consistent=chi2 <= chi2_quantile(n - p) if stated and n > p else None,
        residuals=residuals,
    )


def _of_y(n: int, u_y: ArrayLike | None, covariance: ArrayLike | None) -> Array:
    if covariance is None:
        return blocks_of(n, None, u_y, None)[2]
    matrix = numbers("covariance", covariance)
    if matrix.shape != (n, n):
        raise FitError(f"a covariance of shape {matrix.shape} for {n} observations", remedy="give (n, n)")
    both = np.zeros((2 * n, 2 * n))
    both[n:, n:] = matrix
    return blocks_of(n, None, u_y, both)[2]


def _residuals(design: Array, values: Array, coefficients: Array) -> Array:
    """y - X b, summed in extended precision."""
    wide = values.astype(np.longdouble) - design.astype(np.longdouble) @ coefficients.astype(np.longdouble)
    return np.asarray(wide, dtype=float)
