"""Who is told what, and when: the tables, escalation, flapping, floods and quiet hours, by a clock set by hand."""

from __future__ import annotations

import itertools
from collections import Counter
from datetime import UTC, datetime, time, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.notify.episodes import TABLE, Status
from hil.notify.lines import AlarmLine, Happening, HeldLine
from hil.notify.notices import Notice, Step
from hil.notify.policy import Decision, Policy, Rules, State
from hil.notify.quiet import QuietHours
from notifying import SECOND, Hand, line

MINUTE = 60 * SECOND
DELAYS = (0, 10 * MINUTE, 30 * MINUTE)
PARIS = ZoneInfo("Europe/Paris")
NIGHT = QuietHours(time(22), time(7), PARIS)


def told(*decisions: Decision) -> list[tuple[str, str, int]]:
    """What goes out: alarm, step, level."""
    return [
        (telling.line.alarm, str(telling.step), telling.level)
        for decision in decisions
        for notice in decision.notices
        for telling in notice.tellings
    ]


def steps(*decisions: Decision) -> list[tuple[str, int]]:
    return [(step, level) for _, step, level in told(*decisions)]


class Desk:
    """A policy, and a clock."""

    def __init__(self, quiet: QuietHours | None = None, utc: str = "2026-06-01T12:00:00+00:00") -> None:
        self.hand, self.rules = Hand(utc), Rules(DELAYS, quiet)
        self.policy = Policy(self.rules)

    def take(self, found: AlarmLine) -> Decision:
        return self.policy.take(found, self.hand())

    def after(self, seconds: float) -> Decision:
        return self.policy.tick(self.hand.advance(seconds))

    def restart(self) -> None:
        kept = self.policy.state.model_dump_json()
        self.policy = Policy(self.rules, State.model_validate_json(kept).settle(self.hand().t))


def test_the_table_says_what_follows_from_everything() -> None:
    assert set(TABLE) == set(itertools.product(Status, Happening))


def test_nobody_is_told_twice_of_one_step() -> None:
    desk = Desk()
    assert steps(desk.take(line())) == [("raised", 0)]
    assert steps(desk.take(line()), desk.take(line()), desk.after(1)) == []
    assert steps(desk.take(line("cleared"))) == [("cleared", 0)]
    assert steps(desk.take(line("cleared")), desk.take(line("raised")), desk.after(3600)) == []


def test_each_level_is_told_in_its_time_until_somebody_acknowledges() -> None:
    desk = Desk()
    desk.take(line())
    assert steps(desk.after(599)) == []
    assert steps(desk.after(1)) == [("escalated", 1)]
    assert steps(desk.after(1199)) == []
    assert steps(desk.after(1)) == [("escalated", 2)]
    assert steps(desk.after(3600)) == []
    assert steps(desk.take(line("acknowledged", by="Operator A"))) == [("acknowledged", each) for each in (0, 1, 2)]
    assert steps(desk.take(line("cleared"))) == [("cleared", each) for each in (0, 1, 2)]


@pytest.mark.parametrize("event", ["acknowledged", "cleared"])
def test_what_is_acknowledged_or_over_is_not_escalated(event: str) -> None:
    desk = Desk()
    desk.take(line())
    decision = desk.take(line(event))
    assert decision.stopped == ["run-1/lamp hot/1"]
    assert ("escalated", 1) not in steps(desk.after(3600))


def test_an_acknowledgement_is_told_only_to_those_called_because_there_was_none() -> None:
    desk = Desk()
    desk.take(line())
    assert steps(desk.take(line("acknowledged"))) == []


def test_what_returned_is_escalated_and_over_once_somebody_acknowledges() -> None:
    desk = Desk()
    desk.take(line())
    assert steps(desk.take(line("returned"))) == [("returned", 0)]
    assert steps(desk.after(600)) == [("escalated", 1)]
    assert steps(desk.take(line("raised"))) == [("raised", 0), ("raised", 1)]
    desk.take(line("returned"))
    assert steps(desk.take(line("cleared"))) == [("acknowledged", 0), ("acknowledged", 1)]
    assert steps(desk.after(3600)) == []


