"""Conformity with a tolerance: probability, decision rules by name and their specific risks (JCGM 106, ILAC G8).

The measurand is taken as normally distributed about the measured value with standard deviation ``u``, or by Student's t
where ``u`` has finite degrees of freedom, without other prior knowledge: risks here are *specific*, of this item; those
of a population are in ``risk``.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

from .checks import degrees_of_freedom, number, one_of, standard_uncertainty
from .checks import probability as probability_between
from .errors import CalibrationError
from .reporting import ReportingPolicy

Rule = Literal["simple", "guarded-acceptance", "guarded-rejection", "non-binary"]
Verdict = Literal["pass", "fail", "inconclusive"]
Limits = tuple[float | None, float | None]

_POLICY = ReportingPolicy()
_MOST_STEPS = 1000
"""Of a search for a guard band: tails as of Student's t make some very wide."""

_DEFINITIONS = {
    "consumer_risk": "specific consumer's risk: probability that this accepted item does not conform; "
    "0 for an item that is not accepted (JCGM 106, 9.3.2)",
    "producer_risk": "specific producer's risk: probability that this rejected item conforms; "
    "0 for an item that is not rejected (JCGM 106, 9.3.2)",
}

_RULES = {
    "simple": "simple acceptance: pass if the measured value lies within the tolerance limits, else fail; "
    "w = 0 (JCGM 106, 8.2)",
    "guarded-acceptance": "guarded acceptance: pass if the measured value lies within the tolerance limits "
    "moved inwards by the guard band w, else fail (JCGM 106, 8.3.2)",
    "guarded-rejection": "guarded rejection: fail if the measured value lies outside the tolerance limits "
    "moved outwards by the guard band w, else pass (JCGM 106, 8.3.3)",
    "non-binary": "non-binary rule: pass if the measured value lies within the tolerance limits moved inwards by the "
    "guard band w, fail if it lies outside the limits moved outwards by w, else inconclusive (ILAC G8, 4.2.3)",
}
_DIRECTION = {"simple": 0.0, "guarded-acceptance": 1.0, "guarded-rejection": -1.0, "non-binary": 1.0}


@dataclass(frozen=True)
class Decision:
    """A verdict on one item, with everything needed to read it.

    :param acceptance_limits: lower and upper, ``None`` where there is none.
    :param rejection_limits: lower and upper, beyond which the verdict is fail; the acceptance limits in a binary rule.
    :param guard_band: w, in the unit of the value, 0 or more.
    :param probability: of conformity.
    :param definitions: what each word and figure here means, rule first, to be printed with it.
    """

    verdict: Verdict
    reason: str
    acceptance_limits: Limits
    rejection_limits: Limits
    guard_band: float
    probability: float
    consumer_risk: float
    producer_risk: float
    definitions: dict[str, str]


def probability(
    y: float, u: float, lower: float | None = None, upper: float | None = None, *, dof: float = math.inf
) -> float:
    """Probability of conformity (JCGM 106, 7.2 to 7.4).

    :param y: measured value.
    :param u: its standard uncertainty, >= 0; with 0 the result is 0 or 1, limits included.
    :param lower: lower tolerance limit, in the unit of ``y``.
    :param upper: upper tolerance limit; one of the two at least.
    :param dof: degrees of freedom of ``u``, 1 or more: below infinity, (Y - y) / u has Student's t distribution
        (JCGM 101, 6.4.9).
    :raises UnknownUncertainty: ``u`` is not a finite number >= 0, or ``dof`` is below 1.
    :raises CalibrationError: no limit, limits not in order, or ``y`` not finite.
    """
    low, high = _tolerance(y, u, lower, upper)
    degrees_of_freedom("dof", dof)
    if u == 0:
        return float(low <= y <= high)
    above, below = (low - y) / u, (high - y) / u
    # Where both limits lie on one side, the tails of that side keep the digits.
    ends = (below, above) if above + below <= 0 else (-above, -below)
    return _share_below(ends[0], dof) - _share_below(ends[1], dof)


