"""Repeatability and reproducibility, from end to end: by an instrument, and by people who are asked."""

from __future__ import annotations

import asyncio
import json
from itertools import groupby
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from pydantic import ValidationError

from hil.commands import Answer
from hil.errors import UsageError
from hil.record import open_run
from hil.run import RunOutcome, run_procedure
from hil.scripts import find
from hil.service import Event, Service
from hil_calibration.two_way import crossed_study
from hil_drivers.capability import Actuator, Sensor
from hil_procedures.precision.parameters import RepeatabilityReproducibility
from hil_procedures.precision.script import plan, roles

NAME = "repeatability-reproducibility"
BY_INSTRUMENT = {"measures": "luxmeter", "sets": "light", "handover": "no", "warm_up": "1800 s"}


async def carry_out(place: Path, settings: dict[str, str], service: Service | None = None) -> RunOutcome:
    return await run_procedure(
        NAME,
        "action-sim",
        settings=settings,
        seed=None,
        speed=None,
        out=place,
        operator="Operator A",
        on_event=lambda event: None,
        service=service,
    )


def told_by(outcome: RunOutcome) -> dict[str, Any]:
    found: dict[str, Any] = json.loads((outcome.folder / "results.json").read_text(encoding="utf-8"))
    return found


async def test_an_instrument_is_studied_without_its_calibration(tmp_path: Path) -> None:
    outcome = await carry_out(tmp_path, {"items": "50,60,70", "limit": "1", **BY_INSTRUMENT})
    told = told_by(outcome)
    results, x = told["results"], np.array(told["results"]["results"])
    assert x.shape == (3, 3, 3)
    assert told["verdict"]["outcome"] == "PASS"
    assert results["s_R"]["s"] == pytest.approx(crossed_study(x, pool=0.0).s_R.s)
    assert results["s_r"]["interval"][0] < 0.07 < results["s_r"]["interval"][1]
    assert results["unit"] == "lx"
    page = (outcome.folder / "report.html").read_text(encoding="utf-8")
    assert "Mean of the repeats of each group" in page
    assert "Analysis of variance" in page
    lines = [line["u"] for line in results["budget"].values() if line.get("in_s_R")]
    assert np.sqrt(np.sum(np.square(lines))) == pytest.approx(results["s_R"]["s"])
    assert results["budget"]["repeatability"]["dof_of_mean_square"] == 18
    assert results["budget"]["rounding of the indication"]["u"] == pytest.approx(0.1 / 12**0.5)
    assert "rounding to steps of 0.1 lx" in page
    assert (outcome.folder / "report.pdf").read_bytes().startswith(b"%PDF")


class People:
    """Operators who answer what they are asked: each reads an item with an error of its own."""

    ITEMS = {"P1": 10.0, "P2": 12.0, "P3": 15.0}  # noqa: RUF012
    ERRORS = {"Ann": -0.5, "Bo": 0.1, "Cy": 0.7}  # noqa: RUF012

    def __init__(self) -> None:
        self.willing = True
        self.service, self.asked, self.random = Service(), list[str](), np.random.default_rng(5)
        self.service.subscribe(self.heard)

    def heard(self, event: Event) -> None:
        if event.kind == "prompt":
            asyncio.get_running_loop().call_soon(self.answer, event.data["prompt"], event.data["text"])

    def answer(self, prompt: int, text: str) -> None:
        self.asked.append(text)
        value = "yes" if self.willing else "no"
        if "what do you read" in text:
            item = next(name for name in self.ITEMS if name in text)
            error = next(error for name, error in self.ERRORS.items() if name in text)
            value = f"{10.0 * (self.ITEMS[item] + error + self.random.normal(0, 0.05)):.3f} mm"
        self.service.execute(Answer("Operator B", prompt=prompt, value=value))


