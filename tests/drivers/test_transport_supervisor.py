"""The supervision of a link: counts, one log line for each change, and the back-off of the circuit breaker."""

from __future__ import annotations

import logging
from collections.abc import Callable

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.errors import DeviceUnreachable, RemoteProtocolError
from hil_drivers.transport.supervisor import LinkState, LinkStatus, Supervisor


class Time:
    """A wire clock that is moved by hand."""

    def __init__(self) -> None:
        self.now = 1000.0

    def __call__(self) -> float:
        return self.now


@pytest.fixture
def time() -> Time:
    return Time()


@pytest.fixture
def link(time: Time) -> Supervisor:
    made = Supervisor("meter", now=time)
    with made.opening():
        time.now += 0.01
    return made


def fail(link: Supervisor, time: Time, seconds: float) -> None:
    def silent() -> None:
        time.now += seconds
        raise DeviceUnreachable("gone", where="meter")

    with pytest.raises(DeviceUnreachable, match="gone"), link.exchange():
        silent()


def delays(link: Supervisor, time: Time, seconds: float, count: int) -> list[float]:
    """The back-off after each of ``count`` failures that take ``seconds``."""
    found = []
    for _ in range(count):
        fail(link, time, seconds)
        found.append(link.status.next_try)
        time.now += found[-1]
    return found


def test_a_failure_told_at_once_is_tried_again_within_a_second(link: Supervisor, time: Time) -> None:
    expected = [0.0, 0.1, 0.2, 0.4, 0.8, 1.0, 1.0]
    assert delays(link, time, 0.001, 7) == pytest.approx(expected)


def test_a_silent_device_is_tried_again_within_five_seconds(link: Supervisor, time: Time) -> None:
    expected = [0.0, 0.1, 0.2, 0.4, 0.8, 1.6, 3.2, 5.0, 5.0]
    assert delays(link, time, 3.0, 9) == pytest.approx(expected)


def test_too_early_a_try_fails_at_once_and_says_when_the_next_is(link: Supervisor, time: Time) -> None:
    fail(link, time, 3.0)
    fail(link, time, 3.0)
    told = r"meter: gone \(2 times in a row, the first 3\.0 s ago; tried again in 0\.1 s\)"
    with pytest.raises(DeviceUnreachable, match=told), link.exchange():
        raise AssertionError("not admitted")
    assert link.status.unanswered == 2


def test_what_failed_first_is_not_hidden_by_what_fails_later(link: Supervisor) -> None:
    for what in ("the device closed the connection", "connection refused"):
        link.failed(what, 0.0)
    told = r"connection refused \(2 times in a row, the first 0\.0 s ago: the device closed the connection; tried again"
    with pytest.raises(DeviceUnreachable, match=told):
        link.admit()


def test_an_answer_ends_the_back_off(link: Supervisor, time: Time) -> None:
    fail(link, time, 3.0)
    with link.exchange():
        time.now += 0.02
    status = link.status
    assert (status.state, status.exchanges, status.unanswered, status.losses) == (LinkState.UP, 1, 1, 1)
    assert status.latency == pytest.approx(0.02)
    assert delays(link, time, 3.0, 1) == [0.0]


def test_each_change_is_logged_once(link: Supervisor, time: Time, caplog: pytest.LogCaptureFixture) -> None:
    seen: list[LinkStatus] = []
    link.on_change = seen.append
    with caplog.at_level(logging.INFO, "hil_drivers.link"):
        delays(link, time, 0.5, 6)
        with link.exchange():
            pass
        with link.exchange():
            pass
    assert [record.getMessage() for record in caplog.records] == [
        "meter: gone",
        f"meter: answers again after {sum([0.1, 0.2, 0.4, 0.8, 1.6]) + 5 * 0.5:.1f} s",
    ]
    assert [status.state for status in seen] == [LinkState.DOWN, LinkState.UP]


def test_garbage_is_counted_and_does_not_break_the_link(link: Supervisor) -> None:
    with pytest.raises(RemoteProtocolError), link.exchange():
        raise RemoteProtocolError("sent noise", where="meter")
    status = link.status
    assert (status.state, status.garbled, status.last_error, status.next_try) == (LinkState.UP, 1, "sent noise", 0.0)


def test_a_link_closed_on_purpose_is_no_loss(link: Supervisor, caplog: pytest.LogCaptureFixture) -> None:
    link.closed()
    assert (link.status.state, link.status.losses) == (LinkState.CLOSED, 0)
    assert not caplog.records


def test_a_failure_to_open_is_down_and_no_loss(time: Time) -> None:
    link = Supervisor("meter", now=time)
    with pytest.raises(DeviceUnreachable), link.opening():
        raise DeviceUnreachable("cannot be reached", where="meter")
    assert (link.status.state, link.status.losses) == (LinkState.DOWN, 0)


@given(steps=st.lists(st.sampled_from(["answer", "fast", "slow", "garbage", "close"]), max_size=40))
def test_the_back_off_never_exceeds_its_bound(steps: list[str]) -> None:
    time = Time()
    link = Supervisor("meter", now=time)
    act: dict[str, Callable[[], None]] = {
        "answer": lambda: link.answered(0.1),
        "fast": lambda: link.failed("refused", 0.0),
        "slow": lambda: link.failed("silent", 3.0),
        "garbage": lambda: link.missed(),
        "close": link.closed,
    }
    for step in steps:
        act[step]()
        wait = link.status.next_try
        assert 0.0 <= wait <= (5.0 if "slow" in steps else 1.0)
        assert wait == 0.0 or link.status.state is not LinkState.UP


def test_a_device_that_is_silent_when_it_is_opened_again_is_told_once(
    link: Supervisor, time: Time, caplog: pytest.LogCaptureFixture
) -> None:
    """Its port opens well each time; only an answer shows that it is there."""
    caplog.set_level(logging.WARNING, "hil_drivers.link")
    for _ in range(10):
        with link.opening():
            time.now += 0.01
        time.now += link.status.next_try
        fail(link, time, 3.0)
        assert link.state is LinkState.DOWN
        link.closed()
    assert link.status.next_try == pytest.approx(5.0)
    assert [record.getMessage() for record in caplog.records] == ["meter: gone"]
    with link.opening():
        time.now += 5.0
    with link.exchange():
        time.now += 0.01
    assert link.state is LinkState.UP
    assert len(caplog.records) == 2
    assert "answers again after" in caplog.records[1].getMessage()


def test_the_first_gap_of_a_spell_is_told_and_further_ones_are_counted(caplog: pytest.LogCaptureFixture) -> None:
    now = [0.0]
    link = Supervisor("plug", now=lambda: now[0])
    for seconds in (1.0, 30.0, 80.0, 141.0):
        now[0] = seconds
        link.missed(2)
    assert link.status.missed == 8
    told = [record.getMessage() for record in caplog.records]
    assert told == ["plug: 2 of its messages did not come; further ones are counted"] * 2
