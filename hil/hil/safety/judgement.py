"""How probable a condition can be, from measurements with their uncertainties.

A condition of an interlock says what is dangerous. What is computed is an upper bound of the probability that it
holds: an interlock trips where that bound exceeds 1 - confidence, where the measurement cannot be shown to be inside.
Nothing is known of the correlation of the channels, so the bounds are those that hold for any: the standard
uncertainties of a difference add up (GUM 5.2.2, note 1, r = 1), and probabilities follow Fréchet's inequalities,
P(A and B) <= min(P(A), P(B)) and P(A or B) <= P(A) + P(B).
"""

from __future__ import annotations

import math
from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass, field

from .expression import (
    Arithmetic,
    Channel,
    Comparison,
    Condition,
    Every,
    Lost,
    Not,
    Number,
    Quantity,
    Rate,
    Some,
    Stale,
    Tripped,
    compared,
    rates,
)


@dataclass(frozen=True, slots=True)
class Reading:
    """What is known of a channel, or of its slope: ``value`` with ``u`` (0 where it is ignored), or the ``fault``."""

    value: float = math.nan
    u: float = 0.0
    fault: str = ""


@dataclass(frozen=True)
class Look:
    """Everything that conditions are judged by, at one time.

    ``readings`` are by channel, ``rates`` by slope; a channel or slope that is not there has no value yet. ``lost``
    names devices, ``tripped`` interlocks.
    """

    readings: Mapping[str, Reading] = field(default_factory=dict)
    rates: Mapping[Rate, Reading] = field(default_factory=dict)
    lost: Collection[str] = ()
    tripped: Collection[str] = ()

    def fault(self, condition: Condition) -> str:
        """Why ``condition`` cannot be judged, in one sentence; empty where it can be."""
        for name in compared(condition):
            if fault := self.readings.get(name, NOTHING).fault:
                return f"{name} {fault}"
        for rate in rates(condition):
            if fault := self.rates.get(rate, NOTHING).fault:
                return f"the rate of {rate.channel} {fault}"
        return ""


NOTHING = Reading(fault="has no value yet")


@dataclass(frozen=True, slots=True)
class _Linear:
    """A quantity: its value, and its sensitivity to each channel and slope."""

    value: float
    slopes: Mapping[Channel | Rate, float]


def probability(condition: Condition, look: Look, margin: float = 0.0) -> float:
    """An upper bound of the probability that ``condition`` holds, or comes within ``margin`` of it.

    :param margin: by how much each ``>``, ``>=``, ``<``, ``<=`` is widened, in the unit of what it compares.
    :returns: 1 where it cannot be judged.
    """
    if look.fault(condition):
        return 1.0
    return _bound(condition, look, margin, contrary=False)


def _bound(condition: Condition, look: Look, margin: float, *, contrary: bool) -> float:
    match condition:
        case Not(term):
            return _bound(term, look, margin, contrary=not contrary)
        case Every(terms) | Some(terms):
            bounds = [_bound(term, look, margin, contrary=contrary) for term in terms]
            conjunction = isinstance(condition, Every) is not contrary
            return min(bounds) if conjunction else min(1.0, math.fsum(bounds))
        case Stale(channel):
            return float(bool(look.readings.get(channel, NOTHING).fault) is not contrary)
        case Lost(device):
            return float((device in look.lost) is not contrary)
        case Tripped(interlock):
            return float((interlock in look.tripped) is not contrary)
        case Comparison():
            return _compared(condition, look, margin, contrary=contrary)


_CONTRARY = {">": "<=", ">=": "<", "<": ">=", "<=": ">"}


def _compared(comparison: Comparison, look: Look, margin: float, *, contrary: bool) -> float:
    try:
        difference = _linear(Arithmetic("-", comparison.left, comparison.right), look)
    except (ZeroDivisionError, OverflowError):
        return 1.0
    if math.isnan(difference.value):
        return 1.0
    if comparison.relation == "==":
        return float((difference.value == 0.0) is not contrary)
    relation = _CONTRARY[comparison.relation] if contrary else comparison.relation
    above = difference.value if relation in (">", ">=") else -difference.value
    above += margin
    u = sum(abs(slope) * _reading(variable, look).u for variable, slope in difference.slopes.items())
    if math.isnan(u):
        return 1.0
    if u > 0.0:
        return 0.5 * math.erfc(-above / (u * math.sqrt(2.0)))
    return float(above >= 0.0 if relation in (">=", "<=") else above > 0.0)


def number(quantity: Quantity) -> float:
    """The value of an arithmetic without channels; NaN where it has none."""
    try:
        return _linear(quantity, Look()).value
    except (ZeroDivisionError, OverflowError):
        return math.nan


def _reading(variable: Channel | Rate, look: Look) -> Reading:
    return look.readings[variable.name] if isinstance(variable, Channel) else look.rates[variable]


def _linear(quantity: Quantity, look: Look) -> _Linear:
    match quantity:
        case Number(value):
            return _Linear(value, {})
        case Channel() | Rate():
            return _Linear(_reading(quantity, look).value, {quantity: 1.0})
    left, right = _linear(quantity.left, look), _linear(quantity.right, look)
    value, by_left, by_right = _RULES[quantity.operator](left.value, right.value)
    slopes = {variable: by_left * slope for variable, slope in left.slopes.items()}
    for variable, slope in right.slopes.items():
        slopes[variable] = slopes.get(variable, 0.0) + by_right * slope
    return _Linear(value, slopes)


_RULES: Mapping[str, Callable[[float, float], tuple[float, float, float]]] = {
    "+": lambda a, b: (a + b, 1.0, 1.0),
    "-": lambda a, b: (a - b, 1.0, -1.0),
    "*": lambda a, b: (a * b, b, a),
    "/": lambda a, b: (a / b, 1.0 / b, -a / b**2),
}
"""Value and first derivatives of each operation."""
