"""Propagation of distributions by Monte Carlo (JCGM 101; several measurands: JCGM 102).

Draws are made in blocks: what is kept is one number for each trial and measurand.
"""

from __future__ import annotations

import math
import secrets
from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field
from itertools import pairwise
from typing import Any, Literal

import numpy as np
from numpy.typing import NDArray

from .errors import CalibrationError, UnknownCorrelation, UnknownUncertainty
from .measurement.distribution import Distribution, Normal, require_coverage
from .measurement.expression import Expression

Array = NDArray[np.float64]
Interval = Literal["symmetric", "shortest"]
Correlations = Mapping[tuple[str, str], float]
Model = str | Callable[..., Any] | Mapping[str, "str | Callable[..., Any]"]

BLOCK = 10_000
SINGULAR = 1e-10
"""The smallest eigenvalue of a correlation matrix below which the measurands count as dependent."""

FEWEST_BLOCKS = 5
"""Blocks of trials from which the scatter of an interval's ends can be told."""

MOST_TRIALS = 20_000_000
"""The adaptive procedure ends here at the latest."""


Decided = Callable[[Array, Array], bool]


@dataclass(frozen=True)
class Marginal:
    """One measurand of a propagation."""

    value: float
    u: float
    interval: tuple[float, float]
    u_interval: tuple[float, float]


@dataclass(frozen=True)
class Propagation:
    """The outcome of one propagation of m measurands.

    For one measurand ``value``, ``u`` and ``interval`` are numbers and a pair; for several, tuples of them in the order
    of ``names``. ``correlations`` has shape (m, m). ``samples`` holds the trials, shape (m, trials), as they were
    drawn. ``stable`` is false where an adaptive run ended at its largest number of trials with results not yet stable.
    ``u_interval``, shape (m, 2), is the standard uncertainty of the ends of the intervals by the scatter of blocks of
    trials; infinite where there are too few trials to tell.
    """

    names: tuple[str, ...]
    value: Any
    u: Any
    interval: Any
    coverage: float
    kind: Interval
    trials: int
    seed: int
    correlations: Array
    samples: Array = field(repr=False)
    u_interval: Array
    stable: bool = True

    def marginal(self, index: int) -> Marginal:
        """The measurand at ``index`` of ``names``."""
        low, high = self.u_interval[index].tolist()
        if len(self.names) == 1:
            return Marginal(self.value, self.u, self.interval, (low, high))
        return Marginal(self.value[index], self.u[index], self.interval[index], (low, high))

    @property
    def covariance(self) -> Array:
        """Of the measurands, shape (m, m)."""
        u = np.atleast_1d(np.asarray(self.u, dtype=float))
        return self.correlations * np.outer(u, u)


def propagate(
    model: Model,
    inputs: Mapping[str, Distribution],
    *,
    trials: int | Literal["adaptive"] = "adaptive",
    coverage: float = 0.95,
    interval: Interval = "symmetric",
    seed: int | None = None,
    correlations: Correlations | None = None,
    digits: int = 2,
    decided: Decided | None = None,
) -> Propagation:
    """Propagate the distributions of the inputs through a model.

    :param model: an expression, a function of the inputs by name that takes arrays, or measurand -> either.
    :param trials: at least 10 000; or ``adaptive``: blocks until value, u and interval are stable to the last of
        ``digits`` significant digits of u (JCGM 101, 7.9).
    :param coverage: probability of the coverage interval, between 0 and 1, both excluded.
    :param interval: ``symmetric`` in probability, or the ``shortest`` (JCGM 101, 5.3.3, 5.3.4).
    :param seed: 0 or more; one is drawn, and told, by default.
    :param correlations: r of pairs of normal inputs with infinite degrees of freedom.
    :param decided: an adaptive run goes on until this says so as well, of the ends of the intervals and their standard
        uncertainties, shape (m, 2) each; it ends at the largest number of trials all the same.
    :raises UnknownUncertainty: an input has no variance, or the model leaves its domain.
    :raises UnknownCorrelation: a correlation of inputs that are not normal, or a set of them that cannot be.
    :raises CalibrationError: another argument that cannot be.
    """
    require_coverage(coverage)
    if interval not in ("symmetric", "shortest"):
        raise CalibrationError(f"interval {interval!r}", remedy="give symmetric or shortest")
    if digits not in (1, 2):
        raise CalibrationError(f"{digits} significant digits", remedy="give 1 or 2")
    used = secrets.randbits(32) if seed is None else seed
    trial = _Trial(model, inputs, correlations or {}, np.random.default_rng(used))
    if trials == "adaptive":
        drawn, u_ends, stable = _adaptive(trial, coverage, interval, digits, decided)
    else:
        if trials < BLOCK:
            raise CalibrationError(f"{trials} trials", remedy=f"give {BLOCK} or more, or adaptive")
        drawn, stable = trial.run(trials), True
        u_ends = _u_of_ends(drawn, coverage, interval)
    return _summary(trial.names, drawn, coverage, interval, used, u_ends, stable=stable)


