"""A small data set whose pictures carry a text, a bench that replays it, and a reader that can fail."""

from __future__ import annotations

import asyncio
import hashlib
import io
import shutil
from datetime import date
from pathlib import Path

import numpy as np
from PIL import Image

from hil.bench.config import shipped_benches
from hil_drivers.capability import Frame, Response, SystemIdentity
from hil_drivers.clock import Clock
from hil_drivers.data_set import About, Quantity
from hil_drivers.data_set_writer import DataSetWriter
from hil_drivers.device import Device

SIGNS = ("AAA", "BBB", "CCC")
LEVELS = (5.0, 20.0, 80.0)
SETTINGS = {
    "signs": ",".join(SIGNS),
    "illuminances": ",".join(map(str, LEVELS)),
    "repeats": "2",
    "blanks": "1",
    "warm_up": "0",
}
POINTS = 2 * len(LEVELS) * (len(SIGNS) + 1)

BENCH = """
[bench]
name = "replay"
kind = "dataset"
laboratory = "lab.toml"
equipment = "equipment.toml"
lanes = {lanes}
[devices.data]
driver = "dataset"
address = "dataset:"
folder = "signs"
factors = {{ sign = "content", illuminance = "illuminance" }}
[devices.reader]
driver = "replayed:Letters"
address = "process:"
delay = {delay}
shared = {shared}
[channels."light.illuminance"]
device = "data"
point = "illuminance.set"
unit = "lx"
[channels."luxmeter.illuminance"]
device = "data"
point = "illuminance"
unit = "lx"
[channels."room.temperature"]
device = "data"
point = "temperature"
unit = "Cel"
period = "10 s"
[roles]
light = "light.illuminance"
luxmeter = "luxmeter.illuminance"
temperature = "room.temperature"
scene = "data"
camera = "data"
reader = "reader"
"""


def picture(text: str, level: float, number: int) -> bytes:
    """A picture of ``text``: its letters in the first row, the level and a number in the second; as PNG."""
    image = np.zeros((4, 8), np.uint8)
    image[0, : len(text)] = list(text.encode())
    image[1, :3] = round(level), number // 256, number % 256
    buffer = io.BytesIO()
    Image.fromarray(image).save(buffer, "png")
    return buffer.getvalue()


def make_data_set(folder: Path, *, repeats: int = 2, spread: float = 0.02) -> Path:
    """Write it; the illuminance of recording n departs by up to ``spread`` from its level."""
    quantities = {
        "illuminance": Quantity(unit="lx", correlation="full", match=0.1),
        "temperature": Quantity(unit="Cel", correlation="full"),
    }
    about = About(name="letters", date=date(2026, 6, 1), origin="rendered", index="index.csv")
    made, number = DataSetWriter(folder, about, quantities), 0
    for level in LEVELS:
        for content in (*SIGNS, ""):
            for _ in range(repeats):
                number += 1
                value = level * (1.0 + spread * (number % 5 - 2) / 2)
                references = {"illuminance": (value, 0.01 * value), "temperature": (23.0, 0.2)}
                made.add(f"{number:03d}.png", picture(content, level, number), content=content, references=references)
    made.close()
    return folder


def make_bench(folder: Path, *, lanes: int = 1, delay: float = 0.0, repeats: int = 2, shared: bool = False) -> Path:
    """Write a bench file with its data set and the registers that it names."""
    folder.mkdir(parents=True, exist_ok=True)
    for name in ("lab.toml", "equipment.toml"):
        shutil.copy(shipped_benches()["dataset"].parent / name, folder / name)
    make_data_set(folder / "signs", repeats=repeats)
    path = folder / "bench.toml"
    path.write_text(BENCH.format(lanes=lanes, delay=delay, shared=str(shared).lower()), encoding="utf-8")
    return path


class Letters(Device):
    """Reads the text of `picture`, the more often the brighter it is; which ones, its hash decides.

    It tells for the how manieth time it was asked, and by how many at once.

    :param delay: wall seconds that an answer takes.
    """

    system = SystemIdentity("letters", "1", {}, {})

    def __init__(self, name: str, address: str, *, clock: Clock, delay: float = 0.0) -> None:
        super().__init__(name, address, clock=clock)
        self._delay, self._asked, self._at_once = delay, 0, 0

    async def open(self) -> None:
        """Nothing to connect."""

    async def close(self) -> None:
        """Nothing to disconnect; who does so in the middle of an answer is told."""
        if self._at_once:
            raise RuntimeError("closed in the middle of an answer")

    async def respond(self, stimulus: Frame) -> Response:
        self._asked, self._at_once = self._asked + 1, self._at_once + 1
        told = {"asked": self._asked, "at once": self._at_once}
        with self.clock.exchange():
            await asyncio.sleep(self._delay)
        self._at_once -= 1
        text = bytes(stimulus.image[0]).rstrip(b"\0").decode()
        chance = hashlib.sha256(stimulus.image.tobytes()).digest()[0] / 256
        return Response(text if chance < stimulus.image[1, 0] / 40 else "?", self._delay, details=told)
