"""How dark may it become before a reader of signs fails? Detection against measured illuminance."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hil import Design, Point, Record, Results, Trial, procedure
from hil.comparing.results import Compared
from hil.coverage.truth import Answer, Stated, TrueWorld
from hil.errors import UsageError
from hil.scripts import Command
from hil_drivers.capability import Actuator, Camera, Scene, Sensor, SystemUnderTest

from ..shares import level, share
from .parameters import BLANK, LEVEL, DetectionVsIlluminance


@procedure(
    "detection-vs-illuminance",
    version="3",
    roles={
        "light": Actuator,
        "luxmeter": Sensor,
        "temperature": Sensor,
        "scene": Scene,
        "camera": Camera,
        "reader": SystemUnderTest,
    },
)
async def detection(trial: Trial, p: DetectionVsIlluminance) -> None:
    """Find the illuminance at which a reader of signs reads nine signs in ten."""
    light, scene = trial.role("light", Actuator), trial.role("scene", Scene)
    luxmeter = trial.role("luxmeter", Sensor)
    await light.set(max(p.illuminances))
    await trial.sleep(p.warm_up)
    async for point in trial.points():
        await scene.show(point.sign)
        await light.set(point.illuminance)
        await point.settle(luxmeter, within=p.band * point.illuminance, for_=p.dwell)
        async with point.valid(luxmeter, point.illuminance, tolerance=p.tolerance * point.illuminance):
            await respond(trial, point)


async def respond(trial: Trial, point: Point) -> None:
    """Take one picture, let the system under test read it, and keep what it said."""
    camera, reader = trial.role("camera", Camera), trial.role("reader", SystemUnderTest)
    response = await reader.respond(await camera.grab())
    point.observe(
        sign=point.sign,
        illuminance=point.illuminance,
        hit=not response.fault and response.output == point.sign,
        output=response.output,
        latency=response.latency,
        fault=response.fault,
        details=response.details,
    )


@detection.plan
def plan(p: DetectionVsIlluminance) -> Design:
    """Every sign and the blanks at every illuminance, in random order within each repeat."""
    shown = [*p.signs, *[BLANK] * p.blanks]
    points = [{"sign": sign, "illuminance": level} for level in p.illuminances for sign in shown]
    duration = p.warm_up + p.repeats * len(points) * p.dwell
    factors = {"sign": None, "illuminance": "lx"}
    return Design(factors, points, repeats=p.repeats, order="random", duration=duration)


@detection.commands
def commands(p: DetectionVsIlluminance) -> list[Command]:
    """Every illuminance."""
    return [("light", level) for level in p.illuminances]


@detection.analysis
def analyse(record: Record, p: DetectionVsIlluminance) -> Results:
    """The detection curve against measured illuminance, a90 with its bound, and the verdict."""
    from .results import results

    return results(record, p)


@detection.truth(
    illuminances="6 lx,9 lx,12 lx,16 lx,22 lx,35 lx,60 lx,100 lx",
    repeats="1",
    blanks="0",
    warm_up="1800 s",
    required="16 lx",
)
def truth(world: TrueWorld, found: Mapping[str, Any], p: DetectionVsIlluminance) -> Answer:
    """The illuminance at which the curve of a synthetic reader reaches 90 %, in the mean over signs."""
    true, (a90, u) = world.stimulus(LEVEL), _a90(found)
    conforms, risk = true <= p.required, 1.0 - p.confidence
    return Answer({"a90": Stated(a90, u, true, "lx")}, conforms, risk, acceptable=conforms, producer_risk=risk)


@detection.conditions
def conditions(found: Mapping[str, Any], p: DetectionVsIlluminance) -> Mapping[str, Mapping[str, Compared]]:
    """The illuminance at which nine signs in ten are read, where the run states one; the share read at each."""
    a90, u = found["unrounded"]["a90"], found["unrounded"]["u"]
    stated = a90 is not None and u is not None
    one = level(a90, "lx", found["budget"], among=len(set(p.signs)), confidence=p.confidence) if stated else None
    return {
        "a90": {} if one is None else {"nine signs in ten": one},
        "share read": {
            f"{each['nominal']:g} lx": share(
                each["read"],
                each["shown"],
                slope=each["slope"],
                effects=each["relative_effects"],
                away=math.log(each["illuminance"] / each["nominal"]),
            )
            for each in found["levels"]
        },
    }


def _a90(found: Mapping[str, Any]) -> tuple[float, float]:
    """What a run states of a90, and its standard uncertainty.

    :raises UsageError: if it states none.
    """
    stated = found["unrounded"]
    if stated["a90"] is None or stated["u"] is None:
        raise UsageError(f"states no a90: {found['reason'] or 'a bound is missing'}", where="detection-vs-illuminance")
    return stated["a90"], stated["u"]
