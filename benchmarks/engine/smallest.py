"""The smallest useful program: one calibrated sensor, one point with its gate, on record and closed."""

from __future__ import annotations

import asyncio
import sys
import tempfile
from pathlib import Path

sys.path.insert(0, str(Path(__file__).parent))

import bench_engine

if __name__ == "__main__":
    bench_engine.POINTS = 1
    with tempfile.TemporaryDirectory() as folder:
        asyncio.run(bench_engine.engine(Path(folder)))
