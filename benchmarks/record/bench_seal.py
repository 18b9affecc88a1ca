"""The sealed set of 10^7 readings of 64 channels: Parquet, MCAP, CSV and a signed manifest.

Targets: under 60 s and under 1 GB of memory, verification of the record included; `hil data verify` of the record in at
most 2 us of CPU a reading. Sealing and verifying each run in a process of its own, whose peak memory is the kernel's
figure. It takes about 3 GB of the folder for temporary files. The peer for the size of the Parquet file is pyarrow with
its own defaults.
"""

from __future__ import annotations

import asyncio
import json
import os
import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

import numpy as np
import pyarrow.parquet as pq

from hil.record import RecordWriter, seal, verify
from hil.sealing.check import verify_run
from hil.sealing.keys import load_private, load_public, new_key
from hil.sealing.sealer import seal_run

READINGS = 10_000_000
CHANNELS = 64
BLOCK = 20_000
SECONDS, MEGABYTES, VERIFY = 60.0, 1000.0, 2.0


async def write(folder: Path) -> None:
    """Write the run: real noise in each reading, times 16 us apart with jitter."""
    writer = RecordWriter.create(folder, {"provenance": "simulated"})
    for number in range(CHANNELS):
        writer.channel(f"channel.{number}", unit="lx")
    generator, numbers = np.random.default_rng(1), 1 + np.arange(BLOCK) % CHANNELS
    for block in range(READINGS // BLOCK):
        t = 1_780_300_800_000_000_000 + (block * BLOCK + np.arange(BLOCK)) * 16_000 + generator.integers(0, 999, BLOCK)
        raw = generator.normal(500.0, 0.1, BLOCK)
        writer.readings(numbers, t, raw, raw * 1.002, 0.1, 0.9, 1e-5, 0)
        await writer.flush()
    await writer.close("complete")
    seal(folder)


def measured(what: str, folder: Path) -> dict[str, float]:
    """Seconds, CPU seconds and megabytes of one step, in a process of its own."""
    command = [sys.executable, __file__, what, str(folder)]
    done = subprocess.run(command, capture_output=True, text=True, check=True)
    found: dict[str, float] = json.loads(done.stdout)
    return found


def step(what: str, folder: Path) -> None:
    """Take one step and print what it took, for `measured`."""
    key = folder.with_name("key.pem")
    wall, cpu = time.perf_counter(), time.process_time()
    if what == "seal":
        seal_run(folder, load_private(key))
    elif what == "verify":
        assert verify(folder).holds
    else:
        assert verify_run(folder, load_public(key.with_name("key.pub.pem"))).holds
    used = resource.getrusage(resource.RUSAGE_SELF)
    took = {"wall": time.perf_counter() - wall, "cpu": time.process_time() - cpu, "MB": used.ru_maxrss / 1e3}
    print(json.dumps(took))


def default_size(path: Path, into: Path) -> float:
    """Bytes for a reading of pyarrow's own defaults, on one row group."""
    group = pq.ParquetFile(path).read_row_group(0)
    pq.write_table(group, into)
    return into.stat().st_size / int(group.num_rows)


def main() -> int:
    """Run and print; the exit code is 1 if a target is missed."""
    if len(sys.argv) == 3:
        step(sys.argv[1], Path(sys.argv[2]))
        return 0
    with tempfile.TemporaryDirectory() as scratch:
        folder = Path(scratch) / "run"
        asyncio.run(write(folder))
        new_key(Path(scratch) / "key.pem")
        record, sealing, everything = (measured(what, folder) for what in ("verify", "seal", "all"))
        sizes = {path.name: path.stat().st_size / READINGS for path in (folder / "sealed").iterdir()}
        sizes["run.db"] = (folder / "run.db").stat().st_size / READINGS
        plain = default_size(folder / "sealed" / "readings.parquet", Path(scratch) / "plain.parquet")
    print(
        f"{READINGS} readings of {CHANNELS} channels; load average {os.getloadavg()[0]:.1f} on {os.cpu_count()} cores"
    )
    for name, found in (("verify the record", record), ("seal, signed", sealing), ("verify all of it", everything)):
        print(f"  {name:18s} {found['wall']:6.1f} s, {found['cpu']:6.1f} s of CPU, at most {found['MB']:.0f} MB")
    told = ", ".join(f"{name} {size:.1f}" for name, size in sorted(sizes.items()) if size > 0.1)
    print(
        f"  bytes a reading    {told}; Parquet with pyarrow's defaults {plain:.1f} (ratio {_ratio(sizes, plain):.2f})"
    )
    cost = record["cpu"] / READINGS * 1e6
    met = (sealing["wall"] < SECONDS, sealing["MB"] < MEGABYTES, cost <= VERIFY)
    print(f"target seal < {SECONDS:g} s: measured {sealing['wall']:.1f} s, {_met(met[0])}")
    print(f"target seal < {MEGABYTES:g} MB: measured {sealing['MB']:.0f} MB, {_met(met[1])}")
    print(f"target verify <= {VERIFY:g} us of CPU a reading: measured {cost:.2f} us, {_met(met[2])}")
    return 0 if all(met) else 1


def _ratio(sizes: dict[str, float], plain: float) -> float:
    return sizes["readings.parquet"] / plain


def _met(target: bool) -> str:
    return "met" if target else "MISSED"


if __name__ == "__main__":
    sys.exit(main())
