"""The past of one channel for as long as the console runs: the older, the coarser, but no spike is lost."""

from __future__ import annotations

import numpy as np

from .history import History

LENGTH = 2400
"""Samples that are kept of a channel, at most."""

_T, _LOW, _HIGH, _U = range(4)


class Past(History):
    """A history that joins its older half pair by pair when it is full: the least and the greatest of both stay.

    :param length: samples at most, a multiple of 4, 64 at the least.
    """

    def __init__(self, length: int = LENGTH) -> None:
        super().__init__(length)
        self._length = length

    @property
    def last(self) -> float | None:
        """The time of the last sample, in s."""
        return float(self._table[_T, self._count - 1]) if self._count else None

    def clear(self) -> None:
        """Forget everything."""
        self._count = 0

    def gap(self) -> None:
        """What follows is not joined to what was before."""
        if (last := self.last) is not None:
            self.add(float(np.nextafter(last, np.inf)), None)

    def slope(self, seconds: float) -> float | None:
        """The slope of the last ``seconds`` by least squares, per s; ``None`` where too little of them is known."""
        last = self.last
        if last is None:
            return None
        t, low, high, _ = self.samples(last - seconds)
        values = (low + high) / 2
        known = np.isfinite(values)
        t, values = t[known], values[known]
        if len(t) < 3 or t[-1] - t[0] < seconds / 2:
            return None
        centred = t - t.mean()
        return float(centred @ (values - values.mean()) / (centred @ centred))

    def _make_room(self) -> None:
        """Grow; once the length is reached, join pairs of the older half."""
        if self._count < self._length:
            grown = np.empty((4, min(self._length, 2 * self._count)))
            grown[:, : self._count] = self._table
            self._table = grown
            return
        half = self._length // 4 * 2
        earlier, later = self._table[:, 0:half:2], self._table[:, 1:half:2]
        joined = np.fmax(earlier, later)
        joined[_T], joined[_LOW] = later[_T], np.fmin(earlier[_LOW], later[_LOW])
        rest = self._table[:, half : self._count].copy()
        self._count = half // 2 + rest.shape[1]
        self._table[:, : self._count] = np.concatenate([joined, rest], axis=1)
