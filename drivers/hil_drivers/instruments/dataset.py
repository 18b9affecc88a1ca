"""A data set in place of equipment: what was recorded before is replayed through the same procedures.

Address: ``dataset:``; the folder is an option. See `hil_drivers.data_set` for what it holds.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from functools import partial
from posixpath import splitext
from typing import Any, ClassVar, TypeVar

import numpy as np
from numpy.typing import NDArray

from ..capability import Frame, Values
from ..clock import Clock
from ..data_set import DataSet, Entry
from ..device import Device, Point
from ..errors import AddressError, DeviceUnreachable, EndOfRecording, OptionError, RemoteProtocolError
from ..indication import Indication
from ..loaded_data import loaded
from ..replay import MORE, Recording, Reference
from ..transport.worker import Worker
from ..values_file import values_of

T = TypeVar("T")

ADDRESS = "dataset:"
SMALL = 64 << 10
"""Bytes up to which a picture is read at once: to hand it to another thread takes longer than to decode it."""

SETPOINT = ".set"
"""What follows the name of a quantity in the name of the point that commands it."""


class Dataset(Device):
    """A ``Scene``, a ``Camera`` and a ``Source``, with a point ``NAME`` for each quantity of the data set.

    A scene that is shown and a quantity that is commanded (point ``NAME.set``) select among the recordings; whatever is
    not commanded yet selects nothing. The nearest come first, and those of equal distance in the order of the index; of
    them, presentation k of a condition takes number k. The camera gives the picture of the recording that is selected,
    the source its sound (a WAVE file of one channel: values ``sound``, from -1 to 1, and ``rate`` in Hz) or its table
    (a file that ends in ``.csv``: its columns by their names), and ``NAME`` its reference value.

    :param folder: the data set's.
    :param factors: by factor of a plan, ``"content"`` or the quantity that it stands for: then a plan is checked
        against the data set before a run begins.
    :param per_point: recordings that one point of a plan takes.
    :param reuse: whether several points may take one recording, none twice: a condition begins anew once all are taken.
    :param interval: bench seconds that a reading takes.
    """

    libraries = ("cv2",)
    files: ClassVar[tuple[str, ...]] = ("folder",)
    looks_up = True

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        folder: str,
        factors: dict[str, str] | None = None,
        per_point: int = 1,
        reuse: bool = False,
        interval: float = 1.0,
    ) -> None:
        super().__init__(name, address, clock=clock)
        if address != ADDRESS:
            raise AddressError(f"no such address {address!r}", where=name, remedy=f"use {ADDRESS}")
        if per_point < 1:
            raise OptionError(f"per_point = {per_point}", where=name, remedy="give 1 or more")
        if not (math.isfinite(interval) and interval > 0.0):
            raise OptionError(f"interval = {interval:g} s", where=name, remedy="give a number above 0")
        self._data = loaded(folder)
        self._factors = factors or {}
        for factor, target in self._factors.items():
            if target != "content" and target not in self._data.quantities:
                known = ", ".join(["content", *self._data.quantities])
                raise OptionError(f"factors: {factor} stands for {target!r}", where=name, remedy=f"use one of {known}")
        self.points = _points(self._data)
        self.reuse = reuse
        self.on_use: Callable[[Recording], None] | None = None
        self._per_point, self._interval = per_point, interval
        self._content: str | None = None
        self._commanded: dict[str, float] = {}
        self._known: dict[tuple[object, ...], list[Entry]] = {}
        self._here: list[Entry] | None = None
        self._occasion = self._grabs = 0
        self._worker = Worker(f"data set {name}")
        self._opened = False

    @classmethod
    def declared(cls, options: Mapping[str, Any]) -> Mapping[str, Point]:
        """The points of the quantities of the data set."""
        return _points(loaded(str(options["folder"]))) if "folder" in options else {}

    @classmethod
    def reference(cls, options: Mapping[str, Any], point: str) -> Reference | None:
        """What the data set says of the quantity behind ``point``; ``None`` for a point that is not read.

        :raises OptionError: if the data set is damaged.
        """
        data = loaded(str(options["folder"]))
        return data.reference(point) if point in data.quantities else None

    @property
    def facts(self) -> dict[str, Any]:
        """What a record keeps of the data set."""
        return self._data.facts

    async def open(self) -> None:
        self._opened = True

    async def close(self) -> None:
        self._opened = False
        self.supervisor.closed()
        self._worker.close()

    def present(self, occasion: int) -> None:
        """What follows is presentation ``occasion`` of its condition, counted from 0."""
        self._occasion, self._grabs = occasion, 0

    def lacking(self, factors: Mapping[str, Any], occasion: int) -> str:
        """What is missing for a point with these factors, in words."""
        if not self._factors or not self._factors.keys() <= factors.keys():
            return ""
        targets = {target: factors[factor] for factor, target in self._factors.items()}
        content = targets.pop("content", None)
        return self._shortage(self._found(content, targets), content, targets, (occasion + 1) * self._per_point)

    async def show(self, content: str) -> None:
        """Select what shows ``content``; whether there is such a recording is seen when one is asked for."""
        self._require_open()
        self._content, self._here, self._grabs = content, None, 0

    async def write(self, point: str, value: float) -> None:
        """Select what was recorded near ``value``."""
        self._require_open()
        self._commanded[point.removesuffix(SETPOINT)] = value
        self._here, self._grabs = None, 0

    async def read(self, point: str) -> Indication:
        """The reference value of the recording that is selected.

        :raises EndOfRecording: if the data set holds none.
        """
        unit, begin = self._readable(point).unit, self.clock.now()
        self._require_open()
        value, _ = self._selected(max(self._grabs - 1, 0)).references[point]
        await self.clock.sleep(self._interval)
        return Indication(point, value, unit, begin, self.clock.now())

    async def grab(self) -> Frame:
        """The picture of the recording that is selected.

        :raises EndOfRecording: if the data set holds none, or a point takes more than ``per_point``.
        :raises RemoteProtocolError: if it is not the file of the index, or no picture.
        """
        entry, begin = self._given_out(), self.clock.now()
        data, recording = self._data, entry.recording
        with self.clock.exchange():
            content = _read(recording, partial(data.read_small, most=SMALL))
            if content is None:
                image = await self._worker.call(lambda: _picture(_read(recording, data.read), data, recording))
            else:
                image = _picture(content, data, recording)
        self._grabs += 1
        return Frame(image, recording.number, begin, self.clock.now(), splitext(recording.file)[1].lstrip("."))

    async def take(self) -> Values:
        """The sound or the table of the recording that is selected.

        :raises EndOfRecording: if the data set holds none, or a point takes more than ``per_point``.
        :raises RemoteProtocolError: if it is not the file of the index, or neither sound nor table.
        """
        entry, begin = self._given_out(), self.clock.now()
        with self.clock.exchange():
            values = await self._worker.call(partial(_values, self._data, entry.recording))
        self._grabs += 1
        return Values(values, begin, self.clock.now(), subject=entry.subject)

    def foreseen(self, content: str, occasion: int) -> Values | None:
        """What is taken first at presentation ``occasion`` of a content, before it is open.

        :raises RemoteProtocolError: as `take` does.
        """
        found, place = self._found(content, {}), occasion * self._per_point
        if self._shortage(found, content, {}, place + 1):
            return None
        entry = found[place % len(found)]
        return Values(_values(self._data, entry.recording), subject=entry.subject)

    def _given_out(self) -> Entry:
        """The recording that is selected, about to be given out as a stimulus."""
        self._require_open()
        entry = self._selected(self._grabs)
        if self.on_use is not None:
            self.on_use(entry.recording)
        return entry

    def _require_open(self) -> None:
        if not self._opened:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")

    def _selected(self, number: int) -> Entry:
        if number >= self._per_point:
            raise EndOfRecording(
                f"a point asks for more than {self._per_point} recordings",
                where=self.name,
                remedy="state how many it takes with per_point",
            )
        if self._here is None:
            self._here = self._found(self._content, self._commanded)
        found, place = self._here, self._occasion * self._per_point + number
        if missing := self._shortage(found, self._content, self._commanded, place + 1):
            raise EndOfRecording(missing, where=self.name, remedy=MORE)
        return found[place % len(found)]

    def _found(self, content: str | None, commanded: Mapping[str, float]) -> list[Entry]:
        """The recordings of a condition, the nearest first."""
        condition = (content, *sorted(commanded.items()))
        if condition not in self._known:
            self._known[condition] = self._search(content, commanded)
        return self._known[condition]

    def _search(self, content: str | None, commanded: Mapping[str, float]) -> list[Entry]:
        kept = []
        for entry in self._data.entries:
            if content is not None and entry.content != content:
                continue
            far = [_distance(entry.references[name][0], value) for name, value in commanded.items()]
            if all(
                each <= (self._data.quantities[name].match or 0.0) for each, name in zip(far, commanded, strict=True)
            ):
                kept.append((sum(each * each for each in far), entry.recording.number, entry))
        return [entry for *_, entry in sorted(kept, key=lambda one: one[:2])]

    def _shortage(self, found: list[Entry], content: str | None, commanded: Mapping[str, float], needed: int) -> str:
        needed = self._per_point if self.reuse else needed
        if len(found) >= needed:
            return ""
        quantities = self._data.quantities
        wanted = [] if content is None else [f"content {content!r}"]
        units = {name: "" if quantities[name].unit == "1" else f" {quantities[name].unit}" for name in commanded}
        wanted += [
            f"{name} {value:g}{units[name]} ± {100 * (quantities[name].match or 0.0):g} %"
            for name, value in commanded.items()
        ]
        again = " (or reuse = true)" if len(found) >= self._per_point else ""
        held = "1 recording" if len(found) == 1 else f"{len(found) or 'no'} recordings"
        return f"holds {held} of {' at '.join(wanted) or 'anything'}, and number {needed} is needed{again}"


def _distance(value: float, wanted: float) -> float:
    """How far ``value`` is from what is wanted, as a fraction of the larger of the two."""
    return 0.0 if value == wanted else abs(value - wanted) / max(abs(value), abs(wanted))


def _points(data: DataSet) -> dict[str, Point]:
    read = {name: Point(quantity.unit) for name, quantity in data.quantities.items()}
    commanded = {
        f"{name}{SETPOINT}": Point(quantity.unit, readable=False, writable=True)
        for name, quantity in data.quantities.items()
        if quantity.match is not None
    }
    return read | commanded


def _picture(content: bytes, data: DataSet, recording: Recording) -> NDArray[np.uint8]:
    import cv2

    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_UNCHANGED) if content else None
    if image is None or image.dtype != np.uint8 or (image.ndim == 3 and image.shape[2] != 3):
        told, where = "is no picture of 8 bits, grey or in three colours", str(data.folder / recording.file)
        raise RemoteProtocolError(told, where=where, remedy="give pictures to a procedure that takes pictures")
    return np.asarray(image, dtype=np.uint8)


def _values(data: DataSet, recording: Recording) -> Mapping[str, float | NDArray[np.float64]]:
    content = _read(recording, data.read)
    try:
        return values_of(content, recording.file)
    except ValueError as error:
        told, where = f"is neither sound nor table: {error}", str(data.folder / recording.file)
        remedy = "give WAVE files of one channel, or CSV files of numbers with a heading"
        raise RemoteProtocolError(told, where=where, remedy=remedy) from None


def _read(recording: Recording, read: Callable[[Recording], T]) -> T:
    try:
        return read(recording)
    except OptionError as error:
        raise RemoteProtocolError(error.what, where=error.where, remedy=error.remedy) from error
