"""Calibration of a virtual instrument against references, with its operating domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from hil import Design, Point, Record, Results, Trial, procedure
from hil.coverage.truth import Answer, TrueWorld
from hil_drivers.capability import Scene, Sensor, Source, SystemUnderTest

from .parameters import CalibrateVirtualInstrument

STEADY = 1e-6
"""By how much, as a fraction, the reference value of one stimulus may change while it is answered."""


@procedure(
    "calibrate-virtual-instrument",
    version="3",
    roles={"scene": Scene, "source": Source, "reference": Sensor, "model": SystemUnderTest},
)
async def calibrate_virtual_instrument(trial: Trial, p: CalibrateVirtualInstrument) -> None:  # noqa: ARG001
    """Calibrate a model that returns a quantity: bias, standard deviation, conformal interval, operating domain."""
    async for point in trial.points():
        await trial.role("scene", Scene).show(point.content)
        await answer(trial, point)


async def answer(trial: Trial, point: Point) -> None:
    """Give the model one stimulus, and keep its answer beside the reference value."""
    reference = trial.role("reference", Sensor)
    stimulus = await trial.role("source", Source).take()
    true = (await trial.measure(reference)).value
    async with point.valid(reference, true, tolerance=STEADY * max(abs(true), 1.0)):
        response = await trial.role("model", SystemUnderTest).respond(stimulus)
        details = response.details or {}
        point.observe(
            content=point.content,
            subject=stimulus.subject,
            output=response.output,
            features=details.get("features", {}),
            latency=response.latency,
            fault=response.fault,
            reference=await trial.sample(reference, 1),
        )


@calibrate_virtual_instrument.plan
def plan(p: CalibrateVirtualInstrument) -> Design:
    """So many stimuli of each kind, the kinds in random order; those of one kind come as the source has them."""
    points = [{"content": content} for content in p.contents for _ in range(p.stimuli)]
    return Design({"content": None}, points, order="random")


@calibrate_virtual_instrument.refusal
def refusal(devices: Mapping[str, object], p: CalibrateVirtualInstrument) -> str:
    """Too few subjects to calibrate or to test with."""
    from .beforehand import refusal

    return refusal(devices, p)


@calibrate_virtual_instrument.analysis
def analyse(record: Record, p: CalibrateVirtualInstrument) -> Results:
    """Errors with uncertainty, the conformal interval, and how often it held inside and outside the domain."""
    from .results import results

    return results(record, p)


@calibrate_virtual_instrument.truth(contents="inside", stimuli="100")
def truth(world: TrueWorld, found: Mapping[str, Any], p: CalibrateVirtualInstrument) -> Answer:
    """Over many stimuli in the domain: the true bias, and the share that the conformal interval of this run truly
    covers; and a new stimulus, for whose value the run states u and the conformal interval."""
    from .coverage import answer_of

    return answer_of(world.stimuli, found, p)
