"""Which influence quantities does the response of a system depend on, alone and together?"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

import numpy as np

from hil import Design, Point, Record, Results, Trial, procedure
from hil.coverage.truth import Answer, TrueWorld
from hil.scripts import Command, Roles
from hil_drivers.capability import Actuator, Camera, Scene, Sensor, Source, SystemUnderTest

from .parameters import Screening

ROOM = 10.0
"""Bench seconds between two looks at the temperature of the room."""
STEADY = 1e-6
"""By how much, as a fraction, the reference value of one stimulus may change while it is answered."""


@procedure("screening", version="2", roles={})
async def screening(trial: Trial, p: Screening) -> None:
    """Tell which influence quantities matter to the response of a system, and which part of their domain is covered."""
    influences, begun = [one.name for one in p.ranges()], False
    async for point in trial.points():
        for name in influences:
            await trial.role(name, Actuator).set(point.factors[name])
        if p.response == "hit":
            await trial.role("scene", Scene).show(_sign(point, p))
        await trial.sleep(p.wait if begun else p.warm_up + p.wait)
        begun = True
        if p.virtual:
            await _answer(trial, point)
        else:
            await _at_the_bench(trial, point, p)


async def _answer(trial: Trial, point: Point) -> None:
    """Give a model what the influences make, and keep its answer beside the reference value."""
    reference = trial.role("reference", Sensor)
    stimulus = await trial.role("source", Source).take()
    true = (await trial.measure(reference)).value
    async with point.valid(reference, true, tolerance=STEADY * max(abs(true), 1.0)):
        response = await trial.role("model", SystemUnderTest).respond(stimulus)
        point.observe(
            **_place(point),
            value=response.output,
            fault=response.fault,
            latency=response.latency,
            in_domain=(response.details or {}).get("in_domain"),
            reference=await trial.sample(reference, 1),
        )


async def _at_the_bench(trial: Trial, point: Point, p: Screening) -> None:
    """Read a sensor, or let a reader read a sign; the room's temperature is the gate."""
    temperature = trial.role("temperature", Sensor)
    if p.response == "hit":
        async with point.valid(temperature, p.room, tolerance=p.room_tolerance, period=ROOM):
            response = await trial.role("reader", SystemUnderTest).respond(await trial.role("camera", Camera).grab())
            hit = not response.fault and response.output == _sign(point, p)
            point.observe(
                **_place(point),
                sign=_sign(point, p),
                hit=hit,
                output=response.output,
                fault=response.fault,
                latency=response.latency,
            )
        return
    async with point.valid(temperature, p.room, tolerance=p.room_tolerance, period=ROOM):
        point.observe(**_place(point), fault=None, reading=await trial.sample(trial.role(p.sensor, Sensor), 1))


def _sign(point: Point, p: Screening) -> str:
    """The sign of a row: the same in all samples that are crossed."""
    return p.signs[int(point.row) % len(p.signs)]


def _place(point: Point) -> dict[str, Any]:
    """Where in the design a point is."""
    return {"row": point.row, "sample": point.sample, "influences": dict(point.factors)}


@screening.further_roles
def roles(p: Screening) -> Roles:
    """What sets the influences, and what responds."""
    found: dict[str, type] = {influence.name: Actuator for influence in p.ranges()}
    if p.virtual:
        return Roles({**found, "source": Source, "reference": Sensor, "model": SystemUnderTest})
    found["temperature"] = Sensor
    if p.response == "hit":
        return Roles({**found, "scene": Scene, "camera": Camera, "reader": SystemUnderTest})
    return Roles({**found, p.sensor: Sensor}, frozenset({p.sensor}))


@screening.plan
def plan(p: Screening) -> Design:
    """All points of the design in random order."""
    from hil_calibration.systems.sensitivity import saltelli_sample

    ranges = p.ranges()
    if p.design == "saltelli":
        unit = saltelli_sample(len(ranges), p.n, seed=p.design_seed)
    else:
        from scipy.stats import qmc

        unit = qmc.LatinHypercube(len(ranges), rng=p.design_seed).random(p.n).T[None]
    points = [
        {
            **{one.name: one.at(float(unit[sample, place, row])) for place, one in enumerate(ranges)},
            "sample": sample,
            "row": row,
        }
        for sample, row in np.ndindex(unit.shape[0], unit.shape[2])
    ]
    return Design(
        dict.fromkeys([*(one.name for one in ranges), "sample", "row"]),
        points,
        order="random",
        notes={"design": p.design, "seed": p.design_seed},
        duration=p.warm_up + len(points) * p.wait,
    )


@screening.commands
def commands(p: Screening) -> list[Command]:
    """Every influence at every point."""
    points = plan(p).points
    return [(one.name, float(point[one.name])) for one in p.ranges() for point in points]


@screening.analysis
def analyse(record: Record, p: Screening) -> Results:
    """The influences by their indices, the cells of the domain without a trial, and the verdict if there is a limit."""
    from .results import results

    return results(record, p)


@screening.truth(
    influences="diffusivity 5e-6 to 2e-5 log, time 30 to 200, depth 0.2 to 0.8", design_seed="{seed}", limit="0.55"
)
def truth(world: TrueWorld, found: Mapping[str, Any], p: Screening) -> Answer:
    """The indices of a model's response, by quadrature over the ranges; each run has a design of its own."""
    from .coverage import answer_of

    return answer_of(world, found, p)
