"""The micrographs of a run, and what its model found in them.

A record keeps of a made picture its name, the seed and the SHA-256, not the pixels. So the picture is made again, and
is the one of the run if its SHA-256 is. The record keeps of the model its version, the hash of its method, and its
answers, not the contours. So the picture is segmented again, by the same model or not at all, and the answer must come
out again.
"""

from __future__ import annotations

import io
import math
import threading
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hil_drivers.instruments.stimuli import digest
from hil_drivers.virtual.families import FAMILIES
from hil_drivers.virtual.family import Given
from hil_drivers.virtual.particles import KINDS, ParticleSize, segment

from ..errors import UsageError, VerificationFailed
from ..record import Observation, Record, RecordedEvent
from ..replay import USED
from .corrections import Contour
from .outlines import outlines
from .sizes import Particles, particles

FAMILY, MODEL = "micrograph", "particle-size"
REPEATABLE = 1e-9
"""Relative: answers of another processor differ by less."""


@dataclass(frozen=True, slots=True)
class Entry:
    """A picture on record: ``name`` is its content and which of that kind, ``output`` the answer, if there is one.

    ``inside`` says whether it was answered, and its features lie in the domain that was declared.
    """

    name: str
    seed: int
    sha256: str
    point: int
    attempt: int
    output: float | None
    inside: bool


@dataclass(frozen=True, slots=True)
class Found:
    """What the model found in a picture: its size in pixels, the size of a pixel in nm, and the particles in nm."""

    contours: tuple[Contour, ...]
    width: int
    height: int
    pixel: float
    particles: Particles = field(compare=False)


@dataclass(frozen=True, slots=True)
class Model:
    """The model of a run, as the record has it."""

    name: str
    version: str
    method: str

    def facts(self) -> dict[str, str]:
        """For a document."""
        return {"name": self.name, "version": self.version, "method": self.method}


class Micrographs:
    """The pictures of a run; `read` makes it.

    Contours are found when they are asked for, once, in whichever thread asks.
    """

    def __init__(self, folder: Path, model: Model, entries: tuple[Entry, ...]) -> None:
        self.folder, self.model, self.entries = folder, model, entries
        self.unit = ParticleSize.unit
        self._found: dict[int, Found] = {}
        self._lock = threading.Lock()

    @property
    def done(self) -> int:
        """In how many pictures contours were found so far."""
        return len(self._found)

    def ready(self, number: int) -> Found | None:
        """What was found in picture ``number``, counted from 0, if that is known already."""
        return self._found.get(number)

    def found(self, number: int) -> Found:
        """What the model found in picture ``number``.

        :raises VerificationFailed: if picture or answer are not those of the record.
        """
        with self._lock:
            if number not in self._found:
                self._found[number] = self._find(number)
            return self._found[number]

    def png(self, number: int) -> bytes:
        """Picture ``number`` to look at, in 256 greys; whatever is brighter than 1 is white.

        :raises VerificationFailed: if it is not that of the record.
        """
        from PIL import Image

        grey = np.rint(np.clip(_picture(self._given(number)), 0.0, 1.0) * 255.0).astype(np.uint8)
        file = io.BytesIO()
        Image.fromarray(grey).save(file, "PNG")
        return file.getvalue()

    def _find(self, number: int) -> Found:
        entry, given = self.entries[number], self._given(number)
        picture, pixel = _picture(given), float(given["pixel size"])
        segmented = segment(picture)
        answer = float(segmented.diameters.mean()) * pixel if len(segmented.diameters) else None
        if entry.output is not None and not (answer and math.isclose(answer, entry.output, rel_tol=REPEATABLE)):
            raise VerificationFailed(
                f"the model answers {answer}, and {entry.output} is on record",
                where=f"picture {entry.name}",
                remedy="use the version of hil that made the run",
            )
        contours = tuple(
            Contour(KINDS[int(touching)], outline, predicted)
            for predicted, (outline, touching) in enumerate(
                zip(outlines(segmented.labels), segmented.touching, strict=True)
            )
        )
        return Found(contours, picture.shape[1], picture.shape[0], pixel, particles(contours, pixel, None))

    def _given(self, number: int) -> Given:
        """A picture, made again."""
        entry = self.entries[number]
        content, _, which = entry.name.rpartition("/")
        values = FAMILIES[FAMILY].make(content, int(which) - 1, entry.seed).values
        if digest(values) != entry.sha256:
            raise VerificationFailed(
                "made again, it has another SHA-256 than the one on record",
                where=f"picture {entry.name}",
                remedy="use the version of hil that made the run",
            )
        return values


def _picture(given: Given) -> NDArray[np.float64]:
    return np.asarray(given["pixels"], dtype=float).reshape(-1, int(given["width"]))


def read(record: Record) -> Micrographs:
    """The pictures of a run.

    :raises UsageError: if it is no run of micrographs with the model that ships.
    :raises VerificationFailed: if the installed model is another than that of the run.
    """
    seeds = {
        event.data["device"]: int(event.data["seed"])
        for event in record.events("data set")
        if event.data.get("name") == f"stimuli {FAMILY}"
    }
    system = next((event.data for event in record.events("system") if _is_model(event)), None)
    if not seeds or system is None:
        raise UsageError(
            "is no run of micrographs",
            where=str(record.folder),
            remedy=f"give a run of a bench with stimuli {FAMILY} and the model {MODEL}, as particle-size is",
        )
    domain = system["settings"].get("domain", {})
    given = {(event.data["point"], event.data["attempt"]): event for event in record.events(USED)}
    entries = tuple(
        _entry(given[place], one, seeds, domain)
        for one in record.observations()
        if (place := (one.point, one.attempt)) in given and given[place].data["device"] in seeds
    )
    if not entries:
        raise UsageError("has no picture with an answer", where=str(record.folder), remedy="give another run")
    return Micrographs(record.folder, _model(system, str(record.folder)), entries)


def _is_model(event: RecordedEvent) -> bool:
    settings = event.data.get("settings")
    return isinstance(settings, dict) and settings.get("model") == MODEL


def _model(system: Mapping[str, Any], where: str) -> Model:
    """The model of the record, if it is the one that is installed."""
    recorded = Model(MODEL, str(system["version"]), str(system["digests"].get("method", "")))
    installed = Model(MODEL, ParticleSize.version, ParticleSize().digests()["method"])
    if recorded != installed:
        one, other = (f"version {each.version}, method {each.method[:12]}…" for each in (recorded, installed))
        raise VerificationFailed(
            f"its model is {one}, and the one installed is {other}: contours would be another model's",
            where=where,
            remedy="use the version of hil that made the run",
        )
    return installed


def _entry(
    used: RecordedEvent, one: Observation, seeds: Mapping[str, int], domain: Mapping[str, tuple[float, float]]
) -> Entry:
    features, output = one.data.get("features") or {}, one.data.get("output")
    inside = output is not None and all(
        low <= features.get(name, math.nan) <= high for name, (low, high) in domain.items()
    )
    data = used.data
    return Entry(
        str(data["file"]),
        seeds[data["device"]],
        str(data["sha256"]),
        one.point,
        one.attempt,
        None if output is None else float(output),
        inside,
    )
