"""Conformity with a tolerance: probability, decision rules and their risks (JCGM 106, ILAC G8).

The measurand is taken as normally distributed about the measured value with standard deviation ``u``, without
other prior knowledge: risks are *specific*, of this item, not of a population.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from .errors import CalibrationError, UnknownUncertainty

Rule = Literal["simple", "guarded-acceptance", "guarded-rejection"]
Verdict = Literal["pass", "fail", "inconclusive"]
Limits = tuple[float | None, float | None]

_COVERAGE_FACTOR = 2.0

_DEFINITIONS = {
    "probability of conformity": "probability that the measurand lies within the tolerance, given the measured "
    "value; normal distribution (JCGM 106, 7.2)",
    "consumer_risk": "specific consumer's risk: probability that this accepted item does not conform; "
    "0 for an item that is not accepted (JCGM 106, 9.3.2)",
    "producer_risk": "specific producer's risk: probability that this rejected item conforms; "
    "0 for an item that is not rejected (JCGM 106, 9.3.2)",
    "U": "expanded uncertainty with coverage factor k = 2",
}

_RULES = {
    "simple": "simple acceptance: pass if the measured value lies within the tolerance limits, else fail; "
    "w = 0 (JCGM 106, 8.2)",
    "guarded-acceptance": "guarded acceptance: pass if the measured value lies within the tolerance limits "
    "moved inwards by the guard band w = U, else fail; inconclusive if no value could pass (JCGM 106, 8.3.2)",
    "guarded-rejection": "guarded rejection: fail if the measured value lies outside the tolerance limits "
    "moved outwards by the guard band w = U, else pass (JCGM 106, 8.3.3)",
}


@dataclass(frozen=True)
class Decision:
    """A verdict on one item, with everything needed to read it.

    :param acceptance_limits: lower and upper, ``None`` where there is none.
    :param probability: of conformity.
    :param definitions: what each word and figure here means, rule first, to be printed with it.
    """

    verdict: Verdict
    reason: str
    acceptance_limits: Limits
    probability: float
    consumer_risk: float
    producer_risk: float
    definitions: dict[str, str]


def probability(y: float, u: float, lower: float | None = None, upper: float | None = None) -> float:
    """Probability of conformity (JCGM 106, 7.2 to 7.4).

    :param y: measured value.
    :param u: its standard uncertainty, >= 0; with 0 the result is 0 or 1, limits included.
    :param lower: lower tolerance limit, in the unit of ``y``.
    :param upper: upper tolerance limit; one of the two at least.
    :raises UnknownUncertainty: ``u`` is not a finite number >= 0.
    :raises CalibrationError: no limit, limits not in order, or ``y`` not finite.
    """
    low, high = _tolerance(y, u, lower, upper)
    if u == 0:
        return float(low <= y <= high)
    above, below = (low - y) / u, (high - y) / u
    # Where both limits lie on one side, the tails of that side keep the digits.
    return _phi(below) - _phi(above) if above + below <= 0 else _phi(-above) - _phi(-below)


def decide(y: float, u: float, *, lower: float | None = None, upper: float | None = None, rule: Rule) -> Decision:
    """Decide on conformity by a named rule; see :func:`probability` for the parameters and errors.

    :param rule: ``simple`` (w = 0), ``guarded-acceptance`` or ``guarded-rejection`` (w = U, k = 2).
    """
    if rule not in _RULES:
        raise CalibrationError(f"unknown decision rule {rule!r}", remedy=f"give one of {', '.join(_RULES)}")
    conforms = probability(y, u, lower, upper)
    guard = {"simple": 0.0, "guarded-acceptance": 1.0, "guarded-rejection": -1.0}[rule] * _COVERAGE_FACTOR * u
    limits = (None if lower is None else lower + guard, None if upper is None else upper - guard)
    low, high = _bounds(*limits)
    verdict: Verdict = "pass" if low <= y <= high else "fail"
    if low > high:
        verdict = "inconclusive"
    return Decision(
        verdict=verdict,
        reason=_reason(verdict, y, u, limits),
        acceptance_limits=limits,
        probability=conforms,
        consumer_risk=1.0 - conforms if verdict == "pass" else 0.0,
        producer_risk=conforms if verdict == "fail" else 0.0,
        definitions={"rule": _RULES[rule], **_DEFINITIONS},
    )


def _tolerance(y: float, u: float, lower: float | None, upper: float | None) -> tuple[float, float]:
    if not 0 <= u < math.inf:
        raise UnknownUncertainty(f"standard uncertainty {u}", remedy="unknown is not zero: state it")
    if lower is None and upper is None:
        raise CalibrationError("no tolerance limit", remedy="give lower, upper or both")
    low, high = _bounds(lower, upper)
    if not (math.isfinite(y) and low <= high):
        raise CalibrationError(f"value {y} with tolerance from {low} to {high}", remedy="check value and limits")
    return low, high


def _bounds(lower: float | None, upper: float | None) -> tuple[float, float]:
    return -math.inf if lower is None else lower, math.inf if upper is None else upper


def _reason(verdict: Verdict, y: float, u: float, limits: Limits) -> str:
    low, high = (f"{limit:.6g}" if limit is not None else None for limit in limits)
    interval = f"from {low} to {high}" if low and high else f"from {low} upwards" if low else f"up to {high}"
    if verdict == "inconclusive":
        return f"U = {_COVERAGE_FACTOR * u:.3g} exceeds half the tolerance: no value could be accepted"
    return f"{y:.6g} lies {'within' if verdict == 'pass' else 'outside'} the acceptance interval {interval}"


def _phi(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))
