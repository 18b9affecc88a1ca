"""Plans as a run follows them: adaptive, blinded, locked."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from hil.design import AdaptiveDesign, Design, History, Observed
from hil.points import Points
from hil.record import open_run
from hil.trial import Trial
from hil_drivers.capability import Sensor
from rig import Rig, plan


class Halving:
    """Halves the level until 12.5 lx or less was answered with a hit."""

    def next(self, observed: list[Observed], seed: int, /) -> Mapping[str, Any] | None:
        if not observed:
            return {"level": 100.0}
        last = observed[-1]
        return None if last.data["hit"] else {"level": last.factors["level"] / 2}


async def observe_each(trial: Trial) -> None:
    async for point in trial.points():
        async with point.valid(trial.role("lux", Sensor), 100.0, tolerance=5.0):
            await trial.sleep(1.0)
            point.observe(hit=point.level <= 12.5)


def adaptive(folder: Path, most: int = 20, history: History | None = None) -> Rig:
    rig = Rig(folder, plan(1.0), lambda t: 90.0 if 3.0 < t < 3.6 else 100.0)
    design = AdaptiveDesign({"level": "lx"}, Halving(), most=most)  # type: ignore[arg-type]
    rig.points = Points(
        design.plan(1), 3, clock=rig.clock, record=rig.record, report=rig.report, pausing=rig.pausing, history=history
    )
    rig.trial = Trial(
        {"lux": rig.lux},
        {"lux": Sensor},
        rig.points,
        clock=rig.clock,
        record=rig.record,
        prompts=rig.prompts,
        waits=rig.waits,
    )
    return rig


async def test_the_next_point_follows_from_what_counts(tmp_path: Path) -> None:
    rig = adaptive(tmp_path)
    record = await rig.run(observe_each)
    committed = [p for p in record.points() if p.state == "committed"]
    assert [p.data["level"] for p in committed] == [100.0, 50.0, 25.0, 12.5]
    assert [p.state for p in record.points()].count("void") == 1
    assert rig.points.left == 0
    told = [data for kind, data in rig.reports if kind == "point"]
    assert (told[0]["of"], told[0]["most"]) == (None, 20)


async def test_it_goes_on_from_the_record_as_it_would_have_gone_on(tmp_path: Path) -> None:
    first = adaptive(tmp_path / "first", most=2)
    record = await first.run(observe_each)
    again = adaptive(tmp_path / "again", history=History.on_record(record))
    assert again.points.left is None
    await again.run(observe_each)
    assert [p.data["level"] for p in open_run(again.folder).points() if p.state == "committed"] == [25.0, 12.5]


async def test_a_blinded_plan_tells_codes_and_records_conditions(tmp_path: Path) -> None:
    design = Design(factors={"level": "lx"}, points=[{"level": 1.0}, {"level": 2.0}], blind=True)
    rig = Rig(tmp_path, design, lambda t: 100.0)
    record = await rig.run(observe_each)
    told = [data for kind, data in rig.reports if kind == "point"]
    assert all("level" not in data and len(data["code"]) == 8 for data in told)
    assert [p.data for p in record.points()] == [{"level": 1.0}, {"level": 2.0}]


async def test_a_point_is_told_with_the_units_of_its_factors(tmp_path: Path) -> None:
    engine = Rig(tmp_path, plan(1.0), lambda t: 100.0)
    design = Design(factors={"level": "lx", "sign": None}, points=[{"level": 20.0, "sign": ""}])
    places: list[dict[str, Any] | None] = []
    engine.points = Points(
        design.plan(1), 1, clock=engine.clock, record=engine.record, report=engine.report, units=design.factors
    )
    assert engine.points.place is None
    async for _ in engine.points:
        places.append(engine.points.place)
    await engine.record.close("complete")
    (told,) = [data for kind, data in engine.reports if kind == "point"]
    assert told["units"] == {"level": "lx"}
    assert places[0] is not None
    assert places[0]["units"] == {"level": "lx"}
