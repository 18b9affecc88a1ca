"""What a bench is to run, one after the other: edited while it works, and kept on disk.

A queue that was working when its process ended does not go on by itself: somebody has to look at the rig first.
"""

from __future__ import annotations

import json
import os
import secrets
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from types import MappingProxyType
from typing import Any, Literal, get_args

from ..ending import ABORTED, COMPLETE, FAILED, STOPPED, TRIPPED
from ..errors import RecordError, UsageError
from .disk import Disk

Status = Literal["waiting", "running", "done", "failed", "stopped", "aborted", "tripped", "cut off"]
"""``stopped`` and ``aborted`` by a person, ``tripped`` by an interlock: such a run has not failed."""

AS_ENDED: Mapping[str, Status] = MappingProxyType(
    {COMPLETE: "done", FAILED: "failed", STOPPED: "stopped", ABORTED: "aborted", TRIPPED: "tripped"}
)
"""What an item is by how its run has ended."""

MOST_WAITING = 1000
LONGEST = 500_000
"""Characters of procedures and settings that may wait in all: every screen is sent all of them."""

MOST_ENDED = 50
"""Items that have ended and are still shown."""

FORMAT = 1


@dataclass
class Item:
    """One run that is wanted.

    :param settings: parameters of the procedure, as text.
    :param seed: of its order and its simulated world; the bench file's, or a new one, by default.
    :param speed: bench seconds per second of a simulated bench; ``None`` for as fast as it goes.
    :param command_id: of the command that added it, with the ``request_sha256``: where the process is killed before
        its journal says so, the command is known all the same, and does not add it twice.
    """

    id: str
    procedure: str
    settings: dict[str, str]
    operator: str
    seed: int | None = None
    speed: float | None = None
    status: Status = "waiting"
    verdict: str = ""
    run: str = ""
    error: str = ""
    command_id: str = ""
    request_sha256: str = ""

    def to_json(self) -> dict[str, Any]:
        """The item as it is kept; a screen needs all but the command."""
        return dict(vars(self))

    @property
    def length(self) -> int:
        """Characters of what its operator gave."""
        return len(self.procedure) + sum(len(name) + len(value) for name, value in self.settings.items())


_OF_COMMAND = ("command_id", "request_sha256")


@dataclass
class _Kept:
    revision: int = 0
    items: list[Item] = field(default_factory=list)


