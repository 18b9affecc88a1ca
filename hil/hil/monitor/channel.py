"""One channel under watch: its latest value, how old that is, and what is wrong with it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import TYPE_CHECKING

from hil_calibration.errors import CalibrationError
from hil_drivers.clock import NANOSECONDS, Clock
from hil_drivers.errors import DriverError
from hil_drivers.indication import UNUSABLE, Flag, Indication

from ..errors import HilError, raised
from ..measurement import Look as Shown

if TYPE_CHECKING:
    from hil_calibration.calibration import CalibrationRecord

    from .device import WatchedDevice

STALE_AFTER = 2.0
"""Periods without a new value after which a channel is stale."""


@dataclass(frozen=True, slots=True)
class Look:
    """One look at a channel.

    ``state`` is ``"ok"``, ``"flagged"`` (the indication may not be used, or lies outside the calibrated range),
    ``"stale"`` (no new value for two periods) or ``"waiting"`` (none yet). ``value`` is in ``unit``; ``u`` is ``None``
    where the uncertainty is unknown. ``t`` is UTC in ns, ``age`` in s; ``error`` is the latest failure, or that nothing
    new has come; empty where all is well.
    """

    channel: str
    state: str
    value: float | None
    u: float | None
    unit: str
    flags: Flag
    t: int | None
    age: float | None
    count: int
    error: str


class WatchedChannel:
    """A channel that is read once in each period.

    :param record: its calibration; ``None`` for none, or none that may be used.
    :param note: why ``record`` is not there, in one sentence; or empty.
    :param period: in s of bench time.
    :param temperature: the room's, in Cel, for effects that depend on it.
    """

    def __init__(
        self,
        name: str,
        device: WatchedDevice,
        point: str,
        unit: str,
        *,
        record: CalibrationRecord | None,
        note: str,
        period: float,
        clock: Clock,
        temperature: Callable[[], float | None],
    ) -> None:
        self.name, self.unit, self.note, self.period = name, unit, note, period
        self._device, self._point, self._record, self._clock = device, point, record, clock
        self._temperature = temperature
        self._indication: Indication | None = None
        self._measured: tuple[float | None, float | None] = (None, None)
        self._since = clock.now()
        self._count = 0
        self._error = ""
        self.extremes: tuple[float, float] | None = None
        """There are none: what is watched has no limits."""

    @property
    def device(self) -> str:
        """The name of its device."""
        return self._device.name

    @property
    def indication(self) -> Indication | None:
        """The latest indication, ``None`` before the first."""
        return self._indication

    @property
    def value(self) -> float | None:
        """The latest value that may be used."""
        return self._measured[0]

    @property
    def shown(self) -> Shown | None:
        """The latest reading as a screen shows it; ``None`` before the first."""
        if self._indication is None:
            return None
        value, u = self._measured
        flags = int(self._indication.flags)
        return Shown(self._indication.value if value is None else value, u, flags, self._clock.utc(self._indication.t))

    async def read(self) -> None:
        """Take one reading; a failure is kept for the next look."""
        try:
            self._take(await self._device.read(self._point))
        except (DriverError, HilError, CalibrationError) as error:
            self._error = str(error)
        except Exception as error:  # noqa: BLE001 (such as an indication that holds no number: one channel's alone)
            self._error = f"{self.name}: {raised(error)}; correct the driver"

    def look(self) -> Look:
        """The channel as it is now."""
        indication, now = self._indication, self._clock.now()
        age = None if indication is None else max(0, now - indication.latest) / NANOSECONDS
        flags = Flag.GOOD if indication is None else indication.flags
        overdue = (age if age is not None else (now - self._since) / NANOSECONDS) > STALE_AFTER * self.period
        if overdue:
            state, flags = "stale", flags | Flag.STALE
        elif indication is None:
            state = "waiting"
        else:
            state = "flagged" if flags & UNUSABLE or self.value is None else "ok"
        value, u = self._measured
        t = None if indication is None else self._clock.utc(indication.t)
        late = f"{self.name}: no new value within {STALE_AFTER * self.period:g} s" if overdue else ""
        return Look(self.name, state, value, u, self.unit, flags, t, age, self._count, self._error or late)

    def _take(self, indication: Indication) -> None:
        self._indication, self._count, self._error = indication, self._count + 1, ""
        self._measured = (None, None)
        if indication.usable and indication.value is not None:
            self._measured = self._evaluated(indication.value, indication)

    def _evaluated(self, raw: float, indication: Indication) -> tuple[float, float | None]:
        if self._record is None:
            return raw, None
        from hil_calibration.stream import evaluate

        measured = evaluate(self._record, raw, resolution=indication.resolution, temperature=self._temperature())
        return float(measured.value[0]), float(measured.u[0])
