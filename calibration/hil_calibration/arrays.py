"""Arrays that users give: real numbers, or an error that names the argument."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import CalibrationError

Array = NDArray[np.float64]


def real_array(name: str, values: ArrayLike, *, refused: type[CalibrationError] = CalibrationError) -> Array:
    """``values`` as an array of floats, ``None`` as NaN.

    :raises CalibrationError: they are no real numbers, or rows of unequal length; of the class ``refused``.
    """
    try:
        found = np.asarray(values)
        if not np.iscomplexobj(found):
            return np.asarray(found, dtype=float)
    except (TypeError, ValueError):
        pass
    raise refused(f"{name} is not an array of real numbers", remedy="give numbers, rows of one length")


def finite(array: Array) -> bool:
    """Whether every element is finite; one pass without a mask."""
    with np.errstate(all="ignore"):
        return bool(np.isfinite(array.sum())) or bool(np.all(np.isfinite(array)))
