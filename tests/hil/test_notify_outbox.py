"""The outbox, the retries, the words: what is kept, when it is tried again, and what is read."""

from __future__ import annotations

import json
import math
import stat
from contextlib import suppress
from pathlib import Path
from typing import Any

import apsw
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.errors import RecordError
from hil.notify.hearing import split
from hil.notify.lines import LONGEST, AlarmLine, HeartbeatLine, encode, parse
from hil.notify.mail import write as write_mail
from hil.notify.moment import HOUR, MINUTE
from hil.notify.notices import Notice, Step, Telling
from hil.notify.outbox import Draft, Message, Outbox
from hil.notify.text import LARGEST_BODY, body, document, measured, subject
from hil.notify.trying import PAUSES, failed, next_try
from hil.notify.vitals import FRESH, STUCK, Vitals
from notifying import SECOND, line

T = 1_800_000_000 * SECOND
DAY = 24 * HOUR


def notice(step: Step = Step.RAISED, level: int = 0, **more: Any) -> Notice:
    told = Telling(step=step, level=level, line=line(**more), occurrence=1, at=T)
    return Notice(level=level, tellings=(told,))


def draft(given_notice: Notice, target: str = "a@example.org", channel: str = "mail") -> Draft:
    return Draft(given_notice, channel, target, "{}")


def put(outbox: Outbox, *drafts: Draft, t: int = T) -> int:
    return outbox.put("{}", drafts, [], t)


def first(outbox: Outbox, t: int = T, channel: str = "mail") -> Message:
    message = outbox.next(channel, t)
    assert message is not None
    return message


