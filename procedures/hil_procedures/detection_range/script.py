"""How far away does a system under test still detect a target, in each direction?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hil import Design, Point, Record, Results, Trial, procedure
from hil.comparing.results import Compared
from hil.coverage.truth import Answer, Stated, TrueWorld
from hil.errors import UsageError
from hil.scripts import Command
from hil_drivers.capability import Actuator, Camera, Scene, Sensor, SystemUnderTest

from ..shares import level
from .parameters import BLANK, DetectionRange


@procedure(
    "detection-range",
    version="3",
    roles={
        "distance_setpoint": Actuator,
        "bearing_setpoint": Actuator,
        "distance": Sensor,
        "bearing": Sensor,
        "luxmeter": Sensor,
        "temperature": Sensor,
        "scene": Scene,
        "camera": Camera,
        "reader": SystemUnderTest,
    },
    items=("bearing",),
)
async def detection_range(trial: Trial, p: DetectionRange) -> None:
    """Find, at each bearing, the distance within which a system under test detects nine targets in ten."""
    distance, bearing = trial.role("distance", Sensor), trial.role("bearing", Sensor)
    async for point in trial.points():
        await trial.role("scene", Scene).show(point.target)
        await trial.role("bearing_setpoint", Actuator).set(point.bearing)
        await trial.role("distance_setpoint", Actuator).set(point.distance)
        await point.settle(bearing, within=p.bearing_tolerance / 2.0, for_=p.dwell)
        await point.settle(distance, within=p.still, for_=p.dwell)
        async with (
            point.valid(distance, point.distance, tolerance=p.tolerance),
            point.valid(bearing, point.bearing, tolerance=p.bearing_tolerance),
        ):
            await respond(trial, point)


async def respond(trial: Trial, point: Point) -> None:
    """Take one picture, let the system under test look at it, and keep what it said."""
    camera, reader = trial.role("camera", Camera), trial.role("reader", SystemUnderTest)
    response = await reader.respond(await camera.grab())
    point.observe(
        target=point.target,
        bearing=point.bearing,
        distance=point.distance,
        hit=not response.fault and response.output == point.target,
        output=response.output,
        latency=response.latency,
        fault=response.fault,
        details=response.details,
    )


@detection_range.plan
def plan(p: DetectionRange) -> Design:
    """One bearing after the other, in random order; at each of them every target and the blanks at every distance, in
    random order."""
    shown = [*p.targets, *[BLANK] * p.blanks]
    points = [
        {"bearing": bearing, "distance": distance, "target": target}
        for bearing in p.bearings
        for distance in p.distances
        for target in shown
    ]
    return Design(
        {"bearing": "deg", "distance": "m", "target": None},
        points,
        repeats=p.repeats,
        order="random",
        hard_to_change=("bearing",),
        duration=p.repeats * len(points) * 2.0 * p.dwell,
    )


@detection_range.commands
def commands(p: DetectionRange) -> list[Command]:
    """Every place of the target."""
    bearings = [("bearing_setpoint", bearing) for bearing in p.bearings]
    return [*bearings, *(("distance_setpoint", distance) for distance in p.distances)]


@detection_range.analysis
def analyse(record: Record, p: DetectionRange) -> Results:
    """By bearing the curve against measured distance, the range with its bounds, and the verdict."""
    from .results import results

    return results(record, p)


@detection_range.conditions
def conditions(found: Mapping[str, Any], p: DetectionRange) -> Mapping[str, Mapping[str, Compared]]:
    """The range at each bearing.

    :raises UsageError: if the run states none at one of them.
    """
    told = {}
    for one in found["bearings"]:
        reach, _ = _range(one)
        budget = one["budget"]
        told[f"{one['bearing']:g} degrees"] = level(reach, "m", budget, among=len(p.targets), confidence=p.each)
    return {"range": told}


def _range(one: Mapping[str, Any]) -> tuple[float, float]:
    """What a run states of the range at a bearing, and its standard uncertainty.

    :raises UsageError: if it states none.
    """
    exact = one["unrounded"]
    if exact["range"] is None or exact["u"] is None:
        why = one["reason"] or "a bound is missing"
        raise UsageError(f"states no range at {one['bearing']:g} degrees: {why}", where="detection-range")
    return exact["range"], exact["u"]


@detection_range.truth(
    targets="RUYT3,KLEXM,MN9TP,KPT7R,NVUYX,3HEA9,ALTNU,H3YFR,L7U9W,PHFKM,NRLYE,XRCUM,37TYR,CRHYU,C4R3M,9TA34",
    bearings="0 deg,180 deg",
    distances="1.2 m,1.7 m,2.2 m,2.8 m,3.6 m,4.6 m,6 m,8 m",
    blanks="0",
    level="0.7",
    required="2.7 m",
)
def truth(world: TrueWorld, found: Mapping[str, Any], p: DetectionRange) -> Answer:
    """The distance at which the curve of a synthetic system falls to the level, at each bearing.

    :raises UsageError: if the run states no range with its uncertainty at a bearing.
    """
    stated, conforms, risk = dict[str, Stated](), True, 1.0 - p.confidence
    for one in found["bearings"]:
        (reach, u), true = _range(one), world.stimulus(p.level, one["bearing"])
        stated[f"range at {one['bearing']:g}°"] = Stated(reach, u, true, "m")
        conforms = conforms and (p.required is None or true >= p.required)
    if p.required is None:
        return Answer(stated)
    return Answer(stated, conforms, risk, acceptable=conforms, producer_risk=risk)
