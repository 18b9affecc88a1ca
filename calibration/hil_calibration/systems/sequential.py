"""A sequential test that is cut off: its operating curve and the number of trials it takes, computed exactly."""

from __future__ import annotations

import math
from collections.abc import Iterator, Sequence
from dataclasses import dataclass

import numpy as np

from ..checks import Array, count, share
from ..errors import CalibrationError
from ..performance import Sprt

SEARCHED = 20
"""How many times the smallest number of trials that accepts is looked through for a cut-off that holds the risks."""

NEGLIGIBLE = 1e-17
"""A probability of tests that have not ended yet, below which nothing is left to compute."""


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
    """Wald's test (`performance.Sprt`), ended at ``most`` trials: then accepted with ``last`` failures or fewer, else
    rejected. Without ``last`` the line half-way between acceptance and rejection decides.

    Its risks are not those of ``sprt``, which hold nearly, and without an end: `operation` tells them, and `holding`
    finds a test that keeps to its risks.
    """

    sprt: Sprt
    most: int
    last: int | None = None

    def __post_init__(self) -> None:
        if not isinstance(self.sprt, Sprt):
            raise CalibrationError(f"sprt is {self.sprt!r}", remedy="give a performance.Sprt")
        if count("most", self.most, least=1) < self.sprt.smallest_acceptance:
            raise CalibrationError(
                f"an end at {self.most} trials",
                remedy=f"give most={self.sprt.smallest_acceptance} or more: no earlier acceptance",
            )
        if self.last is not None:
            count("last", self.last, most=self.most)

    @property
    def accepted_at_the_end(self) -> int:
        """The most failures with which the last trial accepts."""
        return math.floor(_halfway(self.sprt, self.most)) if self.last is None else self.last

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
        return "accept" if failures <= self.accepted_at_the_end else "reject"

    def operation(self, p: float) -> Operation:
        """Exact operating characteristics at the failure probability ``p``, 0 to 1."""
        share("p", p)
        ended = np.zeros(self.most + 1)
        accept = reject = 0.0
        for step in _steps(self.sprt, (p,), self.most):
            ended[step.n] = step.accept[0] + step.reject[0] - accept - reject
            accept, reject = float(step.accept[0]), float(step.reject[0])
        left = step.undecided[0]
        good = max(0, self.accepted_at_the_end + 1 - step.first)
        ended[step.n] += float(left.sum())
        quantile = int(np.searchsorted(np.cumsum(ended), 0.9 - 1e-12))
        expected = float(ended @ np.arange(self.most + 1))
        return Operation(p, accept + float(left[:good].sum()), reject + float(left[good:].sum()), expected, quantile)


def holding(p1: float, p2: float, alpha: float, beta: float, most: int) -> TruncatedSprt:
    """The test that ends at ``most`` trials, with risks of at most ``alpha`` and ``beta`` exactly.

    The lines are Wald's. At the end it accepts with the number of failures nearest to half-way of which both risks are
    held. Where no number is such a one, the lines are those of which Ville's inequality says that their risks hold
    without an end, log(1/alpha) and log(1/beta) in place of log((1 - beta)/alpha) and log((1 - alpha)/beta).

    :param alpha: risk of rejecting the failure probability ``p1``; ``beta`` of accepting ``p2``.
    :raises CalibrationError: for numbers outside their range, and where the end comes too early to hold the risks: the
        remedy names the next one that does.
    """
    wald, risks = Sprt(p1, p2, alpha, beta), np.array((alpha, beta))
    count("most", most, least=1)
    both = 1.0 - alpha * beta
    lines = (wald, Sprt(p1, p2, alpha * (1.0 - beta) / both, beta * (1.0 - alpha) / both))
    for sprt in lines:
        if most < sprt.smallest_acceptance:
            continue
        *_, step = _steps(sprt, (p1, p2), most)
        held = _held(sprt, step, risks)
        if held is not None:
            return TruncatedSprt(sprt, most, held if step.n == most else None)
    enough = min(_next(sprt, risks, most) for sprt in lines)
    raise CalibrationError(
        f"an end at {most} trials, with which the risks {alpha:g} and {beta:g} do not hold",
        remedy=f"give most={enough}, or state larger risks",
    )


def _next(sprt: Sprt, risks: Array, most: int) -> int:
    """The first number of trials above ``most`` at which an end holds the risks."""
    least = max(most + 1, sprt.smallest_acceptance)
    steps = _steps(sprt, (sprt.p1, sprt.p2), SEARCHED * least)
    found = (step.n for step in steps if step.n >= least and _held(sprt, step, risks) is not None)
    return next(found, SEARCHED * least)


@dataclass(frozen=True)
class _Step:
    """After ``n`` trials, by failure probability: how likely it was accepted and rejected so far, and ``undecided``
    with the number of failures, from ``first``."""

    n: int
    accept: Array
    reject: Array
    first: int
    undecided: Array


def _steps(sprt: Sprt, p: Sequence[float], most: int) -> Iterator[_Step]:
    """Trial after trial until ``most``, or until hardly a test is left undecided.

    :param p: failure probabilities.
    """
    slope, below, above = sprt.slope, sprt.accept_intercept, sprt.reject_intercept
    fails = np.array(p)[:, np.newaxis]
    state, none = np.ones((len(p), 1)), np.zeros((len(p), 1))
    accept, reject, first = np.zeros(len(p)), np.zeros(len(p)), 0
    for n in range(1, most + 1):
        state = np.hstack((state * (1.0 - fails), none)) + np.hstack((none, state * fails))
        failures = first + np.arange(state.shape[1])
        good = failures <= slope * n - below
        bad = (failures >= slope * n + above) & ~good
        accept, reject = accept + state[:, good].sum(axis=1), reject + state[:, bad].sum(axis=1)
        kept = ~(good | bad)
        state, first = state[:, kept], first + int(good.sum())
        yield _Step(n, accept, reject, first, state)
        if state.sum() < NEGLIGIBLE:
            return


def _held(sprt: Sprt, step: _Step, risks: Array) -> int | None:
    """The number of failures nearest to half-way that still accepts at an end here so that both risks hold, if any.

    :param step: at the probabilities p1 and p2 of ``sprt``.
    """
    tail = np.cumsum(step.undecided[0, ::-1])[::-1]
    rejected = step.reject[0] + np.append(tail, 0.0)
    accepted = step.accept[1] + np.append(0.0, np.cumsum(step.undecided[1]))
    lasts = step.first - 1 + np.nonzero((rejected <= risks[0]) & (accepted <= risks[1]))[0]
    if not len(lasts):
        return None
    return int(lasts[np.abs(lasts - math.floor(_halfway(sprt, step.n))).argmin()])


def _halfway(sprt: Sprt, n: int) -> float:
    """Failures half-way between acceptance and rejection after ``n`` trials."""
    return sprt.slope * n + (sprt.reject_intercept - sprt.accept_intercept) / 2