def test_a_message_is_put_once_and_carried_by_its_own_channel(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox", T)
    assert put(outbox, draft(notice()), draft(notice(), "b@example.org"), draft(notice(), "webhook", "webhook")) == 3
    assert put(outbox, draft(notice())) == 0
    assert first(outbox).target == "a@example.org"
    assert first(outbox, channel="webhook").target == "webhook"
    assert first(outbox).name != first(outbox, channel="webhook").name
    assert outbox.waiting == 3
    assert stat.S_IMODE((tmp_path / "outbox").stat().st_mode) == 0o600
    outbox.close()


def test_the_most_urgent_goes_first_then_the_oldest(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox", T)
    for number, priority in enumerate(["low", "safety", "high", "safety"]):
        put(outbox, draft(notice(alarm=str(number), priority=priority)), t=T + number)
    seen = []
    while (message := outbox.next("mail", T + 10)) is not None:
        seen.append(message.about.tellings[0].line.alarm)
        outbox.settle(message, "delivered", "", T + 10)
    assert seen == ["1", "3", "2", "0"]
    outbox.close()


def test_what_waits_is_there_for_the_next_process_and_nobody_else_has_it_meanwhile(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox", T)
    outbox.put('{"run": "run-1"}', [draft(notice())], [], T)
    name = first(outbox).name
    outbox.postpone(first(outbox), "451", T + 60 * SECOND)
    with pytest.raises(RecordError, match="another process has the outbox"):
        Outbox(tmp_path / "outbox", T)
    outbox.close()
    again = Outbox(tmp_path / "outbox", T + SECOND)
    assert again.next("mail", T + 59 * SECOND) is None
    message = first(again, T + 60 * SECOND)
    assert (message.name, message.tries, message.created, again.policy) == (name, 1, T, '{"run": "run-1"}')
    again.close()


def test_a_clock_that_was_ahead_holds_nothing_up(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox", T + 1000 * DAY)
    put(outbox, draft(notice()), t=T + 1000 * DAY)
    outbox.close()
    again = Outbox(tmp_path / "outbox", T)
    assert again.next("mail", T + HOUR - 1) is None
    assert first(again, T + HOUR).created == T
    again.close()


def test_what_is_acknowledged_is_escalated_to_nobody_who_is_not_told_yet(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox", T)
    escalated = notice(Step.ESCALATED, 1)
    put(outbox, draft(notice()), draft(escalated, "b@example.org"))
    outbox.put("{}", [], [escalated.tellings[0].episode], T)
    assert outbox.waiting == 1
    assert first(outbox).target == "a@example.org"
    outbox.close()


def test_a_notice_is_lost_once_nobody_gets_it(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox", T)
    put(outbox, draft(notice()), draft(notice(), "b@example.org"))
    outbox.settle(first(outbox), "refused", "550", T)
    assert not outbox.is_lost(notice())
    outbox.settle(first(outbox), "gave up", "451", T)
    assert outbox.is_lost(notice())
    outbox.close()


def test_the_outbox_is_stuck_where_nothing_gets_through(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox", T)
    assert outbox.stuck_since() is None
    put(outbox, draft(notice()), draft(notice(), "b@example.org"))
    assert outbox.stuck_since() == T
    outbox.settle(first(outbox), "delivered", "", T + SECOND)
    assert outbox.stuck_since() is None
    put(outbox, draft(notice(alarm="other")), t=T + 2 * SECOND)
    assert outbox.stuck_since() is None
    outbox.settle(first(outbox), "refused", "550", T + 3 * SECOND)
    assert outbox.stuck_since() == T + 2 * SECOND
    outbox.close()


def test_what_no_channel_carries_any_more_is_withdrawn_and_what_is_old_forgotten(tmp_path: Path) -> None:
    outbox = Outbox(tmp_path / "outbox", T)
    put(outbox, draft(notice()), draft(notice(), "webhook", "webhook"))
    outbox.keep_only(["webhook"], T)
    assert (outbox.next("mail", T), outbox.waiting) == (None, 1)
    outbox.close()
    again = Outbox(tmp_path / "outbox", T + 31 * DAY)
    assert put(again, draft(notice()), t=T + 31 * DAY) == 1
    again.close()


@pytest.mark.parametrize("content", [b"no database at all" * 100, b"other"])
def test_what_is_no_outbox_is_refused_and_left_alone(tmp_path: Path, content: bytes) -> None:
    path = tmp_path / "outbox"
    if content == b"other":
        apsw.Connection(str(path)).execute("CREATE TABLE other (x)")
        content = path.read_bytes()
    else:
        path.write_bytes(content)
    with pytest.raises(RecordError, match="outbox"):
        Outbox(path, T)
    assert path.read_bytes() == content


def test_an_outbox_in_no_folder_is_refused(tmp_path: Path) -> None:
    with pytest.raises(RecordError, match="the outbox cannot be used"):
        Outbox(tmp_path / "none" / "outbox", T)


def test_tries_are_1_2_5_15_30_60_minutes_apart_then_an_hour_for_a_day() -> None:
    now, tries, pauses = T, 0, []
    while (due := next_try(failed(""), tries + 1, T, now)) is not None:
        pauses.append((due - now) // MINUTE)
        now, tries = due, tries + 1
    assert pauses[:8] == [1, 2, 5, 15, 30, 60, 60, 60]
    assert T + DAY - HOUR < now <= T + DAY


@pytest.mark.parametrize(("asked", "minutes"), [(0.0, 1 / 60), (120.0, 2), (1e9, 60)])
def test_a_server_may_say_when_it_is_tried_again_within_an_hour(asked: float, minutes: float) -> None:
    assert next_try(failed("", asked), 1, T, T) == T + round(minutes * MINUTE)


def test_a_subject_says_how_urgent_where_and_what_in_sixty_characters() -> None:
    one = notice(channel="lamp.temperature", what="above its limit\r\nBcc: a@b " + "x" * 100)
    told = subject(one, "bench 1")
    assert told.startswith("[HIGH] bench 1: lamp.temperature: above its limit Bcc: a@b")
    assert len(told) == 60
    assert subject(notice(Step.CLEARED, priority="safety"), "b") == "[SAFETY] b: over: lamp hot"


def test_a_body_says_what_was_measured_and_what_to_do() -> None:
    one = notice(
        Step.ESCALATED,
        1,
        channel="lamp.temperature",
        what="above its limit",
        value=81.2345,
        U=0.8123,
        unit="Cel",
        limit=80,
        since=T,
        guidance="switch the lamp off",
    )
    text = body(one, "bench 1")
    for told in (
        "value:       81.23 ± 0.81 Cel (about 95 %)",
        "limit:       80 Cel",
        "since:       2027-01-15 08:00:00 UTC by the bench's clock",
        "state:       not acknowledged",
        "what to do:  switch the lamp off",
        "run:         run-1",
        "An answer to this message does nothing: acknowledge at the bench, or with: hil ack lamp hot",
    ):
        assert told in text


@pytest.mark.parametrize("U", [None, 0.0, -1.0])
def test_a_value_without_uncertainty_says_so(U: float | None) -> None:  # noqa: N803
    assert measured(line(value=81.2, U=U, unit="Cel")) == "81.2 Cel, uncertainty unknown"
    assert measured(line()) == ""


texts = st.text(max_size=300)


@given(texts, texts, texts, st.floats(allow_nan=False, allow_infinity=False), st.floats(0, 1e300), st.integers())
def test_any_alarm_can_be_written_as_a_mail_and_comes_out_the_same_each_time(
    what: str, alarm: str, bench: str, value: float, uncertainty: float, since: int
) -> None:
    told = line(what=what, value=value, U=uncertainty, since=since, alarm=alarm[:200] or "alarm")
    one = Notice(level=0, tellings=(Telling(step=Step.RAISED, level=0, line=told, occurrence=1, at=T),))
    payload = json.dumps({"subject": subject(one, bench), "body": body(one, bench), "utc": T})
    message = Message(1, "key", "mail", "a@example.org", one, payload, T, 0)
    mails = [write_mail(message, "bench@example.org").as_bytes() for _ in range(2)]
    assert mails[0] == mails[1]
    json.loads(document(one, bench))


def test_a_digest_lists_the_highest_priority_first_and_says_how_much_it_leaves_out() -> None:
    tellings = [
        Telling(
            step=Step.RAISED,
            level=0,
            line=line(alarm=f"alarm {number}", what="x" * 900, priority="low" if number else "safety"),
            occurrence=1,
            at=T,
        )
        for number in reversed(range(300))
    ]
    digest = Notice.of(tellings, "many alarms within a minute")
    assert subject(digest, "b") == "[SAFETY] b: 300 notices: many alarms within a minute"
    text = body(digest, "b")
    assert "[SAFETY]" in text.split("\n- ")[1]
    assert "and 100 more: look at the bench" in text
    sent = document(digest, "b")
    assert len(sent.encode()) <= LARGEST_BODY
    whole = json.loads(sent)
    assert whole["left_out"] + len(whole["alarms"]) == 300
    assert whole["alarms"][0]["priority"] == "safety"


@pytest.mark.parametrize(
    ("text", "why"),
    [
        (b"\xff", "not JSON"),
        (b"[" * 10_000, "not JSON"),
        (b"[]", "not a JSON object"),
        (b"{}", "expected one of event, held, heartbeat, test, end"),
        (b'{"event": "raised", "heartbeat": 1}', "expected one of"),
        (b'{"event": "raised", "alarm": "a"}', "episode: Field required"),
        (b'{"event": "lifted", "alarm": "a", "episode": 1, "priority": "low", "run": ""}', "event: "),
        (b'{"event": "raised", "alarm": "a", "episode": "1", "priority": "low", "run": ""}', "episode: "),
        (b'{"end": "soon"}', "end: "),
        (b" " * (LONGEST + 1), "a line of more than"),
    ],
)
def test_a_line_that_is_none_is_refused_in_a_sentence(text: bytes, why: str) -> None:
    with pytest.raises(ValueError, match=why.replace("[", r"\[")):
        parse(text)


def test_a_line_is_what_the_core_says() -> None:
    text = (
        b'{"event": "raised", "alarm": "a", "episode": 1, "priority": "low", "run": "r", "value": 1, "limit": "a < 1"}'
    )
    assert isinstance(parse(text), AlarmLine)
    assert parse(b'{"heartbeat": 3}\n') == HeartbeatLine(heartbeat=3)


def test_an_alarm_with_a_text_that_does_not_fit_or_a_number_that_is_none_is_told_all_the_same() -> None:
    found = line(what="x" * 5000 + "\ud800", channel="\ud800", guidance="\0" * 5000, value=math.nan, U=math.inf)
    assert (len(found.what), found.channel, found.value, found.U) == (2000, "?", None, None)
    text = b'{"event": "raised", "alarm": "a", "episode": 1, "priority": "low", "run": "", "value": NaN, "limit": NaN}'
    assert parse(text) == line(alarm="a", priority="low", run="")


@given(
    st.builds(
        line,
        **{name: st.text(max_size=3000) for name in ("what", "guidance", "channel", "unit", "by")},
        limit=st.none() | st.floats() | st.text(max_size=3000),
        value=st.none() | st.floats(),
        number=st.integers(0, 2**62),
    )
)
def test_what_the_core_writes_the_child_reads(written: AlarmLine) -> None:
    assert parse(encode(written)) == written


@given(st.binary(max_size=300))
def test_no_bytes_upset_the_reader(text: bytes) -> None:
    with suppress(ValueError):
        parse(text)


@given(st.lists(st.binary(max_size=20).filter(lambda text: b"\n" not in text)), st.lists(st.integers(1, 30)))
def test_lines_are_the_same_however_they_come(texts: list[bytes], cuts: list[int]) -> None:
    data, found, buffer = b"".join(text + b"\n" for text in texts), [], b""
    for cut in [*cuts, len(data)]:
        new, buffer = split(buffer, data[:cut])
        data = data[cut:]
        found += new
    assert found == texts


def test_a_line_without_end_fills_no_memory_and_is_refused() -> None:
    buffer = b""
    for _ in range(100):
        new, buffer = split(buffer, b"x" * 65536)
        assert not new
    assert len(buffer) == LONGEST + 1
    (told,), _ = split(buffer, b"\n")
    with pytest.raises(ValueError, match="a line of more than"):
        parse(told)


def test_all_is_well_only_while_the_supervisor_ticks_the_record_takes_and_somebody_can_be_told() -> None:
    vitals = Vitals()
    assert vitals.fault(T, None) == "the supervisor does not tick"
    vitals.heard(HeartbeatLine(heartbeat=1), T)
    assert vitals.fault(T + FRESH, None) == ""
    vitals.heard(HeartbeatLine(heartbeat=1), T + FRESH)
    assert vitals.fault(T + FRESH + 1, None) == "the supervisor does not tick"
    vitals.heard(HeartbeatLine(heartbeat=2, recording=False), T + FRESH)
    assert vitals.fault(T + FRESH, None) == "the record takes nothing"
    vitals.heard(HeartbeatLine(heartbeat=3), T + FRESH)
    assert vitals.fault(T + FRESH, T + FRESH - STUCK) == ""
    assert vitals.fault(T + FRESH, T + FRESH - STUCK - 1) == "nobody can be told of alarms"


def test_every_pause_is_longer_than_the_one_before() -> None:
    assert list(PAUSES) == sorted(set(PAUSES))
