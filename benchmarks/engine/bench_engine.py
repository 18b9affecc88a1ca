"""Points per second of the engine, each with a gate, a measured value with uncertainty and a row in the record.

Compared in the same run with a bare loop that makes the same readings through the same calibration, and with bluesky.
Durable: every point is on disk within the record's window; nothing waits for that. bluesky writes nothing.
"""

from __future__ import annotations

import asyncio
import tempfile
import time
from collections.abc import Mapping
from datetime import date
from pathlib import Path

import bluesky_peer
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
SCANNED = 500


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
        engine_rate = POINTS / asyncio.run(engine(Path(scratch)))
    bare_rate = POINTS / asyncio.run(bare())
    floor_rate, scan_rate = POINTS / bluesky_peer.floor(POINTS), SCANNED / bluesky_peer.scan(SCANNED)
    events, readings = engine_rate / floor_rate, 2 * engine_rate / floor_rate
    print(f"engine         {engine_rate:8.0f} points/s, each of 2 measurements with u, on disk within 0.2 s")
    print(f"bare readings  {bare_rate:8.0f} points/s, recorded nowhere; ratio {engine_rate / bare_rate:.2f}")
    print(f"bluesky, floor {floor_rate:8.0f} events/s of one reading without u or unit, nothing written")
    print(f"               ratio {events:.1f} points to events, {readings:.1f} readings to readings")
    print(f"bluesky, scan  {scan_rate:8.0f} events/s, nothing written; ratio {engine_rate / scan_rate:.1f}")


if __name__ == "__main__":
    main()
