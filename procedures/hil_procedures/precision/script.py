"""Everybody measures every item several times: how well do results repeat, and how well do they agree?"""

from __future__ import annotations

import statistics
from collections.abc import Mapping
from typing import Any

from hil import Design, Point, Record, Results, Trial, Window, procedure
from hil.comparing.results import Compared
from hil.coverage.truth import Answer, StatedInterval, TrueWorld
from hil.errors import BenchFault, UsageError
from hil.scripts import Command, Roles
from hil_drivers.capability import Actuator, Sensor

from ..means import mean_over
from .parameters import RepeatabilityReproducibility

SCATTER = {"operator": "operators", "day": "days", "bench": "benches", "set-up": "set-ups"}
"""What groups are called together: the line of a budget for how they differ."""


@procedure("repeatability-reproducibility", version="5", roles={"temperature": Sensor})
async def repeatability_reproducibility(trial: Trial, p: RepeatabilityReproducibility) -> None:
    """Tell how well a measurement repeats, and how well it agrees across operators, days or benches."""
    temperature, group = trial.role("temperature", Sensor), None
    if p.sets and p.warm_up:
        await trial.role(p.sets, Actuator).set(p.levels()[p.items[0]])
        await trial.sleep(p.warm_up)
    async for point in trial.points():
        if point.group != group:
            await _begin_block(trial, point, p)
            group = point.group
        await _present(trial, point, p)
        async with point.valid(temperature, p.room, tolerance=p.room_tolerance, period=60.0):
            point.observe(item=point.item, group=point.group, result=await _result(trial, point, p))


async def _begin_block(trial: Trial, point: Point, p: RepeatabilityReproducibility) -> None:
    """Ask whether the next block may begin, and make it a set-up of its own where a role does that.

    :raises BenchFault: if it may not.
    """
    question = f"Next {p.of}: {point.group}. May it begin?"
    if p.handover and not await trial.ask(question, "yes/no"):
        raise BenchFault(f"{point.group} could not begin", where=p.of, remedy="resume the run when it can")
    if p.begins:
        await trial.role(p.begins, Actuator).set(1.0)


async def _present(trial: Trial, point: Point, p: RepeatabilityReproducibility) -> None:
    """Bring the item about, by its actuator or by a person's hands."""
    if p.sets:
        await trial.role(p.sets, Actuator).set(p.levels()[point.item])
    elif not await trial.ask(f"{point.group}: put {point.item} in its place. Is it there?", "yes/no"):
        raise BenchFault(f"{point.item} could not be put in its place", where=point.group, remedy="resume the run")
    await trial.sleep(p.wait)


async def _result(trial: Trial, point: Point, p: RepeatabilityReproducibility) -> Window | list[float]:
    """One result: readings of an instrument, or what a person read."""
    if p.measures:
        return await trial.sample(trial.role(p.measures, Sensor), p.readings)
    asked = f"{point.group}: what do you read for {point.item}?"
    return [await trial.ask(asked, "number", unit=p.typed_in) for _ in range(p.readings)]


@repeatability_reproducibility.further_roles
def roles(p: RepeatabilityReproducibility) -> Roles:
    """The instrument under study, and what brings the items and the set-ups about."""
    found: dict[str, Any] = {}
    if p.measures:
        found[p.measures] = Sensor
    if p.sets:
        found[p.sets] = Actuator
    if p.begins:
        found[p.begins] = Actuator
    return Roles(found, frozenset({p.measures} - {""}))


@repeatability_reproducibility.plan
def plan(p: RepeatabilityReproducibility) -> Design:
    """One block for each group; in it all items once in random order, then again in another.

    Set-ups come in random order. Operators, days and benches come as they come: in the order in which they are named.
    """
    points = [{"group": group, "item": item} for group in p.groups for item in p.items]
    duration = p.warm_up + len(points) * p.repeats * p.wait
    return Design(
        {"group": None, "item": None},
        points,
        repeats=p.repeats,
        order="random",
        block="group",
        random_blocks=p.of == "set-up",
        duration=duration,
    )


@repeatability_reproducibility.commands
def commands(p: RepeatabilityReproducibility) -> list[Command]:
    """Every level, where an actuator brings the items about."""
    told = [(p.sets, level) for level in p.levels().values()] if p.sets else []
    return [*told, *([(p.begins, 1.0)] if p.begins else [])]


@repeatability_reproducibility.analysis
def analyse(record: Record, p: RepeatabilityReproducibility) -> Results:
    """The analysis of variance, s_r and s_R with their intervals, and the verdict where there is a limit."""
    from .results import results

    return results(record, p)


@repeatability_reproducibility.conditions
def conditions(found: Mapping[str, Any], p: RepeatabilityReproducibility) -> Mapping[str, Mapping[str, Compared]]:
    """The mean indication for each item over the groups, whose scatter holds that of the repeats too. What all results
    of a bench share, such as the error of its instrument, is no part of u: it is in the difference."""
    means = {
        item: mean_over([statistics.fmean(repeats) for repeats in groups], found["unit"], {}, scatter=SCATTER[p.of])
        for item, groups in zip(found["items"], found["results"], strict=True)
    }
    return {"mean indication": {item: mean for item, mean in means.items() if mean is not None}}


@repeatability_reproducibility.truth(
    items="2,3,4",
    groups="1,2,3,4,5,6,7,8",
    of="set-up",
    measures="distance",
    sets="distance_setpoint",
    begins="home",
    handover="no",
    warm_up="5 s",
    limit="0.0022",
)
def truth(world: TrueWorld, found: Mapping[str, Any], p: RepeatabilityReproducibility) -> Answer:
    """The variances of readings of a target on a rail: at rest, and from one reference run to the next. Variances,
    for their estimates are unbiased, and those of standard deviations are not.

    :raises UsageError: if other roles than those of the rail take part.
    """
    if (p.measures, p.sets) != ("distance", "distance_setpoint") or p.begins not in ("", "home"):
        raise UsageError(
            "the truth of these roles is not known",
            where="repeatability-reproducibility",
            remedy='say measures=distance, sets=distance_setpoint, and begins="home" or nothing',
        )
    repeats, between = world.rail.repeatability() ** 2, world.rail.homing() ** 2 if p.begins else 0.0
    true = {"s_r": repeats, "s_L": between, "s_R": repeats + between}

    def stated(name: str) -> StatedInterval:
        low, high = found[name]["interval"]
        return StatedInterval(found[name]["s"] ** 2, low**2, high**2, true[name], "m2", found["confidence"])

    conforms, risk = None if p.limit is None else true["s_R"] <= p.limit**2, (1.0 - p.confidence) / 2.0
    measurands = {f"{name}²": stated(name) for name in true}
    return Answer(measurands, conforms, risk, acceptable=conforms, producer_risk=risk)
