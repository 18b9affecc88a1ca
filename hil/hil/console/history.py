"""What a channel did of late, in arrays of bounded size."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

Floats = NDArray[np.float64]


class Samples(NamedTuple):
    """Samples in order of time ``t`` (s): the least and the greatest value since the sample before, and U (k = 2)."""

    t: Floats
    low: Floats
    high: Floats
    U: Floats
    """NaN where it is not known."""


class History:
    """The last ``capacity`` samples of one channel, or some more; room is taken as samples come."""

    def __init__(self, capacity: int = 600) -> None:
        self._capacity = capacity
        self._count = 0
        self._table = np.empty((4, 64))

    def __len__(self) -> int:
        return self._count

    def add(
        self,
        t: float,
        value: float | None,
        U: float | None = None,  # noqa: N803
        low: float | None = None,
        high: float | None = None,
    ) -> None:
        """Append a sample; ``None`` for ``value`` leaves a gap.

        :param t: seconds, not before the last sample's.
        """
        if self._count == self._table.shape[1]:
            self._make_room()
        middle = np.nan if value is None else value
        least, most = (middle if low is None else low), (middle if high is None else high)
        self._table[:, self._count] = t, least, most, np.nan if U is None else U
        self._count += 1

    def _make_room(self) -> None:
        """Grow, or once twice the capacity is reached, drop the older half."""
        if self._count < 2 * self._capacity:
            grown = np.empty((4, min(2 * self._count, 2 * self._capacity)))
            grown[:, : self._count] = self._table
            self._table = grown
        else:
            self._table[:, : self._capacity] = self._table[:, self._count - self._capacity :]
            self._count = self._capacity

    def samples(self, since: float = -np.inf) -> Samples:
        """What is held from ``since`` on: views, not copies."""
        first = int(np.searchsorted(self._table[0, : self._count], since))
        t, low, high, U = self._table[:, first : self._count]  # noqa: N806
        return Samples(t, low, high, U)
