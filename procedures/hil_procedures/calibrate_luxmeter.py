"""Calibration of a luxmeter against a reference luxmeter, by substitution on a carriage."""

from __future__ import annotations

from typing import Annotated

from pydantic import Field

from hil import Design, Parameters, Point, Record, Results, Trial, procedure, unit
from hil_drivers.capability import Actuator, Sensor

ITEM_POSITION, REFERENCE_POSITION = 0.0, 1.0
"""Which head stands in the plane, by the position of the carriage."""

Illuminance = Annotated[float, unit("lx"), Field(gt=0)]
Seconds = Annotated[float, unit("s"), Field(ge=0)]


class CalibrateLuxmeter(Parameters):
    """Parameters of the calibration.

    ``levels`` are nominal illuminances in lx, rising; ``readings`` the number in each window; ``linearity`` the
    half-width of the item's relative departure from a straight line, a rectangle, by its maker's statement.
    """

    levels: tuple[Illuminance, ...] = Field(default=(5.0, 10.0, 20.0, 50.0, 100.0, 200.0, 500.0), min_length=6)
    readings: int = Field(default=5, ge=3, le=1000)
    warm_up: Seconds = 3600.0
    dwell: Seconds = 2.0
    band: float = Field(default=0.01, gt=0, le=0.1)
    temperature: Annotated[float, unit("Cel")] = 23.0
    temperature_tolerance: Annotated[float, unit("K"), Field(gt=0)] = 2.0
    linearity: float = Field(default=0.001, gt=0, le=0.05)


@procedure(
    "calibrate-luxmeter",
    version="1",
    roles={
        "light": Actuator,
        "carriage": Actuator,
        "reference": Sensor,
        "luxmeter": Sensor,
        "temperature": Sensor,
        "humidity": Sensor,
    },
    items=("luxmeter",),
)
async def calibrate_luxmeter(trial: Trial, p: CalibrateLuxmeter) -> None:
    """Calibrate a luxmeter against a reference by substitution, at rising and falling illuminance."""
    light = trial.role("light", Actuator)
    temperature = trial.role("temperature", Sensor)
    reference = trial.role("reference", Sensor)
    await light.set(max(p.levels))
    await trial.sleep(p.warm_up)
    async for point in trial.points():
        await light.set(point.illuminance)
        await trial.role("carriage", Actuator).set(REFERENCE_POSITION)
        if point.illuminance > 0:
            await point.settle(reference, within=p.band * point.illuminance, for_=p.dwell)
        async with point.valid(temperature, p.temperature, tolerance=p.temperature_tolerance, period=10.0):
            await substitute(trial, p, point)


async def substitute(trial: Trial, p: CalibrateLuxmeter, point: Point) -> None:
    """Read the reference, the item in its place, and the reference again."""
    carriage = trial.role("carriage", Actuator)
    reference, item = trial.role("reference", Sensor), trial.role("luxmeter", Sensor)
    dark = point.illuminance == 0
    before = None if dark else await trial.sample(reference, p.readings)
    await carriage.set(ITEM_POSITION)
    indicated = await trial.sample(item, p.readings)
    await carriage.set(REFERENCE_POSITION)
    windows = {"item": indicated}
    if before is not None:
        windows |= {"reference_before": before, "reference_after": await trial.sample(reference, p.readings)}
    point.observe(illuminance=point.illuminance, direction=point.direction, **windows)


@calibrate_luxmeter.plan
def plan(p: CalibrateLuxmeter) -> Design:
    """Dark, up to the highest level, down again, and back to the first level."""
    rising = list(p.levels)
    series = [
        (0.0, "dark"),
        *((level, "up") for level in rising),
        *((level, "down") for level in reversed(rising[:-1])),
        (rising[0], "return"),
    ]
    points = [{"illuminance": level, "direction": direction} for level, direction in series]
    return Design(factors={"illuminance": "lx", "direction": None}, points=points)


@calibrate_luxmeter.analysis
def analyse(record: Record, p: CalibrateLuxmeter) -> Results:
    """Errors with uncertainty at each level, and the calibration function."""
    from .luxmeter_results import results

    return results(record, p)