class _Trial:
    """Draws inputs and evaluates the model, block by block."""

    def __init__(
        self,
        model: Model,
        inputs: Mapping[str, Distribution],
        correlations: Correlations,
        generator: np.random.Generator,
    ) -> None:
        models = model if isinstance(model, Mapping) else {"y": model}
        self.names = tuple(models)
        if not models:
            raise CalibrationError("a model without measurands", remedy="give at least one")
        self._functions = [_function(each, inputs) for each in models.values()]
        self._inputs, self._generator = inputs, generator
        self._joint = _Joint(inputs, correlations)

    def run(self, count: int) -> Array:
        """``count`` trials, shape (measurands, count)."""
        drawn = np.empty((len(self._functions), count))
        for start in range(0, count, BLOCK):
            self.fill(drawn[:, start : start + BLOCK])
        return drawn

    def fill(self, out: Array) -> None:
        """Trials into ``out``, of shape (measurands, any)."""
        count = out.shape[1]
        values = self._joint.draw(self._generator, count)
        for name, distribution in self._inputs.items():
            if name not in values:
                values[name] = distribution.sample(self._generator, count)
        for row, function in zip(out, self._functions, strict=True):
            row[:] = function(values)
        if not np.isfinite(out.sum()) and not np.isfinite(out).all():
            raise UnknownUncertainty(
                "the model has no finite value for some draws of its inputs",
                remedy="look for a division by zero, a root or a logarithm that the distributions can reach",
            )


def _function(
    model: str | Callable[..., Any], inputs: Mapping[str, Distribution]
) -> Callable[[Mapping[str, Array]], Any]:
    if callable(model):
        return lambda values: model(**values)
    expression = Expression(model)
    require_inputs(expression, inputs)
    return expression.evaluate


def require_inputs(expression: Expression, inputs: Mapping[str, object]) -> None:
    """Refuse an expression that names an input which is not there.

    :raises CalibrationError: naming it.
    """
    for name in expression.names:
        if name not in inputs:
            raise CalibrationError(
                f"the model names {name!r}, which is no input",
                where=expression.where,
                remedy=f"use {', '.join(inputs)}",
            )


class _Joint:
    """The correlated inputs: jointly normal (JCGM 101, 6.4.8)."""

    def __init__(self, inputs: Mapping[str, Distribution], correlations: Correlations) -> None:
        self._names = list(dict.fromkeys(name for pair in correlations for name in pair))
        for name in self._names:
            found = inputs.get(name)
            if found is None:
                raise UnknownCorrelation(f"a correlation of {name!r}, which is no input")
            if type(found) is not Normal or math.isfinite(found.dof):
                raise UnknownCorrelation(
                    f"a correlation of {name!r}, which is not normal with infinite degrees of freedom",
                    remedy="only normal inputs can be drawn with a correlation",
                )
        self._estimates = np.array([inputs[name].estimate for name in self._names])
        self._factor = correlation_factor(self._names, correlations) * np.array([[inputs[n].u] for n in self._names])

    def draw(self, generator: np.random.Generator, count: int) -> dict[str, Array]:
        if not self._names:
            return {}
        drawn = self._factor @ generator.standard_normal((self._factor.shape[1], count))
        drawn += self._estimates[:, None]
        return dict(zip(self._names, drawn, strict=True))


def correlation_matrix(names: Sequence[str], correlations: Correlations) -> Array:
    """The matrix of ``correlations``, shape (n, n), in the order of ``names``.

    :raises UnknownCorrelation: r outside -1 to 1, of an input with itself, or a matrix that is not positive
        semi-definite.
    """
    matrix = np.eye(len(names))
    position = {name: i for i, name in enumerate(names)}
    for (a, b), r in correlations.items():
        if not -1 <= r <= 1 or a == b:
            raise UnknownCorrelation(f"r = {r} between {a!r} and {b!r}", remedy="give r from -1 to 1 of two inputs")
        matrix[position[a], position[b]] = matrix[position[b], position[a]] = r
    related = [name for name in names if any(name in pair for pair in correlations)] if correlations else []
    rows = [position[name] for name in related]
    if rows and np.linalg.eigvalsh(matrix[np.ix_(rows, rows)])[0] < -1e-9:
        raise UnknownCorrelation(
            f"the correlations between {', '.join(related)} cannot hold together",
            remedy="give a positive semi-definite matrix of correlations",
        )
    return matrix


