"""The points of a fit: their covariance, whitened, and what is refused."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..arrays import real_array
from ..calibration import covariance_factor
from ..errors import CalibrationError, FitError, UnknownUncertainty

Array = NDArray[np.float64]


class Estimate(NamedTuple):
    """A value and its standard uncertainty."""

    value: float
    u: float


@contextmanager
def representable() -> Iterator[None]:
    """Turns numbers that leave the range of floating point into an error, never into a warning."""
    try:
        with np.errstate(over="raise", invalid="raise", divide="raise"):
            yield
    except (FloatingPointError, OverflowError):
        raise FitError("numbers too large to compute with", remedy="give them in larger units") from None


def number(name: str, value: float) -> float:
    """A finite number at which a fit may be evaluated."""
    try:
        found = float(value)
    except (TypeError, ValueError):
        found = math.nan
    if not math.isfinite(found):
        raise FitError(f"{name} = {value} is not a finite number", remedy="give one")
    return found


def standard(name: str, u: float) -> float:
    """A standard uncertainty: finite, 0 or more."""
    try:
        found = float(u)
    except (TypeError, ValueError):
        found = math.nan
    if not 0 <= found < math.inf:
        raise UnknownUncertainty(f"{name} = {u} is not a finite number >= 0", remedy="unknown is not zero: state it")
    return found


def numbers(name: str, values: ArrayLike) -> Array:
    """An array of real numbers."""
    return real_array(name, values, refused=FitError)


def points_of(x: ArrayLike, y: ArrayLike) -> tuple[Array, Array]:
    """n points of finite coordinates, two different x at least."""
    points, values = numbers("x", x), numbers("y", y)
    if points.ndim != 1 or points.shape != values.shape:
        raise FitError(f"x of shape {points.shape} and y of shape {values.shape}", remedy="give n of each")
    if len(points) < 2 or not (np.all(np.isfinite(points)) and np.all(np.isfinite(values))):
        raise FitError(f"{len(points)} points, or values that are not finite", remedy="give two finite points or more")
    if np.ptp(points) == 0:
        raise FitError("all x are equal", remedy="measure at two different x at least")
    return points, values


def blocks_of(
    n: int, u_x: ArrayLike | None, u_y: ArrayLike | None, covariance: ArrayLike | None
) -> tuple[Array, Array, Array]:
    """Covariance of x, of x with y, and of y, each (n, n)."""
    if covariance is None:
        if u_y is None:
            raise FitError("u_x is given without u_y", remedy="state u_y; it may be zero")
        zero = np.zeros((n, n))
        return _variances("u_x", 0.0 if u_x is None else u_x, n), zero, _variances("u_y", u_y, n)
    if u_x is not None or u_y is not None:
        raise FitError("a covariance is given beside u_x or u_y", remedy="give one of them")
    matrix = numbers("covariance", covariance)
    if matrix.shape != (2 * n, 2 * n):
        raise FitError(f"a covariance of shape {matrix.shape} for {n} points", remedy="give (2n, 2n), x then y")
    try:
        covariance_factor(matrix)
    except CalibrationError as error:
        raise FitError(error.what, where=error.where, remedy=error.remedy) from None
    return matrix[:n, :n], matrix[:n, n:], matrix[n:, n:]


def require_scatter(values: Array) -> None:
    """Without stated uncertainties only the residuals tell one, and those of equal values tell none."""
    if np.ptp(values) == 0:
        raise FitError("all y are equal, and no uncertainty is stated: residuals of zero tell none", remedy="state u_y")


def _variances(name: str, u: ArrayLike, n: int) -> Array:
    values = numbers(name, u)
    if values.shape not in ((), (n,)) or not np.all((values >= 0) & (values < np.inf)):
        raise FitError(f"{name} is not {n} finite numbers >= 0", remedy="unknown is not zero: state it")
    return np.diag(np.broadcast_to(np.square(values), (n,)))


def cholesky(matrix: Array) -> Array:
    """The Cholesky factor of a covariance, which must leave no combination of the points without uncertainty."""
    u = np.sqrt(matrix.diagonal().clip(0.0))
    scale = np.where(u > 0, u, 1.0)
    try:
        factor = np.linalg.cholesky(matrix / scale[:, None] / scale)
    except np.linalg.LinAlgError:
        factor = np.zeros_like(matrix)
    if not factor.diagonal().min() > 1e-7:
        raise FitError(
            "a combination of the points has no uncertainty: their errors are zero or fully correlated",
            remedy="state the part that is independent from point to point (noise, repeatability)",
        )
    return np.asarray(scale[:, None] * factor)


FEW = 200
"""Points up to which a triangular system is solved as any other."""


def whiten(factor: Array, columns: Array, *, transposed: bool = False) -> Array:
    """factor^-1 columns, or factor^-T columns; for few points without scipy, which takes long to load."""
    if len(factor) <= FEW:
        return np.asarray(np.linalg.solve(factor.T if transposed else factor, columns))
    from scipy.linalg import solve_triangular

    return np.asarray(solve_triangular(factor, columns, lower=True, trans="T" if transposed else "N"))


def chi2_quantile(dof: int) -> float:
    """The 95 % quantile of chi-squared."""
    from scipy.special import chdtri

    return float(chdtri(dof, 0.05))
