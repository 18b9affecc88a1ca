"""Does a reader of signs read as large a share as it must? One condition, many trials."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hil import Design, Record, Results, Trial, procedure
from hil.comparing.results import Compared
from hil.coverage.truth import Answer, TrueWorld
from hil.design import AdaptiveDesign, Trials, UntilDecided
from hil.scripts import Command
from hil_drivers.capability import Actuator, Camera, Scene, Sensor, SystemUnderTest

from ..detection.script import respond
from ..shares import share
from .parameters import Condition, SuccessRate, SuccessRateSequential

ROLES: dict[str, type] = {
    "light": Actuator,
    "luxmeter": Sensor,
    "temperature": Sensor,
    "scene": Scene,
    "camera": Camera,
    "reader": SystemUnderTest,
}
FACTORS = {"sign": None, "illuminance": "lx"}


@procedure("success-rate", version="2", roles=ROLES)
async def success_rate(trial: Trial, p: SuccessRate) -> None:
    """Show, by a number of trials fixed beforehand, that a reader of signs reads a stated share."""
    await present(trial, p)


@procedure("success-rate-sequential", version="2", roles=ROLES)
async def success_rate_sequential(trial: Trial, p: SuccessRateSequential) -> None:
    """Decide on a reader of signs by as few trials as it takes: a sequential test that is cut off."""
    await present(trial, p)


async def present(trial: Trial, p: Condition) -> None:
    """Show one sign after the other at one illuminance, and keep what the system under test says."""
    light, scene = trial.role("light", Actuator), trial.role("scene", Scene)
    luxmeter = trial.role("luxmeter", Sensor)
    await light.set(p.illuminance)
    await trial.sleep(p.warm_up)
    async for point in trial.points():
        await scene.show(point.sign)
        await light.set(point.illuminance)
        await point.settle(luxmeter, within=p.band * point.illuminance, for_=p.dwell)
        async with point.valid(luxmeter, point.illuminance, tolerance=p.tolerance * point.illuminance):
            await respond(trial, point)


@success_rate.plan
def plan(p: SuccessRate) -> Design:
    """As many trials as the demonstration needs, the signs in equal numbers as far as that goes, in random order."""
    from hil_calibration.performance import demonstration_size

    n = demonstration_size(p.reliability, p.confidence, p.failures)
    points = [{"sign": p.signs[number % len(p.signs)], "illuminance": p.illuminance} for number in range(n)]
    return Design(FACTORS, points, order="random", duration=p.warm_up + n * p.dwell)


@success_rate_sequential.plan
def sequential_plan(p: SuccessRateSequential) -> AdaptiveDesign:
    """Signs drawn at random, each trial independently of the others, until the test has decided."""
    conditions = [{"sign": sign, "illuminance": p.illuminance} for sign in p.signs]
    return AdaptiveDesign(FACTORS, Trials(conditions, stopping_rule(p)), most=p.most)


def stopping_rule(p: SuccessRateSequential) -> UntilDecided:
    """When the sequential test stops, and what it decides."""
    return UntilDecided(p.acceptable, p.rejectable, p.producer_risk, p.consumer_risk, p.most, p.confidence)


@success_rate.commands
@success_rate_sequential.commands
def commands(p: Condition) -> list[Command]:
    """The one illuminance."""
    return [("light", p.illuminance)]


@success_rate.analysis
def analyse(record: Record, p: SuccessRate) -> Results:
    """The share that was read with its bounds, and the verdict."""
    from .fixed import results

    return results(record, p)


@success_rate_sequential.analysis
def analyse_sequential(record: Record, p: SuccessRateSequential) -> Results:
    """What the test decided, after how many trials, and the share with an interval that holds although one looked."""
    from .sequential import results

    return results(record, p)


@success_rate.conditions
def conditions(found: Mapping[str, Any], p: SuccessRate) -> Mapping[str, Mapping[str, Compared]]:
    """The share read at the one illuminance, which is taken as exactly known: how the share changes with it is not."""
    return {"share read": {f"{p.illuminance:g} lx": share(found["successes"], found["trials"])}}


@success_rate.truth(illuminance="16 lx", warm_up="600 s")
def truth(world: TrueWorld, _found: Mapping[str, Any], p: SuccessRate) -> Answer:
    """Whether a synthetic reader truly reads the share that is required."""
    conforms, risk = world.share(p.illuminance) >= p.reliability, 1.0 - p.confidence
    return Answer({}, conforms, risk, acceptable=conforms, producer_risk=risk)


@success_rate_sequential.truth(illuminance="16 lx", warm_up="600 s")
def sequential_truth(world: TrueWorld, _found: Mapping[str, Any], p: SuccessRateSequential) -> Answer:
    """Whether a synthetic reader truly fails less often than what is to be rejected, and as seldom as is acceptable."""
    fails = 1.0 - world.share(p.illuminance)
    return Answer(
        {}, fails < p.rejectable, p.consumer_risk, acceptable=fails <= p.acceptable, producer_risk=p.producer_risk
    )
