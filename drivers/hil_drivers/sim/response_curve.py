"""The probability of a right answer against a stimulus: the truth behind a synthetic system under test."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from statistics import NormalDist
from typing import Literal

Link = Literal["logit", "probit", "cloglog"]

_NORMAL = NormalDist()
_NODES = [0.1 * i for i in range(-80, 81)]
_WEIGHTS = [math.exp(-0.5 * node * node) for node in _NODES]
_REACH = 60.0
"""How far from ln a50 a level is looked for, in units of 1/slope."""


def logistic(eta: float) -> float:
    """The inverse of the logit link."""
    return 1.0 / (1.0 + math.exp(-eta)) if eta >= 0.0 else 1.0 - logistic(-eta)


def inverse_cloglog(eta: float) -> float:
    """The inverse of the complementary log-log link: 1 - exp(-exp(eta))."""
    return -math.expm1(-math.exp(min(eta, 700.0)))


INVERSES: dict[str, Callable[[float], float]] = {
    "logit": logistic,
    "probit": _NORMAL.cdf,
    "cloglog": inverse_cloglog,
}
MIDDLES = {"logit": 0.0, "probit": 0.0, "cloglog": math.log(math.log(2.0))}
"""Where each of them is 1/2."""


@dataclass(frozen=True)
class ResponseCurve:
    """p(x) = ceiling F(F^-1(1/2) + slope ln(x / a50) + s), s normal with the standard deviation ``between``.

    :param a50: positive, in the unit of the stimulus: half of the ceiling is reached there where s is 0.
    :param slope: not 0, per unit of ln x.
    :param ceiling: in (0, 1].
    """

    a50: float
    slope: float
    ceiling: float = 1.0
    link: Link = "logit"
    between: float = 0.0

    def probability(self, x: float, effect: float = 0.0) -> float:
        """Of a right answer at the stimulus ``x`` to something whose effect is ``effect``; none at x = 0."""
        if x <= 0.0:
            return self.ceiling if self.slope < 0.0 else 0.0
        return self._at(self.slope * math.log(x / self.a50) + effect)

    def average(self, x: float) -> float:
        """The same, in the mean over the effects of what is shown."""
        return self._average(self.slope * math.log(x / self.a50))

    def stimulus(self, level: float) -> float:
        """The stimulus at which the average is ``level``.

        :raises ValueError: if it is at none: the level is not in (0, ceiling).
        """
        if not 0.0 < level < self.ceiling:
            raise ValueError(f"no stimulus gives {level:g}: the curve is between 0 and {self.ceiling:g}")
        low, high = -_REACH - 10.0 * self.between, _REACH + 10.0 * self.between
        for _ in range(100):
            middle = 0.5 * (low + high)
            low, high = (middle, high) if self._average(middle) < level else (low, middle)
        return self.a50 * math.exp(0.5 * (low + high) / self.slope)

    def _at(self, eta: float) -> float:
        return self.ceiling * INVERSES[self.link](self._middle + eta)

    def _average(self, eta: float) -> float:
        """By the trapezoidal rule, whose error for a smooth function times a normal density is negligible."""
        if self.between == 0.0:
            return self._at(eta)
        parts = zip(_NODES, _WEIGHTS, strict=True)
        return math.fsum(w * self._at(eta + self.between * node) for node, w in parts) / math.fsum(_WEIGHTS)

    @cached_property
    def _middle(self) -> float:
        return MIDDLES[self.link]
