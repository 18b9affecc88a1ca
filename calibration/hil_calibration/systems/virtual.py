"""Calibration of a virtual instrument: a model `input -> value`, held against references like any sensor.

What is found holds for inputs like those of the calibration, inside the operating domain, and says nothing beyond it.
Two statements are made side by side and never mixed: a standard uncertainty of the corrected value (GUM), and a split
conformal interval, which covers a stated share of new values and is no uncertainty of any single one.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256

import numpy as np
from numpy.typing import ArrayLike, NDArray

from ..checks import flags, numbers, probability
from ..errors import CalibrationError
from .conformal import Conformal, CoverageByDomain, coverage_by_domain, split_conformal

Domain = Mapping[str, tuple[float, float]]
FEWEST_SUBJECTS = 10
"""In the calibration part: of fewer, nobody knows how subjects differ."""


@dataclass(frozen=True)
class Reading:
    """A corrected ``value`` with its standard uncertainty ``u`` and the conformal interval about it.

    Outside the domain (``domain_ok`` is false) ``u`` and ``interval`` are ``None``: unknown, not zero.
    """

    value: float
    u: float | None
    interval: tuple[float, float] | None
    domain_ok: bool


@dataclass(frozen=True)
class VirtualInstrument:
    """A calibrated model: ``bias`` (mean of indication minus reference) with ``u_bias``, and ``sd`` of one answer.

    :param dof: degrees of freedom of ``u_bias``, by Welch and Satterthwaite; infinite where no subject differs.
    :param sd: standard deviation of one answer about the bias, over subjects and inputs.
    :param domain: feature -> lower and upper bound; the declared bounds, cut down to what was observed.
    """

    bias: float
    u_bias: float
    dof: float
    sd: float
    conformal: Conformal
    domain: Domain

    @property
    def u(self) -> float:
        """Standard uncertainty of a corrected value: of the bias, and of one answer about it."""
        return math.hypot(self.u_bias, self.sd)

    def __call__(self, indication: float, features: Mapping[str, float]) -> Reading:
        """What an answer of the model means.

        :param features: of its input, by name; one that is missing lies outside the domain.
        """
        value = indication - self.bias
        if not within(features, self.domain):
            return Reading(value, None, None, domain_ok=False)
        return Reading(value, self.u, self.conformal.interval(value), domain_ok=True)


@dataclass(frozen=True)
class Trials:
    """``n`` answers of a model, each with a reference value; arrays of shape ``(n,)``.

    :param subjects: the person, scene or sample of each; those of one subject are never split.
    :param features: of the inputs, by name.
    :param in_domain: whether the input lay in the declared domain.
    """

    indication: NDArray[np.float64]
    reference: NDArray[np.float64]
    subjects: tuple[str, ...]
    features: Mapping[str, NDArray[np.float64]]
    in_domain: NDArray[np.bool_]

    def __post_init__(self) -> None:
        n = len(numbers("indication", self.indication))
        numbers("reference", self.reference, size=n)
        flags("in_domain", self.in_domain, size=n)
        for name, values in self.features.items():
            numbers(f"feature {name}", values, size=n)
        if len(self.subjects) != n:
            raise CalibrationError(f"{len(self.subjects)} subjects for {n} answers", remedy="name that of each answer")

    @property
    def error(self) -> NDArray[np.float64]:
        """Indication minus reference."""
        return self.indication - self.reference

    def part(self, chosen: NDArray[np.bool_]) -> Trials:
        """Some of them."""
        return Trials(
            self.indication[chosen],
            self.reference[chosen],
            tuple(subject for subject, kept in zip(self.subjects, chosen, strict=True) if kept),
            {name: values[chosen] for name, values in self.features.items()},
            self.in_domain[chosen],
        )


@dataclass(frozen=True)
class Calibrated:
    """The instrument, the parts of the data that made and tested it, and how often its intervals held in the test."""

    instrument: VirtualInstrument
    made: Trials
    tested: Trials
    coverage: CoverageByDomain


def calibrate(
    trials: Trials, declared: Domain, *, u_reference: float, coverage: float = 0.9, share: float = 0.5, salt: str = ""
) -> Calibrated:
    """Calibrate on the subjects of one part of the data, and test on the others.

    Only answers inside the declared domain enter the calibration. The bias is the mean over subjects, its uncertainty
    the scatter of the subjects' means together with the references' shared error. The residuals of the conformal
    interval are about the bias of the other subjects: those about a bias that they made themselves are smaller than
    those of new values, by about one part in as many as there are subjects.

    :param u_reference: standard uncertainty that all reference values share, in their unit.
    :param coverage: of the conformal interval.
    :param share: of the subjects that calibrate, between 0 and 1.
    :param salt: another one splits the subjects otherwise.
    :raises CalibrationError: fewer than `FEWEST_SUBJECTS` subjects to calibrate with in the domain, none to test with,
        or too few values for an interval of this coverage.
    """
    probability("share", share)
    first = np.array([calibrates(subject, share, salt) for subject in trials.subjects])
    if not np.any(first & trials.in_domain):
        raise CalibrationError(
            "no subject to calibrate with in the domain", remedy="take more subjects, or look at the domain declared"
        )
    if not np.any(~first & trials.in_domain):
        raise CalibrationError("no subject to test in the domain", remedy="take more subjects")
    made, tested = trials.part(first & trials.in_domain), trials.part(~first)
    error, means = made.error, subject_means(made, made.error)
    if len(means) < FEWEST_SUBJECTS:
        raise CalibrationError(
            f"{len(means)} subjects to calibrate with in the domain", remedy=f"take {FEWEST_SUBJECTS} or more"
        )
    bias = float(means.mean())
    scatter = float(means.std(ddof=1)) / math.sqrt(len(means))
    u_bias = math.hypot(scatter, u_reference)
    dof = (len(means) - 1.0) * (u_bias / scatter) ** 4 if scatter > 0.0 else math.inf
    conformal = split_conformal(error - bias_without_own(made, error), coverage)
    if not math.isfinite(conformal.half_width):
        raise CalibrationError(
            f"{conformal.n} values give no interval that covers {100.0 * coverage:g} %",
            remedy="take more, or state a smaller coverage",
        )
    sd = float(np.std(error - bias, ddof=1))
    instrument = VirtualInstrument(bias, u_bias, dof, sd, conformal, hull(made, declared))
    inside = np.array(
        [
            within({name: values[i] for name, values in tested.features.items()}, instrument.domain)
            for i in range(len(tested.indication))
        ]
    )
    widths = np.full(len(inside), instrument.conformal.half_width)
    return Calibrated(instrument, made, tested, coverage_by_domain(tested.error - bias, widths, inside))


def calibrates(subject: str, share: float, salt: str = "") -> bool:
    """Whether a subject is one to calibrate with; it does not depend on which others there are."""
    return int(sha256(f"{salt}\0{subject}".encode()).hexdigest()[:12], 16) < share * 16**12


def subject_means(trials: Trials, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of each subject's ``values``, shape ``(n,)``."""
    return means_by_subject(trials.subjects, values)


