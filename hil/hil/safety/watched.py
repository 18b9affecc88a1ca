"""The channels that interlocks look at: read by period, through the queue of their device, each with its age."""

from __future__ import annotations

import math
from collections import deque
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

from hil_calibration.errors import CalibrationError
from hil_drivers.clock import NANOSECONDS, Clock
from hil_drivers.errors import DriverError
from hil_drivers.indication import Flag, Indication
from hil_drivers.pacing import paced

from ..errors import Aborted, BenchFault
from .expression import FEWEST
from .judgement import Reading

if TYPE_CHECKING:
    from ..live import LiveChannel
    from ..measurement import Measurement


class Watched:
    """One channel under watch.

    :param period: seconds between two readings, on ``own``.
    :param window: the longest over which a slope is asked for, in s; 0 for none.
    :param bench: the bench clock, which stamps indications.
    :param own: the clock by which ages are judged.
    """

    def __init__(self, live: LiveChannel, period: float, window: float, bench: Clock, own: Clock) -> None:
        self.live, self.period = live, period
        self._window, self._bench, self._own = window, bench, own
        self._begun = own.now()
        self._good: tuple[int, Measurement] | None = None
        self._unusable = self._error = ""
        self._history: deque[tuple[float, float]] = deque()
        self.read_once = False

    async def watch(self, seen: Callable[[], None]) -> None:
        """Read without end, and tell ``seen`` after each; return when the queue of the device is closed."""
        try:
            async for _ in paced(self._own, self.period):
                await self._read()
                self.read_once = True
                seen()
        except Aborted:
            return

    async def _read(self) -> None:
        try:
            indication, measurement = await self.live.look()
        except (DriverError, BenchFault) as error:
            self._error = str(error)
        except CalibrationError as error:
            self._error, self._unusable = "", f"cannot be evaluated: {error}"
        except Aborted:
            raise
        except Exception as error:  # noqa: BLE001 (a bug in a driver: the channel becomes stale)
            self._error = f"{type(error).__name__}: {error}"
        else:
            self._take(indication, measurement)

    def _take(self, indication: Indication, measurement: Measurement | None) -> None:
        self._error = ""
        if measurement is not None and not math.isfinite(measurement.value):
            self._unusable = f"may not be used (it is {measurement.value:g})"
            return
        if measurement is None:
            names = [flag.name or "" for flag in Flag if flag and flag in indication.flags]
            self._unusable = f"may not be used ({', '.join(names).lower().replace('_', ' ') or 'no value'})"
            return
        before, self._unusable = self._good, ""
        age = max(0, self._bench.now() - indication.latest)
        self._good = (self._own.now() - age, measurement)
        if self._window and (before is None or before[1].t != measurement.t):
            self._remember(measurement)

    def _remember(self, measurement: Measurement) -> None:
        t = measurement.t / NANOSECONDS
        self._history.append((t, measurement.value))
        while self._history[0][0] < t - self._window:
            self._history.popleft()

    def reading(self, oldest: float, *, ignored: bool = False) -> Reading:
        """The channel as it is now.

        :param oldest: the age in s from which a value does not count.
        :param ignored: whether its uncertainty is left out.
        """
        at, measurement = self._good or (self._begun, None)
        age = (self._own.now() - at) / NANOSECONDS
        if self._unusable:
            return Reading(fault=self._unusable)
        if age > oldest:
            told = f" ({self._error})" if self._error else ""
            return Reading(fault=f"is stale: no value that may be used for {age:.2g} s{told}")
        if measurement is None:
            return Reading(fault=f"has no value yet{f' ({self._error})' if self._error else ''}")
        return Reading(measurement.value, 0.0 if ignored else measurement.u or 0.0)

    def rate(self, window: float, oldest: float, *, ignored: bool = False, whole: bool = False) -> Reading:
        """Its slope per second over the last ``window`` seconds, with the uncertainty of the fit's residuals.

        :param whole: whether readings over all of the window are needed; else what there is of it does, for fewer
            readings have a larger uncertainty.
        """
        if fault := self.reading(oldest).fault:
            return Reading(fault=fault)
        points = self._points(window)
        if len(points) < FEWEST:
            return Reading(fault=f"has {len(points)} of the {FEWEST} readings that it needs")
        if whole and not self._spans(points, window):
            return Reading(fault=f"is not known over all of {window:g} s yet")
        slope, u = fitted_slope(points)
        return Reading(slope, 0.0 if ignored else u)

    def ready(self, window: float, *, whole: bool = False) -> bool:
        """Whether it was read often enough for a slope over ``window`` seconds, or cannot be used anyway."""
        points = self._points(window)
        return bool(self._unusable) or (len(points) >= FEWEST and (not whole or self._spans(points, window)))

    def _points(self, window: float) -> list[tuple[float, float]]:
        return [point for point in self._history if point[0] >= self._history[-1][0] - window]

    def _spans(self, points: Sequence[tuple[float, float]], window: float) -> bool:
        """Whether they reach back over the window, but for what lies between two readings."""
        gap = max(self.period, 2.0 * (points[-1][0] - points[0][0]) / (len(points) - 1))
        return points[-1][0] - points[0][0] >= window - gap


def fitted_slope(points: Sequence[tuple[float, float]]) -> tuple[float, float]:
    """The slope of a straight line by least squares, and its standard uncertainty from the residuals.

    ``s / sqrt(S_tt)`` (GUM H.3.2, equation H.13d) is widened by ``sqrt(dof / (dof - 2))``, the standard deviation of
    the t-distribution (JCGM 101, 6.4.9.4), because few readings know little of their own scatter.

    :param points: 5 or more of time in s and value, at two times at least.
    """
    t0, v0 = points[0]
    times, values = [t - t0 for t, _ in points], [v - v0 for _, v in points]
    mean_t, mean_v = math.fsum(times) / len(points), math.fsum(values) / len(points)
    s_tt = math.fsum((t - mean_t) ** 2 for t in times)
    slope = math.fsum((t - mean_t) * v for t, v in zip(times, values, strict=True)) / s_tt
    residuals = [v - mean_v - slope * (t - mean_t) for t, v in zip(times, values, strict=True)]
    dof = len(points) - 2
    s = math.sqrt(math.fsum(r**2 for r in residuals) / dof)
    return slope, s / math.sqrt(s_tt) * math.sqrt(dof / (dof - 2))
