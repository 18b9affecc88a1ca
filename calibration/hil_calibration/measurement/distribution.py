"""Distributions of input quantities: estimate, standard uncertainty, degrees of freedom, and samples (JCGM 101, 6.4).

Each says what it needs when it is made; numbers that make no distribution are refused.
"""

from __future__ import annotations

import math
from abc import ABC, abstractmethod
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import ClassVar

import numpy as np
from numpy.typing import NDArray

from ..errors import CalibrationError, UnknownUncertainty

Array = NDArray[np.float64]
Generator = np.random.Generator

FEWEST_SAMPLES = 4
"""Fewer have no standard uncertainty by Monte Carlo: Student's t with 2 degrees of freedom or less has no variance."""

LARGEST_SAMPLE = 1e150
"""Squares of larger numbers are no finite numbers."""


@dataclass(frozen=True)
class Distribution(ABC):
    """What is known of one input quantity.

    ``estimate`` is its best estimate, ``u`` the standard uncertainty for an evaluation by the GUM, ``dof`` its degrees
    of freedom there; ``unit`` a UCUM string, or empty where none was stated.
    """

    name: ClassVar[str]

    unit: str = field(default="", kw_only=True)
    dof: float = field(default=math.inf, kw_only=True)

    def __post_init__(self) -> None:
        if not self.dof >= 1:
            raise UnknownUncertainty(f"dof {self.dof:g}", remedy="give degrees of freedom of 1 or more")
        self._check()
        finite = math.isfinite(self.estimate) and math.isfinite(self.u * self.u)
        _need(finite, "numbers that are too large", "state the input in a larger unit")

    @property
    @abstractmethod
    def estimate(self) -> float: ...

    @property
    @abstractmethod
    def u(self) -> float: ...

    @abstractmethod
    def sample(self, generator: Generator, count: int) -> Array:
        """``count`` draws, shape (count,)."""

    @abstractmethod
    def _check(self) -> None: ...


def _need(holds: bool, what: str, remedy: str) -> None:
    if not holds:
        raise UnknownUncertainty(what, remedy=remedy)


@dataclass(frozen=True)
class Constant(Distribution):
    """A value without uncertainty."""

    name: ClassVar[str] = "constant"

    value: float = 0.0

    @property
    def estimate(self) -> float:
        return self.value

    @property
    def u(self) -> float:
        return 0.0

    def sample(self, generator: Generator, count: int) -> Array:  # noqa: ARG002
        return np.full(count, self.value)

    def _check(self) -> None:
        _need(math.isfinite(self.value), f"value {self.value}", "give a finite number")


@dataclass(frozen=True)
class Normal(Distribution):
    """A normal distribution; with finite ``dof`` draws follow the scaled and shifted t (JCGM 101, 6.4.7, 6.4.9)."""

    name: ClassVar[str] = "normal"

    value: float = 0.0
    standard: float = 0.0

    @property
    def estimate(self) -> float:
        return self.value

    @property
    def u(self) -> float:
        return self.standard

    def sample(self, generator: Generator, count: int) -> Array:
        if self.dof <= 2 and self.standard > 0:
            raise UnknownUncertainty(
                f"{self.dof:g} degrees of freedom have no standard uncertainty by Monte Carlo",
                remedy="give more than 2, or use the method gum",
            )
        drawn = generator.standard_normal(count) if math.isinf(self.dof) else generator.standard_t(self.dof, count)
        drawn *= self.standard
        drawn += self.value
        return drawn

    def _check(self) -> None:
        _need(math.isfinite(self.value), f"value {self.value}", "give a finite number")
        _need(0 <= self.standard < math.inf, f"u {self.standard}", "give a finite standard uncertainty of 0 or more")


@dataclass(frozen=True)
class StudentT(Normal):
    """A scaled and shifted t distribution (JCGM 101, 6.4.9): ``standard`` is its scale, and its u by the GUM."""

    name: ClassVar[str] = "t"

    def _check(self) -> None:
        super()._check()
        _need(math.isfinite(self.dof), "a t distribution without dof", "give dof, or write distribution = 'normal'")


