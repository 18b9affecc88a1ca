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
from .seen import Body, Seen
from .stops import Stop, stop_of


@dataclass(frozen=True)
class AtSpeed:
    """What the stops at one speed in m/s came to, with the share without contact and its exact interval.

    ``energy`` is the mean over all stops, ``s_energy`` their standard deviation in J; ``gap`` and ``way`` are means
    over the stops without a touch, ``smallest`` the least gap of all stops that left or closed one; ``None`` where
    there is none.
    """

    speed: float
    stops: tuple[Stop, ...]
    before: Figure
    energy: Figure
    s_energy: float | None
    appeared: Figure
    gap: Figure | None
    smallest: Figure | None
    way: Figure | None
    interval: tuple[float, float]

    @property
    def free(self) -> int:
        """How many came to rest without a touch."""
        return sum(1 for stop in self.stops if stop.free)

    @property
    def touched(self) -> int:
        """How many touched the obstacle."""
        return sum(1 for stop in self.stops if stop.touched)

    @property
    def restless(self) -> int:
        """How many did not come to rest in time, with a touch or without."""
        return sum(1 for stop in self.stops if not stop.seen.rested)


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

    def heading(name: str) -> float:
        return heading_of(indicated(evidence, links[name]).mean)

    across = series("obstacle_y_at_rest").mean
    return Seen(
        name=f"stop {number}",
        speed=float(data["speed"]),
        told=bool(data["contact"]),
        rested=bool(data["rested"]),
        approach=series("approach"),
        stop=series("stop"),
        across=series("across"),
        moving=series("obstacle"),
        robot=series("robot_x_at_rest"),
        obstacle=series("obstacle_x_at_rest"),
        heading=heading("robot_turn_at_rest"),
        aside=across - series("robot_y_at_rest").mean,
        heading_before=heading("robot_turn_before"),
        aside_before=across - series("robot_y_before").mean,
        robot_indicated=indicated(evidence, links["robot_x_at_rest"]).mean,
        obstacle_indicated=indicated(evidence, links["obstacle_x_at_rest"]).mean,
    )


def at_speed(speed: float, stops: Sequence[Stop], confidence: float) -> AtSpeed:
    """What the stops at one of several speeds came to; ``confidence`` is that of the interval."""
    mine = tuple(stop for stop in stops if stop.seen.speed == speed)
    free = [stop for stop in mine if stop.free]
    energy = mean([stop.energy for stop in mine])
    gaps = [stop.gap for stop in mine if stop.gap is not None]
    left = [stop.gap for stop in free if stop.gap is not None]
    ways = [stop.way for stop in free if stop.way is not None]
    return AtSpeed(
        speed,
        mine,
        mean([stop.before for stop in mine]),
        energy,
        deviation([stop.energy for stop in mine]),
        mean([stop.appeared for stop in mine]),
        mean(left) if left else None,
        min(gaps, key=lambda gap: gap.value) if gaps else None,
        mean(ways) if ways else None,
        proportion_interval(len(free), len(mine), confidence),
    )
