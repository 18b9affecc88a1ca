"""Where the robot stood at each docking, with uncertainty, and whether that is within the tolerances.

Lengths in m, headings in rad.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from hil.evidence import Evidence
from hil_calibration.conformity import decide
from hil_calibration.performance import pose_repeatability, proportion_interval
from hil_calibration.reporting import ReportingPolicy

from ..figure import ALONE, Figure, combined, deviation, mean, resting
from ..mobile import heading_of
from ..readings import Series, indicated, measured
from .parameters import Docking

Judgement = Literal["pass", "fail", "inconclusive"]
HEADING = "how the markers sit on the robot, about the vertical"
NAMES = (("x", "m"), ("y", "m"), ("heading", "rad"))
MOVING = 0.01
"""Speed in m/s above which a robot has not docked, whatever it says."""


@dataclass(frozen=True)
class Dock:
    """One docking: departures from the dock, ``seconds`` that it took, and what it was judged to be.

    ``indicated`` are the mean indications of x, y and the z of the quaternion. ``place`` is what its pose alone was
    judged to be, ``outcome`` how it ended by the robot's own account. One in which it has not ``arrived``, by that
    account, is a failure wherever it stands; so is one after which it is ``moving``.
    """

    start: float
    seconds: float
    departures: tuple[Figure, Figure, Figure]
    place: Judgement
    indicated: tuple[float, float, float]
    arrived: bool = True
    outcome: str = "moved"
    moving: bool = False

    @property
    def judgement(self) -> Judgement:
        """That of the docking: of its place, of what the robot said, and of whether it stands."""
        return self.place if self.arrived and not self.moving else "fail"

    @property
    def misplaced(self) -> bool:
        """Whether the robot says that it is there, and is not."""
        return self.arrived and self.place == "fail"

    @property
    def denied(self) -> bool:
        """Whether the robot stands in its dock beyond doubt, and says that it has failed."""
        return not self.arrived and self.place == "pass"

    @property
    def away(self) -> float:
        """Its distance from the dock."""
        return math.hypot(self.departures[0].value, self.departures[1].value)


FEWEST = 5
"""Of so many dockings RP of the position is stated: of two it is half their distance, whatever the robot does."""


@dataclass(frozen=True)
class Component:
    """One coordinate over all dockings: the mean departure, and the standard deviation of one, if there are two."""

    name: str
    unit: str
    tolerance: float
    mean: Figure
    s: float | None

    @property
    def repeatability(self) -> float | None:
        """3 s, as ISO 9283 has it for an axis or an angle."""
        return None if self.s is None else 3.0 * self.s


@dataclass(frozen=True)
class Tally:
    """How many dockings are within the tolerances beyond doubt, and how many are not; the rest is open.

    The bounds take what is open against the robot below, and for it above.
    """

    within: int
    outside: int
    n: int

    @property
    def open(self) -> int:
        """Those that lie within U of a tolerance."""
        return self.n - self.within - self.outside

    def bounds(self, confidence: float) -> tuple[float, float]:
        """The two-sided interval of the success probability (Clopper-Pearson)."""
        low, _ = proportion_interval(self.within, self.n, confidence)
        _, high = proportion_interval(self.n - self.outside, self.n, confidence)
        return low, high

    def one_sided(self, confidence: float) -> tuple[float, float]:
        """The one-sided bounds of the success probability (Clopper-Pearson)."""
        low, _ = proportion_interval(self.within, self.n, confidence, side="lower")
        _, high = proportion_interval(self.n - self.outside, self.n, confidence, side="upper")
        return low, high


def read_docks(evidence: Evidence, p: Docking, policy: ReportingPolicy) -> list[Dock]:
    """All dockings that count, in their order."""
    docks = []
    for number, entry in enumerate(evidence.observations, start=1):
        x, y, turn = (entry.links[f"robot_{name}_docked"] for name in ("x", "y", "turn"))
        name = f"docking {number}"
        along, across = measured(evidence, x), measured(evidence, y)
        departures = (
            _departure(along, f"{name}, x", p.dock_x),
            _departure(across, f"{name}, y", p.dock_y),
            _heading(indicated(evidence, turn), f"{name}, heading", p.u_heading),
        )
        told = indicated(evidence, x).mean, indicated(evidence, y).mean, indicated(evidence, turn).mean
        docks.append(
            Dock(
                float(entry.data["start"]),
                float(entry.data["seconds"]),
                departures,
                judged(departures, p, policy),
                told,
                bool(entry.data["arrived"]),
                str(entry.data["outcome"]),
                moves(along) or moves(across),
            )
        )
    return docks


def moves(series: Series) -> bool:
    """Whether a coordinate changes faster than ``MOVING``, beyond the scatter of its readings."""
    t = series.t - series.t.mean()
    speed, spread = float(t @ series.value / (t @ t)), math.sqrt(float(t @ t))
    residual = series.value - series.mean - speed * t
    return abs(speed) - 3.0 * math.sqrt(float(residual @ residual) / (len(t) - 2)) / spread > MOVING


def judged(departures: Sequence[Figure], p: Docking, policy: ReportingPolicy) -> Judgement:
    """Whether a pose is within all tolerances: beyond doubt, not, or open because one lies within U of a tolerance."""
    verdicts = {
        decide(each.value, each.u, lower=-most, upper=most, rule="non-binary", policy=policy).verdict
        for each, most in zip(departures, tolerances(p), strict=True)
    }
    return "fail" if "fail" in verdicts else "inconclusive" if "inconclusive" in verdicts else "pass"


def tolerances(p: Docking) -> tuple[float, float, float]:
    """Of x, y and heading."""
    return p.tolerance_x, p.tolerance_y, p.tolerance_heading


def components(docks: Sequence[Dock], p: Docking) -> tuple[Component, ...]:
    """Each coordinate over all dockings in which the robot arrived; none without such."""
    docks = carried_out(docks)
    if not docks:
        return ()
    found = []
    for place, ((name, unit), most) in enumerate(zip(NAMES, tolerances(p), strict=True)):
        figures = [dock.departures[place] for dock in docks]
        found.append(Component(name, unit, most, mean(figures), deviation(figures)))
    return tuple(found)


def carried_out(docks: Sequence[Dock]) -> list[Dock]:
    """Those in which the robot arrived."""
    return [dock for dock in docks if dock.arrived]


def tally(docks: Sequence[Dock]) -> Tally:
    """How they were judged."""
    judgements = [dock.judgement for dock in docks]
    return Tally(judgements.count("pass"), judgements.count("fail"), len(docks))


def repeatability(docks: Sequence[Dock]) -> float | None:
    """RP of the position in the plane (ISO 9283) where the robot arrived, ``None`` of fewer than ``FEWEST``."""
    arrived = carried_out(docks)
    if len(arrived) < FEWEST:
        return None
    return pose_repeatability([[each.value for each in dock.departures[:2]] for dock in arrived])


def _departure(series: Series, name: str, dock: float) -> Figure:
    place = resting(series, name)
    return Figure(place.value - dock, place.effects)


def _heading(turn: Series, name: str, u: float) -> Figure:
    """The heading from the z of the quaternion, q = sin(heading / 2)."""
    value = heading_of(turn.mean)
    scatter = 2.0 / math.cos(value / 2.0) * turn.s / math.sqrt(len(turn.value))
    return combined(value, [(1.0, Figure(0.0, {HEADING: u, f"{ALONE}{name}, readings at rest": scatter}))])