@dataclass(frozen=True)
class Bounded(Distribution):
    """A distribution between ``lower`` and ``upper``, symmetric about their middle."""

    lower: float = 0.0
    upper: float = 0.0

    @property
    def estimate(self) -> float:
        return (self.lower + self.upper) / 2

    @property
    def half_width(self) -> float:
        return (self.upper - self.lower) / 2

    @property
    def u(self) -> float:
        return self.half_width * math.sqrt(self._variance())

    def sample(self, generator: Generator, count: int) -> Array:
        drawn = self._standard(generator, count)
        drawn *= self.half_width
        drawn += self.estimate
        return drawn

    @abstractmethod
    def _variance(self) -> float:
        """The variance for half-width 1."""

    @abstractmethod
    def _standard(self, generator: Generator, count: int) -> Array:
        """Draws for the limits -1 and 1."""

    def _check(self) -> None:
        finite = math.isfinite(self.lower) and math.isfinite(self.upper)
        _need(finite and self.lower < self.upper, f"limits {self.lower} and {self.upper}", "give lower < upper")


@dataclass(frozen=True)
class Rectangular(Bounded):
    """All values between the limits alike (JCGM 101, 6.4.2)."""

    name: ClassVar[str] = "rectangular"

    def _variance(self) -> float:
        return 1 / 3

    def _standard(self, generator: Generator, count: int) -> Array:
        drawn = generator.random(count)
        drawn *= 2.0
        drawn -= 1.0
        return drawn


@dataclass(frozen=True)
class Trapezoidal(Bounded):
    """A trapezoid whose top is ``beta`` times as wide as its base (JCGM 101, 6.4.4)."""

    name: ClassVar[str] = "trapezoidal"

    beta: float = 0.0

    def _variance(self) -> float:
        return (1 + self.beta**2) / 6

    def _standard(self, generator: Generator, count: int) -> Array:
        first, second = generator.random(count), generator.random(count)
        return (1 + self.beta) * first + (1 - self.beta) * second - 1.0

    def _check(self) -> None:
        super()._check()
        _need(0 <= self.beta <= 1, f"beta {self.beta}", "give a ratio of widths from 0 to 1")


@dataclass(frozen=True)
class Triangular(Trapezoidal):
    """A triangle (JCGM 101, 6.4.5)."""

    name: ClassVar[str] = "triangular"


@dataclass(frozen=True)
class Arcsine(Bounded):
    """U-shaped: a sine wave of unknown phase (JCGM 101, 6.4.6)."""

    name: ClassVar[str] = "arcsine"

    def _variance(self) -> float:
        return 1 / 2

    def _standard(self, generator: Generator, count: int) -> Array:
        return np.sin(2 * np.pi * generator.random(count))


@dataclass(frozen=True)
class Curvilinear(Bounded):
    """A rectangle whose limits are known within ±``inexactness`` (curvilinear trapezoid; JCGM 101, 6.4.3)."""

    name: ClassVar[str] = "curvilinear"

    inexactness: float = 0.0

    def _variance(self) -> float:
        return 1 / 3 + (self.inexactness / self.half_width) ** 2 / 9

    def _standard(self, generator: Generator, count: int) -> Array:
        spread = self.inexactness / self.half_width
        low = (2 * spread) * generator.random(count) - (1.0 + spread)
        return low - 2 * low * generator.random(count)

    def _check(self) -> None:
        super()._check()
        _need(
            0 <= self.inexactness < self.half_width,
            f"inexactness {self.inexactness}",
            "give less than half the distance of the limits, and not below 0",
        )


@dataclass(frozen=True)
class Exponential(Distribution):
    """A quantity of 0 or more of which only the estimate ``value`` is known (JCGM 101, 6.4.10)."""

    name: ClassVar[str] = "exponential"

    value: float = 1.0

    @property
    def estimate(self) -> float:
        return self.value

    @property
    def u(self) -> float:
        return self.value

    def sample(self, generator: Generator, count: int) -> Array:
        return generator.exponential(self.value, count)

    def _check(self) -> None:
        _need(0 < self.value < math.inf, f"value {self.value}", "give a finite number above 0")


