"""The real roots of a polynomial in an interval, each once: between its turning points it only rises or only falls."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_ROUNDING = 1e-14
"""Of the sum of the absolute terms at 1 or beyond, below which a value is a zero."""


def roots_within(coefficients: Array, target: float, low: float, high: float) -> list[float]:
    """The t from ``low`` to ``high`` at which c0 + c1 t + ... is ``target``, rising; a turning point counts once.

    :param coefficients: in rising order, not constant.
    """
    shifted = np.trim_zeros(np.asarray(coefficients, dtype=float), "b").copy()
    if len(shifted) < 2:
        return []
    shifted[0] -= target
    return _zeros(shifted, low, high)


def _zeros(c: Array, low: float, high: float) -> list[float]:
    if len(c) == 2:
        furthest = max(abs(low), abs(high))
        if abs(c[0]) > 2 * furthest * abs(c[1]):
            return []
        root = float(-c[0] / c[1]) if c[0] else 0.0
        slack = _ROUNDING * furthest
        return [min(max(root, low), high)] if low - slack <= root <= high + slack else []
    turning = _zeros(c[1:] * np.arange(1, len(c)), low, high)
    ends = sorted({low, *turning, high})
    values = [_value(c, t) for t in ends]
    found = []
    for position, (t, value) in enumerate(zip(ends, values, strict=True)):
        if value == 0:
            found.append(t)
        elif position + 1 < len(ends) and value * values[position + 1] < 0:
            found.append(_crossing(c, t, ends[position + 1]))
    return found


def _value(c: Array, t: float) -> float:
    """The polynomial at t, zero where it is no more than rounding."""
    value = float((c * t ** np.arange(len(c))).sum())
    largest = float((np.abs(c) * max(1.0, abs(t)) ** np.arange(len(c))).sum())
    return 0.0 if abs(value) <= _ROUNDING * largest else value


def _crossing(c: Array, low: float, high: float) -> float:
    from scipy.optimize import brentq

    return float(brentq(lambda t: float(np.polynomial.polynomial.polyval(t, c)), low, high, xtol=1e-14, rtol=1e-14))
