"""Global risks: how often items of a population are wrongly accepted or rejected (JCGM 106, 9.5).

They need a declared prior: the distribution of the measurand in the population. The measured value is normally
distributed about the measurand.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from .checks import number, probability, standard_uncertainty
from .conformity import Limits
from .errors import CalibrationError, UnknownUncertainty

DEFINITIONS = {
    "consumer_risk": "global consumer's risk: probability that an item of the population is accepted and does not "
    "conform; unconditional (JCGM 106, 9.5.2)",
    "producer_risk": "global producer's risk: probability that an item of the population is rejected and conforms; "
    "unconditional (JCGM 106, 9.5.3)",
    "conditional_consumer_risk": "probability that an accepted item does not conform: consumer_risk divided by the "
    "probability of acceptance",
    "nonconforming": "probability that an item of the population does not conform, before any measurement",
}


@dataclass(frozen=True)
class GlobalRisk:
    """Risks of a decision rule in a population; ``accepted`` is the probability that an item is accepted.

    :param definitions: what each figure means, to be printed with it.
    """

    consumer_risk: float
    producer_risk: float
    conditional_consumer_risk: float
    nonconforming: float
    accepted: float
    prior: str
    definitions: dict[str, str]


def normal_prior(mean: float, sd: float) -> Any:
    """A normal population (a frozen distribution of scipy).

    :raises UnknownUncertainty: ``sd`` is not a finite number above 0.
    """
    from scipy.stats import norm

    return norm(number("mean", mean), _above_zero("sd", sd))


def global_risk(
    prior: Any, u: float, *, lower: float | None = None, upper: float | None = None, acceptance: Limits | None = None
) -> GlobalRisk:
    """The global risks of accepting what is measured within ``acceptance`` limits.

    :param prior: a frozen distribution of ``scipy.stats``, as from :func:`normal_prior`.
    :param u: standard uncertainty of a measurement, above 0.
    :param lower: lower tolerance limit.
    :param upper: upper tolerance limit; one of the two at least.
    :param acceptance: lower and upper acceptance limits; the tolerance limits by default.
    :raises UnknownUncertainty: ``u`` is not a finite number above 0.
    :raises CalibrationError: no limit, or limits not in order.
    """
    _require_distribution(prior)
    _above_zero("standard uncertainty", u)
    tolerance = _ordered((lower, upper), "tolerance")
    accepted_in = _ordered(acceptance if acceptance is not None else (lower, upper), "acceptance")

    def accepted(x: float) -> float:
        return _phi((accepted_in[1] - x) / u) - _phi((accepted_in[0] - x) / u)

    edges = (-math.inf, tolerance[0], tolerance[1], math.inf)
    marks = _marks(accepted_in, u)
    below = _expect(prior, accepted, edges[0], edges[1], marks)
    within = _expect(prior, accepted, edges[1], edges[2], marks)
    above = _expect(prior, accepted, edges[2], edges[3], marks)
    conforming = float(prior.cdf(tolerance[1]) - prior.cdf(tolerance[0]))
    consumer = below + above
    return GlobalRisk(
        consumer_risk=consumer,
        producer_risk=max(0.0, conforming - within),
        conditional_consumer_risk=consumer / (consumer + within) if consumer + within > 0 else 0.0,
        nonconforming=1.0 - conforming,
        accepted=consumer + within,
        prior=_described(prior),
        definitions=DEFINITIONS,
    )


def guard_band_for_global_risk(
    prior: Any, u: float, target: float, *, lower: float | None = None, upper: float | None = None
) -> float:
    """The guard band w, inwards from each tolerance limit, for a global consumer's risk of ``target``.

    :param target: a probability above 0 and below 1.
    :raises CalibrationError: no guard band within the tolerance reaches it.
    """
    from scipy.optimize import brentq

    _require_distribution(prior)
    _above_zero("standard uncertainty", u)
    probability("target risk", target)
    low, high = _ordered((lower, upper), "tolerance")
    widest = (high - low) / 2 if math.isfinite(high - low) else 20 * (u + float(prior.std()))

    def excess(w: float) -> float:
        limits = (None if lower is None else lower + w, None if upper is None else upper - w)
        return global_risk(prior, u, lower=lower, upper=upper, acceptance=limits).consumer_risk - target

    if excess(0.0) <= 0:
        return 0.0
    if excess(widest) > 0:
        raise CalibrationError(f"no guard band reaches a global risk of {target:g}", remedy="reduce the uncertainty")
    return float(brentq(excess, 0.0, widest, xtol=1e-10 * widest))


def _marks(accepted_in: tuple[float, float], u: float) -> list[float]:
    """Where the chance of acceptance changes: about each acceptance limit."""
    return [limit + k * u for limit in accepted_in if math.isfinite(limit) for k in (-8.0, -3.0, 0.0, 3.0, 8.0)]


def _expect(prior: Any, chance: Any, low: float, high: float, marks: list[float]) -> float:
    """The integral of prior density times chance; the prior's far tails are left out where they are below 1e-15."""
    from scipy.integrate import quad

    start, end = max(low, float(prior.ppf(1e-15))), min(high, float(prior.isf(1e-15)))
    if not start < end:
        return 0.0
    edges = [start, *sorted(point for point in {float(prior.median()), *marks} if start < point < end), end]
    return math.fsum(
        quad(lambda x: prior.pdf(x) * chance(x), a, b, limit=200, epsabs=1e-13)[0] for a, b in pairwise(edges)
    )


def _require_distribution(prior: Any) -> None:
    if not all(hasattr(prior, name) for name in ("pdf", "cdf", "ppf", "isf", "mean", "std", "median")):
        raise CalibrationError(f"prior is {prior!r}", remedy="give a frozen distribution, such as normal_prior(0, 1)")


def _above_zero(name: str, value: float) -> float:
    if not standard_uncertainty(name, value) > 0.0:
        raise UnknownUncertainty(f"{name} is {value!r}", remedy="give a finite number above 0")
    return float(value)


def _ordered(limits: Limits, name: str) -> tuple[float, float]:
    if not isinstance(limits, tuple | list) or len(limits) != 2:
        raise CalibrationError(f"{name} limits {limits!r}", remedy="give a lower and an upper one, None for none")
    if tuple(limits) == (None, None):
        raise CalibrationError(f"no {name} limit", remedy="give lower, upper or both")
    low = -math.inf if limits[0] is None else number(f"lower {name} limit", limits[0])
    high = math.inf if limits[1] is None else number(f"upper {name} limit", limits[1])
    if not low <= high:
        raise CalibrationError(f"{name} limits {low} and {high}", remedy="give lower <= upper")
    return low, high


def _described(prior: Any) -> str:
    name = getattr(getattr(prior, "dist", None), "name", type(prior).__name__)
    return f"{name} with mean {float(prior.mean()):.6g} and standard deviation {float(prior.std()):.6g}"


def _phi(z: float) -> float:
    return 0.5 * math.erfc(-z / math.sqrt(2.0))
