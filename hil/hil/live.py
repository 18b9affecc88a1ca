"""A channel of a running bench: every reading is measured, recorded, and handed on with its uncertainty."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Protocol

from hil_drivers.capability import Sensor
from hil_drivers.clock import Clock
from hil_drivers.indication import Flag, Indication

from .errors import BenchFault, LimitExceeded, ProcedureFault
from .exclusive import Exclusive
from .measurement import Look, Measurement, Window
from .patience import Patience
from .pausing import checkpoint, of_the_script

if TYPE_CHECKING:
    from hil_calibration.calibration import CalibrationRecord

    from .record import RecordWriter


def as_live(sensor: Sensor) -> LiveChannel:
    """The live channel behind what `Trial.role` gave.

    :raises ProcedureFault: if it is anything else.
    """
    if isinstance(sensor, LiveChannel):
        return sensor
    raise ProcedureFault(f"{type(sensor).__name__} is not a sensor of this trial")


class Reader(Protocol):
    """What a live channel reads from."""

    async def read(self) -> Indication: ...


class LiveChannel:
    """A sensor channel in a run.

    :param name: the channel's name in the bench file.
    :param unit: its unit, a UCUM string.
    :param reader: takes an indication.
    :param calibration: its calibration record, or ``None`` while it has none.
    :param limits: the range in which it may be used, in ``unit``.
    :param period: seconds between the readings taken in the background, ``None`` for none.
    :param temperature: the present temperature in Cel, for effects that depend on it.
    :param u_clock: the standard uncertainty of the bench clock as UTC now, in s: one effect shared by all readings.
    :param patience: with a device that is lost while the script reads it; none by default.
    :param replayed: whether its readings are references of recordings: they do not change while one is observed.
    """

    def __init__(
        self,
        name: str,
        unit: str,
        reader: Reader,
        *,
        calibration: CalibrationRecord | None,
        period: float | None,
        limits: tuple[float, float] | None,
        clock: Clock,
        exclusive: Exclusive,
        record: RecordWriter,
        number: int,
        temperature: Callable[[], float | None],
        u_clock: Callable[[], float] = float,
        patience: Patience | None = None,
        replayed: bool = False,
    ) -> None:
        self.name, self.unit, self.calibration, self.period = name, unit, calibration, period
        self.replayed = replayed
        self._reader, self._clock, self._exclusive = reader, clock, exclusive
        self._record, self._number, self._temperature = record, number, temperature
        self._limits, self._u_clock, self._patience = limits, u_clock, patience
        self._resolution: float | None = None
        self.last: Measurement | None = None
        """The latest measurement of the script."""
        self.shown: Look | None = None
        """The latest reading, whatever its flags."""
        self.extremes: tuple[float, float] | None = None
        """The least and the largest value since a screen looked last, where the channel has limits."""

    async def read(self) -> Indication:
        """Take one indication and record it."""
        indication = await self._indication()
        self._keep(indication)
        return indication

    async def measure(self) -> Measurement:
        """Take one indication, record it, and return it as a measurement.

        :raises BenchFault: if its quality flags forbid to use the value.
        :raises LimitExceeded: if it lies outside the channel's limits.
        """
        indication = await self._indication()
        measurement = self._keep(indication)
        if measurement is None:
            names = ", ".join(flag.name or "" for flag in Flag if flag and flag in indication.flags)
            raise BenchFault(
                f"gave an indication that may not be used ({(names or 'no value').lower().replace('_', ' ')})",
                where=self.name,
                remedy="look at its range or domain, and at the instrument",
            )
        if self._limits is not None and not self._limits[0] <= measurement.value <= self._limits[1]:
            from hil_calibration.unit import symbol

            raise LimitExceeded(
                f"measured {measurement.value:.6g} {symbol(self.unit)}, outside its limits {list(self._limits)}",
                where=self.name,
                remedy="look at what it measures, or at limits in the bench file",
            )
        self.last = measurement
        return measurement

    async def look(self, *, directly: bool = False) -> tuple[Indication, Measurement | None]:
        """Take one indication and record it, whatever it shows; no measurement where it may not be used.

        :param directly: past the queue of the device: for the safety supervisor, when nobody else uses it any more.
        """
        indication = await (self._reader.read() if directly else self._indication())
        return indication, self._keep(indication)

    async def sample(self, count: int) -> Window:
        """Take ``count`` readings one after the other; the window that holds exactly them."""
        taken = [await self.measure() for _ in range(count)]
        return Window(self.name, taken[0].t, taken[-1].t)

    def unavailable(self) -> None:
        """Record that there is no reading now."""
        t = self._clock.utc(self._clock.now())
        self._record.readings(self._number, t, None, None, None, None, self._u_clock(), int(Flag.NOT_AVAILABLE))

    async def _indication(self) -> Indication:
        await checkpoint()
        if self._patience is None or not of_the_script():
            return await self._exclusive.run(self._reader.read)
        return await self._patience.with_(self.name, lambda: self._exclusive.run(self._reader.read))

    def _keep(self, indication: Indication) -> Measurement | None:
        t, raw = self._clock.utc(indication.t), indication.value
        u_t = math.hypot(indication.u_t, self._u_clock())
        if indication.resolution != self._resolution:
            self._resolution = indication.resolution
            self._record.event(t, "resolution", {"channel": self.name, "resolution": indication.resolution})
        value, u_ind, u = None, None, None
        try:
            if indication.usable:
                value, u_ind, u = self._evaluate(indication)
        finally:
            self._record.readings(self._number, t, raw, value, u_ind, u, u_t, int(indication.flags))
            self._show(raw if value is None else value, u, int(indication.flags), t)
        if raw is None or not indication.usable:
            return None
        shown = raw if value is None else value
        return Measurement(self.name, shown, u, self.unit, indication.flags, t, u_t)

    def _show(self, value: float | None, u: float | None, flags: int, t: int) -> None:
        self.shown = Look(value, u, flags, t)
        if self._limits is not None and value is not None:
            low, high = self.extremes or (value, value)
            self.extremes = (min(low, value), max(high, value))

    def _evaluate(self, indication: Indication) -> tuple[float | None, float | None, float | None]:
        if self.calibration is None or indication.value is None:
            return None, None, None
        from hil_calibration.reading import evaluate_one

        measured = evaluate_one(
            self.calibration, indication.value, resolution=indication.resolution, temperature=self._temperature()
        )
        return measured.value, measured.u_ind, measured.u
