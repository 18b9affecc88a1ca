"""Calibration functions as a simulated instrument has them: from a true value to its indication."""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import Protocol


class Scale(Protocol):
    """What an instrument shows of a value, in the same unit."""

    def indication(self, value: float) -> float:
        """The indication at ``value``."""
        ...


class CertifiedScale:
    """The inverse of a calibration function through points, straight between them.

    Outside the points the first or last ratio (``proportional``) or difference goes on.
    """

    def __init__(self, indication: list[float], value: list[float], *, proportional: bool) -> None:
        self._indication, self._value, self._proportional = indication, value, proportional

    def indication(self, value: float) -> float:
        """The indication whose calibrated value is ``value``."""
        i = bisect_right(self._value, value)
        if 0 < i < len(self._value):
            x0, x1, y0, y1 = *self._indication[i - 1 : i + 1], *self._value[i - 1 : i + 1]
            return x0 + (x1 - x0) * (value - y0) / (y1 - y0)
        x, y = self._indication[max(0, i - 1)], self._value[max(0, i - 1)]
        if self._proportional and x > 0.0 and y > 0.0:
            return value * x / y
        return value + x - y


class UncalibratedScale:
    """An instrument known by its tolerance: (1 + gain + nonlinearity s(x)) x + offset.

    s is a wave from -1 to 1 over two decades, with the drawn phase.
    """

    def __init__(self, prior: dict[str, float]) -> None:
        self._prior = prior

    def indication(self, value: float) -> float:
        """The indication at ``value``."""
        prior = self._prior
        shape = math.sin(math.pi * math.log10(max(value, 1e-3)) + prior["phase"])
        return (1.0 + prior["gain"] + prior["nonlinearity"] * shape) * value + prior["offset"]


IDENTITY: Scale = CertifiedScale([0.0], [0.0], proportional=False)
"""An instrument without any error."""