def decide(
    y: float,
    u: float,
    *,
    lower: float | None = None,
    upper: float | None = None,
    rule: Rule,
    guard_band: float | None = None,
    target_risk: float | None = None,
    dof: float = math.inf,
    policy: ReportingPolicy = _POLICY,
) -> Decision:
    """Decide on conformity by a named rule, on the value as it is, not as it is printed.

    See :func:`probability` for the value, the limits and their errors. Only the non-binary rule can be inconclusive.
    For a :class:`~hil_calibration.quantity.Quantity` see :func:`hil_calibration.decisions.decide_quantity`.

    :param guard_band: w in the unit of ``y``, 0 or more; by default w = U = k u, and 0 for ``simple``.
    :param target_risk: instead of ``guard_band``: w such that an item at an acceptance limit has this specific
        consumer's risk; in guarded rejection, such that an item at a rejection limit has this specific producer's risk.
        Above 0 and at most 0.5.
    :param dof: effective degrees of freedom of ``u``, 1 or more; they enter the probabilities and k.
    :param policy: whose coverage factor U has; by default k = 2 from 50 degrees of freedom on.
    """
    one_of("decision rule", rule, tuple(_RULES))
    conforms = probability(y, u, lower, upper, dof=dof)
    k = policy.factor(dof)
    w, told = _guard_band(rule, (u, k, dof), (lower, upper), guard_band, target_risk)
    acceptance = _moved(lower, upper, _DIRECTION[rule] * w)
    rejection = _moved(lower, upper, -w) if rule == "non-binary" else acceptance
    verdict: Verdict = "fail"
    if _within(y, acceptance):
        verdict = "pass"
    elif rule == "non-binary" and _within(y, rejection):
        verdict = "inconclusive"
    return Decision(
        verdict=verdict,
        reason=_reason(verdict, y, acceptance, rejection),
        acceptance_limits=acceptance,
        rejection_limits=rejection,
        guard_band=w,
        probability=conforms,
        consumer_risk=1.0 - conforms if verdict == "pass" else 0.0,
        producer_risk=conforms if verdict == "fail" else 0.0,
        definitions={"rule": _RULES[rule], "w": told, **_DEFINITIONS, **_distribution(k, dof)},
    )


def guard_band_for_risk(
    u: float, target_risk: float, lower: float | None = None, upper: float | None = None, *, dof: float = math.inf
) -> float:
    """The guard band w at whose acceptance limits the specific consumer's risk is ``target_risk`` (JCGM 106, 8.3.2).

    :param u: standard uncertainty, 0 or more.
    :param target_risk: above 0 and at most 0.5.
    :param dof: degrees of freedom of ``u``.
    :raises CalibrationError: no such guard band: the uncertainty is too large for the tolerance.
    """
    from scipy.optimize import brentq

    width = _relative_width(u, target_risk, lower, upper, dof)
    if u == 0:
        return 0.0

    def excess(z: float) -> float:
        return _share_below(-z, dof) + _share_below(z - width, dof) - target_risk

    widest = min(width / 2, -_quantile(target_risk / 2, dof))
    if excess(widest) > 0:
        raise CalibrationError(
            f"no value has a consumer's risk of {target_risk:g} with u = {u:g}", remedy="measure with less uncertainty"
        )
    return u * float(brentq(excess, 0.0, widest, xtol=1e-12, maxiter=_MOST_STEPS)) if excess(0.0) > 0 else 0.0


def guard_band_for_rejection(
    u: float, target_risk: float, lower: float | None = None, upper: float | None = None, *, dof: float = math.inf
) -> float:
    """The guard band w, outwards, at whose limits a rejected item conforms with the probability ``target_risk``.

    :param u: standard uncertainty, 0 or more.
    :param target_risk: above 0 and at most 0.5.
    :param dof: degrees of freedom of ``u``.
    """
    from scipy.optimize import brentq

    width = _relative_width(u, target_risk, lower, upper, dof)
    if u == 0:
        return 0.0

    def excess(z: float) -> float:
        return _share_below(-z, dof) - _share_below(-z - width, dof) - target_risk

    far = 1.0 - _quantile(target_risk, dof)
    return u * float(brentq(excess, 0.0, far, xtol=1e-12, maxiter=_MOST_STEPS)) if excess(0.0) > 0 else 0.0


def _relative_width(u: float, target_risk: float, lower: float | None, upper: float | None, dof: float) -> float:
    """The width of the tolerance in units of ``u``, infinite if one-sided; what it is made of is checked."""
    _require_target(target_risk)
    degrees_of_freedom("dof", dof)
    low, high = _tolerance(0.0, u, lower, upper)
    return (high - low) / u if u > 0 else math.inf


