"""The pictures of a run as a data set: each with what it shows, and the conditions measured while it was taken.

So the physical runs of a laboratory become what other systems are tested on, without equipment.
"""

from __future__ import annotations

import hashlib
import io
import math
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

import numpy as np

from hil_drivers.data_set import About, Quantity
from hil_drivers.data_set_writer import DataSetWriter
from hil_drivers.errors import DriverError

from ..errors import UsageError
from ..evidence import Evidence
from ..record.media import frames_in
from ..record.reader import Observation, Record, open_run
from ..record.verification import verify
from .sealer import refuse_unless_it_holds

if TYPE_CHECKING:
    from numpy.typing import NDArray

MATCH = 0.1
"""What stands as ``match`` of a quantity that a gate held; its owner may edit it."""


@dataclass(frozen=True)
class ExportedDataSet:
    """The folder of a data set that was made, and how many pictures it holds; ``left_out`` were of void attempts."""

    folder: Path
    pictures: int
    left_out: int


def export_dataset(folder: Path, out: Path) -> ExportedDataSet:
    """Verify the record of a run, and write the pictures of its attempts that count into a new data set.

    The reference values are the means over the windows of an observation's gates, with every shared effect, and with
    the effects of carrying the value to where it is used; of a channel of the room, the last reading before.

    :raises UsageError: if the run kept no pictures, replayed them itself, or ``out`` cannot be written.
    :raises VerificationFailed: if the record does not hold.
    """
    if out.resolve().is_relative_to(folder.resolve()):
        raise UsageError("is in the folder of the run", where=str(out), remedy="give another folder")
    refuse_unless_it_holds(folder, verify(folder), "is not exported")
    record = open_run(folder)
    if record.run["provenance"] == "replayed":
        raise UsageError("its pictures are those of a data set already", where=str(folder), remedy="use that one")
    rows = record.table("frame")
    if not rows:
        raise UsageError(
            "kept no pictures",
            where=str(folder),
            remedy='write record = "frames" at the camera in the bench file, and run again',
        )
    conditions = _Conditions(record)
    try:
        made = DataSetWriter(out, _about(record), conditions.quantities)
        for number, (content, observation, t, image) in enumerate(_pictures(record, rows), 1):
            references = conditions.at(observation, t)
            made.add(f"pictures/{number:06d}.png", _png(image), content=content, subject=content, references=references)
        count = made.close()
    except DriverError as error:
        raise UsageError(error.what, where=error.where, remedy=error.remedy) from error
    except OSError as error:
        raise UsageError(
            f"cannot be written ({error.strerror or error})", where=str(out), remedy="look at it"
        ) from error
    return ExportedDataSet(out, count, len(rows) - count)


def _about(record: Record) -> About:
    day = record.day
    if day is None:
        raise UsageError(
            "nothing tells on which day it was", where=str(record.folder), remedy="export a run that began"
        )
    return About(
        name=record.folder.name,
        date=day,
        origin="recorded" if record.run["provenance"] == "measured" else "rendered",
        index="index.csv",
        description=f"{record.run['procedure']['name']} on {record.run['bench']['name']}",
        source=f"record with the chain head {record.chain_head}",
    )


def _pictures(record: Record, rows: list[dict[str, Any]]) -> Iterator[tuple[str, Observation, int, NDArray[np.uint8]]]:
    """The pictures of attempts that count, each with what was shown and the observation that it belongs to."""
    from ..record.image_message import image

    scenes = [(event.t, str(event.data["content"])) for event in record.events("scene")]
    observations = record.observations()
    for file in sorted({row["file"] for row in rows}):
        wanted = {row["seq"]: row for row in rows if row["file"] == file}
        for number, (_, message) in enumerate(frames_in(record.folder / file)):
            row = wanted.get(number)
            found = None if row is None else _observed(observations, row["t"])
            if row is None or found is None:
                continue
            picture = image(message)
            if hashlib.sha256(picture.tobytes()).hexdigest() != row["sha256"]:
                raise UsageError(f"picture {number} is not the one on record", where=file, remedy="run hil data verify")
            yield next((text for t, text in reversed(scenes) if t <= row["t"]), ""), found, row["t"], picture


def _observed(observations: list[Observation], t: int) -> Observation | None:
    """The observation in whose windows, all of them, ``t`` lies."""
    return next(
        (each for each in observations if each.links and all(w["start"] <= t <= w["end"] for w in each.links.values())),
        None,
    )


class _Conditions:
    """What was measured when a picture was taken."""

    def __init__(self, record: Record) -> None:
        self._record, self._evidence = record, Evidence(record)
        calibrated = {name: channel for name, channel in record.channels.items() if channel.get("calibration")}
        self._held = sorted({name for each in record.observations() for name in each.links if name in calibrated})
        self._ambient = [name for name, each in calibrated.items() if each["period"] is not None]
        self._readings = {name: record.readings(name) for name in self._ambient}
        names = [*self._held, *(name for name in self._ambient if name not in self._held)]
        short = {name: name.rpartition(".")[2] for name in names}
        doubled = len(set(short.values())) < len(short)
        self._names = {name: name.replace(".", "-") for name in names} if doubled else short
        self.quantities = {
            self._names[name]: Quantity(
                unit=calibrated[name]["unit"], correlation="full", match=MATCH if name in self._held else None
            )
            for name in names
        }

    def at(self, observation: Observation, t: int) -> dict[str, tuple[float, float]]:
        """Value and u by quantity, as far as they are known."""
        found = {self._names[name]: pair for name in self._ambient if (pair := self._last(name, t)) is not None}
        for name in self._held:
            if name in observation.links:
                found[self._names[name]] = self._mean(name, observation.links[name], t)
        return found

    def _last(self, channel: str, t: int) -> tuple[float, float] | None:
        readings = self._readings[channel]
        usable = np.flatnonzero((readings.t <= t) & np.isfinite(readings.value) & np.isfinite(readings.u))
        return None if not len(usable) else (float(readings.value[usable[-1]]), float(readings.u[usable[-1]]))

    def _mean(self, channel: str, link: dict[str, Any], t: int) -> tuple[float, float]:
        values = self._evidence.indications(link).values
        noise = float(values.std(ddof=1)) if len(values) > 1 else 0.0
        temperature = self._temperature(t)
        mean = self._evidence.measurements(link, u_indication=noise, temperature=temperature).mean()
        value = float(mean.value[0])
        carried = self._evidence.declared_effects(channel, "transfer")
        parts = [float(effect.sensitivity(np.array([value]), temperature)[0]) * effect.u for effect in carried]
        return value, math.hypot(float(mean.u[0]), *parts)

    def _temperature(self, t: int) -> float | None:
        """The temperature of the room by the role of that name, where the run had one."""
        channel = self._record.run["roles"].get("temperature", "")
        pair = self._last(channel, t) if channel in self._readings else None
        return None if pair is None else pair[0]


def _png(image: NDArray[np.uint8]) -> bytes:
    """A picture without loss; colours come with blue first."""
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(image if image.ndim == 2 else image[:, :, ::-1]).save(buffer, "png")
    return buffer.getvalue()