def test_an_episode_that_began_and_returned_unseen_is_told_and_one_that_is_over_is_not() -> None:
    desk = Desk()
    assert steps(desk.take(line("returned"))) == [("raised", 0)]
    assert steps(desk.take(line("acknowledged", alarm="other")), desk.take(line("cleared", alarm="another"))) == []


def test_a_line_of_an_earlier_episode_or_number_changes_nothing() -> None:
    desk = Desk()
    desk.take(line(number=1))
    desk.take(line("cleared", number=2))
    assert steps(desk.take(line(episode=2, number=3))) == [("raised", 0)]
    assert steps(desk.take(line("cleared", episode=1))) == []
    assert steps(desk.take(line("cleared", episode=2, number=3))) == []
    assert steps(desk.take(line(run="run-2", number=1))) == [("raised", 0)]


def test_a_level_of_which_nobody_can_be_reached_is_followed_by_the_next_at_once() -> None:
    desk = Desk()
    (first,) = desk.take(line()).notices
    (second,) = desk.policy.lost(first, desk.hand()).notices
    assert steps(Decision([second])) == [("escalated", 1)]
    assert not desk.policy.lost(first, desk.hand())
    (third,) = desk.policy.lost(second, desk.hand()).notices
    decision = desk.policy.lost(third, desk.hand())
    assert (decision.notices, [alarm.alarm for alarm in decision.unreached]) == ([], ["lamp hot"])


def test_nobody_is_missed_where_somebody_was_told_or_the_alarm_is_over() -> None:
    desk = Desk()
    (first,) = desk.take(line()).notices
    desk.policy.delivered(first)
    (second,) = desk.after(600).notices
    (third,) = desk.policy.lost(second, desk.hand()).notices
    assert not desk.policy.lost(third, desk.hand())
    (other,) = desk.take(line(alarm="other")).notices
    desk.take(line("cleared", alarm="other"))
    assert not desk.policy.lost(other, desk.hand())


def test_four_episodes_in_ten_minutes_flap_and_are_told_of_once_then_each_hour() -> None:
    desk = Desk()
    seen: list[tuple[str, int]] = []
    for episode in range(1, 21):
        seen += steps(desk.take(line(episode=episode)), desk.take(line("cleared", episode=episode)))
        desk.hand.advance(60)
    assert seen == [("raised", 0), ("cleared", 0)] * 3 + [("flapping", 0)]
    assert steps(desk.after(0)) == [("escalated", 1)]
    (summary,) = [each for each in told(desk.after(45 * 60)) if each[1] == "summary" and each[2] == 0]
    assert summary
    over = desk.after(3600).notices
    assert [notice.tellings[0].note for notice in over] == [
        "it began 0 times in the last hour: it flaps no more; it is over now"
    ] * 3
    assert steps(desk.take(line(episode=30))) == [("raised", 0)]


def test_three_episodes_in_ten_minutes_do_not_flap() -> None:
    desk = Desk()
    for episode in range(1, 30):
        assert steps(desk.take(line(episode=episode))) == [("raised", 0)]
        desk.take(line("cleared", episode=episode))
        desk.after(201)


def test_an_alarm_that_comes_back_in_one_episode_flaps_too() -> None:
    desk = Desk()
    seen = []
    for _ in range(6):
        seen += steps(desk.take(line()), desk.take(line("returned")))
    assert Counter(seen) == {("raised", 0): 3, ("returned", 0): 3, ("flapping", 0): 1}


def test_one_who_acknowledged_what_flaps_is_left_alone() -> None:
    desk = Desk()
    for episode in range(1, 5):
        desk.take(line(episode=episode))
        desk.take(line("acknowledged" if episode == 4 else "cleared", episode=episode))
    desk.take(line("cleared", episode=4))
    desk.take(line(episode=5))
    assert steps(desk.after(3599)) == []


def test_more_than_ten_in_a_minute_are_one_digest_the_highest_priority_first() -> None:
    desk = Desk()
    priorities = ["low", "medium"] * 10
    first = [desk.take(line(alarm=f"alarm {number}", priority=priority)) for number, priority in enumerate(priorities)]
    assert len(told(*first)) == 10
    assert steps(desk.after(59)) == []
    (digest,) = desk.after(1).notices
    assert [telling.line.priority for telling in digest.tellings] == ["medium"] * 5 + ["low"] * 5
    assert digest.tellings[0].note == "it is active now"


