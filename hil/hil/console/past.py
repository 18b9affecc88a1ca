"""The past of one channel for as long as the console runs: the older, the coarser, but no spike is lost."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable

from .history import History

LENGTH = 2400
"""Samples that are kept of a channel, at most."""


class Past(History):
    """A history that joins its older half pair by pair when it is full: the least and the greatest of both stay.

    :param length: samples at most, a multiple of 4, 64 at the least.
    """

    def __init__(self, length: int = LENGTH) -> None:
        super().__init__(length)
        self._length = self._most = length

    @property
    def first(self) -> float | None:
        """The time of the first sample, in s."""
        return self._t[0] if self._t else None

    @property
    def last(self) -> float | None:
        """The time of the last sample, in s."""
        return self._t[-1] if self._t else None

    def clear(self) -> None:
        """Forget everything."""
        self._forget()

    def take(
        self,
        t: float,
        value: float | None,
        U: float | None,  # noqa: N803
        low: float | None,
        high: float | None,
    ) -> None:
        """Append a sample as `add` does; one that is not later than the last begins the past anew."""
        stamps = self._t
        if stamps and t <= stamps[-1]:
            self._forget()
        self.add(t, value, U, low, high)

    def before(self, earlier: Iterable[tuple[float, float | None, float | None]]) -> None:
        """Take in what was before the first sample: time (s), value and U of each, in order of time."""
        held = self._t, self._low, self._high, self._U
        first = held[0][0] if held[0] else math.inf
        self._forget()
        for t, value, U in earlier:  # noqa: N806
            if t < first and (not self._t or t > self._t[-1]):
                self.add(t, value, U)
        for t, low, high, U in zip(*held, strict=True):  # noqa: N806
            self.add(t, low, U, low, high)

    def gap(self) -> None:
        """What follows is not joined to what was before."""
        if (last := self.last) is not None:
            self.add(math.nextafter(last, math.inf), None)

    def slope(self, seconds: float) -> float | None:
        """The slope of the last ``seconds`` by least squares, per s; ``None`` where too little of them is known."""
        last = self.last
        if last is None:
            return None
        import numpy as np

        t, low, high, _ = self.samples(last - seconds)
        values = (low + high) / 2
        known = np.isfinite(values)
        t, values = t[known], values[known]
        if len(t) < 3 or t[-1] - t[0] < seconds / 2:
            return None
        centred = t - t.mean()
        return float(centred @ (values - values.mean()) / (centred @ centred))

    def _make_room(self) -> None:
        """Join pairs of the older half."""
        import numpy as np

        half = self._length // 4 * 2
        pairs = [np.asarray(each[:half]).reshape(-1, 2) for each in (self._t, self._low, self._high, self._U)]
        t, low, high, U = pairs  # noqa: N806
        joined = t[:, 1], np.fmin(*low.T), np.fmax(*high.T), np.fmax(*U.T)
        for column, older in zip((self._t, self._low, self._high, self._U), joined, strict=True):
            column[:half] = array("d", older.tobytes())
