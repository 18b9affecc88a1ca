"""How dark may it become before a reader of signs fails? Detection against measured illuminance."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hil import Design, Parameters, Point, Record, Results, Trial, procedure, unit
from hil_drivers.capability import Actuator, Camera, Scene, Sensor, SystemUnderTest

Illuminance = Annotated[float, unit("lx"), Field(gt=0)]
Seconds = Annotated[float, unit("s"), Field(ge=0)]

BLANK = ""
"""What the panel shows when there is nothing to read."""

SIGNS = ("AC3KM", "B7DHP")


class DetectionVsIlluminance(Parameters):
    """Parameters of the trial.

    Every sign is shown at every illuminance in lx, ``repeats`` times, and nothing is shown ``blanks`` times at
    each. ``tolerance`` and ``band`` are fractions of the illuminance. The requirement: a90, the illuminance at
    which nine signs in ten are read, is at most ``required``.
    """

    signs: tuple[str, ...] = Field(default=SIGNS, min_length=2)
    illuminances: tuple[Illuminance, ...] = Field(default=(5.0, 7.0, 10.0, 14.0, 20.0, 28.0, 40.0, 80.0), min_length=3)
    repeats: int = Field(default=2, ge=1, le=100)
    blanks: int = Field(default=2, ge=0, le=100)
    warm_up: Seconds = 3600.0
    dwell: Seconds = 1.0
    band: float = Field(default=0.01, gt=0, le=0.1)
    tolerance: float = Field(default=0.1, gt=0, le=0.5)
    required: Illuminance = 40.0
    confidence: float = Field(default=0.95, gt=0.5, lt=1)


@procedure(
    "detection-vs-illuminance",
    version="1",
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
    return Design(factors={"sign": None, "illuminance": "lx"}, points=points, repeats=p.repeats, order="random")


@detection.analysis
def analyse(record: Record, p: DetectionVsIlluminance) -> Results:
    """The detection curve against measured illuminance, a90 with its bound, and the verdict."""
    from .detection_results import results

    return results(record, p)
