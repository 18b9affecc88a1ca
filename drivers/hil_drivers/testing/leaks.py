"""What a process holds: descriptors, threads, tasks, child processes; and what is left of it."""

from __future__ import annotations

import asyncio
import os
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path

GRACE = 5.0
"""Seconds of wall time in which what was let go may still go."""

_OWN = "asyncio_"
"""Threads that the event loop makes for itself, and keeps."""


@dataclass(frozen=True, slots=True)
class Holdings:
    """What this process holds, each as ``(kind, identity, description)``."""

    items: frozenset[tuple[str, str, str]]

    @classmethod
    def now(cls) -> Holdings:
        """Of this moment. Descriptors, native threads and children are known where there is ``/proc``."""
        return cls(frozenset((*_descriptors(), *_threads(), *_tasks(), *_children())))

    def since(self, earlier: Holdings) -> list[str]:
        """What has come since ``earlier``, in words; what took the place of another of its sort did not come."""
        gone = Counter(_sort(kind, what) for kind, _, what in earlier.items - self.items)
        come = []
        for kind, _, what in sorted(self.items - earlier.items):
            if gone[_sort(kind, what)]:
                gone[_sort(kind, what)] -= 1
            else:
                come.append(f"{kind} {what}")
        return come


def _sort(kind: str, what: str) -> tuple[str, str]:
    """Sockets and pipes are one sort each, whatever their number."""
    return kind, what.partition(":[")[0]


async def left_since(earlier: Holdings, fewer_than: int) -> list[str]:
    """What is left since ``earlier`` once that is fewer than ``fewer_than``, or the grace is over."""
    loop = asyncio.get_running_loop()
    deadline = loop.time() + GRACE
    while True:
        left = Holdings.now().since(earlier)
        if len(left) < fewer_than or loop.time() > deadline:
            return left
        await asyncio.sleep(0.02)


def _descriptors() -> Iterator[tuple[str, str, str]]:
    for path in _entries(Path("/proc/self/fd")):
        with suppress(OSError):
            target = str(path.readlink())
            yield "descriptor", f"{path.name} {target}", target


def _threads() -> Iterator[tuple[str, str, str]]:
    known = {str(thread.native_id): thread.name for thread in threading.enumerate()}
    for number in {*known, *(path.name for path in _entries(Path("/proc/self/task")))}:
        name = known.get(number, "of a library")
        if not name.startswith(_OWN):
            yield "thread", number, name


def _tasks() -> Iterator[tuple[str, str, str]]:
    current = asyncio.current_task()
    for task in asyncio.all_tasks():
        if task is not current and not task.done():
            yield "task", str(id(task)), task.get_name()


def _children() -> Iterator[tuple[str, str, str]]:
    """Child processes, those that ended and were not waited for included."""
    own = str(os.getpid())
    for stat in Path("/proc").glob("[0-9]*/stat"):
        with suppress(OSError):
            head, _, rest = stat.read_text(errors="replace").rpartition(")")
            if rest.split()[1] == own:
                yield "process", stat.parent.name, head.partition("(")[2]


def _entries(folder: Path) -> list[Path]:
    return list(folder.iterdir()) if folder.is_dir() else []
