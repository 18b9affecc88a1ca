"""Intervals of a proportion that hold whenever one stops: however often one looked, and whatever made one stop."""

from __future__ import annotations

import math
from collections.abc import Callable

from ..checks import count, probability

_PRIOR = 0.5


def log_evidence(successes: int, n: int, p: float) -> float:
    """The logarithm of the evidence against the success probability ``p``, 0 < p < 1, after ``n`` trials.

    The mixture likelihood ratio M = B(a + k, b + n - k) / (B(a, b) p^k (1 - p)^(n - k)) with a = b = 1/2: the mean of
    the likelihood under a beta distribution, over the likelihood under ``p``. If ``p`` is true, M is a martingale
    of mean 1 that is never negative, so it ever exceeds 1/alpha with probability alpha at most (Ville's inequality).
    It needs no more than that each trial succeeds with probability ``p`` given those before.

    Sources: H. Robbins, Ann. Math. Statist. 41 (1970) 1397; T. L. Lai, Ann. Statist. 4 (1976) 265 (the beta mixture);
    J. Ville, Étude critique de la notion de collectif (1939).
    """
    failures = n - successes
    gammas = math.lgamma(_PRIOR + successes) + math.lgamma(_PRIOR + failures) - math.lgamma(2.0 * _PRIOR + n)
    mixture = gammas - 2.0 * math.lgamma(_PRIOR) + math.lgamma(2.0 * _PRIOR)
    return mixture - successes * math.log(p) - failures * math.log1p(-p)


def confidence_sequence(successes: int, n: int, confidence: float = 0.95) -> tuple[float, float]:
    """An interval of the success probability that is valid at every ``n`` at once (anytime-valid).

    It holds the ``p`` whose evidence stays below 1 / (1 - confidence). With probability ``confidence`` all of the
    intervals of one series of trials hold the true value, hence also the one at which somebody chose to stop. The
    price is width: 1.6 times that of Clopper-Pearson's interval at 50 of 100, 1.8 times at 500 of 1000, an interval
    that is valid only for a number of trials fixed beforehand.

    :param successes: 0 to ``n``.
    :param n: the trials so far, 0 or more; (0, 1) for none.
    :param confidence: in (0, 1).
    :raises CalibrationError: for numbers outside their range.

    Source: :func:`log_evidence`; S. R. Howard, A. Ramdas, J. McAuliffe, J. Sekhon, Ann. Statist. 49 (2021) 1055.
    """
    n = count("n", n)
    successes = count("successes", successes, most=n)
    probability("confidence", confidence)
    if n == 0:
        return 0.0, 1.0
    limit = -math.log1p(-confidence)
    low = 0.0 if successes == 0 else _lower(successes, n, limit)
    high = 1.0 if successes == n else 1.0 - _lower(n - successes, n, limit)
    return low, high


def _lower(successes: int, n: int, limit: float) -> float:
    """The ``p`` below ``successes / n`` at which the evidence reaches ``limit``; at least one success."""

    def beyond(logit: float) -> float:
        return log_evidence(successes, n, _p(logit)) - limit

    share = min(successes / n, 1.0 - 1e-15)
    return _p(_root(beyond, math.log(share) - math.log1p(-share)))


def _root(function: Callable[[float], float], start: float) -> float:
    """The root below ``start``, where ``function`` is negative."""
    from scipy.optimize import brentq

    step = 1.0
    while function(start - step) < 0.0:
        step *= 2.0
    return float(brentq(function, start - step, start, xtol=1e-12, rtol=1e-14))


def _p(logit: float) -> float:
    return 1.0 / (1.0 + math.exp(-logit))
