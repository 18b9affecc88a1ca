"""What many runs tell about stated intervals and verdicts, as far as their number allows."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from ..results import Verdict
from .truth import Answer, Stated

CONFIDENCE = 0.95
"""Of each interval shown; of all decisions about one procedure together (Bonferroni)."""

FEWEST = 2


@dataclass(frozen=True)
class Coverage:
    """What the runs tell of one measurand.

    ``inside`` of ``runs`` stated intervals hold the true value; ``share`` has the exact ``interval`` (Clopper-Pearson).
    ``mean_error`` has the standard uncertainty ``u_mean_error`` from the scatter of errors; ``spread`` is the root mean
    square of error/u, near 1 where u is right.
    """

    measurand: str
    unit: str
    runs: int
    inside: int
    claimed: float
    share: float
    interval: tuple[float, float]
    mean_error: float
    u_mean_error: float
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
    """How often an item that does not conform was passed: ``passed`` of ``nonconforming``, with its exact interval."""

    nonconforming: int
    passed: int
    interval: tuple[float, float]


def judge(answers: Sequence[Answer]) -> list[Coverage]:
    """Each measurand that every run stated, in the order of the first run."""
    names = list(answers[0].measurands) if answers else []
    return [_judged(name, [answer.measurands[name] for answer in answers], len(names)) for name in names]


def consumer_risk(answers: Sequence[Answer], outcomes: Sequence[str | None]) -> Risk | None:
    """The risk of the verdicts; ``None`` where none was given or every item conforms."""
    from hil_calibration.performance import proportion_interval

    bad = [outcome for answer, outcome in zip(answers, outcomes, strict=True) if answer.conforms is False and outcome]
    if not bad:
        return None
    passed = bad.count("PASS")
    return Risk(len(bad), passed, proportion_interval(passed, len(bad)))


def verdict(found: Sequence[Coverage], failed: Mapping[int, str]) -> Verdict:
    """FAIL where an interval under-covers beyond what the runs allow; undecided where runs did not end."""
    under = [one.measurand for one in found if one.under_covers]
    requirement = "no stated interval holds the true value less often than it claims"
    rule = (
        f"one-sided exact binomial tests, {100 * (1 - CONFIDENCE):g} % for all measurands together (Bonferroni); not "
        "rejected does not mean proved"
    )
    if under:
        return Verdict("FAIL", requirement, rule, f"these under-cover: {', '.join(under)}")
    if failed or not found:
        return Verdict("INCONCLUSIVE", requirement, rule, f"{len(failed)} runs did not end with a result")
    return Verdict(
        "PASS", requirement, rule, f"none of {len(found)} under-covers beyond what {found[0].runs} runs allow"
    )


def _judged(name: str, stated: Sequence[Stated], measurands: int) -> Coverage:
    from scipy.special import ndtr, stdtrit

    from hil_calibration.performance import proportion_interval

    n, share_of_risk = len(stated), (1.0 - CONFIDENCE) / measurands
    errors = np.array([one.value - one.true for one in stated])
    ratios = errors / np.array([one.u for one in stated])
    inside = int(np.sum(np.abs(ratios) <= np.array([one.k for one in stated])))
    normal = float(2.0 * ndtr(max(one.k for one in stated)) - 1.0)
    claimed = min(CONFIDENCE, float(2.0 * ndtr(min(one.k for one in stated)) - 1.0))
    most = proportion_interval(inside, n, 1.0 - share_of_risk, side="upper")[1]
    least = proportion_interval(inside, n, 1.0 - share_of_risk, side="lower")[0]
    mean, u_mean = float(errors.mean()), float(errors.std(ddof=1)) / math.sqrt(n) if n >= FEWEST else math.nan
    bound = float(stdtrit(n - 1, 1.0 - share_of_risk / 2.0)) if n >= FEWEST else math.inf
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
        conservative=least > max(claimed, normal),
        biased=abs(mean) > bound * u_mean,
        ratios=tuple(ratios.tolist()),
    )