def means_by_subject(subjects: Sequence[str], values: NDArray[np.float64]) -> NDArray[np.float64]:
    """The mean of the ``values`` of each of the ``subjects``, which names that of every value."""
    _, place = np.unique(np.array(subjects), return_inverse=True)
    return np.bincount(place, weights=values) / np.bincount(place)


def bias_without_own(trials: Trials, values: NDArray[np.float64]) -> NDArray[np.float64]:
    """For each of the ``values``, the mean over subjects without its own, shape ``(n,)``."""
    means = subject_means(trials, values)
    _, place = np.unique(np.array(trials.subjects), return_inverse=True)
    others: NDArray[np.float64] = (means.sum() - means[place]) / (len(means) - 1)
    return others


def hull(trials: Trials, declared: Domain) -> dict[str, tuple[float, float]]:
    """The declared domain, cut down to what was observed of each feature."""
    found = {}
    for name, (low, high) in declared.items():
        if name not in trials.features:
            raise CalibrationError(f"no feature {name!r} was observed", remedy="declare what the model reports")
        seen = trials.features[name]
        found[name] = (max(low, float(seen.min())), min(high, float(seen.max())))
    return found


def within(features: Mapping[str, float], domain: Domain) -> bool:
    """Whether all features that the domain names lie in their bounds."""
    return all(low <= features.get(name, math.nan) <= high for name, (low, high) in domain.items())


def near_duplicates(made: ArrayLike, tested: ArrayLike, closer: float) -> int:
    """How many inputs of the test lie nearer than ``closer`` to one of the calibration, by their features.

    :param made: features of the inputs, each scaled to a spread of 1, shape ``(n, d)``.
    :param tested: likewise, shape ``(m, d)``.
    """
    a, b = np.asarray(made, dtype=float), np.asarray(tested, dtype=float)
    if not (len(a) and len(b)):
        return 0
    nearest = [float(np.min(np.linalg.norm(a - row, axis=1))) for row in b]
    return int(sum(distance < closer for distance in nearest))