def test_a_flood_of_low_priority_holds_up_no_high_one_and_a_flood_of_those_goes_out_in_seconds() -> None:
    desk = Desk()
    for number in range(50):
        desk.take(line(alarm=f"low {number}", priority="low"))
    for number in range(10):
        assert steps(desk.take(line(alarm=f"high {number}", priority="safety"))) == [("raised", 0)]
    assert steps(desk.take(line(alarm="eleventh", priority="high"))) == []
    assert told(desk.after(10)) == [("eleventh", "raised", 0)]


@given(st.lists(st.tuples(st.sampled_from(["low", "high", "safety"]), st.integers(0, 90)), max_size=60))
def test_no_flood_drops_anything_or_tells_it_twice(alarms: list[tuple[str, int]]) -> None:
    desk = Desk()
    decisions = []
    for number, (priority, pause) in enumerate(alarms):
        decisions += [desk.take(line(alarm=str(number), priority=priority)), desk.after(pause)]
    decisions.append(desk.after(60))
    raised = [alarm for alarm, step, _ in told(*decisions) if step == "raised"]
    assert sorted(raised) == sorted(str(number) for number in range(len(alarms)))
    keys = [notice.key for decision in decisions for notice in decision.notices]
    assert len(keys) == len(set(keys))


@pytest.mark.parametrize(
    ("evening", "hours"),
    [("2026-06-01", 9), ("2026-03-28", 8), ("2026-10-24", 10)],
    ids=["a night", "the night that is an hour shorter", "the night that is an hour longer"],
)
def test_quiet_hours_go_by_the_clock_on_the_wall(evening: str, hours: int) -> None:
    noon = datetime.fromisoformat(f"{evening}T12:00").replace(tzinfo=PARIS).astimezone(UTC)
    minutes = [noon + timedelta(minutes=minute) for minute in range(24 * 60)]
    quiet = [each for each in minutes if NIGHT.hold(round(each.timestamp()) * SECOND)]
    assert len(quiet) == hours * 60
    assert quiet[0].astimezone(PARIS).time() == time(22)
    assert (quiet[-1] + timedelta(minutes=1)).astimezone(PARIS).time() == time(7)
    assert quiet[-1] - quiet[0] == timedelta(minutes=len(quiet) - 1)


def test_quiet_hours_may_lie_within_a_day_and_begin_in_the_hour_that_does_not_exist() -> None:
    lunch = QuietHours(time(12), time(13), PARIS)
    day = datetime(2026, 6, 1, tzinfo=PARIS)
    assert [hour for hour in range(24) if lunch.hold(round(day.replace(hour=hour).timestamp()) * SECOND)] == [12]
    missing = QuietHours(time(2, 30), time(4), PARIS)
    begin = round(datetime(2026, 3, 29, 0, 0, tzinfo=UTC).timestamp()) * SECOND
    assert [minute for minute in range(180) if missing.hold(begin + minute * MINUTE)] == list(range(60, 120))


@given(st.integers(0, 2**31), st.times(), st.times())
def test_outside_of_quiet_hours_is_inside_of_those_from_their_end_to_their_start(at: int, one: time, two: time) -> None:
    start, end = one.replace(microsecond=0, tzinfo=None), two.replace(microsecond=0, tzinfo=None)
    if start != end:
        day, night = QuietHours(start, end, PARIS), QuietHours(end, start, PARIS)
        assert day.hold(at * SECOND) != night.hold(at * SECOND)


def test_quiet_hours_hold_back_low_and_medium_until_their_end_then_there_is_one_digest() -> None:
    desk = Desk(NIGHT, "2026-06-01T23:00:00+02:00")
    low = desk.take(line(alarm="low", priority="low"))
    medium = desk.take(line(alarm="medium", priority="medium"))
    over = desk.take(line("cleared", alarm="low", priority="low"))
    assert steps(low, medium, over, desk.after(7 * 3600 + 3599)) == []
    (digest,) = desk.after(1).notices
    assert [(telling.line.alarm, telling.step) for telling in digest.tellings] == [
        ("medium", Step.RAISED),
        ("low", Step.RAISED),
        ("low", Step.CLEARED),
    ]
    assert digest.why == "held back in quiet hours"
    assert digest.tellings[1].note == "it is over now"
    assert steps(desk.after(599)) == []
    assert told(desk.after(1)) == [("medium", "escalated", 1)]


