"""From a device's own clock to the bench clock: bounds of the offset, and with them the interval of a stamp.

A device stamps what it senses with a clock of its own. Two kinds of event tie that clock to the bench clock:

- what carries a stamp *arrived*: the stamp was made before (a delay is never negative), which bounds the offset
  from above, the tighter the smaller the delay was;
- what carries a stamp was *caused* by something that left here: the stamp was made after, which bounds it from
  below. A ping with the stamps T1 (sent), T2 and T3 (the device's), T4 (received) is both: its offset is
  ((T2 - T1) + (T3 - T4)) / 2 within half of the round trip, and no way needs to be as long as the other.

Between samples the offset may wander by ``drift`` at most, so a bound widens with its distance, and the samples
of least delay are those that count. Nothing is averaged. A device that cannot be pinged needs a stated
``latency``: the least delay in each window is no longer than that.

A clock that was set or has restarted contradicts its bounds, or runs backwards: what was known is forgotten,
and counted in ``jumps``. A jump that is smaller than the bounds' width cannot be seen; a clock set back by less
than the time between two stamps is seen at the next ping.
"""

from __future__ import annotations

import math
from collections import deque
from dataclasses import dataclass

from .clock import NANOSECONDS
from .errors import LocalProtocolError

DRIFT = 1e-4
"""The largest relative deviation of rate between two quartz clocks, unless stated otherwise: our assumption."""

WINDOW = 30.0
"""Seconds for which a sample is kept."""

_PER_UNIT = 10**9
_HELD = 64


@dataclass(frozen=True, slots=True)
class Interval:
    """A time on the bench clock in ns, between two bounds."""

    earliest: int
    latest: int


class Timebase:
    """The bounds of one device's clock against the bench clock. All times are whole nanoseconds.

    :param drift: bound of the relative deviation of rate, from 0 to 0.01.
    :param window: seconds of device time after which a sample is forgotten once there is a newer one.
    :param latency: seconds within which at least one arrival of each window had come, where it is known;
        ``None`` for a device that is pinged.
    :param resolution: seconds within which the device's clock agreed with the stamp, such as one step of it.
    """

    def __init__(
        self, *, drift: float = DRIFT, window: float = WINDOW, latency: float | None = None, resolution: float = 0.0
    ) -> None:
        if not (0.0 <= drift <= 0.01 and 0.0 < window < math.inf and 0.0 <= resolution < math.inf):
            raise LocalProtocolError(f"no such drift, window or resolution: {drift}, {window}, {resolution}")
        self.jumps = 0
        self._rate = math.ceil(drift * _PER_UNIT)
        self._window, self._step = round(window * NANOSECONDS), math.ceil(resolution * NANOSECONDS)
        self._latency = None if latency is None else math.ceil(latency * NANOSECONDS)
        self.forget()

    def forget(self) -> None:
        """Begin anew: the link was made again, and the device may have restarted meanwhile."""
        self._first: int | None = None
        self._newest: int | None = None
        self._upper, self._lower = _Least(self._rate, self._window), _Least(self._rate, self._window)

    def arrived(self, stamp: int, receipt: int) -> bool:
        """A value stamped ``stamp`` arrived at ``receipt`` on the bench clock, in the order of stamps.

        :returns: whether the device's clock has run on unbroken.
        """
        backwards = self._newest is not None and stamp < self._newest
        unbroken = self._learnt(None, stamp, stamp, receipt, broken=backwards)
        if self._first is None:
            self._first = stamp
        self._newest = stamp
        return unbroken

    def caused(self, stamp: int, cause: int) -> bool:
        """``stamp`` was made no earlier than ``cause`` on the bench clock.

        :returns: whether the device's clock has run on unbroken.
        """
        return self._learnt(cause, stamp, stamp, None)

    def exchanged(self, sent: int, stamp: int, receipt: int, *, replied: int | None = None) -> bool:
        """A ping: sent and received on the bench clock, in between stamped by the device, once or on both ends.

        :returns: whether the device's clock has run on unbroken.
        """
        return self._learnt(sent, stamp, stamp if replied is None else replied, receipt)

    def interval(self, stamp: int) -> Interval | None:
        """The bench times between which the device made ``stamp``, or ``None`` while one end has no bound."""
        lowest, highest = self._lowest(stamp), self._upper.at(stamp)
        if lowest is None or highest is None:
            return None
        return Interval(stamp - self._step + lowest, stamp + self._step + highest)

    @property
    def width(self) -> int | None:
        """How far apart the bounds are at the newest stamp, in ns; ``None`` while one is missing."""
        found = None if self._newest is None else self.interval(self._newest)
        return None if found is None else found.latest - found.earliest

    def _learnt(self, cause: int | None, first: int, last: int, receipt: int | None, *, broken: bool = False) -> bool:
        """Take the bounds that a cause and a receipt give, after what contradicts them is forgotten."""
        lower = None if cause is None else cause - first - self._step
        upper = None if receipt is None else receipt - last + self._step
        if broken or self._contradicts(first, lower, last, upper):
            self.jumps += 1
            self.forget()
            broken = True
        if lower is not None:
            self._lower.add(first, -lower)
        if upper is not None:
            self._upper.add(last, upper)
        return not broken

    def _contradicts(self, first: int, lower: int | None, last: int, upper: int | None) -> bool:
        highest, lowest = self._upper.at(first), self._lowest(last)
        too_late = lower is not None and highest is not None and lower > highest
        return too_late or (upper is not None and lowest is not None and upper < lowest)

    def _lowest(self, stamp: int) -> int | None:
        """The lower bound of the offset: by what was caused, or by the stated latency."""
        caused = self._lower.at(stamp)
        known = [] if caused is None else [-caused]
        highest = self._upper.at(stamp)
        if self._latency is not None and highest is not None:
            known.append(highest - self._latency - 2 * _up(self._reach(stamp) * self._rate))
        return max(known, default=None)

    def _reach(self, stamp: int) -> int:
        """How far the farthest sample of the window can lie from ``stamp``."""
        newest, first = self._newest or 0, self._first or 0
        return max(abs(stamp - newest), abs(stamp - max(first, newest - self._window)))


class _Least:
    """The least of bounds that each widen with the distance from their stamp, by ``rate`` in 1e-9.

    A sample that a newer one undercuts at every later stamp is dropped, so few are held; to drop more makes the
    least bound wider, never wrong.
    """

    def __init__(self, rate: int, window: int) -> None:
        self._rate, self._window = rate, window
        self._samples: deque[tuple[int, int, int]] = deque()

    def add(self, stamp: int, bound: int) -> None:
        key = bound * _PER_UNIT - self._rate * stamp
        samples = self._samples
        while samples and (len(samples) >= _HELD or (samples[-1][0] >= key and samples[-1][1] <= stamp)):
            samples.pop()
        samples.append((key, stamp, bound))
        while len(samples) > 1 and samples[0][1] < stamp - self._window:
            samples.popleft()

    def at(self, stamp: int) -> int | None:
        """The bound at ``stamp``, rounded outwards; ``None`` without any sample."""
        return min(
            (bound + _up(abs(stamp - at) * self._rate) for _, at, bound in self._samples),
            default=None,
        )


def _up(product: int) -> int:
    """A product with a rate in 1e-9, rounded up."""
    return -(-product // _PER_UNIT)
