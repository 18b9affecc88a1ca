"""What many runs tell about stated intervals and verdicts, as far as their number allows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any, Literal

import numpy as np

from ..results import Verdict
from .stated import Stated, StatedInterval
from .truth import Answer

CONFIDENCE = 0.95
"""Of each interval shown; of all decisions about one procedure together (Bonferroni)."""

FEWEST = 2


@dataclass(frozen=True)
class Coverage:
    """What the runs tell of one measurand: the ``runs`` that state it.

    ``inside`` of them state intervals that hold the true value; ``share`` has the exact ``interval`` (Clopper-Pearson).
    ``mean_error`` has the standard uncertainty ``u_mean_error`` from the scatter of errors and that of the true value,
    ``None`` from one run; ``spread`` is the root mean square of error/u, near 1 where u is right.
    """

    measurand: str
    unit: str
    runs: int
    inside: int
    claimed: float
    share: float
    interval: tuple[float, float]
    mean_error: float
    u_mean_error: float | None
    spread: float
    under_covers: bool
    conservative: bool
    biased: bool
    ratios: tuple[float, ...]

    @property
    def finding(self) -> str:
        """In a few words."""
        told = ["under-covers"] if self.under_covers else ["conservative"] if self.conservative else []
        return ", ".join([*told, *(["biased"] if self.biased else [])]) or "as stated"

    def to_json(self) -> dict[str, Any]:
        return asdict(self) | {"finding": self.finding}


@dataclass(frozen=True)
class Risk:
    """How often a verdict was the wrong one: ``wrong`` of ``items``, with the exact interval of that share.

    :param of: ``PASS`` where the items do not conform, ``FAIL`` where they are acceptable.
    :param stated: the largest risk that the procedure states; ``exceeded`` if it is larger beyond what the runs allow.
    """

    of: Literal["PASS", "FAIL"]
    items: int
    wrong: int
    interval: tuple[float, float]
    stated: float | None
    exceeded: bool

    @property
    def found(self) -> str:
        """How many of which were given it."""
        told = "that do not conform were passed" if self.of == "PASS" else "that are acceptable were failed"
        return f"{self.wrong} of {self.items} {told}"

    def to_json(self) -> dict[str, Any]:
        items, wrong = ("nonconforming", "passed") if self.of == "PASS" else ("acceptable", "failed")
        shared = {"interval": self.interval, "stated": self.stated, "exceeded": self.exceeded}
        return {items: self.items, wrong: self.wrong, **shared}


def judge(answers: Sequence[Answer]) -> list[Coverage]:
    """Each measurand that a run stated, in the order in which they first occur, by the runs that did."""
    stated: dict[str, list[Stated | StatedInterval]] = {}
    for answer in answers:
        for name, one in answer.measurands.items():
            stated.setdefault(name, []).append(one)
    return [_judged(name, each, len(stated)) for name, each in stated.items()]


def consumer_risk(answers: Sequence[Answer], outcomes: Sequence[str | None]) -> Risk | None:
    """The risk of PASS for items that do not conform; ``None`` where no verdict was given or every item conforms."""
    pairs = zip(answers, outcomes, strict=True)
    return _risk("PASS", [(one.risk, outcome) for one, outcome in pairs if one.conforms is False and outcome])


def producer_risk(answers: Sequence[Answer], outcomes: Sequence[str | None]) -> Risk | None:
    """The risk of FAIL for acceptable items; ``None`` where none is stated, no verdict was given or no item is one."""
    pairs = [pair for pair in zip(answers, outcomes, strict=True) if pair[0].producer_risk is not None]
    return _risk("FAIL", [(one.producer_risk, outcome) for one, outcome in pairs if one.acceptable and outcome])


def _risk(of: Literal["PASS", "FAIL"], judged: Sequence[tuple[float | None, str]]) -> Risk | None:
    """By the stated risk and the outcome of each item that must not be given ``of``."""
    from hil_calibration.performance import proportion_interval

    if not judged:
        return None
    n, wrong = len(judged), sum(outcome == of for _, outcome in judged)
    stated = max((risk for risk, _ in judged if risk is not None), default=None)
    least = proportion_interval(wrong, n, CONFIDENCE, side="lower")[0]
    exceeded = stated is not None and least > stated
    return Risk(of, n, wrong, proportion_interval(wrong, n, CONFIDENCE), stated, exceeded)


def verdict(found: Sequence[Coverage], risks: Sequence[Risk], failed: Mapping[int, str]) -> Verdict:
    """FAIL where an interval under-covers or a risk is larger than stated beyond what the runs allow; undecided where
    runs did not end.
    """
    wrong = [f"{one.measurand} under-covers" for one in found if one.under_covers]
    wrong += [risk.found for risk in risks if risk.exceeded]
    known = any(risk.stated is not None for risk in risks)
    requirement = "no stated interval holds the true value less often than it claims, and no risk is larger than stated"
    percent = f"{100 * (1 - CONFIDENCE):g} %"
    rule = (
        f"one-sided exact binomial tests, {percent} for all measurands together (Bonferroni) and {percent} for each "
        "risk; not rejected does not mean proved"
    )
    if wrong:
        return Verdict("FAIL", requirement, rule, "; ".join(wrong))
    if failed or not (found or known):
        why = f"{len(failed)} runs did not end with a result" if failed else "these runs try nothing that is stated"
        return Verdict("INCONCLUSIVE", requirement, rule, why)
    runs = max((one.runs for one in found), default=0)
    told = [f"none of {len(found)} under-covers beyond what {runs} runs allow"] if found else []
    told += [f"{one.measurand} is stated by {one.runs} runs alone" for one in found if one.runs < runs]
    if known:
        told.append("no risk is larger than stated beyond what the runs allow")
    return Verdict("PASS", requirement, rule, "; ".join(told))


def _judged(name: str, stated: Sequence[Stated | StatedInterval], measurands: int) -> Coverage:
    from scipy.special import stdtrit

    from hil_calibration.performance import proportion_interval

    n, share_of_risk = len(stated), (1.0 - CONFIDENCE) / measurands
    errors = np.array([one.value - one.true for one in stated])
    ratios = np.array([one.ratio for one in stated])
    inside = int(np.sum(np.abs(ratios) <= np.array([one.k for one in stated])))
    claimed, at_most = min(one.claimed for one in stated), max(one.at_most for one in stated)
    most = proportion_interval(inside, n, 1.0 - share_of_risk, side="upper")[1]
    least = proportion_interval(inside, n, 1.0 - share_of_risk, side="lower")[0]
    mean, u_mean, bound = float(errors.mean()), None, math.inf
    if n >= FEWEST:
        u_mean = math.hypot(float(errors.std(ddof=1)) / math.sqrt(n), max(one.u_true for one in stated))
        bound = float(stdtrit(n - 1, 1.0 - share_of_risk / 2.0))
    return Coverage(
        measurand=name,
        unit=stated[0].unit,
        runs=n,
        inside=inside,
        claimed=claimed,
        share=inside / n,
        interval=proportion_interval(inside, n, CONFIDENCE),
        mean_error=mean,
        u_mean_error=u_mean,
        spread=float(np.sqrt(np.mean(ratios**2))),
        under_covers=most < claimed,
        conservative=least > at_most,
        biased=u_mean is not None and abs(mean) > bound * u_mean,
        ratios=tuple(ratios.tolist()),
    )
