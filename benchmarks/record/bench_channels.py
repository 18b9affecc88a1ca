"""The record: what a reading costs where there are many channels.

Target: with 1000 channels at most 1.3 times as much as with 10. Each channel gives a block of the same length in turn,
as sampled channels do; the two are measured in turn, and the CPU of the whole process is counted, chain included.
"""

from __future__ import annotations

import asyncio
import os
import statistics
import sys
import tempfile
import time
from pathlib import Path

import numpy as np

from hil.record import RecordWriter, verify

FEW, MANY = 10, 1000
READINGS = 300_000
IN_A_BLOCK = 12
"""Readings that a channel gives at a time: 1 s of one that is read at 12 Hz."""

ROUNDS = 5
TARGET = 1.3


async def microseconds(folder: Path, channels: int) -> float:
    """CPU microseconds for a reading."""
    writer = RecordWriter.create(folder, {})
    numbers = [writer.channel(f"channel.{number}", unit="lx", device="device") for number in range(channels)]
    values, t = np.random.default_rng(1).normal(500.0, 0.1, IN_A_BLOCK), np.arange(IN_A_BLOCK) * 80_000_000
    await writer.flush()
    cpu = time.process_time()
    for block in range(READINGS // IN_A_BLOCK):
        writer.readings(numbers[block % channels], t + block, values, values, 0.1, 0.9, 1e-5, 0)
        if block % 1000 == 999:
            await writer.flush()
    await writer.flush()
    cpu = time.process_time() - cpu
    await writer.close("complete")
    return cpu / READINGS * 1e6


def main() -> int:
    """Run and print; the exit code is 1 if a target is missed."""
    costs: dict[int, list[float]] = {FEW: [], MANY: []}
    with tempfile.TemporaryDirectory() as scratch:
        for number in range(ROUNDS):
            for channels, found in costs.items():
                folder = Path(scratch) / f"{channels}-{number}"
                found.append(asyncio.run(microseconds(folder, channels)))
        kept = verify(folder).ends["readings"]
    few, many = (statistics.median(found) for found in costs.values())
    print(f"{READINGS} readings in blocks of {IN_A_BLOCK}, {ROUNDS} rounds; load average {os.getloadavg()[0]:.1f}")
    print(f"  {FEW:4d} channels: {few:.2f} us of CPU a reading (median)")
    print(f"  {MANY:4d} channels: {many:.2f} us of CPU a reading (median)")
    met = many <= TARGET * few and kept == READINGS
    print(f"target: ratio <= {TARGET}: measured {many / few:.2f}, {'met' if met else 'MISSED'}")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