class RunQueue:
    """The queue of one bench.

    :param path: the file in which it is kept.
    :param disk: what writes.
    :param changed: told after each change.
    :raises RecordError: if ``path`` holds something else.
    """

    def __init__(self, path: Path, disk: Disk, changed: Callable[[], object] = lambda: None) -> None:
        self._path, self._disk, self._changed = path, disk, changed
        self._kept = _read(path)
        for item in self._kept.items:
            if item.status == "running":
                item.status, item.error = "cut off", "the service ended while it ran"
        self._shown: tuple[int, list[dict[str, Any]]] = (-1, [])
        self.working = False
        """Whether the next item is begun when the one before has ended."""

    @property
    def revision(self) -> int:
        """It grows with each change."""
        return self._kept.revision

    @property
    def items(self) -> list[Item]:
        """What has ended, what runs, and what waits, in this order."""
        return list(self._kept.items)

    @property
    def waiting(self) -> list[Item]:
        """What waits, the next one first."""
        return [item for item in self._kept.items if item.status == "waiting"]

    @property
    def runs(self) -> bool:
        """Whether an item runs."""
        return any(item.status == "running" for item in self._kept.items)

    def to_json(self) -> dict[str, Any]:
        """The queue as a screen needs it."""
        if self._shown[0] != self.revision:  # screens look ten times in a second
            self._shown = (self.revision, [_shown(item) for item in self._kept.items])
        return {"revision": self.revision, "working": self.working, "items": self._shown[1]}

    def given(self) -> list[dict[str, Any]]:
        """The commands that added its items."""
        return [{"item": item.id, **{name: getattr(item, name) for name in _OF_COMMAND}} for item in self._kept.items]

    def add(
        self,
        procedure: str,
        settings: Mapping[str, str],
        operator: str,
        *,
        seed: int | None = None,
        speed: float | None = None,
        position: int | None = None,
        revision: int | None = None,
        command_id: str = "",
        digest: str = "",
    ) -> Item:
        """Put an item among those that wait, at ``position`` (0 is the next one) or last.

        :raises UsageError: if the queue is full, or not at ``revision`` any more.
        """
        self._require(revision)
        if len(self.waiting) >= MOST_WAITING:
            raise UsageError(f"{MOST_WAITING} items wait already", where="queue", remedy="remove some first")
        item = Item(secrets.token_hex(4), procedure, dict(settings), operator, seed, speed)
        item.command_id, item.request_sha256 = command_id, digest
        if item.length + sum(each.length for each in self.waiting) > LONGEST:
            raise UsageError("the queue is too long to be shown", where="queue", remedy="remove some first")
        self._insert(item, position)
        self._save()
        return item

    def remove(self, item_id: str, *, revision: int | None = None) -> Item:
        """Take an item out that does not run; one that has ended is not shown any more.

        :raises UsageError: if there is none, or it runs, or the queue is not at ``revision`` any more.
        """
        self._require(revision)
        item = self._find(item_id)
        if item.status == "running":
            raise UsageError("runs already", where=item_id, remedy="end the run with hil abort")
        self._kept.items.remove(item)
        self._save()
        return item

    def move(self, item_id: str, position: int, *, revision: int | None = None) -> Item:
        """Put an item that waits at another position, 0 for the next one.

        :raises UsageError: if there is none that waits, or the queue is not at ``revision`` any more.
        """
        self._require(revision)
        item = self._find(item_id)
        if item.status != "waiting":
            raise UsageError(f"does not wait: it is {item.status}", where=item_id, remedy="look at hil queue list")
        self._kept.items.remove(item)
        self._insert(item, position)
        self._save()
        return item

    def work(self, *, on: bool) -> None:
        """Begin to work items off, or stop after the one that runs."""
        if self.working != on:
            self.working = on
            self._save()

    def begin(self) -> Item | None:
        """The next item, which runs from now on; ``None`` where nothing is to be done."""
        if not self.working or not self.waiting:
            return None
        item = self.waiting[0]
        item.status = "running"
        self._save()
        return item

    def named(self, item: Item, run: str) -> None:
        """The run that ``item`` has become."""
        item.run = run
        self._save()

    def end(self, item: Item, status: Status, *, verdict: str = "", error: str = "") -> None:
        """``item`` has ended; where it is not done the queue is held, as what comes next may need what it was to do."""
        item.status, item.verdict, item.error = status, verdict, error
        if status != "done" or not self.waiting:
            self.working = False
        ended = [each for each in self._kept.items if each.status not in ("waiting", "running")]
        for old in ended[:-MOST_ENDED]:
            self._kept.items.remove(old)
        self._save()

    def _require(self, revision: int | None) -> None:
        if revision is not None and revision != self.revision:
            fault = f"somebody has changed it since: it is at revision {self.revision}, not {revision}"
            raise UsageError(fault, where="queue", remedy="look at it again")

    def _find(self, item_id: str) -> Item:
        for item in self._kept.items:
            if item.id == item_id:
                return item
        raise UsageError(f"there is no item {item_id!r}", where="queue", remedy="look at hil queue list")

    def _insert(self, item: Item, position: int | None) -> None:
        waiting = self.waiting
        if position is None or position >= len(waiting):
            self._kept.items.append(item)
        else:
            self._kept.items.insert(self._kept.items.index(waiting[max(0, position)]), item)

    def _save(self) -> None:
        self._kept.revision += 1
        self.keep()
        self._changed()

    def keep(self) -> None:
        """Write it to disk as it is now: once more, where it could not be written when it changed."""
        self._disk.do(_replace, self._path, self.revision, [item.to_json() for item in self._kept.items])


def _shown(item: Item) -> dict[str, Any]:
    return {name: value for name, value in item.to_json().items() if name not in _OF_COMMAND}


def _replace(path: Path, revision: int, items: Sequence[dict[str, Any]]) -> None:
    """Write the queue to ``path``, one item in a line: whole, or not at all."""
    lines = ",\n".join(json.dumps(item) for item in items)
    text = f'{{"format": {FORMAT}, "revision": {revision}, "items": [\n{lines}\n]}}\n'
    beside = path.with_suffix(".new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        with beside.open("w", encoding="utf-8") as file:
            file.write(text)
            file.flush()
            os.fsync(file.fileno())
        beside.replace(path)
    except OSError as error:
        raise RecordError(f"cannot be written ({error.strerror})", where=str(path)) from None


def _read(path: Path) -> _Kept:
    try:
        document = json.loads(path.read_text(encoding="utf-8"))
        if document["format"] != FORMAT:
            raise ValueError(f"format {document['format']}")
        return _Kept(int(document["revision"]), [_item(item) for item in document["items"]])
    except FileNotFoundError:
        return _Kept()
    except (OSError, ValueError, KeyError, TypeError, AttributeError, RecursionError) as error:
        raise RecordError(f"is no queue of this version ({error})", where=str(path), remedy="move it away") from None


def _item(fields: Any) -> Item:
    item = Item(**fields)
    texts = [item.id, item.procedure, item.operator, *item.settings, *item.settings.values()]
    if item.status not in get_args(Status) or not all(isinstance(text, str) for text in texts):
        raise ValueError(f"item {item.id!r}")
    return item
