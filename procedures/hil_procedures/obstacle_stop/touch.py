"""Whether and when a robot touched its obstacle, from the tracked positions of both during the move.

An obstacle that gives way is pushed on after the touch: where the robot then rests says nothing of it. The touch is
then taken to be where the front of the robot got to the face of the obstacle as that stood before.
"""

from __future__ import annotations

import math
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import NDArray

from hil_calibration.errors import CalibrationError
from hil_calibration.stream import Measurements

from ..figure import ALONE, Figure, combined, of_shared, resting
from ..readings import Series
from .seen import Body, Seen

Array = NDArray[np.float64]
Evidence = Literal["bumper", "pushed", "overlap"]

BEFORE_TOUCH = 0.1
"""Seconds before a touch in which the speed at it is found."""

NEAR = 0.002
"""Within so much of the place of the touch, in m, a robot that touched may already be touching."""

MOVED = 0.002
"""By so much, in m, an obstacle has moved that was pushed: more than motion capture's noise."""

CLOSE = 0.02
"""Within so much of the obstacle, in m, it is the robot that moved it."""

SPRING = 0.005
"""By so much, in m, a bumper gives way before the robot rests at the obstacle; farther back, it has left it."""

HARDEST = 9.81
"""The deceleration in m/s² that no wheel exceeds: a friction of 1 (the floors of such tests have 0.6 to 1.0)."""

FEWEST = 5
"""Readings by which a speed is found."""


class Place(NamedTuple):
    """Where the robot's origin is at the touch, and between which times it was pushing, if it did."""

    x: Figure
    since: float | None


class Way(NamedTuple):
    """Times, positions of the robot, and what calibration shares in them."""

    t: Array
    x: Array
    shared: Array


def evidence_of_touch(seen: Seen, body: Body, gap: Figure) -> tuple[Evidence, ...]:
    """What tells that the robot touched the obstacle; empty without a touch.

    :param gap: from the front of the robot to the face of the obstacle at the end.
    """
    found: list[Evidence] = ["bumper"] if seen.told else []
    if pushed_from(seen, body) is not None:
        found.append("pushed")
    if seen.rested and gap.value + 2.0 * gap.u < 0.0:
        found.append("overlap")
    return tuple(found)


def pushed_from(seen: Seen, body: Body) -> int | None:
    """The first frame in which the obstacle is seen to have been moved by the robot, which was close to it."""
    stood = float(np.mean(seen.moving.value[_settled(seen, body)][:FEWEST]))
    near = seen.stop.value > stood - _reach(seen, body) - CLOSE
    moved = np.flatnonzero((np.abs(seen.moving.value - stood) > MOVED) & near)
    return int(moved[0]) if len(moved) else None


def speed_at_touch(seen: Seen, body: Body) -> Figure:
    """The speed at the touch: of the parabola through the last readings before it, where it gets to the obstacle.

    :raises CalibrationError: if motion capture gave too few readings before the touch.
    """
    place = _place(seen, body)
    count = _free(seen, place)
    t, x, shared = _way(seen, count)
    end = float(t[-1])
    design = np.vander(t - end, 3, increasing=True)
    inverse = np.linalg.pinv(design)
    a, b, c = (inverse @ x).tolist()
    residual = x - design @ np.array([a, b, c])
    s = math.sqrt(float(residual @ residual) / (len(x) - 3))
    latest = math.inf if place.since is None else place.since - end
    later = min((place.x.value - a) / b, latest)
    by_place = 0.0 if later == latest else 2.0 * c / b
    gain = inverse[1] + 2.0 * later * inverse[2] - by_place * (inverse[0] + later * inverse[1])
    blind = later if place.since is None else latest
    own = {
        f"{ALONE}{seen.name}, readings before the touch": s * float(np.linalg.norm(gain)),
        f"{ALONE}{seen.name}, moment of the touch": abs(2.0 * c) * blind / math.sqrt(3.0),
    }
    if count < FEWEST:
        since = end + later - float(seen.approach.t[-1])
        own[f"{ALONE}{seen.name}, braking since the obstacle appeared"] = HARDEST * since / math.sqrt(3.0)
    named = dict(zip(seen.stop.shared.effects, (gain @ shared).tolist(), strict=True))
    speed, straight = Figure(b + 2.0 * c * later, {**named, **own}), 1.0 / math.cos(seen.heading_before)
    return combined(straight * speed.value, [(straight, speed), (straight * by_place, place.x)])


