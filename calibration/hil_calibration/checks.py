"""What the arguments of this package's functions must be, said in one place."""

from __future__ import annotations

import math
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import CalibrationError, UnknownUncertainty

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]


def number(name: str, value: Any) -> float:
    """A finite real number.

    :raises CalibrationError: anything else.
    """
    if not isinstance(value, Real) or isinstance(value, bool) or not math.isfinite(value):
        raise CalibrationError(f"{name} is {value!r}", remedy="give a finite number")
    return float(value)


def positive(name: str, value: Any) -> float:
    """A finite number above 0.

    :raises CalibrationError: anything else.
    """
    if not number(name, value) > 0.0:
        raise CalibrationError(f"{name} is {value!r}", remedy="give a number above 0")
    return float(value)


def standard_uncertainty(name: str, value: Any) -> float:
    """A finite number of 0 or more.

    :raises UnknownUncertainty: anything else.
    """
    if not isinstance(value, Real) or isinstance(value, bool) or not 0.0 <= float(value) < math.inf:
        raise UnknownUncertainty(f"{name} is {value!r}", remedy="give a finite number of 0 or more")
    return float(value)


def count(name: str, value: Any, *, least: int = 0, most: int | None = None) -> int:
    """A whole number from ``least`` to ``most``; 3.0 is one.

    :raises CalibrationError: anything else.
    """
    upper = math.inf if most is None else most
    whole = isinstance(value, Real) and not isinstance(value, bool) and float(value).is_integer()
    if not whole or not least <= value <= upper:
        wanted = f"{least} or more" if most is None else f"{least} to {most}"
        raise CalibrationError(f"{name} is {value!r}", remedy=f"give a whole number, {wanted}")
    return int(value)


def probability(name: str, value: Any) -> float:
    """A number between 0 and 1, both excluded.

    :raises CalibrationError: any other.
    """
    if not isinstance(value, Real) or not 0.0 < float(value) < 1.0:
        raise CalibrationError(f"{name} is {value!r}", remedy="give a number between 0 and 1")
    return float(value)


def one_of(name: str, value: Any, choices: tuple[str, ...]) -> None:
    """One of the texts in ``choices``.

    :raises CalibrationError: anything else.
    """
    if value not in choices:
        raise CalibrationError(f"no such {name} {value!r}", remedy=f"use {', '.join(choices[:-1])} or {choices[-1]}")


def array(name: str, values: ArrayLike) -> Array:
    """Numbers of any shape, not necessarily finite.

    :raises CalibrationError: if they are no numbers, or rows of unequal length.
    """
    try:
        return np.asarray(values, dtype=float)
    except (TypeError, ValueError):
        raise CalibrationError(
            f"{name} cannot be read as numbers", remedy="give numbers, in rows of one length"
        ) from None


def numbers(name: str, values: ArrayLike, *, fewest: int = 1, size: int | None = None) -> Array:
    """Finite numbers, shape (n,).

    :raises CalibrationError: another shape, too few, or a number that is not finite.
    """
    found = array(name, values)
    if found.ndim != 1 or len(found) < fewest or (size is not None and len(found) != size):
        wanted = f"{size}" if size is not None else f"{fewest} or more"
        raise CalibrationError(f"{name} of shape {found.shape}", remedy=f"give {wanted} numbers in one dimension")
    if not np.all(np.isfinite(found)):
        raise CalibrationError(f"{name} with a number that is not finite", remedy="leave it out, or correct it")
    return found


def flags(name: str, values: ArrayLike, *, size: int | None = None) -> Flags:
    """True and false, shape (n,); 1 and 0 will do.

    :raises CalibrationError: another shape, none, or other values.
    """
    found = np.asarray(values)
    if found.ndim != 1 or not len(found) or (size is not None and len(found) != size):
        raise CalibrationError(
            f"{name} of shape {found.shape}", remedy=f"give {size or 'one or more'} in one dimension"
        )
    if found.dtype != np.bool_ and not np.all((found == 0) | (found == 1)):
        raise CalibrationError(f"{name} that are neither true nor false", remedy="give booleans, or 0 and 1")
    return found.astype(np.bool_)


def percentiles(values: Array, confidence: float) -> tuple[float, float]:
    """The two-sided percentile interval of bootstrap replicates."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)
