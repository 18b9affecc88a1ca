"""Adaptive designs that end as soon as enough is known of a success probability."""

from __future__ import annotations

import random
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, Protocol

from ..errors import ProcedureFault
from .design import SutFaults
from .plan import Observed

if TYPE_CHECKING:
    from hil_calibration.systems.sequential import Operation, TruncatedSprt


class Stop(Protocol):
    """When there are enough trials."""

    def met(self, successes: int, n: int) -> bool:
        """Whether to stop after ``n`` trials."""


@dataclass(frozen=True)
class Trials:
    """Conditions drawn at random, each independently of the others, until ``until`` is met.

    What is estimated is the mean success probability over ``conditions``. They are drawn with replacement, so that
    every trial succeeds with that same probability given those before: what the interval and the test rest upon.

    :param success: the name under which the script observes whether a trial succeeded, true or false.
    :param sut_faults: how an observation counts whose ``fault`` is not empty.
    """

    conditions: Sequence[Mapping[str, Any]]
    until: Stop
    success: str = "hit"
    sut_faults: SutFaults = "failure"

    def __post_init__(self) -> None:
        if not self.conditions:
            raise ProcedureFault("there is no condition", where="Trials", remedy="give one at least")

    def next(self, observed: Sequence[Observed], seed: int, /) -> Mapping[str, Any] | None:
        if self.until.met(*counted(observed, self.success, self.sut_faults)):
            return None
        return self.draw(len(observed), seed)

    def draw(self, number: int, seed: int, /) -> Mapping[str, Any]:
        """The condition of the trial that follows on ``number`` others, whatever those observed."""
        return random.Random(f"draw/{seed}/{number}").choice(self.conditions)


@dataclass(frozen=True)
class UntilNarrow:
    """Stops once the confidence interval of the success probability is at most ``width`` wide.

    The interval is `hil_calibration.systems.anytime.confidence_sequence`, which is valid although one looks at it after
    every trial and stops because of it; Clopper-Pearson's would not be.

    :param width: of the whole interval, in (0, 1).
    :param confidence: in (0, 1).
    """

    width: float
    confidence: float = 0.95

    def __post_init__(self) -> None:
        for name in ("width", "confidence"):
            _within(name, getattr(self, name))

    def met(self, successes: int, n: int) -> bool:
        low, high = self.interval(successes, n)
        return high - low <= self.width

    def interval(self, successes: int, n: int) -> tuple[float, float]:
        """The interval of the success probability after ``n`` trials."""
        from hil_calibration.systems.anytime import confidence_sequence

        return confidence_sequence(successes, n, self.confidence)


@dataclass(frozen=True)
class UntilDecided:
    """Stops once Wald's sequential test has decided, or after ``most`` trials, which decide then.

    :param p1: failure probability that shall be accepted, p1 < p2.
    :param p2: failure probability that shall be rejected.
    :param alpha: risk of rejecting p1 at most, the cut-off counted in; ``beta`` that of accepting p2. They hold exactly
        (`hil_calibration.systems.sequential.holding`), and `operation` tells what is left of them.
    :param most: trials at which the test is cut off: enough for the risks to hold.
    :param confidence: of the interval of the success probability, which is valid at whatever trial the test ends.
    :raises CalibrationError: for numbers outside their range.
    """

    p1: float
    p2: float
    alpha: float
    beta: float
    most: int
    confidence: float = 0.95

    def __post_init__(self) -> None:
        _within("confidence", self.confidence)
        _ = self.test

    @cached_property
    def test(self) -> TruncatedSprt:
        """The test: its lines, and with how many failures its last trial accepts."""
        from hil_calibration.systems.sequential import holding

        return holding(self.p1, self.p2, self.alpha, self.beta, self.most)

    def met(self, successes: int, n: int) -> bool:
        return self.verdict(successes, n) != "continue"

    def verdict(self, successes: int, n: int) -> str:
        """``"accept"``, ``"reject"`` or ``"continue"`` after ``n`` trials, ``most`` at the utmost."""
        return self.test.decide(n - successes, n)

    def interval(self, successes: int, n: int) -> tuple[float, float]:
        """The interval of the success probability after ``n`` trials."""
        return UntilNarrow(0.5, self.confidence).interval(successes, n)

    def operation(self, p: float) -> Operation:
        """What the test does at the failure probability ``p``: exact risks and numbers of trials."""
        return self.test.operation(p)


def counted(observed: Sequence[Observed], success: str, sut_faults: SutFaults) -> tuple[int, int]:
    """Successes and trials among what was observed; a fault of the system under test is a failure or is left out.

    :raises ProcedureFault: if an observation does not say whether it was a success.
    """
    successes = n = 0
    for seen in observed:
        fault = bool(seen.data.get("fault"))
        if fault and sut_faults == "left-out":
            continue
        if success not in seen.data:
            raise ProcedureFault(
                f"observed {sorted(seen.data)}, and no {success!r}",
                where=f"point {seen.index + 1}",
                remedy=f"call point.observe({success}=…), or name what says whether a trial succeeded",
            )
        n += 1
        successes += bool(seen.data[success]) and not fault
    return successes, n


def _within(name: str, value: float) -> None:
    if not 0.0 < value < 1.0:
        raise ProcedureFault(f"{name} = {value} is not between 0 and 1", where="stopping rule", remedy="correct it")
