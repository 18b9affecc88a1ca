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
from statistics import median

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
from hil.waits import Waits
from hil_calibration.calibration import CalibrationRecord, Instrument
from hil_calibration.function import StraightLine
from hil_calibration.stream import evaluate
from hil_drivers.capability import Sensor
from hil_drivers.indication import Indication

POINTS = 1000
SCANNED = 100
ROUNDS = 25
"""Of engine and peer in turn: on a shared machine each alone may be off by half; the medians are compared."""


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
    waits = Waits(clock, ignored)
    trial = Trial({"lux": lux}, {"lux": Sensor}, points, clock=clock, record=record, prompts=prompts, waits=waits)

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
    rounds = [one_round() for _ in range(ROUNDS)]
    rate, bare_rate, single, double, scan_rate = (median(column) for column in zip(*rounds, strict=True))
    print(f"engine            {rate:7.0f} points/s, each of 2 measurements with u and unit, on disk within 0.2 s")
    print(f"bare readings     {bare_rate:7.0f} points/s, recorded nowhere; ratio {rate / bare_rate:.2f}")
    print(f"bluesky, floor    {single:7.0f} events/s of 1 reading, no u, nothing written; ratio {rate / single:.1f}")
    print(f"  the same work   {double:7.0f} events/s of 2 readings; ratio {rate / double:.1f} (target 2)")
    print(f"bluesky, scan     {scan_rate:7.0f} events/s, nothing written; ratio {rate / scan_rate:.1f} (target 9)")


def one_round() -> tuple[float, ...]:
    """Rates of the engine, the bare loop, and of bluesky: events of one reading, of two, and its scan."""
    with tempfile.TemporaryDirectory() as scratch:
        rate = POINTS / asyncio.run(engine(Path(scratch)))
    return (
        rate,
        POINTS / asyncio.run(bare()),
        POINTS / bluesky_peer.floor(POINTS),
        POINTS / bluesky_peer.floor(POINTS, readings=2),
        SCANNED / bluesky_peer.scan(SCANNED),
    )


if __name__ == "__main__":
    main()
