"""Calibration of a luxmeter against a reference luxmeter, by substitution on a carriage."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hil import Design, Point, Record, Results, Trial, procedure
from hil.comparing.results import Compared, parts_of
from hil.coverage.truth import Answer, Stated, TrueWorld
from hil.scripts import Command
from hil_drivers.capability import Actuator, Sensor

from .parameters import CalibrateLuxmeter

ITEM_POSITION, REFERENCE_POSITION = 0.0, 1.0
"""Which head stands in the plane, by the position of the carriage."""


@procedure(
    "calibrate-luxmeter",
    version="2",
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
        await trial.measure(trial.role("humidity", Sensor))
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
    duration = p.warm_up + len(points) * p.dwell
    return Design(factors={"illuminance": "lx", "direction": None}, points=points, duration=duration)


@calibrate_luxmeter.commands
def commands(p: CalibrateLuxmeter) -> list[Command]:
    """Every level, darkness among them, and where the carriage goes."""
    levels = [("light", level) for level in (0.0, *p.levels)]
    return [*levels, ("carriage", REFERENCE_POSITION), ("carriage", ITEM_POSITION)]


@calibrate_luxmeter.analysis
def analyse(record: Record, p: CalibrateLuxmeter) -> Results:
    """Errors with uncertainty at each level, and the calibration function."""
    from .results import results

    return results(record, p)


@calibrate_luxmeter.truth(warm_up="600 s")
def truth(world: TrueWorld, found: Mapping[str, Any], p: CalibrateLuxmeter) -> Answer:
    """The error of indication at each level, without noise and digits, and whether all are permissible."""
    exact = found["unrounded"]
    errors = {
        f"error at {level['nominal']:g} lx": Stated(
            error, u, world.luxmeter("luxmeter", reference) - reference, "lx", float(level["k"])
        )
        for level, reference, error, u in zip(
            found["levels"], exact["reference"], exact["error"], exact["u"], strict=True
        )
    }
    if p.mpe is None:
        return Answer(errors)
    true = zip(errors.values(), exact["reference"], strict=True)
    return Answer(errors, all(abs(error.true) <= p.mpe * reference for error, reference in true))


@calibrate_luxmeter.conditions
def conditions(found: Mapping[str, Any], _p: CalibrateLuxmeter) -> Mapping[str, Mapping[str, Compared]]:
    """The error of indication at each level."""
    exact = found["unrounded"]
    errors = {
        f"{level['nominal']:g} lx": Compared(
            exact["error"][i],
            exact["u"][i],
            "lx",
            parts_of(_at(found["budget"], i)),
            math.inf if exact["dof"][i] is None else max(1.0, exact["dof"][i]),
        )
        for i, level in enumerate(found["levels"])
    }
    return {"error of indication": errors}


def _at(budget: Mapping[str, Any], i: int) -> dict[str, dict[str, Any]]:
    """The lines of the budget at one level."""
    return {
        name: {"u": line["u"][i], "effects": {effect: u[i] for effect, u in line["effects"].items()}}
        for name, line in budget.items()
    }
