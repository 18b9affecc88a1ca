"""One attempt at one point of a plan, and its states."""

from __future__ import annotations

from functools import partial
from typing import TYPE_CHECKING, Any

from hil_drivers.capability import Sensor
from hil_drivers.clock import Clock

from .conditions import Conditions
from .design import PlannedPoint
from .errors import ProcedureFault
from .gate import Gate
from .live import as_live
from .measurement import Window
from .settling import TIMEOUT, settled
from .tolerance import Tolerance

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


class Point:
    """One attempt at one condition. Its factors are attributes, in the units that the design declares."""

    def __init__(
        self, planned: PlannedPoint, attempt: int, *, clock: Clock, record: RecordWriter, conditions: Conditions
    ) -> None:
        self.index, self.attempt, self.factors = planned.index, attempt, planned.factors
        self.state = ""
        self.reason = ""
        self.counts, self.fault = True, False
        self._clock, self._record, self._conditions = clock, record, conditions
        self._gates: list[Gate] = []
        self._settling = ""
        self._shown = planned.shown
        self._windows: list[Window] = []
        self.observed: list[dict[str, Any]] = []
        """What counts of it, once its gates have held."""
        self._pending: list[tuple[int, dict[str, Any], dict[str, Any]]] = []
        self._to(OFFERED)

    def __getattr__(self, name: str) -> Any:
        factors = self.__dict__.get("factors", {})
        if name in factors:
            return factors[name]
        raise AttributeError(f"the point has no factor {name!r}")

    async def settle(
        self, sensor: Sensor, *, within: float, for_: float, slope: float | None = None, timeout: float = TIMEOUT
    ) -> None:
        """Wait until the sensor's readings of the last ``for_`` seconds differ by at most ``within``.

        :param within: the widest permitted spread (largest minus smallest), in the channel's unit.
        :param for_: the dwell in bench seconds.
        :param slope: the largest permitted drift over the dwell, in the channel's unit per second; any by default.
        :param timeout: bench seconds after which the bench has failed.
        :raises BenchFault: if the channel does not settle in time.
        """
        channel = as_live(sensor)
        self._settling = channel.name
        try:
            await settled(channel, within=within, for_=for_, slope=slope, timeout=timeout, clock=self._clock)
        finally:
            self._settling = ""

    @property
    def place(self) -> dict[str, Any]:
        """Where the attempt stands, as a screen needs it; of a blind plan without its factors."""
        step = f"settling {self._settling}" if self._settling else self.state
        return {"index": self.index, "attempt": self.attempt, "factors": self._shown, "step": step}

    def valid(
        self,
        sensor: Sensor,
        target: float,
        *,
        tolerance: float,
        period: float = 0.0,
        filter: float = 0.0,  # noqa: A002 (the field's word)
        hold_off: float = 0.0,
        confidence: float | None = None,
    ) -> Gate:
        """The validity gate of an observation: ``async with point.valid(lux, 200.0, tolerance=4.0):``.

        Several gates may hold at once: ``async with point.valid(lux, …), point.valid(room, …):``.

        :param target: what the channel must measure, in its unit.
        :param tolerance: the largest permitted departure from ``target``, in the channel's unit.
        :param period: bench seconds between the gate's readings.
        :param filter: bench seconds over which readings are averaged before they are judged.
        :param hold_off: bench seconds for which the channel may be outside before the attempt is void.
        :param confidence: ``None`` judges the value alone; a probability judges with uncertainty (`Tolerance`).
        :raises ProcedureFault: for a negative tolerance or time, or a confidence that is no probability above 0.5.
        """
        channel = as_live(sensor)
        limits = Tolerance(target - tolerance, target + tolerance, filter, hold_off, confidence)
        words = partial(_words, channel.unit, target, tolerance, confidence)
        return Gate(self, channel, limits, words, period=period, clock=self._clock)

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

    def begin(self, gate: Gate) -> bool:
        """A gate is entered; false where the attempt is void already, and nothing more is to be observed in it."""
        if self.state == VOID:
            return False
        broken = ""
        if not self._gates:
            self._to(OBSERVING)
            broken = self._conditions.begin(self)
        self._gates.append(gate)
        if broken:
            gate.disturb(broken)
        return True

    def end(self, gate: Gate) -> None:
        """A gate held. Once all do, what was observed inside counts, linked to the gates' own readings."""
        if self.leave(gate) and self.state == OBSERVING:
            self._windows.append(gate.window)
            if not self._gates:
                self._observed()

    def leave(self, gate: Gate) -> bool:
        """A gate is left without a decision of its own; false where it was not held open."""
        if gate not in self._gates:
            return False
        self._gates.remove(gate)
        return True

    def void(self, gate: Gate | None, reason: str, *, counts: bool = True, fault: bool = False) -> None:
        """The attempt does not count, for ``reason``; what was observed in it stays on record.

        :param gate: the one that failed.
        :param counts: whether it counts towards the attempts that the point may have.
        :param fault: whether equipment failed, rather than a condition was outside its tolerance.
        """
        if gate is not None:
            self.leave(gate)
        self._conditions.end(self)
        self._write({window.of: window.to_json() for window in self._windows})
        if self.state != VOID:
            self.reason, self.counts, self.fault = reason, counts, fault
            self._to(VOID)
        self.disturb(reason, counts=counts)

    def disturb(self, reason: str, *, counts: bool = True) -> None:
        """What is being observed does not count, for ``reason``; nothing where no gate is open."""
        for gate in tuple(self._gates):
            gate.disturb(reason, counts=counts)

    def _observed(self) -> None:
        broken = self._conditions.end(self)
        if broken:
            self.void(None, broken)
            return
        self.observed += [plain for _, plain, _ in self._pending]
        self._write({window.of: window.to_json() for window in self._windows})
        self._to(OBSERVED)

    def _write(self, windows: dict[str, Any]) -> None:
        for t, data, links in self._pending:
            self._record.observation(self.index, self.attempt, t, data, {**windows, **links})
        self._pending.clear()
        self._windows.clear()

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


def _words(unit: str, target: float, tolerance: float, confidence: float | None) -> str:
    from hil_calibration.rounding import report
    from hil_calibration.unit import symbol

    shown = report(tolerance, tolerance)[0] if tolerance else "0"
    judged = "" if confidence is None else f" with {confidence:.4g} confidence"
    return f"{target:.6g} {symbol(unit)} ± {shown} {symbol(unit)}{judged}"