def _require_target(risk: float) -> None:
    if probability_between("target risk", risk) > 0.5:
        raise CalibrationError(f"target risk {risk}", remedy="give a probability above 0 and at most 0.5")


def _guard_band(
    rule: Rule,
    uncertainty: tuple[float, float, float],
    tolerance: Limits,
    guard_band: float | None,
    target_risk: float | None,
) -> tuple[float, str]:
    """w and where it is from; ``uncertainty`` is u, k and the degrees of freedom."""
    (u, k, dof), (lower, upper) = uncertainty, tolerance
    if guard_band is not None and target_risk is not None:
        raise CalibrationError("a guard band and a target risk", remedy="give one of them")
    if rule == "simple":
        if guard_band not in (None, 0) or target_risk is not None:
            raise CalibrationError("simple acceptance with a guard band", remedy="use guarded-acceptance")
        return 0.0, "guard band: none"
    if guard_band is not None:
        if number("guard band", guard_band) < 0:
            raise CalibrationError(f"guard band {guard_band}", remedy="give a finite number of 0 or more")
        return float(guard_band), "guard band: as stated by the user"
    if target_risk is not None and rule == "guarded-rejection":
        w = guard_band_for_rejection(u, target_risk, lower, upper, dof=dof)
        return w, f"guard band: for a specific producer's risk of {target_risk:g} at the rejection limits"
    if target_risk is not None:
        w = guard_band_for_risk(u, target_risk, lower, upper, dof=dof)
        return w, f"guard band: for a specific consumer's risk of {target_risk:g} at the acceptance limits"
    return k * u, "guard band: w = U"


def _distribution(k: float, dof: float) -> dict[str, str]:
    shape = "normal distribution (JCGM 106, 7.2)"
    if math.isfinite(dof):
        shape = f"Student's t distribution with {dof:.4g} degrees of freedom (JCGM 106, 7.2; JCGM 101, 6.4.9)"
    return {
        "probability of conformity": "probability that the measurand lies within the tolerance, given the measured "
        f"value; {shape}",
        "U": f"expanded uncertainty with coverage factor k = {k:.3g}",
    }


def _moved(lower: float | None, upper: float | None, inwards: float) -> Limits:
    return None if lower is None else lower + inwards, None if upper is None else upper - inwards


def _within(y: float, limits: Limits) -> bool:
    low, high = _bounds(*limits)
    return low <= y <= high


def _tolerance(y: float, u: float, lower: float | None, upper: float | None) -> tuple[float, float]:
    standard_uncertainty("standard uncertainty", u)
    if lower is None and upper is None:
        raise CalibrationError("no tolerance limit", remedy="give lower, upper or both")
    for limit in (lower, upper):
        if limit is not None:
            number("tolerance limit", limit)
    low, high = _bounds(lower, upper)
    if not (math.isfinite(number("value", y)) and low <= high):
        raise CalibrationError(f"value {y} with tolerance from {low} to {high}", remedy="check value and limits")
    return low, high


def _bounds(lower: float | None, upper: float | None) -> tuple[float, float]:
    return -math.inf if lower is None else lower, math.inf if upper is None else upper


def _reason(verdict: Verdict, y: float, acceptance: Limits, rejection: Limits) -> str:
    low, high = _bounds(*acceptance)
    if low > high and verdict != "inconclusive":
        return f"the guard band leaves no acceptance interval: no value could be accepted, {y:.6g} neither"
    if verdict == "inconclusive":
        return f"{y:.6g} lies between acceptance ({_told(acceptance)}) and rejection ({_told(rejection)})"
    return f"{y:.6g} lies {'within' if verdict == 'pass' else 'outside'} the acceptance interval {_told(acceptance)}"


def _told(limits: Limits) -> str:
    low, high = (f"{limit:.6g}" if limit is not None else None for limit in limits)
    return f"from {low} to {high}" if low and high else f"from {low} upwards" if low else f"up to {high}"


def _share_below(z: float, dof: float) -> float:
    if math.isinf(dof):
        return 0.5 * math.erfc(-z / math.sqrt(2.0))
    from scipy.special import stdtr

    return float(stdtr(dof, z))


def _quantile(p: float, dof: float) -> float:
    from scipy.special import ndtri, stdtrit

    return float(ndtri(p) if math.isinf(dof) else stdtrit(dof, p))
