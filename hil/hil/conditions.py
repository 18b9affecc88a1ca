"""The conditions that a bench demands of every observation: its ``[gates]``, judged by the readings in the background.

An excursion shorter than the channel's period, between two of its readings, is not seen.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

from hil_drivers.clock import NANOSECONDS, Clock

from .tolerance import Judge, Tolerance

if TYPE_CHECKING:
    from .measurement import Measurement

PERIODS = 2.0
"""Periods without a valid reading after which a condition is unknown, hence not fulfilled."""


@dataclass(frozen=True, slots=True)
class Condition:
    """What ``channel``, read every ``period`` seconds in the background, must measure during every observation."""

    channel: str
    unit: str
    period: float
    tolerance: Tolerance


class Observed(Protocol):
    """An attempt under observation."""

    def disturb(self, reason: str, *, counts: bool = True) -> None: ...


class Conditions:
    """Follows the conditions through one run, and tells the attempt under observation when one breaks.

    :param conditions: by the name of their gate.
    """

    def __init__(self, conditions: Mapping[str, Condition], clock: Clock) -> None:
        self._clock = clock
        self._states = [_State(name, condition) for name, condition in conditions.items()]
        self._observed: Observed | None = None

    def begin(self, attempt: Observed) -> str:
        """An observation begins; why it may not, or nothing."""
        broken = self._broken()
        self._observed = None if broken else attempt
        return broken

    def end(self, attempt: Observed) -> str:
        """The observation ends; why it does not count, or nothing."""
        if self._observed is not attempt:
            return ""
        self._observed = None
        return self._broken()

    def measured(self, measurement: Measurement) -> None:
        """A reading in the background.

        :raises ProcedureFault: if it is to be judged with an uncertainty that is unknown.
        """
        for state in self._states:
            if state.condition.channel == measurement.channel:
                state.take(measurement, self._clock.now())
                if state.reason and self._observed is not None:
                    self._observed.disturb(state.reason)

    def _broken(self) -> str:
        now = self._clock.now()
        return next((reason for state in self._states if (reason := state.standing(now))), "")


class _State:
    def __init__(self, name: str, condition: Condition) -> None:
        self.name, self.condition = name, condition
        self.reason = ""
        self._judge = Judge(condition.tolerance)
        self._latest: int | None = None

    def take(self, measurement: Measurement, now: int) -> None:
        from hil_calibration.unit import symbol

        self._latest = now
        value = self._judge.judge(measurement.t, measurement.value, measurement.u)
        unit, limits = symbol(self.condition.unit), self.condition.tolerance
        judged = ""
        if limits.confidence is not None and measurement.u is not None:
            judged = f" with {limits.confidence:.4g} confidence (u = {measurement.u:.2g} {unit})"
        self.reason = "" if value is None else f"{self._named} was {value:.6g} {unit}, not {limits.text} {unit}{judged}"

    def standing(self, now: int) -> str:
        if self.reason:
            return self.reason
        patience = PERIODS * self.condition.period * NANOSECONDS
        if self._latest is None or now - self._latest > patience:
            return f"{self._named} had no valid reading for {PERIODS:g} periods"
        return ""

    @property
    def _named(self) -> str:
        return f"{self.condition.channel} (gate {self.name})"
