"""How far does a reading of a system under test move while the climate around it changes, and does it come back?"""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from hil import Design, Point, Record, Results, Trial, procedure
from hil.comparing.results import Compared, dof_of, parts_of
from hil.coverage.truth import Answer, Stated, TrueWorld
from hil.scripts import Command
from hil_drivers.capability import Actuator, Sensor

from ..together import observe_together, stabilised
from .parameters import ClimaticRobustness

REFERENCE, RISING, FALLING = "reference", "rising", "falling"


@procedure(
    "climatic-robustness",
    version="1",
    roles={
        "setpoint": Actuator,
        "humidity_setpoint": Actuator,
        "humidity_running": Actuator,
        "running": Actuator,
        "indicated": Sensor,
        "indicated_humidity": Sensor,
        "specimen": Sensor,
        "probe_humidity": Sensor,
        "metric": Sensor,
        "temperature": Sensor,
    },
    items=("metric", "indicated", "indicated_humidity"),
)
async def climatic_robustness(trial: Trial, p: ClimaticRobustness) -> None:
    """Find how far a reading of a system under test departs on plateaus of temperature or humidity, up and down."""
    await trial.role("running", Actuator).set(1.0)
    async for point in trial.points():
        await command(trial, p, point)
        await soaked(trial, p)
        async with AsyncExitStack() as gates:
            await enter(gates, trial, p, point)
            await observe(trial, p, point)


async def command(trial: Trial, p: ClimaticRobustness, point: Point) -> None:
    """Tell the chamber its set points."""
    temperature, humidity = p.climate(point.level)
    if humidity is not None:
        await trial.role("humidity_setpoint", Actuator).set(humidity)
    await trial.role("humidity_running", Actuator).set(0.0 if humidity is None else 1.0)
    await trial.role("setpoint", Actuator).set(temperature)


async def soaked(trial: Trial, p: ClimaticRobustness) -> None:
    """Wait until the specimen is steady, and the humidity where it is controlled; then let it soak."""
    waits = {"interval": p.interval, "timeout": p.timeout, "for_": p.dwell}
    await stabilised(trial, {"specimen": trial.role("specimen", Sensor)}, within=p.band, **waits)
    if p.humidity_controlled:
        probe = {"probe_humidity": trial.role("probe_humidity", Sensor)}
        await stabilised(trial, probe, within=p.humidity_band, **waits)
    await trial.sleep(p.hold)


async def enter(gates: AsyncExitStack, trial: Trial, p: ClimaticRobustness, point: Point) -> None:
    """The validity gates of a plateau: the chamber says that it is where it was told to be."""
    temperature, humidity = p.climate(point.level)
    warm, moist = trial.role("indicated", Sensor), trial.role("indicated_humidity", Sensor)
    await gates.enter_async_context(point.valid(warm, temperature, tolerance=p.tolerance, period=p.interval))
    if humidity is not None:
        gate = point.valid(moist, humidity, tolerance=p.humidity_tolerance, period=p.interval)
        await gates.enter_async_context(gate)


async def observe(trial: Trial, p: ClimaticRobustness, point: Point) -> None:
    """Read the system under test and what measures the climate at it, again and again."""
    names = ("metric", "specimen", *(("probe_humidity",) if p.humidity_controlled else ()))
    sensors = {name: trial.role(name, Sensor) for name in names}
    windows = await observe_together(trial, sensors, sweeps=p.sweeps, interval=p.interval)
    point.observe(level=point.level, branch=point.branch, **windows)


@climatic_robustness.plan
def plan(p: ClimaticRobustness) -> Design:
    """The reference, each level rising and falling, and the reference again: in this order, since what is asked for is
    what the way there does."""
    points, last = [], len(p.sequence) - 1
    for number, level in enumerate(p.sequence):
        branch = REFERENCE if number in (0, last) else RISING if level > p.sequence[number - 1] else FALLING
        points.append({"level": level, "branch": branch})
    unit = "Cel" if p.quantity == "temperature" else "%"
    duration = len(points) * (p.dwell + p.hold + (p.sweeps - 1) * p.interval)
    return Design({"level": unit, "branch": None}, points, duration=duration)


@climatic_robustness.commands
def commands(p: ClimaticRobustness) -> list[Command]:
    """The climate of every plateau."""
    told = list[Command]()
    for temperature, humidity in map(p.climate, p.sequence):
        told.append(("setpoint", temperature))
        if humidity is not None:
            told.append(("humidity_setpoint", humidity))
    return told


@climatic_robustness.analysis
def analyse(record: Record, p: ClimaticRobustness) -> Results:
    """Departures, hysteresis and drift with their uncertainty, and the verdict."""
    from .results import results

    return results(record, p)


@climatic_robustness.conditions
def conditions(found: Mapping[str, Any], _p: ClimaticRobustness) -> Mapping[str, Mapping[str, Compared]]:
    """The departure from the reference on each plateau, hysteresis at each level that has it, and the drift."""
    unit = found["unit_of_differences"]

    def one(stated: Mapping[str, Any]) -> Compared:
        exact, budget = stated["unrounded"], stated["budget"]
        return Compared(exact["value"], exact["u"], unit, parts_of(budget), dof_of(budget))

    departures = {
        f"{each['level']:g}, {each['branch']}, plateau {number}": one(each)
        for number, each in enumerate(found["departures"], start=1)
    }
    return {
        "departure": departures,
        "hysteresis": {f"{each['level']:g}": one(each) for each in found["hysteresis"]},
        "drift": {"last minus first": one(found["drift"])},
    }


@climatic_robustness.truth(levels="10,40", dwell="300 s", hold="600 s", window="900 s", interval="30 s", limit="1.5")
def truth(world: TrueWorld, found: Mapping[str, Any], p: ClimaticRobustness) -> Answer:
    """What the transmitter truly indicates at the temperatures that were stated, without noise; it does not drift."""

    def at(temperature: float) -> float:
        return world.described("transmitter", "pressure", temperature)

    def reading(one: Mapping[str, Any]) -> float:
        return at(one["condition"]["value"])

    first, last = (reading(one) for one in found["reference"]["plateaus"])
    unit, stated = found["difference_unit"], dict[str, Stated]()
    true = {number: reading(one) - (first + last) / 2.0 for number, one in enumerate(found["departures"])}
    for number, one in enumerate(found["departures"]):
        exact = one["unrounded"]
        name = f"departure at {one['level']:g}, {one['branch']}, plateau {number + 1}"
        stated[name] = Stated(exact["value"], exact["u"], true[number], unit)
    drift = found["drift"]["unrounded"]
    stated["drift"] = Stated(drift["value"], drift["u"], 0.0, unit)
    limit = p.limit
    return Answer(stated, None if limit is None else all(abs(one) <= limit for one in true.values()))
