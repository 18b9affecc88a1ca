"""Validity gates: an observation counts only while its conditions hold.

A gate measures its channel before, during and after the observation. A reading outside the tolerance makes
the attempt void: the gate cancels the procedure's task and swallows that cancellation at its own exit, as
`asyncio.timeout` does; the point is then offered again. Other cancellations (abort) pass through.
"""

from __future__ import annotations

import asyncio
from contextlib import suppress
from types import TracebackType
from typing import TYPE_CHECKING, Protocol

from hil_drivers.clock import Clock

from .measurement import Measurement, Window

if TYPE_CHECKING:
    from .live import LiveChannel


class Attempt(Protocol):
    """What a gate decides upon."""

    reason: str

    def begin(self) -> bool: ...

    def end(self, gate: Window) -> None: ...

    def void(self, reason: str) -> None: ...


class Gate:
    """The condition ``|value - target| <= tolerance`` on one channel, over one observation.

    :param period: bench seconds between readings while the observation lasts; 0 reads without a pause.
    """

    def __init__(
        self,
        attempt: Attempt,
        channel: LiveChannel,
        target: float,
        tolerance: float,
        *,
        period: float,
        clock: Clock,
    ) -> None:
        self._attempt, self._channel, self._clock = attempt, channel, clock
        self._target, self._tolerance, self._period = target, tolerance, period
        self._readings: list[Measurement] = []
        self._reason = ""
        self._failure: Exception | None = None
        self._owner: asyncio.Task[object] | None = None
        self._cancels = 0
        self._cancelled = False
        self._sampler: asyncio.Task[None] | None = None
        self._closing = self._paused = False

    @property
    def window(self) -> Window:
        """The readings that bracket the observation."""
        return Window(self._channel.name, self._readings[0].t, self._readings[-1].t)

    async def __aenter__(self) -> Gate:
        owner = asyncio.current_task()
        if owner is None:
            raise RuntimeError("a gate is entered outside of a task")
        self._owner, self._cancels = owner, owner.cancelling()
        if self._attempt.begin():
            await self._read()
        else:
            self._reason = self._attempt.reason
        if self._reason:
            self._cancel_owner()
        else:
            self._sampler = asyncio.create_task(self._sample(), name=f"gate on {self._channel.name}")
        return self

    async def __aexit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> bool:
        self._closing = True
        ours = await self._take_back(kind)
        await self._stop_sampling(at_once=error is not None)
        if error is None and not self._reason and self._failure is None:
            await self._read()
        if self._failure is not None:
            self._attempt.void(str(self._failure))
            raise self._failure
        if self._reason:
            self._attempt.void(self._reason)
        elif error is None:
            self._attempt.end(self.window)
        return ours and kind is not None and issubclass(kind, asyncio.CancelledError)

    async def _take_back(self, kind: type[BaseException] | None) -> bool:
        """Consume the cancellation that this gate asked for; false if there is another one besides."""
        if not self._cancelled or self._owner is None:
            return False
        if kind is None or not issubclass(kind, asyncio.CancelledError):
            with suppress(asyncio.CancelledError):
                await asyncio.sleep(0)
        if self._owner.uncancel() <= self._cancels:
            return True
        if kind is None:
            raise asyncio.CancelledError
        return False

    async def _stop_sampling(self, *, at_once: bool) -> None:
        if self._sampler is None:
            return
        if at_once or self._paused:
            self._sampler.cancel()
        try:
            await self._clock.wait(self._sampler)
        except asyncio.CancelledError:
            self._sampler.cancel()
            raise

    async def _sample(self) -> None:
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

    async def _read(self) -> None:
        measurement = await self._channel.measure()
        self._readings.append(measurement)
        if abs(measurement.value - self._target) > self._tolerance:
            from hil_calibration.rounding import report
            from hil_calibration.unit import symbol

            shown, tolerance = report(measurement.value, self._tolerance)
            unit = symbol(measurement.unit)
            self._reason = (
                f"{self._channel.name} was {shown} {unit}, outside {self._target:.6g} {unit} ± {tolerance} {unit}"
            )

    def _cancel_owner(self) -> None:
        if self._owner is not None:
            self._cancelled = True
            self._owner.cancel()
