"""What the arguments of this package's functions must be, said in one place."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from numbers import Real
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import CalibrationError, UnknownUncertainty

Array = NDArray[np.float64]
Flags = NDArray[np.bool_]

LARGEST, SMALLEST = 1e150, 1e-150
"""Beyond these, squares are no floating-point numbers any more."""
MOST = 10**12
"""The largest count that is taken for one."""


def number(name: str, value: Any) -> float:
    """A finite real number, 1e150 at most.

    :raises CalibrationError: anything else.
    """
    if not abs(_real(value)) <= LARGEST:
        raise CalibrationError(f"{name} is {value!r}", remedy=f"give a finite number{_within(value)}")
    return float(value)


def positive(name: str, value: Any) -> float:
    """A number from 1e-150 to 1e150.

    :raises CalibrationError: anything else.
    """
    if not SMALLEST <= _real(value) <= LARGEST:
        raise CalibrationError(f"{name} is {value!r}", remedy=f"give a finite number above 0{_within(value)}")
    return float(value)


def standard_uncertainty(name: str, value: Any) -> float:
    """0, or a number from 1e-150 to 1e150.

    :raises UnknownUncertainty: anything else.
    """
    found = _real(value)
    if found != 0.0 and not SMALLEST <= found <= LARGEST:
        raise UnknownUncertainty(f"{name} is {value!r}", remedy=f"give a finite number of 0 or more{_within(value)}")
    return found


def degrees_of_freedom(name: str, value: Any) -> float:
    """A number of 1 or more, infinity included.

    :raises UnknownUncertainty: anything else.
    """
    if not _real(value) >= 1.0:
        raise UnknownUncertainty(f"{name} is {value!r}", remedy="give degrees of freedom of 1 or more")
    return float(value)


def count(name: str, value: Any, *, least: int = 0, most: int = MOST) -> int:
    """A whole number from ``least`` to ``most``; 3.0 is one.

    :raises CalibrationError: anything else.
    """
    found = _real(value)
    if not (found.is_integer() and least <= found <= most):
        wanted = f"{least} or more" if most == MOST and not found > MOST else f"{least} to {most}"
        raise CalibrationError(f"{name} is {value!r}", remedy=f"give a whole number, {wanted}")
    return int(found)


def probability(name: str, value: Any) -> float:
    """A number between 0 and 1, both excluded.

    :raises CalibrationError: any other.
    """
    if not SMALLEST <= _real(value) < 1.0:
        raise CalibrationError(f"{name} is {value!r}", remedy="give a number between 0 and 1")
    return float(value)


def share(name: str, value: Any) -> float:
    """A number from 0 to 1.

    :raises CalibrationError: any other.
    """
    if not 0.0 <= _real(value) <= 1.0:
        raise CalibrationError(f"{name} is {value!r}", remedy="give a number from 0 to 1")
    return float(value)


def one_of(name: str, value: Any, choices: tuple[str, ...]) -> None:
    """One of the texts in ``choices``.

    :raises CalibrationError: anything else.
    """
    if not isinstance(value, str) or value not in choices:
        raise CalibrationError(f"no such {name} {value!r}", remedy=f"use {', '.join(choices[:-1])} or {choices[-1]}")


def several(name: str, values: Any) -> list[Any]:
    """The members of a collection.

    :raises CalibrationError: a text, or what is no collection.
    """
    if isinstance(values, str | bytes) or not isinstance(values, Iterable):
        raise CalibrationError(f"{name} is {values!r}", remedy="give a list of them")
    return list(values)


def table(name: str, values: Any) -> dict[Any, Any]:
    """A mapping, by its keys.

    :raises CalibrationError: anything else.
    """
    if not isinstance(values, Mapping):
        raise CalibrationError(f"{name} is {values!r}", remedy="give a dictionary")
    return dict(values)


def array(name: str, values: ArrayLike) -> Array:
    """Numbers of any shape, not necessarily finite.

    :raises CalibrationError: if they are no real numbers, or rows of unequal length.
    """
    return _read(name, values).astype(np.float64, copy=False)


def finite(name: str, values: ArrayLike) -> Array:
    """Finite numbers of any shape, 1e150 at most.

    :raises CalibrationError: as :func:`array`, or a number that is not finite.
    """
    found = array(name, values)
    if not np.all(np.isfinite(found)):
        raise CalibrationError(f"{name} with a number that is not finite", remedy="leave it out, or correct it")
    if np.any(abs(found) > LARGEST):
        raise CalibrationError(f"{name} with a number beyond {LARGEST:g}", remedy="use another unit")
    return found


def numbers(name: str, values: ArrayLike, *, fewest: int = 1, size: int | None = None) -> Array:
    """Finite numbers, shape (n,).

    :raises CalibrationError: another shape, too few, or a number that is not finite.
    """
    found = finite(name, values)
    if found.ndim != 1 or len(found) < fewest or (size is not None and len(found) != size):
        wanted = f"{size}" if size is not None else f"{fewest} or more"
        raise CalibrationError(f"{name} of shape {found.shape}", remedy=f"give {wanted} numbers in one dimension")
    return found


def flags(name: str, values: ArrayLike, *, size: int | None = None) -> Flags:
    """True and false, shape (n,); 1 and 0 will do.

    :raises CalibrationError: another shape, none, or other values.
    """
    found = _read(name, values)
    if found.ndim != 1 or not len(found) or (size is not None and len(found) != size):
        raise CalibrationError(
            f"{name} of shape {found.shape}", remedy=f"give {size or 'one or more'} in one dimension"
        )
    if found.dtype != np.bool_ and not np.all((found == 0) | (found == 1)):
        raise CalibrationError(f"{name} that are neither true nor false", remedy="give booleans, or 0 and 1")
    return found.astype(np.bool_)


def flag(name: str, value: Any) -> bool:
    """True or false; 1 and 0 will do.

    :raises CalibrationError: anything else.
    """
    if not isinstance(value, bool | np.bool_) and _real(value) not in (0.0, 1.0):
        raise CalibrationError(f"{name} is {value!r}", remedy="give true or false, or 1 or 0")
    return bool(value)


def percentiles(values: Array, confidence: float) -> tuple[float, float]:
    """The two-sided percentile interval of bootstrap replicates."""
    tail = (1 - confidence) / 2
    low, high = np.quantile(values, [tail, 1 - tail])
    return float(low), float(high)


def _real(value: Any) -> float:
    """The value as a float; NaN if it is no real number."""
    if isinstance(value, bool) or not isinstance(value, Real):
        return math.nan
    try:
        return float(value)
    except OverflowError:
        return math.inf


def _within(value: Any) -> str:
    """The limits of size, told only where they are what is wrong."""
    found = abs(_real(value))
    fits = found == 0.0 or SMALLEST <= found <= LARGEST or not math.isfinite(found)
    return "" if fits else f", of a size from {SMALLEST:g} to {LARGEST:g}"


def _read(name: str, values: ArrayLike) -> NDArray[Any]:
    try:
        found = np.asarray(values)
    except (TypeError, ValueError):
        found = np.array(None)
    if found.dtype.kind not in "biuf":
        raise CalibrationError(f"{name} cannot be read as numbers", remedy="give numbers, in rows of one length")
    return found