def correlation_factor(names: Sequence[str], correlations: Correlations) -> Array:
    """F with F F^T the correlation matrix, shape (n, n), also where that is singular."""
    if not names:
        return np.zeros((0, 0))
    values, vectors = np.linalg.eigh(correlation_matrix(names, correlations))
    return np.asarray(vectors * np.sqrt(np.clip(values, 0.0, None)), dtype=float)


def _u_of_ends(drawn: Array, coverage: float, interval: Interval) -> Array:
    """Standard uncertainty of the ends of the intervals of all trials, from those of blocks, shape (m, 2)."""
    blocks = min(20, drawn.shape[1] // _block_size(coverage))
    if blocks < FEWEST_BLOCKS:
        return np.full((len(drawn), 2), math.inf)
    size = drawn.shape[1] // blocks
    ends = [[_interval(row[h * size : (h + 1) * size], coverage, interval) for row in drawn] for h in range(blocks)]
    return np.asarray(np.std(ends, axis=0, ddof=1) / math.sqrt(blocks))


def _block_size(coverage: float) -> int:
    return max(math.ceil(100 / (1 - coverage)), BLOCK)


def _adaptive(
    trial: _Trial, coverage: float, interval: Interval, digits: int, decided: Decided | None
) -> tuple[Array, Array, bool]:
    """Blocks until twice the standard deviation of the mean of each result is below the tolerance (JCGM 101, 7.9.4),
    and ``decided`` agrees: the trials, the standard uncertainties of the intervals' ends, and whether all is stable."""
    size = _block_size(coverage)
    most = MOST_TRIALS // size
    if most < FEWEST_BLOCKS:
        raise CalibrationError(
            f"coverage probability {coverage} needs blocks of {size} trials (JCGM 101, 7.9.4)",
            remedy=f"give a coverage of {1 - 100 * FEWEST_BLOCKS / MOST_TRIALS:g} or less",
        )
    kept, end, stable = np.empty((len(trial.names), min(64, most) * size)), 0, False
    results = np.empty((most, len(trial.names), 4))
    for h in range(1, most + 1):
        end = h * size
        if end > kept.shape[1]:
            more = np.empty((len(trial.names), min(kept.shape[1], most * size - kept.shape[1])))
            kept = np.concatenate([kept, more], 1)
        block = kept[:, end - size : end]
        trial.fill(block)
        results[h - 1] = [[row.mean(), row.std(ddof=1), *_interval(row, coverage, interval)] for row in block]
        stable = h > 1 and (stable or _stable(results[:h], size, digits))
        ends = results[:h, :, 2:]
        if stable and (decided is None or (h >= FEWEST_BLOCKS and decided(ends.mean(axis=0), _spread(ends)))):
            break
    return kept[:, :end], _spread(results[:h, :, 2:]), stable


def _spread(results: Array) -> Array:
    """The standard deviation of the mean of the blocks."""
    return np.asarray(results.std(axis=0, ddof=1) / math.sqrt(len(results)))


def _stable(results: Array, size: int, digits: int) -> bool:
    h = len(results)
    spread = _spread(results)
    means, deviations = results[:, :, 0], results[:, :, 1]
    # u of all trials from those of the blocks, so that no trial is looked at again.
    squares = ((size - 1) * deviations**2 + size * (means - means.mean(axis=0)) ** 2).sum(axis=0)
    tolerances = [tolerance(u, digits) for u in np.sqrt(squares / (h * size - 1))]
    return bool(np.all(2 * spread <= np.array(tolerances)[:, None]))


def tolerance(u: float, digits: int) -> float:
    """Half of the last of ``digits`` significant digits of ``u`` (JCGM 101, 7.9.2).

    >>> tolerance(0.0753, 2)
    0.0005
    """
    if not u > 0:
        return 0.0
    exponent = math.floor(math.log10(u)) - digits + 1
    rounded = round(u / 10.0**exponent)
    return float(f"5e{exponent - 1 + (rounded >= 10**digits)}")


def _interval(trials: Array, coverage: float, kind: Interval) -> tuple[float, float]:
    """The coverage interval of trials (JCGM 101, 7.7), of which only as many are put in order as it needs."""
    count = len(trials)
    q = coverage * count
    width = int(q) if q == int(q) else int(q + 0.5)
    if not 1 <= width < count:
        raise CalibrationError(
            f"{count} trials for a coverage of {coverage}", remedy="ask for more trials, or a smaller coverage"
        )
    if kind != "shortest":
        r = max(0, int((count - width) / 2 + 0.5) - 1)
        placed = np.partition(trials, (r, r + width))
        return float(placed[r]), float(placed[r + width])
    lower = count - width
    if lower <= width:
        placed = np.partition(trials, (lower - 1, width))
        low, high = np.sort(placed[:lower]), np.sort(placed[width:])
    else:
        ordered = np.sort(trials)
        low, high = ordered[:lower], ordered[width:]
    best = int(np.argmin(high - low))
    return float(low[best]), float(high[best])


def _summary(
    names: tuple[str, ...], drawn: Array, coverage: float, kind: Interval, seed: int, u_ends: Array, *, stable: bool
) -> Propagation:
    count, m = drawn.shape[1], len(names)
    values, us = drawn.mean(axis=1), drawn.std(axis=1, ddof=1)
    correlations = _correlations(drawn, us)
    intervals = [_interval(row, coverage, kind) for row in drawn]
    one = m == 1
    return Propagation(
        names=names,
        value=float(values[0]) if one else tuple(values.tolist()),
        u=float(us[0]) if one else tuple(us.tolist()),
        interval=intervals[0] if one else tuple(intervals),
        coverage=coverage,
        kind=kind,
        trials=count,
        seed=seed,
        correlations=correlations,
        samples=drawn,
        u_interval=u_ends,
        stable=stable,
    )


def _correlations(drawn: Array, us: Array) -> Array:
    if len(drawn) == 1:
        return np.ones((1, 1))
    covariance = np.cov(drawn)
    scale = np.where(us > 0, us, 1.0)
    matrix = np.asarray(covariance / np.outer(scale, scale), dtype=float)
    np.fill_diagonal(matrix, 1.0)
    return matrix


@dataclass(frozen=True)
class CoverageRegion:
    """A region that holds the measurands together with ``coverage`` (JCGM 102, 7.7).

    ``ellipsoid``: all y with (y - value)^T covariance^-1 (y - value) <= k^2. ``rectangle``: |y_j - value_j| <= k u_j
    for every j.
    """

    kind: Literal["ellipsoid", "rectangle"]
    k: float
    coverage: float


def coverage_region(
    propagation: Propagation, kind: Literal["ellipsoid", "rectangle"] = "ellipsoid", *, coverage: float | None = None
) -> CoverageRegion:
    """The hyper-ellipsoidal or hyper-rectangular coverage region of several measurands.

    :param coverage: the propagation's own by default.
    :raises CalibrationError: if the measurands' covariance is singular, or ``kind`` is unknown.
    """
    p = require_coverage(propagation.coverage if coverage is None else coverage)
    deviations = propagation.samples - np.atleast_1d(np.asarray(propagation.value))[:, None]
    if kind == "rectangle":
        u = np.atleast_1d(np.asarray(propagation.u))
        if not np.all(u > 0):
            raise CalibrationError("a coverage region of a measurand without uncertainty", remedy="leave it out")
        distance = np.max(np.abs(deviations) / u[:, None], axis=0)
    elif kind == "ellipsoid":
        if np.linalg.eigvalsh(propagation.correlations)[0] < SINGULAR:
            raise CalibrationError(
                "the measurands depend on each other: their covariance is singular", remedy="leave one of them out"
            )
        factor = np.linalg.cholesky(propagation.covariance)
        distance = np.sqrt(np.sum(np.linalg.solve(factor, deviations) ** 2, axis=0))
    else:
        raise CalibrationError(f"coverage region {kind!r}", remedy="give ellipsoid or rectangle")
    return CoverageRegion(kind, float(np.quantile(distance, p, method="higher")), p)


def histogram(propagation: Propagation, measurand: int = 0, bins: int = 100) -> Iterator[tuple[float, float, float]]:
    """The scaled frequency distribution of a measurand: lower edge, upper edge, density.

    The outermost ten-thousandth of the trials on each side, which would stretch it, has no bars.
    """
    samples = propagation.samples[measurand]
    count, edges = np.histogram(samples, bins=bins, range=tuple(np.quantile(samples, (1e-4, 1.0 - 1e-4))))
    density = count / (len(samples) * np.diff(edges))
    for (low, high), height in zip(pairwise(edges.tolist()), density.tolist(), strict=True):
        yield low, high, height
