"""An actuator is told level after level, up and down: what does a sensor measure at each once it has settled?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hil import Design, Record, Results, Trial, procedure
from hil.comparing.results import Compared, dof_of, parts_of
from hil.coverage.truth import Answer, Stated, TrueWorld
from hil.scripts import Command
from hil_drivers.capability import Actuator, Sensor

from ..together import observe_together, stabilised
from .parameters import Sweep


@procedure(
    "sweep",
    version="1",
    roles={"actuator": Actuator, "running": Actuator, "sensor": Sensor, "temperature": Sensor},
)
async def sweep(trial: Trial, p: Sweep) -> None:
    """Tell an actuator level after level, up and down, and measure what comes of it."""
    sensors = {"sensor": trial.role("sensor", Sensor)}
    await trial.role("running", Actuator).set(p.start)
    async for point in trial.points():
        await trial.role("actuator", Actuator).set(point.level)
        await stabilised(trial, sensors, within=p.within, for_=p.dwell, interval=p.interval, timeout=p.timeout)
        await trial.sleep(p.hold)
        async with point.valid(trial.role("temperature", Sensor), p.room, tolerance=p.room_tolerance, period=60.0):
            windows = await observe_together(trial, sensors, sweeps=p.readings, interval=p.interval)
            point.observe(level=point.level, direction=point.direction, reading=windows["sensor"])


@sweep.plan
def plan(p: Sweep) -> Design:
    """Up to the highest level, and down again to the lowest."""
    rising = [{"level": level, "direction": "up"} for level in p.levels]
    falling = [{"level": level, "direction": "down"} for level in reversed(p.levels[:-1])]
    points = [*rising, *falling]
    duration = len(points) * (p.dwell + p.hold + (p.readings - 1) * p.interval)
    return Design(factors={"level": None, "direction": None}, points=points, duration=duration)


@sweep.commands
def commands(p: Sweep) -> list[Command]:
    """What starts it, and every level."""
    return [("running", p.start), *(("actuator", level) for level in p.levels)]


@sweep.analysis
def analyse(record: Record, p: Sweep) -> Results:
    """The value at each level, hysteresis, and the straight line."""
    from .results import results

    return results(record, p)


@sweep.truth(levels="20,40,60", within="0.4", dwell="600 s", hold="900 s", interval="25 s", readings="18")
def truth(world: TrueWorld, found: Mapping[str, Any], _p: Sweep) -> Answer:
    """The air at the place of the sensor, in a chamber that is regulated by its own thermometer."""
    air = world.effect("error of the chamber's own thermometer")
    return Answer(
        {
            f"value at {level['level']:g}": Stated(
                level["unrounded"]["value"], level["unrounded"]["u"], level["level"] + air, found["unit"]
            )
            for level in found["levels"]
        }
    )


@sweep.conditions
def conditions(found: Mapping[str, Any], _p: Sweep) -> Mapping[str, Mapping[str, Compared]]:
    """The value at each level."""
    values = {
        f"level {level['level']:g}": Compared(
            level["unrounded"]["value"],
            level["unrounded"]["u"],
            found["unit"],
            parts_of(level["budget"]),
            dof_of(level["budget"]),
        )
        for level in found["levels"]
    }
    return {"value": values}
