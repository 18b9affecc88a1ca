"""The lease: one client in command, for as long as it says that it is there; nobody acts on one that has ended."""

from __future__ import annotations

from typing import Any

import pytest

from hil.errors import UsageError
from hil.lease import ANSWER_WITHIN, TTL, Leases


class Scene:
    """Leases on a clock that the test moves."""

    def __init__(self, epoch: int = 0) -> None:
        self.now = 100.0
        self.told: list[tuple[str, dict[str, Any]]] = []
        self.leases = Leases(
            lambda kind, data: self.told.append((kind, data)),
            epoch=epoch,
            monotonic=lambda: self.now,
            wall=lambda: round(self.now * 1e9),
        )

    @property
    def kinds(self) -> list[str]:
        return [kind for kind, _ in self.told]


def test_one_client_is_in_command_and_another_is_told_who() -> None:
    scene = Scene()
    scene.leases.require("")
    lease = scene.leases.take("A", "console 1")
    with pytest.raises(UsageError, match=r"A \(console 1\) is in command"):
        scene.leases.take("B", "console 2")
    with pytest.raises(UsageError, match="is in command"):
        scene.leases.require("")
    scene.leases.require(lease.secret)
    assert lease.secret not in str(scene.leases.to_json())
    assert lease.secret not in str(scene.told)


def test_a_holder_that_is_not_heard_loses_it_and_its_late_command_is_refused() -> None:
    scene = Scene()
    late = scene.leases.take("A", "")
    scene.now += TTL - 0.1
    scene.leases.renew(late.secret)
    scene.now += TTL
    assert scene.leases.held is None
    assert scene.told[-1][1] == {
        "holder": "A",
        "epoch": 1,
        "how": "expired",
        "reason": "A has not been heard for 15 s",
    }
    scene.leases.take("B", "")
    for act in (scene.leases.require, scene.leases.renew, scene.leases.release):
        with pytest.raises(UsageError, match="this lease has ended"):
            act(late.secret)
    scene.now += TTL
    with pytest.raises(UsageError, match="this lease has ended"):
        scene.leases.require(late.secret)


def test_the_epoch_grows_also_after_another_process() -> None:
    scene = Scene(epoch=41)
    first = scene.leases.take("A", "")
    scene.leases.release(first.secret)
    assert (first.epoch, scene.leases.take("A", "").epoch) == (42, 43)


def test_an_offer_is_taken_by_whom_it_is_for() -> None:
    scene = Scene()
    mine = scene.leases.take("A", "")
    scene.leases.request("B")
    scene.leases.offer(mine.secret, "B")
    with pytest.raises(UsageError, match="is in command"):
        scene.leases.take("C", "")
    assert scene.leases.take("B", "").holder == "B"
    assert scene.kinds == ["lease", "lease requested", "lease offered", "lease"]


def test_an_offer_that_nobody_takes_is_over_and_the_holder_stays() -> None:
    scene = Scene()
    mine = scene.leases.take("A", "")
    scene.leases.offer(mine.secret, "B")
    for _ in range(7):
        scene.now += ANSWER_WITHIN / 6
        scene.leases.renew(mine.secret)
    with pytest.raises(UsageError, match="is in command"):
        scene.leases.take("B", "")


def test_a_request_that_is_not_answered_frees_it_and_one_that_is_refused_does_not() -> None:
    scene = Scene()
    mine = scene.leases.take("A", "")
    scene.leases.request("B")
    scene.leases.offer(mine.secret, "")
    for _ in range(7):
        scene.now += ANSWER_WITHIN / 6
        scene.leases.renew(mine.secret)
    scene.leases.request("B")
    for _ in range(5):
        scene.now += ANSWER_WITHIN / 6
        scene.leases.renew(mine.secret)
    scene.now += ANSWER_WITHIN / 6
    assert scene.leases.held is None
    assert scene.kinds[-1] == "lease ended"


def test_an_override_needs_a_reason_and_the_loser_is_told_first() -> None:
    scene = Scene()
    scene.leases.take("A", "")
    with pytest.raises(UsageError, match="without a reason"):
        scene.leases.override("R", "", " ")
    assert scene.leases.override("R", "", "A fainted").holder == "R"
    assert scene.kinds == ["lease", "lease lost", "lease"]
    assert scene.told[1][1] == {"holder": "A", "epoch": 1, "by": "R", "reason": "A fainted"}


def test_nothing_is_requested_of_nobody() -> None:
    with pytest.raises(UsageError, match="nobody is in command"):
        Scene().leases.request("B")


def test_whoever_asks_again_and_again_does_not_keep_it_from_being_free() -> None:
    scene = Scene()
    mine = scene.leases.take("A", "")
    for number in range(6):
        scene.leases.request("BC"[number % 2])
        scene.now += ANSWER_WITHIN / 6
        if number < 5:
            scene.leases.renew(mine.secret)
    assert scene.leases.held is None
    assert "did not answer B" in scene.told[-1][1]["reason"]


def test_a_request_does_not_take_away_what_is_offered_to_another() -> None:
    scene = Scene()
    mine = scene.leases.take("A", "")
    scene.leases.offer(mine.secret, "B")
    with pytest.raises(UsageError, match="it is offered to B"):
        scene.leases.request("C")
    assert scene.leases.take("B", "").holder == "B"


def test_a_clock_that_is_set_by_an_hour_ends_no_lease_and_keeps_none() -> None:
    now, wall = 100.0, 10**18
    leases = Leases(lambda *_: None, monotonic=lambda: now, wall=lambda: wall)
    mine = leases.take("A", "")
    for step in (3600 * 10**9, -7200 * 10**9):
        wall += step
        leases.require(mine.secret)
    now += TTL
    assert leases.held is None
