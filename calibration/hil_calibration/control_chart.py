"""Control charts of check standards: whether an instrument still gives what it gave (ISO/IEC 17025, 6.4.10).

The centre line and the standard deviation come from a baseline of checks, never from the value judged. Rules are those
of Nelson that need no more than eight points; each has its words.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass

from .errors import CalibrationError

RULES = {
    "beyond 3 s": "one value lies more than 3 s from the centre",
    "two of three beyond 2 s": "two of three values in a row lie more than 2 s from the centre, on one side",
    "four of five beyond 1 s": "four of five values in a row lie more than 1 s from the centre, on one side",
    "eight on one side": "eight values in a row lie on one side of the centre",
}
FEWEST = 8
"""Checks that a baseline needs."""


@dataclass(frozen=True)
class Chart:
    """A baseline: its centre and the standard deviation of one check."""

    centre: float
    s: float
    checks: int

    @property
    def warning_limits(self) -> tuple[float, float]:
        return self.centre - 2 * self.s, self.centre + 2 * self.s

    @property
    def action_limits(self) -> tuple[float, float]:
        return self.centre - 3 * self.s, self.centre + 3 * self.s

    def broken(self, values: Sequence[float]) -> tuple[str, ...]:
        """The rules that the latest of ``values`` (in order of time, newest last) breaks.

        :raises CalibrationError: no value, or one that is not finite.
        """
        if not values or not all(map(math.isfinite, values)):
            raise CalibrationError("no value to judge, or one that is not finite", remedy="repeat the check")
        z = [(value - self.centre) / self.s for value in values]
        found = []
        if abs(z[-1]) > 3:
            found.append("beyond 3 s")
        for name, size, enough, limit in (
            ("two of three beyond 2 s", 3, 2, 2.0),
            ("four of five beyond 1 s", 5, 4, 1.0),
            ("eight on one side", 8, 8, 0.0),
        ):
            if len(z) >= size and _together(z[-size:], enough, limit):
                found.append(name)
        return tuple(found)


def chart(baseline: Sequence[float], *, s_least: float = 0.0) -> Chart:
    """A chart from the checks of a baseline.

    :param s_least: standard deviation below which the chart does not go: that of the resolution, say.
    :raises CalibrationError: fewer than eight checks, one that is not finite, none that differ and no ``s_least``, or
        one that is negative or not finite.
    """
    if len(baseline) < FEWEST or not all(map(math.isfinite, baseline)):
        raise CalibrationError(f"a baseline of {len(baseline)} checks", remedy=f"give {FEWEST} or more finite values")
    if not 0 <= s_least < math.inf:
        raise CalibrationError(f"s_least = {s_least}", remedy="give a finite number of 0 or more")
    try:
        mean = math.fsum(baseline) / len(baseline)
        s = math.sqrt(math.fsum((value - mean) ** 2 for value in baseline) / (len(baseline) - 1))
    except OverflowError:
        raise CalibrationError("a baseline of numbers too large to compute with", remedy="take a larger unit") from None
    spread = max(s, s_least)
    if not spread > 0:
        raise CalibrationError("a baseline without any spread", remedy="state s_least, such as resolution / sqrt(12)")
    return Chart(mean, spread, len(baseline))


def _together(z: Sequence[float], enough: int, limit: float) -> bool:
    """Whether ``enough`` of these lie beyond ``limit`` on the side of the newest, which is one of them."""
    side = math.copysign(1.0, z[-1])
    beyond = [each * side > limit for each in z]
    return beyond[-1] and sum(beyond) >= enough
