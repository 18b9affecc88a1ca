"""One attempt at one point of a plan, and its states."""

from __future__ import annotations

from collections import deque
from typing import TYPE_CHECKING, Any

from hil_drivers.capability import Sensor
from hil_drivers.clock import NANOSECONDS, Clock

from .design import PlannedPoint
from .errors import BenchFault, ProcedureFault
from .gate import Gate
from .live import as_live
from .measurement import Window

if TYPE_CHECKING:
    from .record import RecordWriter

OFFERED, OBSERVING, OBSERVED, VOID, COMMITTED = "offered", "observing", "observed", "void", "committed"

NEXT: dict[str, frozenset[str]] = {
    OFFERED: frozenset({OBSERVING, VOID, COMMITTED}),
    OBSERVING: frozenset({OBSERVED, VOID}),
    OBSERVED: frozenset({OBSERVING, VOID, COMMITTED}),
    VOID: frozenset(),
    COMMITTED: frozenset(),
}
"""Which state may follow which; an attempt starts as offered and ends void or committed."""

SETTLE_TIMEOUT = 900.0
"""Bench seconds after which a channel that has not settled is a fault of the bench."""


class Point:
    """One attempt at one condition. Its factors are attributes, in the units that the design declares."""

    def __init__(self, planned: PlannedPoint, attempt: int, *, clock: Clock, record: RecordWriter) -> None:
        self.index, self.attempt, self.factors = planned.index, attempt, planned.factors
        self.state = ""
        self.reason = ""
        self._clock, self._record = clock, record
        self._pending: list[tuple[int, dict[str, Any], dict[str, Any]]] = []
        self._to(OFFERED)

    def __getattr__(self, name: str) -> Any:
        factors = self.__dict__.get("factors", {})
        if name in factors:
            return factors[name]
        raise AttributeError(f"the point has no factor {name!r}")

    async def settle(self, sensor: Sensor, *, within: float, for_: float, timeout: float = SETTLE_TIMEOUT) -> None:
        """Wait until the sensor's readings of the last ``for_`` seconds differ by at most ``within``.

        :param within: the widest permitted spread (largest minus smallest), in the channel's unit.
        :param for_: the dwell in bench seconds.
        :param timeout: bench seconds after which the bench has failed.
        :raises BenchFault: if the channel does not settle in time.
        """
        channel, begun = as_live(sensor), self._clock.now()
        recent: deque[tuple[int, float]] = deque()
        while self._clock.now() - begun < timeout * NANOSECONDS:
            at = self._clock.now()
            recent.append((at, (await channel.measure()).value))
            while recent and at - recent[0][0] > for_ * NANOSECONDS:
                recent.popleft()
            values = [value for _, value in recent]
            dwelt = at - begun >= for_ * NANOSECONDS and len(values) > 1
            if dwelt and max(values) - min(values) <= within:
                return
            if self._clock.now() == at:
                await self._clock.sleep(max(for_ / 10, 0.1))
        raise BenchFault(
            f"did not settle within {within:.3g} {channel.unit} for {for_:g} s, in {timeout:g} s",
            where=channel.name,
            remedy="look at what disturbs it, or widen the band",
        )

    def valid(self, sensor: Sensor, target: float, *, tolerance: float, period: float = 0.0) -> Gate:
        """The validity gate of an observation: ``async with point.valid(lux, 200.0, tolerance=4.0):``.

        :param target: what the channel must measure, in its unit.
        :param tolerance: the largest permitted departure from ``target``, in the channel's unit.
        :param period: bench seconds between the gate's readings.
        """
        return Gate(self, as_live(sensor), target, tolerance, period=period, clock=self._clock)

    def observe(self, **data: Any) -> None:
        """Keep what was observed. A `Window` is kept as a link to its readings; the rest must be JSON values.

        :raises ProcedureFault: outside of a validity gate.
        """
        if self.state != OBSERVING:
            raise ProcedureFault(
                "observe is legal only inside `async with point.valid(...)`", where=f"point {self.index + 1}"
            )
        links = {name: value.to_json() for name, value in data.items() if isinstance(value, Window)}
        plain = {name: value for name, value in data.items() if name not in links}
        self._pending.append((self._clock.utc(self._clock.now()), plain, links))

    def begin(self) -> bool:
        """A gate is entered; false where the attempt is void already, and nothing more is to be observed in it."""
        if self.state == VOID:
            return False
        self._to(OBSERVING)
        return True

    def end(self, gate: Window) -> None:
        """A gate held: what was observed inside it counts, linked to the gate's own readings."""
        for t, data, links in self._pending:
            linked = {gate.channel: gate.to_json(), **links}
            self._record.observation(self.index, self.attempt, t, data, linked)
        self._pending.clear()
        self._to(OBSERVED)

    def void(self, reason: str) -> None:
        """The attempt does not count, for ``reason``; what was observed in it stays on record."""
        for t, data, links in self._pending:
            self._record.observation(self.index, self.attempt, t, data, links)
        self._pending.clear()
        if self.state != VOID:
            self.reason = reason
            self._to(VOID)

    def commit(self) -> None:
        """The attempt counts."""
        self._to(COMMITTED)

    @property
    def open(self) -> bool:
        """Whether the attempt has not ended."""
        return bool(NEXT[self.state])

    def _to(self, state: str) -> None:
        if self.state and state not in NEXT[self.state]:
            raise ProcedureFault(f"cannot go from {self.state} to {state}", where=f"point {self.index + 1}")
        self.state = state
        t = self._clock.utc(self._clock.now())
        self._record.point(self.index, self.attempt, state, t, self.factors, self.reason)
