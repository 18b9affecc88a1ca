"""What a channel did of late, in arrays of bounded size; numpy is loaded once they are looked at."""

from __future__ import annotations

import math
from array import array
from bisect import bisect_left
from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    Floats = NDArray[np.float64]


NAN = math.nan


class Samples(NamedTuple):
    """Samples in order of time ``t`` (s): the least and the greatest value since the sample before, and U (k = 2)."""

    t: Floats
    low: Floats
    high: Floats
    U: Floats
    """NaN where it is not known."""


class History:
    """The last ``capacity`` samples of one channel, or some more."""

    def __init__(self, capacity: int = 600) -> None:
        self._capacity, self._most = capacity, 2 * capacity
        self._forget()

    def __len__(self) -> int:
        return len(self._t)

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
        if len(self._t) == self._most:
            self._make_room()
        middle = NAN if value is None else value
        self._t.append(t)
        self._low.append(middle if low is None else low)
        self._high.append(middle if high is None else high)
        self._U.append(NAN if U is None else U)

    def _forget(self) -> None:
        self._t, self._low, self._high, self._U = array("d"), array("d"), array("d"), array("d")

    def _make_room(self) -> None:
        """Drop the older half."""
        for column in (self._t, self._low, self._high, self._U):
            del column[: self._capacity]

    def samples(self, since: float = -math.inf) -> Samples:
        """A copy of what is held from ``since`` on."""
        import numpy as np

        first = bisect_left(self._t, since)
        return Samples(*(np.asarray(each[first:]) for each in (self._t, self._low, self._high, self._U)))