async def test_people_are_asked_and_their_differences_are_found(tmp_path: Path) -> None:
    people = People()
    settings = {
        "measures": "",
        "sets": "",
        "typed_in": "cm",
        "items": "P1,P2,P3",
        "groups": "Ann,Bo,Cy",
        "repeats": "2",
    }
    told = told_by(await carry_out(tmp_path, settings, people.service))["results"]
    assert sum("May it begin?" in text for text in people.asked) == 3
    assert sum("put " in text for text in people.asked) == 18
    assert told["s_r"]["interval"][0] < 0.05 < told["s_r"]["interval"][1]
    assert told["s_groups"] == pytest.approx(0.6, abs=0.1)
    means = np.array(told["results"]).mean(axis=(0, 2)) - 37.0 / 3.0
    assert means.tolist() == pytest.approx([-0.5, 0.1, 0.7], abs=0.1)


async def test_who_cannot_begin_ends_the_run_and_it_is_on_record(tmp_path: Path) -> None:
    people = People()
    people.willing = False
    outcome = await carry_out(tmp_path, {"items": "50,60", "measures": "luxmeter", "sets": "light"}, people.service)
    assert outcome.error.startswith("operator: Operator A could not begin")
    assert open_run(outcome.folder).status == "failed"


@pytest.mark.parametrize(("of", "shuffled"), [("set-up", True), ("operator", False), ("day", False), ("bench", False)])
def test_set_ups_come_in_random_order_and_people_as_they_come(of: Any, shuffled: bool) -> None:
    groups = tuple(str(number) for number in range(8))
    p = RepeatabilityReproducibility(items=("1", "2"), groups=groups, of=of)
    design = plan(p)
    seen = [[key for key, _ in groupby(one.factors["group"] for one in design.planned(seed))] for seed in (1, 2, 1)]
    assert all(sorted(one) == sorted(groups) for one in seen)
    assert (tuple(seen[0]) != groups) == (seen[0] != seen[1]) == shuffled
    assert seen[0] == seen[2], "by the seed alone"


def test_each_block_has_all_items_in_a_random_order_in_every_repeat() -> None:
    p = RepeatabilityReproducibility(items=("1", "2", "3", "4", "5", "6"), repeats=4)
    points = [point.factors for point in plan(p).planned(seed=3)]
    blocks = [list(members) for _, members in groupby(points, key=lambda one: one["group"])]
    assert [block[0]["group"] for block in blocks] == list(p.groups)
    orders = [[one["item"] for one in block[n : n + 6]] for block in blocks for n in range(0, 24, 6)]
    assert all(sorted(order) == list(p.items) for order in orders)
    assert len({tuple(order) for order in orders}) > 8


def test_roles_come_from_the_parameters() -> None:
    p = RepeatabilityReproducibility(items=("1", "2"), measures="reference", sets="light")
    assert roles(p).roles == {"reference": Sensor, "light": Actuator}
    found = find(NAME).with_roles(p)
    assert set(found.roles) == {"temperature", "reference", "light"}
    assert found.items == {"reference"}
    assert set(find(NAME).roles) == {"temperature"}
    with pytest.raises(UsageError, match="'temperature' is a Sensor already, and cannot be a Actuator"):
        find(NAME).with_roles(RepeatabilityReproducibility(items=("1", "2"), sets="temperature"))


async def test_a_role_that_the_bench_lacks_is_named(tmp_path: Path) -> None:
    with pytest.raises(
        UsageError, match=r"needs roles that this bench does not have: luxmetre;.*did you mean 'luxmeter'"
    ):
        await carry_out(tmp_path, {"items": "50,60", "measures": "luxmetre", "sets": "light"})


@pytest.mark.parametrize(
    ("given", "told"),
    [
        ({"items": ("1", "1")}, "name of its own"),
        ({"items": ("1", "two")}, "'two' is no level; say sets= where people place the items"),
        ({"items": ("50 lx", "60 lx")}, "'50 lx' is no level; give 50, without a unit"),
        ({"items": ("1", "2"), "limit": "0.5 lx"}, "given without a unit, in that of the results"),
        ({"items": ("1", "inf")}, "'inf' is no level"),
        ({"items": ("1",)}, "at least 2"),
        ({"items": ("1", "2"), "groups": ("A", "A")}, "name of its own"),
        ({"items": ("1", "2"), "repeats": 1}, "greater than or equal to 2"),
    ],
)
def test_what_cannot_be_studied_is_refused(given: dict[str, Any], told: str) -> None:
    with pytest.raises(ValidationError, match=told):
        RepeatabilityReproducibility(**given)
