"""What is heard on one ROS topic, as readings with their measurement intervals."""

from __future__ import annotations

import asyncio
import time
from collections.abc import Awaitable, Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass
from typing import Any

from ..clock import NANOSECONDS, Clock
from ..errors import DeviceUnreachable, OptionError, RemoteProtocolError
from ..indication import Flag
from ..timebase import Timebase
from ..transport.freerun import Freerun
from ..transport.ros2 import RosMessage
from ..transport.stream import TIMEOUT
from ..transport.supervisor import Supervisor

LONGEST_WAIT = 30.0
"""Seconds of wall time after which a publisher counts as silent, however long its period is."""

OPENING = 5.0
"""Seconds of wall time in which the first message must come: Fast DDS with its own settings may take 3.5 s to send to
a process that comes in the place of a killed one."""

PATIENCE = 0.3
"""Seconds of wall time until the first message is taken for lost, and the next one awaited."""

EARLY = 5e-3
"""Seconds by which a stamp may lie after the arrival, beyond what was said of the clocks, before it is an error."""


@dataclass(frozen=True, slots=True)
class Reading:
    """One message, sensed between ``earliest`` and ``latest``, bench time in ns; ``error`` says what is wrong."""

    earliest: int
    latest: int
    value: Mapping[str, Any]
    flags: Flag = Flag.GOOD
    error: RemoteProtocolError | None = None


@dataclass(frozen=True, slots=True)
class Timing:
    """How messages tell their time, all in s.

    :param period: between two of them.
    :param age: between the beginning of sensing and what stamps it: the arrival, or the stamp.
    :param latency: bound of the shortest way from the stamp to here in 30 s.
    :param synchronised: within which the publisher's clock agrees with UTC as the bench clock tells it; ``None`` where
        nothing is known of it.
    :param timeout: of wall time within which something must come, or one period where that is longer.
    """

    period: float
    age: float
    latency: float
    synchronised: float | None = None
    timeout: float = TIMEOUT

    @classmethod
    def checked(
        cls,
        *,
        period: float,
        age: float,
        latency: float,
        synchronised: float | None,
        timeout: float = TIMEOUT,
        where: str,
    ) -> Timing:
        """From the options of a driver.

        :raises OptionError: naming the one that cannot be.
        """
        limits = {"period": (period, 1e-3), "age": (age, 0.0), "latency": (latency, 0.0), "timeout": (timeout, 0.1)}
        if synchronised is not None:
            limits["synchronised"] = (synchronised, 0.0)
        for option, (value, lower) in limits.items():
            if isinstance(value, bool) or not (isinstance(value, int | float) and lower <= value <= 86400.0):
                raise OptionError(
                    f"{option} = {value!r} s", where=where, remedy=f"give a number from {lower:g} to 86400"
                )
        return cls(float(period), float(age), float(latency), synchronised, float(timeout))


class RosFeed:
    """One topic: takes what arrives, and gives what is fresh.

    A message that repeats the stamp of the one before, or has an older one, is an old value sent again: it is stale.
    """

    def __init__(
        self,
        supervisor: Supervisor,
        clock: Clock,
        timing: Timing,
        *,
        settle: Callable[[], Awaitable[None]],
        stamp: str = "",
    ) -> None:
        self._clock, self._timing, self._path, self._settle = clock, timing, stamp, settle
        self._name, self._arrived = supervisor.name, asyncio.Event()
        timeout = max(timing.timeout, min(timing.period, LONGEST_WAIT))
        self._run = Freerun[Reading](supervisor, clock, period=timing.period, timeout=timeout, settle=settle)
        self._age = round(timing.age * NANOSECONDS)
        self._timebase = self._new_timebase()
        self._before: int | None = None

    @property
    def newest(self) -> Reading | None:
        """The newest reading, whatever its age."""
        return self._run.newest

    def take(self, message: RosMessage) -> None:
        """Take one message."""
        try:
            reading = self._reading(message)
        except RemoteProtocolError as error:
            reading = Reading(message.t - self._age, message.t, message.value, error=error)
        self._run.put(reading)
        self._arrived.set()

    def lost(self, error: DeviceUnreachable) -> None:
        """Nothing will come: whoever waits need not."""
        self._run.fail(error)
        self.clear()

    def clear(self) -> None:
        """Forget what has arrived, and what was known of the publisher's clock."""
        self._run.clear()
        self._timebase, self._before = self._new_timebase(), None

    async def first(self) -> Reading:
        """The first reading at all: bench time goes on period by period, because what was sent to nobody is lost.

        :raises DeviceUnreachable: if nothing comes within the time-out.
        """
        begun, longest = time.monotonic(), max(OPENING, self._timing.timeout)
        while (found := self._run.newest) is None:
            if time.monotonic() - begun > longest:
                raise DeviceUnreachable(
                    f"sent nothing for {longest:.1f} s", where=self._name, remedy="check that it runs"
                )
            await self._clock.sleep(self._timing.period)
            await self._settle()
            with self._clock.exchange():
                await self._soon()
        return found

    async def _soon(self) -> None:
        """Wait a little for something to arrive."""
        self._arrived.clear()
        if self._run.newest is None:
            with suppress(TimeoutError):
                async with asyncio.timeout(PATIENCE):
                    await self._arrived.wait()

    async def fresh(self) -> Reading:
        """The first reading that was sensed after this call.

        :raises DeviceUnreachable: if nothing comes in time, or the link is lost.
        """
        return await self._run.fresh()

    def _new_timebase(self) -> Timebase:
        return Timebase(latency=self._timing.latency)

    def _reading(self, message: RosMessage) -> Reading:
        stamp = _stamp(message.value, self._path) if self._path else 0
        if not stamp:
            return Reading(message.t - self._age - round(self._timing.latency * NANOSECONDS), message.t, message.value)
        before, self._before = self._before, stamp
        if before is not None and stamp <= before:
            self._timebase = self._new_timebase()
            return Reading(message.t, message.t, message.value, Flag.STALE)
        earliest, latest = self._interval(stamp, message.t)
        return Reading(earliest - self._age, latest, message.value)

    def _interval(self, stamp: int, arrival: int) -> tuple[int, int]:
        """When a stamp was made, on the bench clock: no later than the arrival."""
        if self._timing.synchronised is not None:
            bound = round(self._timing.synchronised * NANOSECONDS)
            made = stamp - self._clock.utc(0)
            if made - bound > arrival + EARLY * NANOSECONDS:
                early = (made - bound - arrival) / NANOSECONDS
                raise RemoteProtocolError(f"stamps {early:.3f} s after the arrival: its clock is not synchronised")
            return made - bound, max(made - bound, min(made + bound, arrival))
        self._timebase.arrived(stamp, arrival)
        found = self._timebase.interval(stamp)
        if found is None:
            return arrival - round(self._timing.latency * NANOSECONDS), arrival
        return found.earliest, max(found.earliest, min(found.latest, arrival))


def _stamp(value: Mapping[str, Any], path: str) -> int:
    """A ``builtin_interfaces/msg/Time`` in ns, 0 where it was not filled in.

    :raises RemoteProtocolError: if it is none.
    """
    found = value.get(path)
    try:
        return int(found["sec"]) * NANOSECONDS + int(found["nanosec"])  # type: ignore[index]
    except (TypeError, KeyError, ValueError):
        raise RemoteProtocolError(f"{path} is no time stamp") from None
