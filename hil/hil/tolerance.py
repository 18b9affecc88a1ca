"""Whether a quantity stayed where it had to: the decision of a validity gate, without input or output."""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass
from functools import lru_cache

from hil_drivers.clock import NANOSECONDS

from .errors import ProcedureFault


@dataclass(frozen=True, slots=True)
class Tolerance:
    """The condition ``lower <= value <= upper``, in the channel's unit.

    :param filter: seconds over which readings are averaged before they are judged; 0 judges each by itself.
    :param hold_off: seconds for which the filtered value may be outside before the condition has failed.
    :param confidence: ``None`` judges the value alone (simple acceptance). A probability in (0.5, 1) judges with
        uncertainty: the value must lie inside by ``k u``, with ``k`` the one-sided quantile of the normal distribution.
    :raises ProcedureFault: for limits that are upside down, or a number out of its range.
    """

    lower: float
    upper: float
    filter: float = 0.0
    hold_off: float = 0.0
    confidence: float | None = None

    def __post_init__(self) -> None:
        if not self.lower <= self.upper:
            raise ProcedureFault(f"the limits {self.lower:g} and {self.upper:g} are upside down", where="gate")
        for name, seconds in (("filter", self.filter), ("hold_off", self.hold_off)):
            if not 0.0 <= seconds < math.inf:
                raise ProcedureFault(f"{name} is {seconds:g} s", where="gate", remedy="give 0 or more seconds")
        if self.confidence is not None and not 0.5 < self.confidence < 1.0:
            raise ProcedureFault(
                f"confidence is {self.confidence:g}", where="gate", remedy="give a probability above 0.5 and below 1"
            )

    def guard(self, u: float | None) -> float:
        """By how much a value must lie inside the limits.

        :raises ProcedureFault: if it is to be judged with an uncertainty that is unknown.
        """
        if self.confidence is None:
            return 0.0
        if u is None:
            raise ProcedureFault(
                "its uncertainty is unknown, so it cannot be judged with uncertainty",
                where="gate",
                remedy="calibrate the channel, or leave out confidence",
            )
        return _quantile(self.confidence) * u

    @property
    def text(self) -> str:
        """The limits in words, without the unit."""
        if math.isinf(self.lower):
            return f"at most {self.upper:.6g}"
        if math.isinf(self.upper):
            return f"at least {self.lower:.6g}"
        return f"{self.lower:.6g} to {self.upper:.6g}"


@lru_cache(maxsize=32)
def _quantile(confidence: float) -> float:
    from statistics import NormalDist

    return NormalDist().inv_cdf(confidence)


class Judge:
    """Follows one quantity through one window.

    ``reason`` is empty while the condition holds, then says what broke it.
    """

    def __init__(self, tolerance: Tolerance) -> None:
        self._tolerance = tolerance
        self._recent: deque[tuple[int, float]] = deque()
        self._outside_since: int | None = None
        self.outside = False

    def judge(self, t: int, value: float, u: float | None) -> float | None:
        """Take a reading at ``t`` nanoseconds; the filtered value if the condition has failed with it, else ``None``.

        :raises ProcedureFault: if the tolerance needs an uncertainty that is unknown.
        """
        self._recent.append((t, value))
        while t - self._recent[0][0] > self._tolerance.filter * NANOSECONDS:
            self._recent.popleft()
        filtered = sum(value for _, value in self._recent) / len(self._recent)
        guard = self._tolerance.guard(u)
        self.outside = not self._tolerance.lower + guard <= filtered <= self._tolerance.upper - guard
        if not self.outside:
            self._outside_since = None
            return None
        if self._outside_since is None:
            self._outside_since = t
        return filtered if t - self._outside_since >= self._tolerance.hold_off * NANOSECONDS else None
