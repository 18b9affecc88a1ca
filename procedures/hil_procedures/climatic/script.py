"""What a climatic chamber does at its set points: error of indication, temporal instability, spatial inhomogeneity."""

from __future__ import annotations

from collections.abc import Mapping
from contextlib import AsyncExitStack
from typing import Any

from hil import Design, Point, Record, Results, Trial, procedure
from hil.coverage.truth import Answer, Stated, TrueWorld
from hil.design import Levels, grid
from hil.scripts import Command
from hil_drivers.capability import Actuator, Sensor

from ..together import observe_together, stabilised
from .parameters import LOCATIONS, ClimaticCharacterisation


@procedure(
    "climatic-characterisation",
    version="1",
    roles={
        "setpoint": Actuator,
        "humidity_setpoint": Actuator,
        "humidity_running": Actuator,
        "running": Actuator,
        "indicated": Sensor,
        "indicated_humidity": Sensor,
        **dict.fromkeys(LOCATIONS, Sensor),
        "probe_humidity": Sensor,
        "temperature": Sensor,
    },
    items=("indicated", "indicated_humidity"),
)
async def climatic_characterisation(trial: Trial, p: ClimaticCharacterisation) -> None:
    """Characterise a climatic chamber: error of indication, temporal instability and spatial inhomogeneity."""
    await trial.role("running", Actuator).set(1.0)
    async for point in trial.points():
        await command(trial, p, point)
        await steady(trial, p)
        await trial.sleep(p.hold)
        indicated, humidity = trial.role("indicated", Sensor), trial.role("indicated_humidity", Sensor)
        async with AsyncExitStack() as gates:
            temperature = point.valid(indicated, point.set_temperature, tolerance=p.tolerance, period=p.interval)
            await gates.enter_async_context(temperature)
            if p.humidities:
                humid = point.valid(humidity, point.set_humidity, tolerance=p.humidity_tolerance, period=p.interval)
                await gates.enter_async_context(humid)
            await observe(trial, p, point)


async def command(trial: Trial, p: ClimaticCharacterisation, point: Point) -> None:
    """Tell the chamber its set points."""
    if p.humidities:
        await trial.role("humidity_setpoint", Actuator).set(point.set_humidity)
    await trial.role("humidity_running", Actuator).set(1.0 if p.humidities else 0.0)
    await trial.role("setpoint", Actuator).set(point.set_temperature)


async def steady(trial: Trial, p: ClimaticCharacterisation) -> None:
    """Wait until every location is steady, and the humidity where it is controlled."""
    thermometers = {name: trial.role(name, Sensor) for name in LOCATIONS}
    await stabilised(trial, thermometers, within=p.band, for_=p.dwell, interval=p.interval, timeout=p.timeout)
    if p.humidities:
        probe = {"probe_humidity": trial.role("probe_humidity", Sensor)}
        await stabilised(trial, probe, within=p.humidity_band, for_=p.dwell, interval=p.interval, timeout=p.timeout)


async def observe(trial: Trial, p: ClimaticCharacterisation, point: Point) -> None:
    """Sweep over the chamber's own sensors, the locations and the climate probe, again and again."""
    names = ("indicated", *LOCATIONS, *(("indicated_humidity", "probe_humidity") if p.humidities else ()))
    sensors = {name: trial.role(name, Sensor) for name in names}
    windows = await observe_together(trial, sensors, sweeps=p.sweeps, interval=p.interval)
    point.observe(**{f"set_{name}": value for name, value in _set(p, point).items()}, **windows)


def _set(p: ClimaticCharacterisation, point: Point) -> dict[str, float]:
    found = {"temperature": float(point.set_temperature)}
    return found | {"humidity": float(point.set_humidity)} if p.humidities else found


@climatic_characterisation.plan
def plan(p: ClimaticCharacterisation) -> Design:
    """Each temperature once, in the order given, at each of them each humidity."""
    humidity = [Levels("set_humidity", "%", p.humidities)] if p.humidities else []
    points = len(p.temperatures) * max(1, len(p.humidities))
    duration = points * (p.dwell + p.hold + (p.sweeps - 1) * p.interval)
    return grid(Levels("set_temperature", "Cel", p.temperatures), *humidity, duration=duration)


@climatic_characterisation.commands
def commands(p: ClimaticCharacterisation) -> list[Command]:
    """Every set point."""
    humidities = [("humidity_setpoint", humidity) for humidity in p.humidities]
    return [*(("setpoint", temperature) for temperature in p.temperatures), *humidities]


@climatic_characterisation.analysis
def analyse(record: Record, p: ClimaticCharacterisation) -> Results:
    """What was found at each set point, with uncertainty."""
    from .results import results

    return results(record, p)


@climatic_characterisation.truth(
    temperatures="40", humidities="60", dwell="300 s", hold="900 s", window="1350 s", interval="50 s"
)
def truth(world: TrueWorld, found: Mapping[str, Any], _p: ClimaticCharacterisation) -> Answer:
    """The errors of the chamber's own thermometer and hygrometer, and what each location differs from the centre."""
    thermometer = -world.effect("error of the chamber's own thermometer")
    hygrometer = -world.effect("error of the chamber's own hygrometer")
    stated: dict[str, Stated] = {}
    for point in found["set_points"]:
        warm, moist = point["temperature"]["unrounded"], point["humidity"]["unrounded"]
        at = f"at {point['set']['temperature']:g} °C"
        stated[f"error of temperature {at}"] = Stated(warm["error"], warm["u"], thermometer, "K")
        stated[f"error of humidity {at}"] = Stated(moist["error"], moist["u"], hygrometer, "%")
        air = warm["indication"] - thermometer
        for name, place in point["locations"].items():
            if name == "centre":
                continue
            true = air * world.effect(f"air at {name.replace('_', ' ')}")
            stated[f"{name} minus centre {at}"] = Stated(place["difference"], place["u"], true, "K")
    return Answer(stated)