@dataclass(frozen=True)
class Gamma(Distribution):
    """A gamma distribution; q counted objects give shape q + 1 and scale 1 (JCGM 101, 6.4.11)."""

    name: ClassVar[str] = "gamma"

    shape: float = 1.0
    scale: float = 1.0

    @property
    def estimate(self) -> float:
        return self.shape * self.scale

    @property
    def u(self) -> float:
        return math.sqrt(self.shape) * self.scale

    def sample(self, generator: Generator, count: int) -> Array:
        return generator.gamma(self.shape, self.scale, count)

    def _check(self) -> None:
        for key in ("shape", "scale"):
            number = getattr(self, key)
            _need(0 < number < math.inf, f"{key} {number}", "give a finite number above 0")


@dataclass(frozen=True)
class Beta(Distribution):
    """A beta distribution between ``lower`` and ``upper``."""

    name: ClassVar[str] = "beta"

    alpha: float = 1.0
    beta: float = 1.0
    lower: float = 0.0
    upper: float = 1.0

    @property
    def estimate(self) -> float:
        return self.lower + (self.upper - self.lower) * self.alpha / (self.alpha + self.beta)

    @property
    def u(self) -> float:
        total = self.alpha + self.beta
        return (self.upper - self.lower) * math.sqrt(self.alpha * self.beta / (total + 1)) / total

    def sample(self, generator: Generator, count: int) -> Array:
        drawn = generator.beta(self.alpha, self.beta, count)
        drawn *= self.upper - self.lower
        drawn += self.lower
        return drawn

    def _check(self) -> None:
        for key in ("alpha", "beta"):
            number = getattr(self, key)
            _need(0 < number < math.inf, f"{key} {number}", "give a finite number above 0")
        finite = math.isfinite(self.lower) and math.isfinite(self.upper)
        _need(finite and self.lower < self.upper, f"limits {self.lower} and {self.upper}", "give lower < upper")


@dataclass(frozen=True)
class Samples(Distribution):
    """Repeated indications: mean, s / sqrt(n) and n - 1 degrees of freedom (GUM 4.2; drawn as JCGM 101, 6.4.9)."""

    name: ClassVar[str] = "samples"

    samples: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        self._check()
        object.__setattr__(self, "dof", float(len(self.samples) - 1))

    @property
    def estimate(self) -> float:
        return math.fsum(self.samples) / len(self.samples)

    @property
    def u(self) -> float:
        return float(np.std(self.samples, ddof=1)) / math.sqrt(len(self.samples))

    def sample(self, generator: Generator, count: int) -> Array:
        if len(self.samples) < FEWEST_SAMPLES:
            raise UnknownUncertainty(
                f"{len(self.samples)} samples have no standard uncertainty by Monte Carlo",
                remedy=f"give {FEWEST_SAMPLES} or more, or use the method gum",
            )
        drawn = generator.standard_t(self.dof, count)
        drawn *= self.u
        drawn += self.estimate
        return drawn

    def _check(self) -> None:
        _need(len(self.samples) > 1, f"{len(self.samples)} sample(s)", "give two or more")
        _need(all(map(math.isfinite, self.samples)), "a sample that is not finite", "leave it out, or correct it")
        _need(max(map(abs, self.samples)) < LARGEST_SAMPLE, "a sample that is too large", "use a larger unit")
        _need(
            min(self.samples) < max(self.samples),
            f"{len(self.samples)} samples that are all {self.samples[0]:g}",
            "state what is known of it, such as the resolution as a rectangular distribution",
        )


def samples(values: Sequence[float], *, unit: str = "") -> Samples:
    """The distribution behind repeated indications."""
    return Samples(samples=tuple(map(float, values)), unit=unit)


KINDS: dict[str, type[Distribution]] = {
    kind.name: kind
    for kind in (
        *(Constant, Normal, StudentT, Rectangular, Triangular, Trapezoidal, Arcsine, Curvilinear),
        *(Exponential, Gamma, Beta, Samples),
    )
}
"""Every distribution by the name that a model file gives it."""


def require_coverage(coverage: float) -> float:
    """``coverage`` if it is a probability between 0 and 1, both excluded.

    :raises CalibrationError: if it is not.
    """
    if not 0 < coverage < 1:
        raise CalibrationError(f"coverage probability {coverage}", remedy="give a number between 0 and 1")
    return coverage
