"""The stops of a finished run, and what each speed came to."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from hil.evidence import Evidence
from hil_calibration.performance import proportion_interval

from ..figure import Figure, deviation, mean
from ..mobile import heading_of
from ..readings import Series, indicated, measured, room_temperature
from .parameters import ObstacleStop
from .stops import Body, Seen, Stop, stop_of


@dataclass(frozen=True)
class AtSpeed:
    """What the stops at one speed in m/s came to, with the share without contact and its exact interval.

    ``energy`` is the mean over all stops, ``s_energy`` their standard deviation in J; ``gap`` and ``way`` are means
    over the stops without a touch, ``smallest`` the least gap of all stops; ``None`` where there is none.
    """

    speed: float
    stops: tuple[Stop, ...]
    before: Figure
    energy: Figure
    s_energy: float | None
    appeared: Figure
    gap: Figure | None
    smallest: Figure
    way: Figure | None
    interval: tuple[float, float]

    @property
    def free(self) -> int:
        """How many stops were without a touch."""
        return sum(1 for stop in self.stops if not stop.seen.touched)


@dataclass(frozen=True)
class Session:
    """The stops by rising speed, and the mean temperature of the room in Cel."""

    speeds: tuple[AtSpeed, ...]
    room: float


def read_session(evidence: Evidence, p: ObstacleStop) -> Session:
    """Read the session from its record."""
    body = Body(p.front, p.face, p.mass, p.u_mass, p.delay, p.u_delay)
    stops = [
        stop_of(_seen(evidence, number, entry.data, entry.links), body)
        for number, entry in enumerate(evidence.observations, start=1)
    ]
    found = [at_speed(speed, stops, p.confidence) for speed in sorted(p.speeds)]
    return Session(tuple(found), room_temperature(evidence))


def _seen(evidence: Evidence, number: int, data: Mapping[str, Any], links: Mapping[str, Any]) -> Seen:
    origin = links["approach"]["start"]

    def series(name: str) -> Series:
        return measured(evidence, links[name], origin)

    turn = indicated(evidence, links["robot_turn_at_rest"]).mean
    aside = series("obstacle_y_at_rest").mean - series("robot_y_at_rest").mean
    return Seen(
        name=f"stop {number}",
        speed=float(data["speed"]),
        touched=bool(data["contact"]),
        approach=series("approach"),
        stop=series("stop"),
        robot=series("robot_x_at_rest"),
        obstacle=series("obstacle_x_at_rest"),
        heading=heading_of(turn),
        aside=aside,
        robot_indicated=indicated(evidence, links["robot_x_at_rest"]).mean,
        obstacle_indicated=indicated(evidence, links["obstacle_x_at_rest"]).mean,
    )


def at_speed(speed: float, stops: Sequence[Stop], confidence: float) -> AtSpeed:
    """What the stops at one of several speeds came to; ``confidence`` is that of the interval."""
    mine = tuple(stop for stop in stops if stop.seen.speed == speed)
    free = [stop for stop in mine if not stop.seen.touched]
    energy = mean([stop.energy for stop in mine])
    ways = [stop.way for stop in free if stop.way is not None]
    return AtSpeed(
        speed,
        mine,
        mean([stop.before for stop in mine]),
        energy,
        deviation([stop.energy for stop in mine]),
        mean([stop.appeared for stop in mine]),
        mean([stop.gap for stop in free]) if free else None,
        min((stop.gap for stop in mine), key=lambda gap: gap.value),
        mean(ways) if ways else None,
        proportion_interval(len(free), len(mine), confidence),
    )
