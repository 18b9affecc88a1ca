"""What a sensor publishes on one topic, as readings with their measurement intervals."""

from __future__ import annotations

from dataclasses import dataclass

from ..clock import NANOSECONDS, Clock
from ..errors import DeviceUnreachable, RemoteProtocolError
from ..indication import Flag
from ..timebase import Timebase
from ..transport.freerun import Freerun
from ..transport.mqtt import Message
from ..transport.stream import TIMEOUT
from ..transport.supervisor import Supervisor
from ..wire import telemetry

LONGEST_WAIT = 30.0
"""Seconds of wall time after which a sensor counts as silent, however long its period is."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One payload, sensed between ``earliest`` and ``latest`` in ns of bench time; ``error``: what is wrong with it."""

    earliest: int
    latest: int
    payload: bytes
    flags: Flag = Flag.GOOD
    error: RemoteProtocolError | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """How payloads tell their time and order.

    :param period: seconds between two of them.
    :param age: seconds between the beginning of sensing and what stamps it: the arrival, or the device's stamp.
    :param latency: bound, in s, of the shortest way from the device's stamp to here in 30 s.
    :param time: field of the device's time stamp, empty without.
    :param sequence: field of a running number, empty without.
    """

    period: float
    age: float
    latency: float
    time: str = ""
    sequence: str = ""


class Feed:
    """One topic: takes what arrives, and gives what is fresh.

    A retained message is of an unknown age and is passed over. One with the same or an older time stamp than
    before is an old value sent again: its reading is stale.
    """

    def __init__(self, supervisor: Supervisor, clock: Clock, timing: Timing) -> None:
        self._supervisor, self._timing = supervisor, timing
        timeout = max(TIMEOUT, min(timing.period, LONGEST_WAIT))
        self._run = Freerun[Reading](supervisor, clock, period=timing.period, timeout=timeout)
        self._age = round(timing.age * NANOSECONDS)
        self._timebase: tuple[int, Timebase] | None = None
        self._stamp: int | None = None
        self._number: int | None = None

    def take(self, message: Message) -> None:
        """Take one message."""
        if message.retained:
            return
        try:
            reading = self._reading(message)
        except RemoteProtocolError as error:
            reading = Reading(message.t - self._age, message.t, message.payload, error=error)
        self._run.put(reading)

    def offline(self, t: int) -> None:
        """The device has gone, as the broker or it says at ``t``: whoever waits need not."""
        self._run.put(Reading(t, t, b"", Flag.NOT_AVAILABLE))

    def lost(self, error: DeviceUnreachable) -> None:
        """The link is lost: what was known of the device's clock may no longer hold."""
        self._run.fail(error)
        self.clear()

    def clear(self) -> None:
        """Forget what has arrived."""
        self._run.clear()
        self._timebase = self._stamp = None

    async def fresh(self) -> Reading:
        """The first reading that was sensed after this call.

        :raises DeviceUnreachable: if nothing comes in time, or the link is lost.
        """
        return await self._run.fresh()

    def _reading(self, message: Message) -> Reading:
        repeated = bool(self._timing.sequence) and self._repeats(message.payload)
        if not self._timing.time:
            flags = Flag.STALE if repeated else Flag.GOOD
            return Reading(message.t - self._age, message.t, message.payload, flags)
        stamp = telemetry.stamp(message.payload, self._timing.time)
        before, self._stamp = self._stamp, stamp.utc
        if repeated or (before is not None and self._is_old(stamp, before)):
            return Reading(message.t, message.t, message.payload, Flag.STALE)
        timebase = self._timebase_for(stamp)
        timebase.arrived(stamp.utc, message.t)
        made = timebase.interval(stamp.utc)
        if made is None:
            return Reading(message.t - self._age, message.t, message.payload)
        return Reading(made.earliest - self._age, max(made.earliest, min(made.latest, message.t)), message.payload)

    def _is_old(self, stamp: telemetry.Stamp, before: int) -> bool:
        """Whether a stamp says that nothing new was sensed; one that is only the same tells less than a number does."""
        tells = not self._timing.sequence and stamp.step < self._timing.period * NANOSECONDS
        return stamp.utc < before or (tells and stamp.utc == before)

    def _timebase_for(self, stamp: telemetry.Stamp) -> Timebase:
        """The device's clock, known anew where stamps have become coarser."""
        if self._timebase is None or stamp.step > self._timebase[0]:
            resolution = stamp.step / NANOSECONDS
            self._timebase = stamp.step, Timebase(latency=self._timing.latency, resolution=resolution)
        return self._timebase[1]

    def _repeats(self, payload: bytes) -> bool:
        """Whether a payload has the number of the one before; a gap is counted as missed."""
        number = telemetry.sequence(payload, self._timing.sequence)
        before, self._number = self._number, number
        if before is None or number < before:
            return False
        if number > before + 1:
            self._supervisor.missed(number - before - 1)
        return number == before
