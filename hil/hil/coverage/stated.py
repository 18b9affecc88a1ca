"""What a run stated of one measurand and its true value: by a standard uncertainty, or by the ends of an interval."""

from __future__ import annotations

import math
from dataclasses import dataclass
from statistics import NormalDist

from ..errors import UsageError


@dataclass(frozen=True)
class Stated:
    """What a run stated of one measurand, and its true value: all three in ``unit``.

    :param k: the coverage factor of the stated interval value ± k u.
    :param u_true: standard uncertainty of the true value, where it is found by drawing; the same in all runs.
    """

    value: float
    u: float
    true: float
    unit: str
    k: float = 2.0
    u_true: float = 0.0

    def __post_init__(self) -> None:
        if not (self.u > 0.0 and _finite(self.value, self.u, self.true, self.k)):
            told = f"states {self.value:g} with u = {self.u:g}, where the true value is {self.true:g}"
            raise UsageError(told, remedy="state finite numbers, and u > 0")

    @property
    def ratio(self) -> float:
        """The error in units of u: the interval holds the true value if it is not above k, nor below -k."""
        return (self.value - self.true) / self.u

    @property
    def claimed(self) -> float:
        """The share of intervals that shall hold the true value: 95 % for k = 2, and what a smaller k has."""
        return min(0.95, self.at_most)

    @property
    def at_most(self) -> float:
        """The share above which intervals are wider than they need be."""
        return math.erf(self.k / math.sqrt(2.0))


def _finite(*numbers: float) -> bool:
    return all(map(math.isfinite, numbers))


@dataclass(frozen=True)
class StatedInterval:
    """The same of an interval that is stated by its ends, ``low`` and ``high``, for a share of ``coverage``.

    It need not lie evenly about ``value``. Its k is the normal one of the coverage; what is one u on either side of the
    value is the way to that end over k.
    """

    value: float
    low: float
    high: float
    true: float
    unit: str
    coverage: float = 0.95
    u_true: float = 0.0

    def __post_init__(self) -> None:
        if not (self.low < self.high and _finite(self.value, self.low, self.high, self.true)):
            told = f"states {self.value:g} and an interval from {self.low:g} to {self.high:g}"
            raise UsageError(told, remedy="state finite numbers, lower < upper")

    @property
    def k(self) -> float:
        return NormalDist().inv_cdf(0.5 + self.coverage / 2.0)

    @property
    def u(self) -> float:
        """That of both sides together."""
        return (self.high - self.low) / (2.0 * self.k)

    @property
    def ratio(self) -> float:
        """As that of `Stated`; beyond an end, in units of half the interval's width, for a value may lie on one."""
        value = min(max(self.value, self.low), self.high)
        if not self.low <= self.true <= self.high:
            beyond = max(self.low - self.true, self.true - self.high) / (self.high - self.low)
            return math.copysign(self.k * (1.0 + 2.0 * beyond), self.low - self.true)
        side = value - self.low if self.true < value else self.high - value
        return self.k * ((value - self.true) / side) if self.true != value else 0.0

    @property
    def claimed(self) -> float:
        return self.coverage

    @property
    def at_most(self) -> float:
        return self.coverage