@pytest.mark.parametrize("priority", ["high", "safety"])
def test_high_and_safety_are_told_and_escalated_at_any_hour(priority: str) -> None:
    desk = Desk(NIGHT, "2026-06-01T23:00:00+02:00")
    assert steps(desk.take(line(priority=priority))) == [("raised", 0)]
    assert steps(desk.after(600)) == [("escalated", 1)]


def test_what_was_raised_before_quiet_hours_is_escalated_after_them() -> None:
    desk = Desk(NIGHT, "2026-06-01T21:55:00+02:00")
    assert steps(desk.take(line(priority="low"))) == [("raised", 0)]
    assert steps(desk.after(3600), desk.after(7 * 3600)) == []
    assert steps(desk.after(3600 + 300)) == [("escalated", 1), ("escalated", 2)]


def test_a_step_of_the_system_clock_moves_no_escalation() -> None:
    desk = Desk()
    desk.take(line())
    desk.hand.step = 3600 * SECOND
    assert steps(desk.after(1)) == []
    desk.hand.step = -3600 * SECOND
    assert steps(desk.after(599)) == [("escalated", 1)]


@pytest.mark.parametrize("behind", [0, 86_400])
def test_a_restart_goes_on_with_the_escalation_also_where_the_clock_was_ahead(behind: int) -> None:
    desk = Desk()
    desk.take(line())
    desk.hand.advance(60 - behind)
    desk.restart()
    waited = 540 if behind == 0 else 600
    assert steps(desk.take(line()), desk.after(waited - 1)) == []
    assert steps(desk.after(1)) == [("escalated", 1)]


def test_what_a_new_core_does_not_hold_is_over() -> None:
    desk = Desk()
    desk.take(line())
    desk.take(line(alarm="other"))
    desk.restart()
    decision = desk.policy.held(HeldLine(held=["other"], run="run-2"), desk.hand())
    assert told(decision) == [("lamp hot", "cleared", 0)]
    assert decision.stopped == ["run-1/lamp hot/1"]
    assert [alarm for alarm, _, _ in told(desk.after(600))] == ["other"]


events = st.tuples(
    st.sampled_from(["a", "b"]),
    st.sampled_from(list(Happening)),
    st.integers(0, 1),
    st.sampled_from([0, 1, 30, 700, 4000]),
    st.booleans(),
)


@given(st.lists(events, max_size=40))
def test_whatever_happens_each_step_is_told_once_and_levels_in_their_order(
    happened: list[tuple[str, Happening, int, int, bool]],
) -> None:
    desk = Desk()
    episodes = Counter({"a": 1, "b": 1})
    decisions: list[Decision] = []
    for alarm, event, later, pause, restarts in happened:
        episodes[alarm] += later
        decisions += [
            desk.take(line(str(event), alarm=alarm, episode=episodes[alarm], priority="low")),
            desk.after(pause),
        ]
        if restarts:
            desk.restart()
    decisions.append(desk.after(60))
    notices: list[Notice] = [notice for decision in decisions for notice in decision.notices]
    keys = [telling.key for notice in notices for telling in notice.tellings]
    assert len(keys) == len(set(keys))
    for episode in {telling.episode for notice in notices for telling in notice.tellings}:
        called = [
            telling.level
            for notice in notices
            for telling in notice.tellings
            if telling.episode == episode and telling.step is Step.ESCALATED
        ]
        assert called == sorted(set(called))


@given(st.lists(events, max_size=30))
def test_whatever_happened_an_alarm_that_nobody_acknowledges_reaches_the_last_level(
    happened: list[tuple[str, Happening, int, int, bool]],
) -> None:
    desk = Desk()
    episodes = Counter({"a": 1, "b": 1})
    for alarm, event, later, pause, _ in happened:
        episodes[alarm] += later
        desk.take(line(str(event), alarm=alarm, episode=episodes[alarm]))
        desk.after(pause)
    desk.after(1800)
    for episode in desk.policy.state.episodes.values():
        assert episode.level == len(DELAYS) or not episode.calls
