"""The record: 60 000 readings/s from arrays against a bare loop, and against a plain file with a hash.

Targets (design, section 9): at most 20 % of a core, chain included; loop lag at p99 no more than a bare loop's
+ 5 ms; verification in at most 2 us of CPU a reading. The bare loop makes the same arrays at the same rate and throws
them away.
"""

from __future__ import annotations

import asyncio
import hashlib
import os
import struct
import sys
import tempfile
import time
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from hil.record import RecordWriter, seal, verify

RATE = 60_000
SECONDS = 5.0
PERIOD = 0.01
CHANNELS = 64
PROBE = 0.005
ROUNDS = 3
VERIFY = 2.0
"""Microseconds of CPU that verification may take for a reading."""

DURABILITY = "every commit synced (WAL, FULL) and chained"


@dataclass
class Load:
    """What the rounds of one kind cost: CPU and wall seconds, the loop's lags, readings handed over and kept."""

    cpu: float = 0.0
    wall: float = 0.0
    appended: int = 0
    kept: int = 0
    lags: list[float] = field(default_factory=list)

    @property
    def lag(self) -> float:
        """Loop lag at p99 in ms."""
        return float(np.percentile(self.lags, 99)) * 1e3

    def __str__(self) -> str:
        return f"{self.cpu / self.wall:6.1%} of a core, loop lag p99 {self.lag:5.1f} ms"


async def drive(writer: RecordWriter | None, load: Load) -> None:
    """Make readings for `SECONDS` and append them to ``writer``, or to nothing."""
    probe = asyncio.ensure_future(probe_loop(load.lags))
    count = int(RATE * PERIOD)
    numbers = 1 + np.arange(count) % CHANNELS
    generator = np.random.default_rng(1)
    done, cpu, start = 0, time.process_time(), time.perf_counter()
    while (elapsed := time.perf_counter() - start) < SECONDS:
        while done < RATE * elapsed:
            raw = generator.normal(500.0, 0.1, count)
            t = time.time_ns() + np.arange(count) * (1_000_000_000 // RATE)
            if writer is not None:
                writer.readings(numbers, t, raw, raw * 1.002, 0.1, 0.9, 1e-5, 0)
            done += count
        await asyncio.sleep(PERIOD)
    if writer is not None:
        await writer.flush()
    load.cpu += time.process_time() - cpu
    load.wall += time.perf_counter() - start
    load.appended += done
    probe.cancel()


async def probe_loop(lags: list[float]) -> None:
    """Measure by how much the loop wakes a sleeper too late."""
    while True:
        due = time.perf_counter() + PROBE
        await asyncio.sleep(PROBE)
        lags.append(time.perf_counter() - due)


async def record(folder: Path, load: Load) -> None:
    """The load with a record in ``folder``."""
    writer = RecordWriter.create(folder, {"benchmark": "record"})
    for number in range(CHANNELS):
        writer.channel(f"channel.{number}", unit="lx")
    await writer.flush()
    await drive(writer, load)
    await writer.close("complete")
    load.kept += writer.committed.readings if writer.committed else 0


def rows_per_cpu_second(folder: Path) -> float:
    """The record's own rate: readings in blocks, as fast as the writer takes them."""

    async def run() -> float:
        writer = RecordWriter.create(folder, {})
        number = writer.channel("channel", unit="lx")
        values, t = np.random.default_rng(1).normal(size=12_000), np.arange(12_000)
        await writer.flush()
        cpu = time.process_time()
        for _ in range(25):
            writer.readings(number, t, values, values, 0.1, 0.9, 1e-5, 0)
            await writer.flush()
        cpu = time.process_time() - cpu
        await writer.close("complete")
        return 25 * len(values) / cpu

    return asyncio.run(run())


def plain_rows_per_cpu_second(path: Path) -> float:
    """The peer: the same columns packed by struct, chained by SHA-256, appended to a file, synced per block."""
    values, t = np.random.default_rng(1).normal(size=12_000).tolist(), range(12_000)
    pack, head = struct.Struct("<qqdddddq").pack, b""
    cpu = time.process_time()
    with path.open("wb") as file:
        for _ in range(25):
            block = b"".join([pack(s, 1, v, v, 0.1, 0.9, 1e-5, 0) for s, v in zip(t, values, strict=True)])
            head = hashlib.sha256(head + block).digest()
            file.write(block + head)
            file.flush()
            os.fdatasync(file.fileno())
    return 25 * len(values) / (time.process_time() - cpu)


def verified(folder: Path) -> tuple[bool, float]:
    """Whether the record holds, and the CPU microseconds per reading to find out."""
    cpu = time.process_time()
    verification = verify(folder)
    return verification.holds, (time.process_time() - cpu) / verification.ends["readings"] * 1e6


def main() -> int:
    """Run and print; the exit code is 1 if a target is missed."""
    bare, recorded = Load(), Load()
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(ROUNDS):
            folder = Path(scratch) / f"run{number}"
            asyncio.run(drive(None, bare))
            asyncio.run(record(folder, recorded))
        seal(folder)
        holds, cost = verified(folder)
        own, plain = rows_per_cpu_second(Path(scratch) / "own"), plain_rows_per_cpu_second(Path(scratch) / "plain")
    verify_ok = holds and cost <= VERIFY
    cpu_ok, lag_ok = recorded.cpu / recorded.wall <= 0.20, recorded.lag <= bare.lag + 5.0
    print(f"{RATE} readings/s for {ROUNDS} x {SECONDS:.0f} s, each beside a bare loop; making the arrays is included")
    print(f"load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores")
    print(f"  bare loop          {bare}; nothing kept")
    print(f"  record             {recorded}; {DURABILITY}")
    print(f"                     {recorded.appended} appended, {recorded.kept} on disk")
    print("readings per CPU-second, in blocks of 12 000, each synced")
    print(f"  record             {own / 1e6:.2f} M; {DURABILITY}")
    print(f"  struct + SHA-256   {plain / 1e6:.2f} M; synced, chained, bytes without tables (ratio {own / plain:.2f})")
    print(f"verify               {'holds' if holds else 'DOES NOT HOLD'}, {cost:.1f} us of CPU a reading")
    print(f"target CPU <= 20 %: {_met(cpu_ok)}; target loop lag <= bare + 5 ms: {_met(lag_ok)}")
    print(f"target verify <= {VERIFY:g} us a reading: {_met(verify_ok)}")
    return 0 if cpu_ok and lag_ok and verify_ok and recorded.kept == recorded.appended else 1


def _met(target: bool) -> str:
    return "met" if target else "MISSED"


if __name__ == "__main__":
    sys.exit(main())
