"""Alarms: who knows of them, what is hidden, and that every change is told."""

from __future__ import annotations

from typing import Any

import pytest

from hil.errors import UsageError
from hil.safety.alarms import LONGEST_SHELF, Alarms
from hil.safety.latch import Happening, Latch, State


class Desk:
    """Alarms with a clock that the test moves, and what they told."""

    def __init__(self) -> None:
        self.t = 1_000
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.alarms = Alarms(lambda: self.t, lambda kind, data: self.told.append((kind, data)))
        self.alarms.add("hot", "safety", "open the door")
        self.alarms.add("humid", "low", latch=Latch(latching=False))

    def states(self) -> list[str]:
        return [f"{data['alarm']} {data['was']} -> {data['state']}" for kind, data in self.told if kind == "alarm"]


@pytest.fixture
def desk() -> Desk:
    return Desk()


def test_every_change_is_told_once(desk: Desk) -> None:
    desk.alarms.raise_("hot", "x is 90")
    desk.alarms.raise_("hot", "x is 91")
    desk.alarms.acknowledge("hot", "A. Metrologist")
    desk.alarms.gone("hot")
    desk.alarms.gone("hot")
    assert desk.states() == ["hot clear -> active", "hot active -> acknowledged", "hot acknowledged -> clear"]
    assert desk.told[0][1]["reason"] == "x is 90"
    assert desk.told[0][1]["guidance"] == "open the door"
    assert desk.told[0][1]["raised"] == 1_000
    assert desk.told[1][1]["acknowledged_by"] == "A. Metrologist"


def test_a_latched_one_stays_until_it_is_acknowledged_and_gone(desk: Desk) -> None:
    desk.alarms.raise_("hot", "")
    desk.alarms.gone("hot")
    assert [alarm.name for alarm in desk.alarms.held] == ["hot"]
    desk.alarms.acknowledge("hot", "A. Metrologist")
    assert not desk.alarms.held


def test_one_that_does_not_latch_clears_itself(desk: Desk) -> None:
    desk.alarms.raise_("humid", "")
    desk.alarms.gone("humid")
    assert desk.states() == ["humid clear -> active", "humid active -> clear"]


def test_raised_again_it_is_not_acknowledged_any_more(desk: Desk) -> None:
    desk.alarms.raise_("humid", "first")
    desk.alarms.acknowledge("humid", "A. Metrologist")
    desk.alarms.gone("humid")
    desk.alarms.raise_("humid", "second")
    alarm = desk.alarms.get("humid")
    assert (alarm.state, alarm.acknowledged_by, alarm.reason) == (State.ACTIVE, "", "second")


def test_the_latch_of_an_interlock_is_that_of_its_alarm(desk: Desk) -> None:
    latch = Latch(latching=True)
    desk.alarms.add("pressure", "high", latch=latch)
    latch.happen(Happening.RAISED)
    desk.alarms.changed("pressure", "p is 3")
    desk.alarms.acknowledge("pressure", "A. Metrologist")
    assert latch.state is State.ACKNOWLEDGED
    assert desk.states() == ["pressure clear -> active", "pressure active -> acknowledged"]


def test_a_shelved_one_is_hidden_until_its_time_and_still_told(desk: Desk) -> None:
    desk.alarms.raise_("humid", "")
    desk.alarms.shelve("humid", "A. Metrologist", "the door is open", 60.0)
    assert not desk.alarms.get("humid").visible
    assert desk.alarms.get("humid").latch.held
    desk.t += 59_000_000_000
    desk.alarms.tick()
    assert not desk.alarms.get("humid").visible
    desk.t += 1_000_000_000
    desk.alarms.tick()
    assert desk.alarms.get("humid").visible
    assert [kind for kind, _ in desk.told] == ["alarm", "alarm shelved", "alarm unshelved"]
    assert desk.told[1][1]["shelved_for"] == "the door is open"


def test_one_of_priority_safety_is_never_hidden(desk: Desk) -> None:
    desk.alarms.raise_("hot", "")
    with pytest.raises(UsageError, match="never hidden"):
        desk.alarms.shelve("hot", "A. Metrologist", "noise", 60.0)
    assert desk.alarms.get("hot").visible


@pytest.mark.parametrize(
    ("who", "why", "seconds"),
    [("", "why", 60.0), ("who", " ", 60.0), ("who", "why", 0.0), ("who", "why", LONGEST_SHELF + 1)],
)
def test_shelving_needs_somebody_a_reason_and_an_end(desk: Desk, who: str, why: str, seconds: float) -> None:
    with pytest.raises(UsageError, match="shelved by somebody, for a reason, for a time"):
        desk.alarms.shelve("humid", who, why, seconds)


def test_what_is_not_there_is_not_acknowledged(desk: Desk) -> None:
    with pytest.raises(UsageError, match="there is no alarm 'hott'; did you mean 'hot'"):
        desk.alarms.acknowledge("hott", "A. Metrologist")
    with pytest.raises(UsageError, match="nothing to acknowledge"):
        desk.alarms.acknowledge("hot", "A. Metrologist")
    desk.alarms.raise_("hot", "")
    with pytest.raises(UsageError, match="say who you are"):
        desk.alarms.acknowledge("hot", " ")
