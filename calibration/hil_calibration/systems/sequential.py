"""A sequential test that is cut off: its operating curve and the number of trials it takes, computed exactly."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from ..checks import Array, count, share
from ..errors import CalibrationError
from ..performance import Sprt


@dataclass(frozen=True)
class Operation:
    """What a truncated test does at a failure probability ``p``: probabilities of its verdicts, trials it takes."""

    p: float
    accept: float
    reject: float
    expected_trials: float
    trials_quantile_90: int


@dataclass(frozen=True)
class TruncatedSprt:
    """Wald's test (`performance.Sprt`), ended at ``most`` trials: then accepted if the failures lie on or below the
    line half-way between acceptance and rejection, else rejected."""

    sprt: Sprt
    most: int

    def __post_init__(self) -> None:
        if not isinstance(self.sprt, Sprt):
            raise CalibrationError(f"sprt is {self.sprt!r}", remedy="give a performance.Sprt")
        if count("most", self.most, least=1) < self.sprt.smallest_acceptance:
            raise CalibrationError(
                f"an end at {self.most} trials",
                remedy=f"give {self.sprt.smallest_acceptance} or more: no earlier acceptance",
            )

    def decide(self, failures: int, n: int) -> str:
        """``"accept"``, ``"reject"`` or ``"continue"`` after ``n`` trials.

        :raises CalibrationError: more failures than trials, or more trials than the plan has.
        """
        if not 0 <= count("failures", failures) <= count("n", n) <= self.most:
            raise CalibrationError(
                f"{failures} failures in {n} trials of a plan for {self.most}", remedy="stop where the plan says"
            )
        verdict = self.sprt.decide(failures, n)
        if verdict != "continue" or n < self.most:
            return verdict
        middle = self.sprt.slope * n + (self.sprt.reject_intercept - self.sprt.accept_intercept) / 2
        return "accept" if failures <= middle else "reject"

    def operation(self, p: float) -> Operation:
        """Exact operating characteristics at the failure probability ``p``, 0 to 1."""
        share("p", p)
        state: Array = np.ones(1)
        accept = reject = expected = 0.0
        ended = np.zeros(self.most + 1)
        for n in range(1, self.most + 1):
            moved = np.zeros(len(state) + 1)
            moved[:-1] += state * (1 - p)
            moved[1:] += state * p
            for failures in np.nonzero(moved)[0].tolist():
                verdict = self.decide(failures, n)
                if verdict == "continue":
                    continue
                mass = float(moved[failures])
                accept, reject = accept + mass * (verdict == "accept"), reject + mass * (verdict == "reject")
                expected += n * mass
                ended[n] += mass
                moved[failures] = 0.0
            state = moved
        quantile = int(np.searchsorted(np.cumsum(ended), 0.9 - 1e-12))
        return Operation(p, accept, reject, expected, quantile)
