"""The past of one channel for as long as the console runs: the older, the coarser, but no spike is lost."""

from __future__ import annotations

import math
from array import array
from collections.abc import Iterable
from operator import lt

from .history import NAN, History, Samples

LENGTH = 2400
"""Samples that are kept of a channel, at most."""

TOGETHER = 32
"""New samples that are looked at together."""

Sample = tuple[float, float | None, float | None, float | None, float | None]
"""Time (s), value, U, the least and the greatest value since the sample before."""


class Past(History):
    """A history that joins its older half pair by pair when it is full: the least and the greatest of both stay.

    :param length: samples at most, a multiple of 4, 64 at the least.
    """

    def __init__(self, length: int = LENGTH) -> None:
        self._news: list[Sample] = []
        super().__init__(length)
        self._length = self._most = length

    def __len__(self) -> int:
        self._settle()
        return super().__len__()

    @property
    def first(self) -> float | None:
        """The time of the first sample, in s."""
        self._settle()
        return self._t[0] if self._t else None

    @property
    def last(self) -> float | None:
        """The time of the last sample, in s."""
        self._settle()
        return self._t[-1] if self._t else None

    def clear(self) -> None:
        """Forget everything."""
        self._news.clear()
        self._forget()

    def take(self, sample: Sample) -> None:
        """Append a sample; one that is not later than the last begins the past anew.

        It is looked at once there are some more, or somebody wants to know: most pasts are never drawn.
        """
        self._news.append(sample)
        if len(self._news) == TOGETHER:
            self._settle()

    def _settle(self) -> None:
        if not self._news:
            return
        news, self._news = self._news, []
        times = [sample[0] for sample in news]
        in_order = all(map(lt, times, times[1:])) and not (self._t and times[0] <= self._t[-1])
        if in_order and len(self._t) + len(news) <= self._most:
            self._extend(*zip(*news, strict=True))
            return
        for sample in news:
            if self._t and sample[0] <= self._t[-1]:
                self._forget()
            self.add(*sample)

    def _extend(
        self,
        t: Iterable[float],
        value: Iterable[float | None],
        U: Iterable[float | None],  # noqa: N803
        low: Iterable[float | None],
        high: Iterable[float | None],
    ) -> None:
        """Append samples for which there is room."""
        middle = [NAN if each is None else each for each in value]
        self._t.extend(t)
        self._low.extend([mid if least is None else least for mid, least in zip(middle, low, strict=True)])
        self._high.extend([mid if most is None else most for mid, most in zip(middle, high, strict=True)])
        self._U.extend([NAN if each is None else each for each in U])

    def samples(self, since: float = -math.inf) -> Samples:
        """A copy of what is held from ``since`` on."""
        self._settle()
        return super().samples(since)

    def before(self, earlier: Iterable[tuple[float, float | None, float | None]]) -> None:
        """Take in what was before the first sample: time (s), value and U of each, in order of time."""
        self._settle()
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
