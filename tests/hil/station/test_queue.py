"""The queue of a bench: edited while it works, kept on disk, and never going on by itself after a crash."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from pathlib import Path
from tempfile import TemporaryDirectory

import pytest
from hypothesis import settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, invariant, rule

from hil.ending import ENDINGS
from hil.errors import RecordError, UsageError
from hil.station.disk import Disk
from hil.station.queue import AS_ENDED, MOST_ENDED, RunQueue


@pytest.fixture
def disk() -> Iterator[Disk]:
    made = Disk()
    yield made
    made.close()


async def test_items_are_worked_off_in_their_order_and_kept(tmp_path: Path, disk: Disk) -> None:
    queue = RunQueue(tmp_path / "queue.json", disk)
    first, second = queue.add("a", {"x": "1"}, "A"), queue.add("b", {}, "A")
    third = queue.add("c", {}, "A", position=0)
    assert queue.begin() is None
    queue.work(on=True)
    running = queue.begin()
    assert running is not None
    assert running.id == third.id
    queue.named(running, "run-c")
    queue.end(running, "done", verdict="PASS")
    queue.move(second.id, 0)
    queue.remove(first.id)
    await disk.flush()
    again = RunQueue(tmp_path / "queue.json", disk)
    assert [(item.procedure, item.status, item.verdict, item.run) for item in again.items] == [
        ("c", "done", "PASS", "run-c"),
        ("b", "waiting", "", ""),
    ]
    assert (again.working, again.revision) == (False, queue.revision)


async def test_what_ran_when_the_service_was_killed_is_cut_off(tmp_path: Path, disk: Disk) -> None:
    queue = RunQueue(tmp_path / "queue.json", disk)
    queue.add("a", {}, "A")
    queue.add("b", {}, "A")
    queue.work(on=True)
    queue.begin()
    await disk.flush()
    again = RunQueue(tmp_path / "queue.json", disk)
    assert [item.status for item in again.items] == ["cut off", "waiting"]
    assert again.begin() is None


def test_a_run_that_fails_holds_the_queue(tmp_path: Path, disk: Disk) -> None:
    queue = RunQueue(tmp_path / "queue.json", disk)
    queue.add("a", {}, "A")
    queue.add("b", {}, "A")
    queue.work(on=True)
    item = queue.begin()
    assert item is not None
    queue.end(item, "failed", error="a device is lost")
    assert not queue.working
    assert queue.begin() is None


def test_an_edit_of_somebody_who_has_not_seen_the_last_one_is_refused(tmp_path: Path, disk: Disk) -> None:
    queue = RunQueue(tmp_path / "queue.json", disk)
    item = queue.add("a", {}, "A")
    seen = queue.revision
    queue.add("b", {}, "B")
    edits: list[Callable[[], object]] = [
        lambda: queue.remove(item.id, revision=seen),
        lambda: queue.move(item.id, 1, revision=seen),
        lambda: queue.add("c", {}, "A", revision=seen),
    ]
    for edit in edits:
        with pytest.raises(UsageError, match="somebody has changed it since"):
            edit()
    assert [each.procedure for each in queue.items] == ["a", "b"]


def test_what_runs_or_is_not_there_is_not_edited(tmp_path: Path, disk: Disk) -> None:
    queue = RunQueue(tmp_path / "queue.json", disk)
    item = queue.add("a", {}, "A")
    queue.work(on=True)
    queue.begin()
    with pytest.raises(UsageError, match="runs already"):
        queue.remove(item.id)
    with pytest.raises(UsageError, match="does not wait"):
        queue.move(item.id, 0)
    with pytest.raises(UsageError, match="there is no item"):
        queue.remove("0")


def test_the_queue_has_an_end(tmp_path: Path, disk: Disk, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("hil.station.queue.MOST_WAITING", 3)
    queue = RunQueue(tmp_path / "queue.json", disk)
    for _ in range(3):
        queue.add("a", {}, "A")
    with pytest.raises(UsageError, match="wait already"):
        queue.add("a", {}, "A")


ITEM = '{"id": "a", "procedure": "p", "settings": %s, "operator": "A", "status": "%s"}'


@pytest.mark.parametrize(
    "text",
    [
        "",
        "{}",
        "[" * 100_000,
        '{"format": 2}',
        '{"format": 1, "revision": 1, "items": [{"x": 1}]}',
        '{"format": 1, "revision": 1, "items": [5]}',
        '{"format": 1, "revision": 1, "items": [' + ITEM % ("5", "waiting") + "]}",
        '{"format": 1, "revision": 1, "items": [' + ITEM % ('{"x": 1}', "waiting") + "]}",
        '{"format": 1, "revision": 1, "items": [' + ITEM % ("{}", "flying") + "]}",
        "[",
    ],
)
def test_a_file_that_is_no_queue_is_refused_and_left(tmp_path: Path, disk: Disk, text: str) -> None:
    path = tmp_path / "queue.json"
    path.write_text(text)
    with pytest.raises(RecordError, match="is no queue of this version"):
        RunQueue(path, disk)
    assert path.read_text() == text


def test_a_queue_that_no_screen_could_show_is_refused(tmp_path: Path, disk: Disk) -> None:
    queue = RunQueue(tmp_path / "queue.json", disk)
    for _ in range(166):
        queue.add("p", {"x": "y" * 3000}, "A")
    with pytest.raises(UsageError, match="too long to be shown"):
        queue.add("p", {"x": "y" * 3000}, "A")


async def test_the_command_that_added_an_item_is_kept_with_it_and_not_shown(tmp_path: Path, disk: Disk) -> None:
    queue = RunQueue(tmp_path / "queue.json", disk)
    item = queue.add("p", {}, "A", command_id="c", digest="d")
    await disk.flush()
    again = RunQueue(tmp_path / "queue.json", disk)
    assert again.given() == [{"item": item.id, "command_id": "c", "request_sha256": "d"}]
    assert "c" not in again.to_json()["items"][0].values()


async def test_a_disk_that_takes_nothing_is_told(tmp_path: Path, disk: Disk) -> None:
    folder = tmp_path / "runs"
    folder.write_text("a file where a folder should be")
    queue = RunQueue(tmp_path / "queue.json", disk)
    queue._path = folder / "queue.json"
    queue.add("a", {}, "A")
    with pytest.raises(RecordError, match="cannot be written"):
        await disk.flush()
    folder.unlink()
    queue.keep()
    await disk.flush()
    assert [item.procedure for item in RunQueue(folder / "queue.json", disk).items] == ["a"]


class Edits(RuleBasedStateMachine):
    """Whatever is done to a queue, the one that is read back is the same, and at most one item runs."""

    def __init__(self) -> None:
        super().__init__()
        self._folder = TemporaryDirectory()
        self._disk = Disk()
        self._path = Path(self._folder.name) / "queue.json"
        self.queue = RunQueue(self._path, self._disk)

    def teardown(self) -> None:
        self._disk.close()
        self._folder.cleanup()

    @rule(position=st.none() | st.integers(0, 5))
    def add(self, position: int | None) -> None:
        self.queue.add("p", {}, "A", position=position)

    @rule(n=st.integers(0, 10), position=st.integers(0, 10))
    def move(self, n: int, position: int) -> None:
        waiting = self.queue.waiting
        if waiting:
            item = waiting[n % len(waiting)]
            self.queue.move(item.id, position)
            assert self.queue.waiting.index(item) == min(position, len(waiting) - 1)

    @rule(n=st.integers(0, 10))
    def remove(self, n: int) -> None:
        movable = [item for item in self.queue.items if item.status != "running"]
        if movable:
            self.queue.remove(movable[n % len(movable)].id)

    @rule(ending=st.sampled_from(ENDINGS))
    def run_one(self, ending: str) -> None:
        self.queue.work(on=True)
        before = self.queue.waiting
        item = self.queue.begin()
        assert (item is None) == (not before)
        if item is not None:
            assert item is before[0]
            self.queue.end(item, AS_ENDED[ending])
            assert self.queue.working == (ending == "complete" and bool(self.queue.waiting))

    @invariant()
    def is_kept(self) -> None:
        self._disk.do(lambda: None)
        future = self._disk._last
        assert future is not None
        future.result()
        again = RunQueue(self._path, self._disk)
        assert again.items == self.queue.items
        assert len([item for item in again.items if item.status not in ("waiting", "running")]) <= MOST_ENDED


Edits.TestCase.settings = settings(max_examples=15, stateful_step_count=10, deadline=None)
test_edits = Edits.TestCase