def _place(seen: Seen, body: Body) -> Place:
    """Where the robot rests, if the bumper told, the obstacle held and the robot stayed at it; else by the geometry of
    both."""
    farthest, first = float(seen.stop.value.max()), pushed_from(seen, body)
    shared = of_shared(seen.robot.shared.mean())
    if first is None and seen.told and seen.rested and farthest - shared.value <= SPRING:
        return Place(shared, None)
    reach = _reach(seen, body)
    stood = stood_before(seen, body)
    turned = {f"{ALONE}{seen.name}, turn of the robot": abs(reach - body.reach) / math.sqrt(3.0)}
    x = Figure(stood.value - reach, {**stood.effects, **turned})
    if first is not None:
        return Place(x, float(seen.stop.t[first]))
    return Place(x if x.value < farthest else Figure(farthest, shared.effects), None)


def _free(seen: Seen, place: Place) -> int:
    """In how many frames since the obstacle appeared the robot was surely free."""
    free = seen.stop.value < place.x.value - NEAR
    if place.since is not None:
        free &= seen.stop.t <= place.since - MOVED / seen.speed
    return len(free) if free.all() else int(np.argmin(free))


def _way(seen: Seen, count: int) -> Way:
    """The last readings before the touch, by which its speed is found; with those from before the obstacle appeared,
    where there are too few since.

    :raises CalibrationError: if there are too few even so.
    """
    t, x, shared = seen.stop.t[:count], seen.stop.value[:count], seen.stop.shared.shared[:count]
    if count < FEWEST:
        t, x = np.concatenate([seen.approach.t, t]), np.concatenate([seen.approach.value, x])
        shared = np.vstack([seen.approach.shared.shared, shared])
    if len(t) < FEWEST:
        raise CalibrationError(
            f"has {len(t)} readings before the touch", where=seen.name, remedy="give the speed a longer window"
        )
    first = min(int(np.searchsorted(t, t[-1] - BEFORE_TOUCH)), len(t) - FEWEST)
    return Way(t[first:], x[first:], shared[first:])


def _settled(seen: Seen, body: Body) -> NDArray[np.bool_]:
    """The frames from where the obstacle stands on; all, if that is later than they are."""
    settled: NDArray[np.bool_] = seen.moving.t >= seen.moving.t[0] + body.delay
    return settled if settled.any() else np.ones_like(settled)


def stood_before(seen: Seen, body: Body) -> Figure:
    """Where the obstacle stood before it was touched."""
    first = pushed_from(seen, body)
    until = len(seen.moving.t) if first is None else first
    kept = np.flatnonzero(_settled(seen, body)[:until])
    kept = kept if len(kept) >= FEWEST else np.arange(max(2, until - 1))
    return resting(part(seen.moving, kept), f"{seen.name} obstacle before the touch")


def part(series: Series, kept: NDArray[np.intp]) -> Series:
    """Some readings of a series."""
    plain = series.shared
    some = Measurements(
        plain.value[kept], np.zeros(len(kept)), plain.shared[kept], plain.effects, plain.unit, plain.dof
    )
    return Series(series.t[kept], series.value[kept], series.step, some)


def _reach(seen: Seen, body: Body) -> float:
    """From origin to origin along x where they touch, of a robot that is turned as it was before."""
    along, across = math.cos(seen.heading_before), math.sin(seen.heading_before)
    return (body.reach - across * seen.aside_before) / along
