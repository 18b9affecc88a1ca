"""The figures of one pose: accuracy, its components, repeatability, each with its budget."""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hil_calibration.errors import FitError
from hil_calibration.performance import corrected_pose_repeatability, pose_accuracy, pose_repeatability
from hil_calibration.pose_scatter import length_interval, repeatability_of_samples
from hil_calibration.reporting import ReportingPolicy
from hil_calibration.stream import Measurements

from ..budget import Budget, Part, shared_parts

Array = NDArray[np.float64]

CYCLES = "scatter from cycle to cycle"
ROUNDING = "resolution of motion capture"
NOISE = "noise of motion capture, which lengthens it"
TWO_SIGMA = math.erf(math.sqrt(2.0))
"""Coverage of k = 2."""


@dataclass(frozen=True)
class Visits:
    """What was measured at one pose.

    :param command: the commanded position, m, shape (3,).
    :param axes: for each of x, y, z one measurement a cycle, the mean of its readings, m.
    :param noise: standard deviation of such a mean by the noise of motion capture, by axis, m, shape (3,).
    """

    name: str
    command: Array
    axes: Sequence[Measurements]
    noise: Array

    @property
    def points(self) -> Array:
        """The measured positions, m, shape (cycles, 3)."""
        return np.column_stack([axis.value for axis in self.axes])


@dataclass(frozen=True)
class Figure:
    """A value in m with its budget."""

    value: float
    budget: Budget


@dataclass(frozen=True)
class Accuracy(Figure):
    """AP; ``across`` is the standard uncertainty of a component of the error, the mean over the three of them, m."""

    across: float

    def interval(self, policy: ReportingPolicy) -> tuple[float, float]:
        """Between which values AP truly lies, by the policy's coverage: not value ± U, since AP is never below 0."""
        u = max(self.budget.u, self.across)
        return length_interval(self.value, u * policy.factor(max(1.0, self.budget.dof)) / 2.0, TWO_SIGMA)


@dataclass(frozen=True)
class Repeatability(Figure):
    """RP as defined, and apart from it ``corrected`` for the noise of motion capture, with its own standard
    uncertainty; ``None`` where that noise explains all the scatter.

    :param share: of the variance that the noise makes.
    """

    corrected: Figure | None
    share: float


@dataclass(frozen=True)
class PoseFigures:
    """What was found at one pose; ``components`` are mean minus command along x, y and z, ``farthest`` is the largest
    distance of one visit from the command, m."""

    name: str
    cycles: int
    farthest: float
    components: tuple[Figure, ...]
    accuracy: Accuracy
    repeatability: Repeatability


def figures(visits: Visits, distributions: Mapping[str, str]) -> PoseFigures:
    """The figures of one pose.

    Errors of motion capture along different axes are taken as independent of each other.

    :param distributions: of the effects of the calibrations, by name.
    """
    points = visits.points
    covariance = np.cov(points.T, ddof=1)
    systematic = [_systematic(axis, distributions) for axis in visits.axes]
    error = points.mean(axis=0) - visits.command
    components = tuple(
        Figure(float(error[i]), _along(np.eye(3)[i], systematic, covariance, len(points))) for i in range(3)
    )
    length = pose_accuracy(points, visits.command)
    direction = error / length if length else np.full(3, 1.0 / math.sqrt(3.0))
    across = math.sqrt(sum(one.budget.u**2 for one in components) / 3.0)
    return PoseFigures(
        visits.name,
        len(points),
        float(np.linalg.norm(points - visits.command, axis=1).max()),
        components,
        Accuracy(length, _along(direction, systematic, covariance, len(points)), across),
        _repeatability(points, covariance, visits.noise),
    )


def _systematic(axis: Measurements, distributions: Mapping[str, str]) -> list[Part]:
    """What all cycles share along one axis."""
    mean = axis.mean()
    return [*shared_parts(mean, distributions=distributions), Part(ROUNDING, float(mean.u_ind[0]))]


def _along(direction: Array, systematic: Sequence[Sequence[Part]], covariance: Array, cycles: int) -> Budget:
    """The budget of the mean error along a direction; what several axes name alike makes one line, of no one sense."""
    lines: dict[str, Part] = {}
    for weight, parts in zip(direction, systematic, strict=True):
        for part in parts:
            along, before = part.times(float(weight)), lines.get(part.name)
            if before is None or not before.u:
                lines[part.name] = along
            elif along.u:
                lines[part.name] = Part(part.name, math.hypot(before.u, along.u), part.dof, part.distribution)
    scatter = math.sqrt(max(0.0, float(direction @ covariance @ direction)) / cycles)
    return Budget((*lines.values(), Part(CYCLES, scatter, cycles - 1.0)))


def _repeatability(points: Array, covariance: Array, noise: Array) -> Repeatability:
    """The noise of motion capture makes RP larger than the arm's: by how much is part of its uncertainty."""
    defined, sample = pose_repeatability(points), repeatability_of_samples(covariance, len(points))
    chance = Part(CYCLES, sample.sd, sample.dof)
    try:
        found = corrected_pose_repeatability(points, noise)
    except FitError:
        return Repeatability(defined, Budget((chance, Part(NOISE, defined))), None, 1.0)
    less = Part(CYCLES, sample.sd * defined / found.corrected, sample.dof * (1.0 - found.noise_share) ** 2)
    return Repeatability(
        defined,
        Budget((chance, Part(NOISE, defined - found.corrected))),
        Figure(found.corrected, Budget((less,))),
        found.noise_share,
    )
