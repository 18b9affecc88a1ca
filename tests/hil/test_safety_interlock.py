"""Interlocks and their latch: the table, and a model of what must hold in whatever order things happen."""

from __future__ import annotations

import pytest
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, precondition, rule

from hil.errors import UsageError
from hil.safety.expression import parse
from hil.safety.interlock import NANOSECONDS, Interlock, Phase, Rule, Verdict
from hil.safety.judgement import Look, Reading
from hil.safety.latch import TABLE, Happening, Latch, State

HOT = parse("x > 85")
HOLDS, BETWEEN, GONE = Verdict(True, False), Verdict(False, False), Verdict(False, True)
FAULT = Verdict(True, False, "x is stale")


def at(value: float, u: float = 0.0) -> Look:
    return Look({"x": Reading(value, u)})


@pytest.mark.parametrize(
    ("latching", "happenings", "state"),
    [
        (True, "", State.CLEAR),
        (True, "G", State.CLEAR),
        (True, "R", State.ACTIVE),
        (True, "RR", State.ACTIVE),
        (True, "RG", State.RETURNED),
        (True, "RGG", State.RETURNED),
        (True, "RGR", State.ACTIVE),
        (True, "RGA", State.CLEAR),
        (True, "RA", State.ACKNOWLEDGED),
        (True, "RAR", State.ACKNOWLEDGED),
        (True, "RAG", State.CLEAR),
        (False, "R", State.ACTIVE),
        (False, "RG", State.CLEAR),
        (False, "RA", State.ACKNOWLEDGED),
        (False, "RAG", State.CLEAR),
    ],
)
def test_the_latch(latching: bool, happenings: str, state: State) -> None:
    latch = Latch(latching=latching)
    words = {"R": Happening.RAISED, "G": Happening.GONE, "A": Happening.ACKNOWLEDGED}
    for letter in happenings:
        latch.happen(words[letter])
    assert latch.state is state


def test_every_state_has_a_way_out_and_only_two_acknowledgements_are_refused() -> None:
    missing = {(state, happening) for state in State for happening in Happening} - set(TABLE)
    assert missing == {(State.CLEAR, Happening.ACKNOWLEDGED), (State.ACKNOWLEDGED, Happening.ACKNOWLEDGED)}
    with pytest.raises(UsageError, match="nothing to acknowledge: it is clear"):
        Latch(latching=True).happen(Happening.ACKNOWLEDGED)


@pytest.mark.parametrize(
    ("value", "u", "trips"),
    [
        (84.9, 0.0, False),
        (85.1, 0.0, True),
        (84.5, 0.2, False),
        (84.7, 0.2, True),
        (84.66, 0.2, False),
        (84.68, 0.2, True),
        (90.0, 100.0, True),
        (-1e9, 100.0, False),
    ],
)
def test_a_limit_trips_where_the_measurement_cannot_be_shown_to_be_inside(value: float, u: float, trips: bool) -> None:
    """At 0.95 the limit is 1.645 u nearer: 85 - 1.645 * 0.2 = 84.671."""
    assert Rule("hot", HOT).judge(at(value, u)).holds is trips


def test_a_higher_confidence_trips_earlier() -> None:
    assert not Rule("hot", HOT, confidence=0.9).judge(at(84.7, 0.2)).holds
    assert Rule("hot", HOT, confidence=0.99).judge(at(84.6, 0.2)).holds


@pytest.mark.parametrize(("value", "verdict"), [(85.1, HOLDS), (84.0, BETWEEN), (83.0, BETWEEN), (82.9, GONE)])
def test_hysteresis(value: float, verdict: Verdict) -> None:
    made = Rule("hot", parse("x >= 85"), hysteresis=2.0)
    assert made.judge(at(value)) == verdict


def test_what_cannot_be_judged_holds() -> None:
    assert Rule("hot", HOT).judge(Look({"x": Reading(fault="is stale")})) == FAULT


@pytest.mark.parametrize(
    ("delay", "seen", "phases"),
    [
        (0.0, [GONE, HOLDS], "clear tripped"),
        (2.0, [HOLDS, HOLDS, HOLDS], "pending pending tripped"),
        (2.0, [HOLDS, BETWEEN, HOLDS, HOLDS, HOLDS], "pending clear pending pending tripped"),
        (2.0, [HOLDS, GONE, GONE], "pending clear clear"),
        (2.0, [GONE, FAULT], "clear tripped"),
        (2.0, [HOLDS, FAULT], "pending tripped"),
        (0.0, [HOLDS, BETWEEN, GONE, BETWEEN], "tripped tripped clear clear"),
        (3.0, [FAULT, HOLDS, BETWEEN, GONE], "tripped tripped tripped clear"),
    ],
)
def test_the_delay_and_the_phases_of_one_that_does_not_latch(delay: float, seen: list[Verdict], phases: str) -> None:
    interlock, found = Interlock(Rule("hot", HOT, delay=delay, latch=False)), []
    for second, verdict in enumerate(seen):
        interlock.observe(verdict, second * NANOSECONDS)
        found.append(str(interlock.phase))
    assert " ".join(found) == phases


def test_at_the_start_nothing_is_waited_for() -> None:
    interlock = Interlock(Rule("hot", HOT, delay=60.0))
    assert interlock.observe(HOLDS, 0, start=True)
    assert interlock.tripped


class AnyOrder(RuleBasedStateMachine):
    """An interlock that latches with a delay of 3 s, beside a plain account of what has happened."""

    def __init__(self) -> None:
        super().__init__()
        self.interlock = Interlock(Rule("hot", HOT, delay=3.0, hysteresis=2.0))
        self.t = 0
        self.held_for: float | None = None
        self.danger_since_clear = False
        self.known_by_a_person = False
        self.last = GONE

    @rule(value=st.sampled_from((80.0, 84.0, 90.0, None)), step=st.integers(0, 4))
    def time_goes_on(self, value: float | None, step: int) -> None:
        self.t += step * NANOSECONDS
        seen = Look({"x": Reading(fault="is stale")}) if value is None else at(value)
        self.last = self.interlock.rule.judge(seen)
        was_clear = not self.interlock.tripped
        self.interlock.observe(self.last, self.t)
        self.held_for = (self.held_for or 0.0) + (step if self.held_for is not None else 0.0)
        if not self.last.holds:
            self.held_for = None
        due = bool(self.last.fault) or (self.held_for is not None and self.held_for >= 3.0)
        if was_clear:
            assert self.interlock.tripped is (self.last.holds and due), "it trips when it is due, and only then"
        if was_clear and self.interlock.tripped:
            self.known_by_a_person = False

    @precondition(lambda self: self.interlock.latch.state in (State.ACTIVE, State.RETURNED))
    @rule()
    def somebody_acknowledges(self) -> None:
        self.interlock.acknowledge()
        self.known_by_a_person = True

    @invariant()
    def it_is_never_clear_while_it_is_stale(self) -> None:
        assert self.interlock.tripped or not self.last.fault

    @invariant()
    def a_trip_ends_only_when_a_person_knows_and_the_cause_is_gone(self) -> None:
        if self.interlock.tripped:
            self.danger_since_clear = True
        elif self.danger_since_clear:
            assert self.known_by_a_person
            assert not self.last.holds
            self.danger_since_clear = False

    @invariant()
    def the_phase_says_so(self) -> None:
        assert (self.interlock.phase is Phase.TRIPPED) is self.interlock.tripped


TestAnyOrder = AnyOrder.TestCase
