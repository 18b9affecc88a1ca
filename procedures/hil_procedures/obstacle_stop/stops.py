"""What one stop came to: speeds, kinetic energy, gap and way, each with the effects behind its uncertainty.

Lengths in m, times in s, energies in J.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hil_calibration.errors import CalibrationError
from hil_calibration.series import line_through
from hil_calibration.stream import Measurements

from ..figure import ALONE, Figure, combined, of_shared, resting
from ..readings import Series

Array = NDArray[np.float64]

BEFORE_TOUCH = 0.1
"""Seconds before a touch in which the speed at it is found."""

NEAR = 0.002
"""Within so much of the place at which it rests, in m, a robot that touched may already be touching."""

FEWEST = 5


@dataclass(frozen=True)
class Seen:
    """The readings of one stop: times in s of one origin, ``speed`` as planned in m/s.

    ``heading`` is that of the robot at rest, in rad; ``aside`` by how far the obstacle stands to the left of it, in m.
    ``robot_indicated`` and ``obstacle_indicated`` are the mean indications of both at rest, in m.
    """

    name: str
    speed: float
    touched: bool
    approach: Series
    stop: Series
    robot: Series
    obstacle: Series
    heading: float
    aside: float
    robot_indicated: float
    obstacle_indicated: float


@dataclass(frozen=True)
class Body:
    """What is stated of the robot and the obstacle: lengths in m from the origins of their markers, mass in kg, and in
    s how long after the last position before it the obstacle stands."""

    front: float
    face: float
    mass: float
    u_mass: float
    delay: float
    u_delay: float


@dataclass(frozen=True)
class Stop:
    """One stop: speeds before and at the touch (0 without one), energy taken away, gap left, at what distance the
    obstacle appeared, and the way from there to rest (``None`` after a touch)."""

    seen: Seen
    before: Figure
    at_touch: Figure
    energy: Figure
    gap: Figure
    appeared: Figure
    way: Figure | None


def stop_of(seen: Seen, body: Body) -> Stop:
    """The figures of one stop.

    :raises CalibrationError: if the readings do not give them.
    """
    before, here = _cruise(seen, body)
    at_touch = _at_touch(seen) if seen.touched else Figure(0.0)
    robot, obstacle = resting(seen.robot, f"{seen.name} robot"), resting(seen.obstacle, f"{seen.name} obstacle")
    reach = body.front + body.face
    along, across = math.cos(seen.heading), math.sin(seen.heading)
    free = along * (obstacle.value - robot.value) + across * seen.aside - reach
    gap = Figure(0.0) if seen.touched else combined(free, [(along, obstacle), (-along, robot)])
    appeared = combined(obstacle.value - here.value - reach, [(1.0, obstacle), (-1.0, here)])
    way = None if seen.touched else combined(robot.value - here.value, [(1.0, robot), (-1.0, here)])
    return Stop(seen, before, at_touch, _energy(before, at_touch, body), gap, appeared, way)


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
    slope, straight = of_shared(line.b), 1.0 / math.cos(seen.heading)
    at = line.value_at(body.delay)
    moment = {f"{ALONE}{seen.name}, moment of appearance": slope.value * body.u_delay}
    here = Figure(float(at.value[0]), {**of_shared(at).effects, **moment})
    return combined(straight * slope.value, [(straight, slope)]), here


def _at_touch(seen: Seen) -> Figure:
    """The speed at the touch: of the parabola through the last readings before it, where it gets to the obstacle."""
    t, x = seen.stop.t, seen.stop.value
    free = x < float(seen.robot.mean) - NEAR
    count = int(np.argmin(free)) if not free.all() else len(x)
    chosen = np.flatnonzero(t[:count] >= t[count - 1] - BEFORE_TOUCH) if count else np.arange(0)
    if len(chosen) < FEWEST:
        raise CalibrationError(
            f"has {len(chosen)} readings before the touch",
            where=seen.name,
            remedy="let the obstacle appear farther away",
        )
    end = float(t[chosen[-1]])
    design = np.vander(t[chosen] - end, 3, increasing=True)
    inverse = np.linalg.pinv(design)
    a, b, c = (inverse @ x[chosen]).tolist()
    residual = x[chosen] - design @ np.array([a, b, c])
    s = math.sqrt(float(residual @ residual) / (len(chosen) - 3))
    later = (float(seen.robot.mean) - a) / b
    gain = inverse[1] + 2.0 * later * inverse[2]
    own = {
        f"{ALONE}{seen.name}, readings before the touch": s * float(np.linalg.norm(gain)),
        f"{ALONE}{seen.name}, moment of the touch": abs(2.0 * c) * later / math.sqrt(3.0),
    }
    shared = seen.stop.shared.shared[chosen]
    named = dict(zip(seen.stop.shared.effects, (gain @ shared).tolist(), strict=True))
    return Figure(b + 2.0 * c * later, {**named, **own})


def _with_scatter(series: Series) -> Measurements:
    """The measurements with the scatter about their own line as the noise of each; not below their rounding."""
    t = series.t - series.t[0]
    residual = series.value - np.polyval(np.polyfit(t, series.value, 1), t)
    s = math.sqrt(float(residual @ residual) / (len(t) - 2))
    plain = series.shared
    noise = np.full(len(t), max(s, series.rounding))
    return Measurements(plain.value, noise, plain.shared, plain.effects, plain.unit, plain.dof)
