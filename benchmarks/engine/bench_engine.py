"""Points per second of the engine, each with a gate, a measured value with uncertainty and a row in the record.

Compared with a bare loop that makes the same readings through the same calibration in the same run. Durable: every
point is committed to disk within the record's window; nothing waits for the commit.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import numpy as np

from hil.clock import LockstepClock
from hil.design import Design
from hil.exclusive import Exclusive
from hil.live import LiveChannel
from hil.pausing import Pausing
from hil.points import Points
from hil.prompts import Prompts
from hil.record import RecordWriter
from hil.trial import Trial
from hil_calibration.calibration import CalibrationRecord, Instrument
from hil_calibration.function import StraightLine
from hil_calibration.stream import evaluate
from hil_drivers.capability import Sensor
from hil_drivers.indication import Indication

POINTS = 3000


def ignored(_kind: str, _data: object) -> None:
    """Nobody listens."""


class Still:
    async def advance(self, t: int, sent: Mapping[str, int]) -> None: ...


class Instant:
    """A sensor that answers at once."""

    async def read(self) -> Indication:
        return Indication("value", 100.0, "lx", 0, 0)


CALIBRATION = CalibrationRecord(
    instrument=Instrument("Example Instruments", "EX-LUX 1", "1"),
    quantity="illuminance",
    unit="lx",
    function=StraightLine(0.0, 1.0),
    covariance=np.diag([1e-4, 1e-6]),
    valid_range=(0.0, 1000.0),
    date=date(2026, 1, 1),
)


async def engine(folder: Path) -> float:
    """Seconds for all points, from the first offered to the last committed."""
    clock = LockstepClock(Still(), 0)
    record = RecordWriter.create(folder, {})
    lux = LiveChannel(
        "lux",
        "lx",
        Instant(),
        calibration=CALIBRATION,
        period=None,
        limits=None,
        clock=clock,
        exclusive=Exclusive(clock, "luxmeter"),
        record=record,
        number=record.channel("lux"),
        temperature=lambda: None,
    )
    design = Design(factors={"level": "lx"}, points=[{"level": 1.0}] * POINTS)
    points = Points(design.plan(1), 1, clock=clock, record=record, report=ignored)
    prompts = Prompts(clock, Pausing(clock), ignored)
    trial = Trial({"lux": lux}, {"lux": Sensor}, points, clock=clock, record=record, prompts=prompts)

    async def script() -> None:
        sensor = trial.role("lux", Sensor)
        async for point in trial.points():
            async with point.valid(sensor, 100.0, tolerance=1.0):
                point.observe(hit=True)

    begun = time.perf_counter()
    await asyncio.create_task(script())
    elapsed = time.perf_counter() - begun
    points.close()
    await record.close("complete")
    return elapsed


async def bare() -> float:
    """Seconds for the same readings, evaluated and not recorded."""
    sensor = Instant()
    begun = time.perf_counter()
    for _ in range(2 * POINTS):
        indication = await sensor.read()
        assert indication.value is not None
        evaluate(CALIBRATION, indication.value)
    return time.perf_counter() - begun


def main() -> None:
    with tempfile.TemporaryDirectory() as scratch:
        measured = asyncio.run(engine(Path(scratch)))
    floor = asyncio.run(bare())
    print(
        f"engine        {POINTS / measured:8.0f} points/s, each 2 measurements with u, recorded, committed within 0.2 s"
    )
    print(f"bare readings {POINTS / floor:8.0f} points/s, evaluated alone, nothing recorded")
    print(f"ratio         {floor / measured:8.2f}")


if __name__ == "__main__":
    main()
