"""Detection against illuminance on a reader whose curve is known: a run, and what it states against the truth."""

from __future__ import annotations

import math
from pathlib import Path
from typing import Any

import pytest

from hil.bench import load_bench
from hil.coverage.truth import true_world
from hil.errors import UsageError
from hil.run import run_procedure
from hil_procedures.detection.parameters import DetectionVsIlluminance
from hil_procedures.detection.script import conditions, truth
from hil_procedures.shares import BESIDE, share

BENCH = "reader-sim"
A90 = 16.41
"""Of the curve that the bench states."""


def found(**unrounded: Any) -> dict[str, Any]:
    return {"unrounded": unrounded, "reason": ""}


def test_the_truth_is_where_the_curve_of_the_bench_reaches_nine_in_ten() -> None:
    world = true_world(load_bench(BENCH), 3)
    answer = truth(world, found(a90=16.0, u=0.5), DetectionVsIlluminance(required=16.0))
    (stated,) = answer.measurands.values()
    assert (stated.value, stated.u, stated.unit) == (16.0, 0.5, "lx")
    assert stated.true == pytest.approx(A90, abs=0.01)
    assert answer.conforms is False
    good = truth(world, found(a90=16.0, u=0.5), DetectionVsIlluminance(required=17.0))
    assert (good.conforms, good.acceptable) == (True, True)
    assert (good.risk, good.producer_risk) == pytest.approx((0.05, 0.05))


def test_a_run_without_a90_states_nothing() -> None:
    with pytest.raises(UsageError, match="states no a90"):
        truth(true_world(load_bench(BENCH), 3), found(a90=None, u=None), DetectionVsIlluminance())


LEVELS = [
    {"nominal": 10.0, "illuminance": 10.2, "read": 3, "shown": 8, "slope": 0.5, "relative_effects": {"scale": -0.02}},
    {"nominal": 60.0, "illuminance": 60.0, "read": 8, "shown": 8, "slope": None, "relative_effects": {"scale": -0.02}},
]


def test_what_is_compared_is_a90_and_the_share_read_at_each_illuminance() -> None:
    told = {**found(a90=16.0, u=0.5), "budget": [{"name": "certificate 1", "u": 0.3}, {"name": "scatter", "u": 0.4}]}
    compared = conditions({**told, "levels": LEVELS}, DetectionVsIlluminance())
    one = compared["a90"]["nine signs in ten"]
    assert (one.value, one.u, one.unit) == (16.0, 0.5, "lx")
    assert one.parts == {"certificate 1": 0.3, "scatter": 0.4}
    shares = compared["share read"]
    assert list(shares) == ["10 lx", "60 lx"]
    assert shares["60 lx"] == share(8, 8)
    assert shares["10 lx"].parts["scale"] == pytest.approx(-0.5 * 0.02)
    assert shares["10 lx"].parts[BESIDE] == pytest.approx(0.5 * math.log(1.02))
    assert shares["10 lx"].u == pytest.approx(math.hypot(share(3, 8).u, 0.01, 0.5 * math.log(1.02)))


def test_without_an_a90_the_shares_are_still_compared() -> None:
    compared = conditions({**found(a90=None, u=None), "levels": LEVELS}, DetectionVsIlluminance())
    assert compared["a90"] == {}
    assert len(compared["share read"]) == 2


def test_a_bench_without_a_known_curve_has_no_truth() -> None:
    with pytest.raises(UsageError, match="no system under test whose curve is known"):
        true_world(load_bench("action-sim"), 1).stimulus(0.9)


async def test_a_run_counts_what_the_reader_said(tmp_path: Path) -> None:
    outcome = await run_procedure(
        "detection-vs-illuminance",
        BENCH,
        settings={"signs": "RUYT3,KLEXM", "illuminances": "1 lx,60 lx,300 lx", "warm_up": "60 s", "repeats": "1"},
        seed=1,
        speed=None,
        out=tmp_path,
        operator="Operator A",
        on_event=lambda event: None,
    )
    assert not outcome.error
    levels = outcome.results["results"]["levels"]
    assert [(level["read"], level["shown"]) for level in levels] == [(0, 2), (2, 2), (2, 2)]
    assert [level["nominal"] for level in levels] == [1.0, 60.0, 300.0]
    assert all(0.0 < abs(u) < 0.05 for level in levels for u in level["relative_effects"].values())
    assert all(level["relative_effects"] for level in levels)
