"""What trials that count right answers hand to a comparison of benches: shares by condition, levels of a curve."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Any

from hil.comparing.results import Compared, dof_of

COUNTS = "finite number of trials"
BESIDE = "departure of the condition from its nominal value"


def share(
    right: int, shown: int, *, slope: float | None = None, effects: Mapping[str, float] | None = None, away: float = 0.0
) -> Compared:
    """The share of right answers at one condition, as its difference from another one is compared.

    Value and standard uncertainty are mean and standard deviation of the posterior of a uniform prior, the beta
    distribution of ``right + 1`` and ``shown - right + 1``: 5 of 5 are 0.857 with u = 0.12, and never 1 with u = 0. A
    difference of two such shares ± 2 u covers by and large (A. Agresti and B. Caffo, The American Statistician 54
    (2000) 280), which Jeffreys' prior does less well for few trials. That holds for trials of one probability; where
    each of several signs is shown equally often and some are harder than others, u is too large, never too small.

    A condition that is not what it is called moves the share by the slope of the curve.

    :param slope: of the curve of detection, against the natural logarithm of the stimulus; ``None`` where there is no
        curve: then the stimulus is taken as exactly known.
    :param effects: of the stimulus, relative standard uncertainties by name, signed.
    :param away: natural logarithm of the measured stimulus over its nominal value; not corrected for, but taken as a
        standard uncertainty.
    """
    value = (right + 1.0) / (shown + 2.0)
    parts = {COUNTS: math.sqrt(value * (1.0 - value) / (shown + 3.0))}
    if slope is not None:
        stimulus = {**(effects or {}), BESIDE: abs(away)}
        parts |= {name: slope * u for name, u in stimulus.items() if u}
    return Compared(value, math.hypot(*parts.values()), "1", parts, most=1.0)


def level(value: float, unit: str, budget: Iterable[Mapping[str, Any]], *, among: int, confidence: float) -> Compared:
    """The stimulus at which a curve of detection has a level.

    The ``u`` of its report is widened for few signs, so that twice it covers. Here it is not, and has its degrees of
    freedom instead, those between signs. A level in dB has no size: 0 dB is a ratio of 1.

    :param budget: ``name`` and ``u`` of each line, signed.
    :param among: how many signs there are, 2 or more.
    :param confidence: of each of its one-sided bounds.
    """
    from scipy.special import ndtri

    from hil_calibration.detection_curve import OBSERVATIONS, threshold

    narrower = float(ndtri(confidence)) / math.sqrt(threshold(confidence, among))
    parts = {line["name"]: line["u"] * (narrower if line["name"] == OBSERVATIONS else 1.0) for line in budget}
    dof = dof_of({name: {"u": u, **({"dof": among - 1} if name == OBSERVATIONS else {})} for name, u in parts.items()})
    return Compared(value, math.hypot(*parts.values()), unit, parts, dof, of_size=unit != "dB")
