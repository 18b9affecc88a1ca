"""Decisions on quantities with their units, and on what has no normal ``u``: proportions, bounds, void runs."""

from __future__ import annotations

import math
from decimal import ROUND_CEILING, ROUND_FLOOR, Decimal
from typing import TYPE_CHECKING, Literal

from .checks import number, one_of, probability
from .conformity import Decision, Limits, Rule, Verdict, decide
from .errors import CalibrationError
from .performance import proportion_interval
from .reporting import ReportingPolicy

if TYPE_CHECKING:
    from .quantity import Quantity

Side = Literal["at most", "at least"]
_SIDES = ("at most", "at least")
_POLICY = ReportingPolicy()


def decide_quantity(
    quantity: Quantity,
    *,
    unit: str,
    lower: float | None = None,
    upper: float | None = None,
    rule: Rule,
    guard_band: float | None = None,
    target_risk: float | None = None,
    policy: ReportingPolicy = _POLICY,
) -> Decision:
    """Decide on a quantity, with its own uncertainty and degrees of freedom, as ``conformity.decide`` does.

    :param unit: UCUM unit of the limits and of a ``guard_band``; the quantity is converted to it.
    :raises UnitError: the quantity has another dimension.
    """
    if not isinstance(unit, str) or not hasattr(quantity, "to"):
        raise CalibrationError(f"quantity {quantity!r} in {unit!r}", remedy="give a Quantity and a unit of UCUM")
    here = quantity.to(unit)
    return decide(
        here.value,
        here.u,
        lower=lower,
        upper=upper,
        rule=rule,
        guard_band=guard_band,
        target_risk=target_risk,
        dof=here.dof,
        policy=policy,
    )


def decide_bound(
    lower_bound: float | None,
    upper_bound: float | None,
    *,
    requirement: float,
    side: Side,
    confidence: float,
    unit: str = "",
) -> Decision:
    """Decide by one-sided confidence bounds, on the bounds as they are, not as they are printed.

    "At most": pass if the upper bound does not exceed the requirement, fail if the lower bound does, else inconclusive;
    "at least" the other way round. Each bound has the ``confidence`` by itself. The ``probability`` of the decision is
    NaN: a confidence bound says nothing of the measurand's distribution. Its risks are at most 1 - confidence each.

    :param lower_bound: one-sided; ``None`` where there is none, as of a curve without a slope.
    :param upper_bound: one-sided; ``None`` where there is none.
    :param unit: of bounds and requirement, for the reason in words.
    :raises CalibrationError: for a bound or requirement that is not finite, or bounds upside down.
    """
    one_of("side", side, _SIDES)
    number("requirement", requirement)
    risk = 1.0 - probability("confidence", confidence)
    low = -math.inf if lower_bound is None else number("lower bound", lower_bound)
    high = math.inf if upper_bound is None else number("upper bound", upper_bound)
    if low > high:
        raise CalibrationError(f"bounds {low} and {high}", remedy="give lower <= upper")
    below = side == "at most"
    good, bad = (high <= requirement, low > requirement) if below else (low >= requirement, high < requirement)
    verdict: Verdict = "pass" if good else "fail" if bad else "inconclusive"
    acceptance: Limits = (None, requirement) if below else (requirement, None)
    return Decision(
        verdict=verdict,
        reason=_reason(verdict, (lower_bound, upper_bound), requirement, below, f" {unit}" if unit else ""),
        acceptance_limits=acceptance,
        rejection_limits=acceptance,
        guard_band=0.0,
        probability=math.nan,
        consumer_risk=risk if verdict == "pass" else 0.0,
        producer_risk=risk if verdict == "fail" else 0.0,
        definitions=_definitions(side, confidence),
    )


def decide_proportion(k: int, n: int, *, requirement: float, side: Side, confidence: float = 0.95) -> Decision:
    """Decide on a proportion by its one-sided Clopper-Pearson bounds, see :func:`decide_bound`.

    :param k: successes of ``n`` independent trials (or failures, with a requirement for failures).
    :param requirement: the proportion required, from 0 to 1.
    :raises CalibrationError: for numbers out of their ranges.
    """
    low, _ = proportion_interval(k, n, confidence, side="lower")
    _, high = proportion_interval(k, n, confidence, side="upper")
    if not 0.0 <= number("requirement", requirement) <= 1.0:
        raise CalibrationError(f"requirement is {requirement}", remedy="give a proportion from 0 to 1")
    return decide_bound(low, high, requirement=requirement, side=side, confidence=confidence)


def decide_void(why: str) -> Decision:
    """No decision, because the run that it was to rest on is void.

    :param why: what made it void, one clause.
    :raises CalibrationError: nothing is said.
    """
    if not isinstance(why, str) or not why.strip():
        raise CalibrationError("no reason why the run is void", remedy="say what made it void")
    return Decision(
        verdict="inconclusive",
        reason=f"the run is void: {why}",
        acceptance_limits=(None, None),
        rejection_limits=(None, None),
        guard_band=0.0,
        probability=math.nan,
        consumer_risk=0.0,
        producer_risk=0.0,
        definitions={"rule": "a void run decides nothing, whatever the rule"},
    )


def _definitions(side: Side, confidence: float) -> dict[str, str]:
    good, bad = ("upper", "lower") if side == "at most" else ("lower", "upper")
    passed, failed = ("at most", "above") if side == "at most" else ("at least", "below")
    return {
        "rule": f"pass if the one-sided {100 * confidence:g} % {good} bound is {passed} the requirement, fail if the "
        f"one-sided {100 * confidence:g} % {bad} bound is {failed} it, else inconclusive",
        "consumer_risk": "the largest probability with which such a bound lets pass what does not conform",
        "producer_risk": "the largest probability with which such a bound fails what conforms",
    }


def _reason(verdict: Verdict, bounds: Limits, requirement: float, below: bool, unit: str) -> str:
    low, high = bounds
    if verdict == "inconclusive":
        known = [(name, value) for name, value in (("lower", low), ("upper", high)) if value is not None]
        told = [f"{name} {_outwards(value, requirement, up=name == 'upper')}{unit}" for name, value in known]
        return f"the bounds ({', '.join(told) or 'none'}) do not decide about {requirement:g}{unit}"
    upper = (verdict == "pass") == below
    value = _outwards((high if upper else low) or 0.0, requirement, up=upper)
    words = {True: {"pass": "at most", "fail": "below"}, False: {"pass": "at least", "fail": "above"}}[upper][verdict]
    side = "upper" if upper else "lower"
    return f"the {side} bound {value}{unit} is {words} {requirement:g}{unit}"


def _outwards(bound: float, requirement: float, *, up: bool) -> str:
    """A bound that still bounds as it is printed, with digits enough to lie on its side of the requirement."""
    exact = Decimal(bound)
    for digits in range(3, 17):
        step = Decimal(1).scaleb(exact.adjusted() - digits + 1)
        rounded = exact.quantize(step, ROUND_CEILING if up else ROUND_FLOOR)
        shown = float(rounded)
        if (shown > requirement, shown < requirement) == (bound > requirement, bound < requirement):
            return f"{rounded.normalize():f}"
    return repr(bound)
