"""What one stop came to: speeds, kinetic energy, gap and way, each with the effects behind its uncertainty.

Lengths in m, times in s, energies in J.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from hil_calibration.series import line_through
from hil_calibration.stream import Measurements

from ..figure import ALONE, Figure, combined, of_shared, resting
from ..readings import Series
from .seen import Body, Seen
from .touch import Evidence, evidence_of_touch, part, speed_at_touch, stood_before

AT_THE_END = 0.3
"""Seconds before the end of the time that it was given in which the speed of a robot that did not rest is found."""


@dataclass(frozen=True)
class Stop:
    """One stop: speed before it, and after it (at the touch; at the end, of a robot that did not rest; else 0), energy
    taken away, gap left (``None`` of a robot that did not rest, and did not touch), at what distance the obstacle
    appeared, and the way from there to rest (``None`` where it did not come to rest without a touch).

    ``touched`` is what told of a touch; empty without one.
    """

    seen: Seen
    touched: tuple[Evidence, ...]
    before: Figure
    after: Figure
    energy: Figure
    gap: Figure | None
    appeared: Figure
    way: Figure | None

    @property
    def free(self) -> bool:
        """Whether it came to rest without a touch: the success of the trial."""
        return self.seen.rested and not self.touched


def stop_of(seen: Seen, body: Body) -> Stop:
    """The figures of one stop.

    :raises CalibrationError: if the readings do not give them.
    """
    before, here = _cruise(seen, body)
    robot, obstacle = resting(seen.robot, f"{seen.name} robot"), resting(seen.obstacle, f"{seen.name} obstacle")
    along, across = math.cos(seen.heading), math.sin(seen.heading)
    left = along * (obstacle.value - robot.value) + across * seen.aside - body.reach
    gap = combined(left, [(along, obstacle), (-along, robot)])
    touched = evidence_of_touch(seen, body, gap)
    after = speed_at_touch(seen, body) if touched else Figure(0.0) if seen.rested else _at_the_end(seen)
    stood = stood_before(seen, body)
    appeared = combined(stood.value - here.value - body.reach, [(1.0, stood), (-1.0, here)])
    free = seen.rested and not touched
    return Stop(
        seen,
        touched,
        before,
        after,
        _energy(before, after, body),
        Figure(0.0) if touched else gap if free else None,
        appeared,
        combined(robot.value - here.value, [(1.0, robot), (-1.0, here)]) if free else None,
    )


def _energy(before: Figure, after: Figure, body: Body) -> Figure:
    """What of the kinetic energy was taken away: m (v1² - v2²) / 2."""
    squares = before.value**2 - after.value**2
    mass = Figure(body.mass, {"mass of the robot": body.u_mass})
    m = body.mass
    return combined(0.5 * m * squares, [(0.5 * squares, mass), (m * before.value, before), (-m * after.value, after)])


def _cruise(seen: Seen, body: Body) -> tuple[Figure, Figure]:
    """The speed before the obstacle appears, and where the robot is when it does."""
    t, values = seen.approach.t, _with_scatter(seen.approach)
    line = line_through(t - t[-1], values, name=f"{ALONE}{seen.name}, approach", x_unit="s")
    slope, straight = of_shared(line.b), 1.0 / math.cos(seen.heading_before)
    at = line.value_at(body.delay)
    moment = {f"{ALONE}{seen.name}, moment of appearance": slope.value * body.u_delay}
    here = Figure(float(at.value[0]), {**of_shared(at).effects, **moment})
    return combined(straight * slope.value, [(straight, slope)]), here


def _at_the_end(seen: Seen) -> Figure:
    """The speed, wherever it goes, of a robot that did not come to rest, where it was given no more time."""
    along, across = _speed_at_the_end(seen.stop, f"{seen.name}, x"), _speed_at_the_end(seen.across, f"{seen.name}, y")
    speed = math.hypot(along.value, across.value)
    return combined(speed, [(along.value / speed, along), (across.value / speed, across)])


def _speed_at_the_end(series: Series, name: str) -> Figure:
    """That of one coordinate."""
    kept = np.flatnonzero(series.t >= series.t[-1] - AT_THE_END)
    t, values = series.t[kept], _with_scatter(part(series, kept))
    return of_shared(line_through(t - t[-1], values, name=f"{ALONE}{name} at the end", x_unit="s").b)


def _with_scatter(series: Series) -> Measurements:
    """The measurements with the scatter about their own line as the noise of each; not below their rounding."""
    t = series.t - series.t[0]
    residual = series.value - np.polyval(np.polyfit(t, series.value, 1), t)
    s = math.sqrt(float(residual @ residual) / (len(t) - 2))
    plain = series.shared
    noise = np.full(len(t), max(s, series.rounding))
    return Measurements(plain.value, noise, plain.shared, plain.effects, plain.unit, plain.dof)
