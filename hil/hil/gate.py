"""Validity gates: an observation counts only while its conditions hold.

A gate measures its channel before, during and after the observation; of a recording, whose reference is one value,
before and after. A reading outside the tolerance makes
the attempt void: the gate cancels the procedure's task and swallows that cancellation at its own exit, as
`asyncio.timeout` does; the point is then offered again. Other cancellations (abort) pass through. A fault of the
bench inside the gate (a device lost, a picture that may not be used) voids the attempt likewise. Gates may be nested.
"""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Protocol, TypeGuard

from hil_drivers.clock import Clock
from hil_drivers.errors import DeviceError

from .errors import BenchFault, LimitExceeded
from .measurement import Measurement, Window
from .tolerance import Judge, Tolerance

if TYPE_CHECKING:
    from .live import LiveChannel


class Attempt(Protocol):
    """What a gate decides upon."""

    reason: str

    def begin(self, gate: Gate) -> bool: ...

    def end(self, gate: Gate) -> None: ...

    def void(self, gate: Gate, reason: str, *, counts: bool = True, fault: bool = False) -> None: ...

    def leave(self, gate: Gate) -> bool: ...


def is_bench_fault(error: BaseException | None) -> TypeGuard[BenchFault | DeviceError]:
    """Whether ``error`` is one that voids an attempt: the bench, not the procedure, and no limit that ends a run."""
    return isinstance(error, BenchFault | DeviceError) and not isinstance(error, LimitExceeded)


class Gate:
    """A `Tolerance` on one channel, over one observation.

    :param words: what the channel must measure, in words, such as "100 lx ± 5.0 lx"; asked for once it did not.
    :param period: bench seconds between readings while the observation lasts; 0 reads without a pause.
    """

    def __init__(
        self,
        attempt: Attempt,
        channel: LiveChannel,
        tolerance: Tolerance,
        words: Callable[[], str],
        *,
        period: float,
        clock: Clock,
    ) -> None:
        self._attempt, self._channel, self._clock = attempt, channel, clock
        self._judge, self._words, self._period = Judge(tolerance), words, period
        self._half_width = (tolerance.upper - tolerance.lower) / 2
        self._readings: list[Measurement] = []
        self._counts = True
        self._reason = ""
        self._failure: Exception | None = None
        self._owner: asyncio.Task[object] | None = None
        self._cancels = 0
        self._cancelled = False
        self._sampler: asyncio.Task[None] | None = None
        self._entered = self._closing = self._paused = self._sampling = False

    @property
    def window(self) -> Window:
        """The readings that bracket the observation."""
        return Window(self._channel.name, self._readings[0].t, self._readings[-1].t)

    async def __aenter__(self) -> Gate:
        owner = asyncio.current_task()
        if owner is None:
            raise RuntimeError("a gate is entered outside of a task")
        self._owner, self._cancels = owner, owner.cancelling()
        if not self._attempt.begin(self):
            self._reason = self._attempt.reason
        elif (fault := await self._fault_of_reading()) is not None:
            self._failure = fault
        self._entered = True
        if self._reason or self._failure is not None:
            self._cancel_owner()
        elif not self._channel.replayed:
            self._sampler = asyncio.create_task(self._sample(), name=f"gate on {self._channel.name}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._closing = True
        cancelled = isinstance(error, asyncio.CancelledError)
        ours = await self._take_back(cancelled=cancelled, raised=error is not None)
        await self._stop_sampling(at_once=error is not None)
        if error is None and not self._reason and self._failure is None:
            await self._close()
        if self._failure is None and is_bench_fault(error):
            self._failure = error
        if self._failure is not None and not is_bench_fault(self._failure):
            self._attempt.leave(self)
            raise self._failure
        if self._reason or self._failure is not None:
            told = self._reason or str(self._failure)
            self._attempt.void(self, told, counts=self._counts, fault=not self._reason)
        elif error is None:
            self._attempt.end(self)
        else:
            self._attempt.leave(self)
        return (cancelled and ours) or (error is not None and self._failure is error)

    def disturb(self, reason: str, *, counts: bool = True) -> None:
        """The observation under way does not count, for ``reason`` from outside of the gate.

        :param counts: whether the attempt counts towards those that a point may have.
        """
        if self._reason or self._failure:
            return
        self._reason, self._counts = reason, counts
        if self._entered and not self._closing:
            self._cancel_owner()

    async def _take_back(self, *, cancelled: bool, raised: bool) -> bool:
        """Consume the cancellation that this gate asked for; false if there is another one besides."""
        if not self._cancelled or self._owner is None:
            return False
        if not cancelled:
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0)
        if self._owner.uncancel() <= self._cancels:
            return True
        if not raised:
            raise asyncio.CancelledError
        return False

    async def _stop_sampling(self, *, at_once: bool) -> None:
        """Let a reading under way end. What has not begun, where the observation never waited, need not begin."""
        if self._sampler is None:
            return
        if not self._sampling:
            self._sampler.cancel()
            return
        if at_once or self._paused:
            self._sampler.cancel()
        try:
            await self._clock.wait(self._sampler)
        except asyncio.CancelledError:
            self._sampler.cancel()
            raise

    async def _sample(self) -> None:
        self._sampling = True
        try:
            while not self._reason:
                self._paused = True
                await self._clock.sleep(self._period)
                self._paused = False
                if self._closing:
                    return
                await self._read()
        except Exception as error:  # noqa: BLE001 (raised again in the procedure's own task)
            self._failure = error
        if not self._closing:
            self._cancel_owner()

    async def _close(self) -> None:
        """The last reading, after the observation; the hold-off does not excuse an excursion that lasts until then."""
        self._failure = await self._fault_of_reading()
        if self._failure is None and self._judge.outside and not self._reason:
            self._fail(self._readings[-1].value)

    async def _fault_of_reading(self) -> Exception | None:
        try:
            await self._read()
        except (BenchFault, DeviceError) as fault:
            if not is_bench_fault(fault):
                raise
            return fault
        return None

    async def _read(self) -> None:
        measurement = await self._channel.measure()
        self._readings.append(measurement)
        value = self._judge.judge(measurement.t, measurement.value, measurement.u)
        if value is not None and not self._reason:
            self._fail(value)

    def _fail(self, value: float) -> None:
        from hil_calibration.rounding import report
        from hil_calibration.unit import symbol

        unit, resolution = self._channel.unit, self._half_width
        shown = report(value, resolution)[0] if 0.0 < resolution < float("inf") else f"{value:.6g}"
        self._reason = f"{self._channel.name} was {shown} {symbol(unit)}, outside {self._words()}"

    def _cancel_owner(self) -> None:
        if self._owner is not None and not self._cancelled:
            self._cancelled = True
            self._owner.cancel()
