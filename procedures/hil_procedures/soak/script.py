"""A condition is set and held for a stated time: how steady is it, and does it stay within its limit?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hil import Design, Record, Results, Trial, procedure
from hil.coverage.truth import Answer, Stated, TrueWorld
from hil.scripts import Command
from hil_drivers.capability import Actuator, Sensor

from ..together import stabilised
from .parameters import Soak


@procedure(
    "soak",
    version="1",
    roles={"actuator": Actuator, "running": Actuator, "sensor": Sensor, "temperature": Sensor},
)
async def soak(trial: Trial, p: Soak) -> None:
    """Hold a condition for a stated time, and tell how steady it is."""
    sensor = trial.role("sensor", Sensor)
    await trial.role("running", Actuator).set(p.start)
    async for point in trial.points():
        await trial.role("actuator", Actuator).set(point.setpoint)
        await stabilised(
            trial, {"sensor": sensor}, within=p.within, for_=p.dwell, interval=p.interval, timeout=p.timeout
        )
        async with point.valid(sensor, point.setpoint, tolerance=p.abandon, period=p.interval):
            await trial.sleep(p.duration)
            point.observe(setpoint=point.setpoint)


@soak.plan
def plan(p: Soak) -> Design:
    """The one condition."""
    return Design(factors={"setpoint": None}, points=[{"setpoint": p.setpoint}], duration=p.dwell + p.duration)


@soak.commands
def commands(p: Soak) -> list[Command]:
    """What is held, and what starts it."""
    return [("running", p.start), ("actuator", p.setpoint)]


@soak.analysis
def analyse(record: Record, p: Soak) -> Results:
    """Mean, scatter, drift, Allan deviation, and the verdict where there is a limit."""
    from .results import results

    return results(record, p)


@soak.truth(setpoint="40", within="0.4", dwell="1800 s", abandon="2", interval="15 s")
def truth(world: TrueWorld, found: Mapping[str, Any], p: Soak) -> Answer:
    """The air at the place of the sensor once the chamber has settled; it regulates by its own thermometer."""
    exact = found["mean"]["unrounded"]
    air = p.setpoint + world.effect("error of the chamber's own thermometer")
    return Answer({"mean": Stated(exact["value"], exact["u"], air, found["unit"])})
