"""Arrays as the measures of this package take them."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..errors import CalibrationError

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


def numbers(name: str, values: ArrayLike, *, fewest: int = 1, size: int | None = None) -> Array:
    """Finite numbers, shape (n,).

    :raises CalibrationError: another shape, too few, or a number that is not finite.
    """
    array = np.asarray(values, dtype=float)
    if array.ndim != 1 or len(array) < fewest or (size is not None and len(array) != size):
        wanted = f"{size}" if size is not None else f"{fewest} or more"
        raise CalibrationError(f"{name} of shape {array.shape}", remedy=f"give {wanted} numbers in one dimension")
    if not np.all(np.isfinite(array)):
        raise CalibrationError(f"{name} with a number that is not finite", remedy="leave it out, or correct it")
    return array


def flags(name: str, values: ArrayLike, *, size: int | None = None) -> Flags:
    """True and false, shape (n,); 1 and 0 will do.

    :raises CalibrationError: another shape, none, or other values.
    """
    array = np.asarray(values)
    if array.ndim != 1 or not len(array) or (size is not None and len(array) != size):
        raise CalibrationError(
            f"{name} of shape {array.shape}", remedy=f"give {size or 'one or more'} in one dimension"
        )
    if array.dtype != np.bool_ and not np.all((array == 0) | (array == 1)):
        raise CalibrationError(f"{name} that are neither true nor false", remedy="give booleans, or 0 and 1")
    return array.astype(np.bool_)


def probability(name: str, value: float) -> float:
    """A number between 0 and 1, both excluded.

    :raises CalibrationError: any other.
    """
    if not 0 < value < 1:
        raise CalibrationError(f"{name} {value}", remedy="give a number between 0 and 1")
    return value


def percentiles(values: Array, confidence: float) -> tuple[float, float]:
    """The two-sided percentile interval of bootstrap replicates."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)
