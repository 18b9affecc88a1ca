"""The conditions that a bench demands of every observation."""

from __future__ import annotations

import math

import pytest

from hil.conditions import Condition, Conditions
from hil.errors import ProcedureFault
from hil.measurement import Measurement
from hil.tolerance import Tolerance
from hil_drivers.clock import NANOSECONDS
from hil_drivers.indication import Flag


class Clock:
    def __init__(self) -> None:
        self.seconds = 0.0

    def now(self) -> int:
        return round(self.seconds * NANOSECONDS)

    def utc(self, t: int) -> int:
        return t


class Attempt:
    def __init__(self) -> None:
        self.reasons: list[str] = []

    def disturb(self, reason: str, *, counts: bool = True) -> None:
        assert counts
        self.reasons.append(reason)


class Room:
    """One condition: room.temperature, read every 10 s, at 23 Cel within 2 Cel."""

    def __init__(self, **limits: float) -> None:
        tolerance = Tolerance(21.0, 25.0, **limits)
        self.clock = Clock()
        self.conditions = Conditions({"comfort": Condition("room.temperature", "Cel", 10.0, tolerance)}, self.clock)  # type: ignore[arg-type]
        self.attempt = Attempt()

    def at(self, seconds: float, value: float, u: float | None = 0.1) -> None:
        self.clock.seconds = seconds
        t = self.clock.now()
        self.conditions.measured(Measurement("room.temperature", value, u, "Cel", Flag.GOOD, t, 0.0))


def test_an_observation_in_good_conditions_counts() -> None:
    room = Room()
    room.at(0.0, 23.0)
    assert room.conditions.begin(room.attempt) == ""
    room.at(10.0, 24.9)
    assert room.conditions.end(room.attempt) == ""
    assert room.attempt.reasons == []


def test_an_excursion_during_it_is_told_at_once() -> None:
    room = Room()
    room.at(0.0, 23.0)
    room.conditions.begin(room.attempt)
    room.at(10.0, 25.5)
    assert room.attempt.reasons == ["room.temperature (gate comfort) was 25.5 °C, not 21 to 25 °C"]
    assert "25.5" in room.conditions.end(room.attempt)


def test_one_before_or_after_it_is_nobody_s() -> None:
    room = Room()
    room.at(0.0, 30.0)
    room.at(10.0, 23.0)
    assert room.conditions.begin(room.attempt) == ""
    assert room.conditions.end(room.attempt) == ""
    room.at(20.0, 30.0)
    assert room.attempt.reasons == []


def test_an_observation_does_not_begin_in_bad_or_unknown_conditions() -> None:
    room = Room()
    assert "no valid reading for 2 periods" in room.conditions.begin(room.attempt)
    room.at(0.0, 30.0)
    assert "was 30 °C" in room.conditions.begin(room.attempt)
    room.at(10.0, 23.0)
    room.clock.seconds = 31.0
    assert "no valid reading for 2 periods" in room.conditions.begin(room.attempt)


def test_a_condition_that_becomes_unknown_does_not_count_at_the_end() -> None:
    room = Room()
    room.at(0.0, 23.0)
    assert room.conditions.begin(room.attempt) == ""
    room.clock.seconds = 25.0
    assert "no valid reading" in room.conditions.end(room.attempt)


def test_filter_and_hold_off_bear_a_short_excursion() -> None:
    room = Room(hold_off=15.0)
    room.at(0.0, 23.0)
    room.conditions.begin(room.attempt)
    room.at(10.0, 26.0)
    room.at(20.0, 23.0)
    assert room.conditions.end(room.attempt) == ""
    averaged = Room(filter=20.0)
    averaged.at(0.0, 23.0)
    averaged.conditions.begin(averaged.attempt)
    averaged.at(10.0, 26.0)
    assert averaged.conditions.end(averaged.attempt) == ""


def test_a_confidence_asks_for_the_uncertainty() -> None:
    room = Room(confidence=0.95)
    room.at(0.0, 24.9, u=0.01)
    assert room.conditions.begin(room.attempt) == ""
    room.at(10.0, 24.9, u=0.1)
    (reason,) = room.attempt.reasons
    assert reason.endswith("was 24.9 °C, not 21 to 25 °C with 0.95 confidence (u = 0.1 °C)")
    with pytest.raises(ProcedureFault, match="uncertainty is unknown"):
        room.at(20.0, 23.0, u=None)


def test_one_sided_conditions() -> None:
    clock = Clock()
    dark = Conditions({"dark": Condition("room.light", "lx", 1.0, Tolerance(-math.inf, 0.5))}, clock)  # type: ignore[arg-type]
    dark.measured(Measurement("room.light", 0.7, 0.01, "lx", Flag.GOOD, 0, 0.0))
    assert dark.begin(Attempt()) == "room.light (gate dark) was 0.7 lx, not at most 0.5 lx"
