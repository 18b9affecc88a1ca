"""A data set of tables, each the conditions of a cooling slab with its temperature, and a bench that replays it."""

from __future__ import annotations

import random
import shutil
from datetime import date
from pathlib import Path
from typing import Literal

from hil.bench.config import shipped_benches
from hil_drivers.data_set import About, Quantity
from hil_drivers.data_set_writer import DataSetWriter
from hil_drivers.virtual.slab import series

BENCH = """
[bench]
name = "slabs"
kind = "dataset"
laboratory = "lab.toml"
equipment = "equipment.toml"
[devices.data]
driver = "dataset"
address = "dataset:"
folder = "slabs"
factors = { content = "content" }
[devices.instrument]
driver = "virtual-instrument"
address = "model:"
model = "slab"
[channels."truth.temperature"]
device = "data"
point = "temperature"
unit = "1"
[roles]
scene = "data"
source = "data"
reference = "truth.temperature"
model = "instrument"
"""


def make_slabs(folder: Path, origin: Literal["recorded", "rendered"] | None, count: int = 40) -> Path:
    """Write the bench file, its registers, and the data set, which says that it is of ``origin``."""
    folder.mkdir(parents=True)
    for name in ("lab.toml", "equipment.toml"):
        shutil.copy(shipped_benches()["slab-emulator"].parent / name, folder / name)
    about = About(name="slabs", date=date(2026, 6, 1), origin=origin, index="index.csv")
    made = DataSetWriter(folder / "slabs", about, {"temperature": Quantity(unit="1", correlation="full")})
    drawn = random.Random(1)
    for number in range(count):
        diffusivity, time, place = drawn.uniform(5e-6, 2e-5), drawn.uniform(30.0, 200.0), drawn.uniform(0.2, 0.8)
        table = f"diffusivity,time,place\n{diffusivity},{time},{place}\n".encode()
        reference = {"temperature": (series(diffusivity=diffusivity, time=time, place=place), 0.002)}
        made.add(f"{number}.csv", table, content="inside", subject=f"slab {number}", references=reference)
    made.close()
    path = folder / "bench.toml"
    path.write_text(BENCH, encoding="utf-8")
    return path
