"""The outbox: what is to be told, on disk before anybody is told; it outlives the process."""

from __future__ import annotations

import hashlib
import os
from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import apsw

from hil_drivers.clock import NANOSECONDS

from ..errors import RecordError
from ..record.sqlite import check_version
from .notices import Notice, Step
from .trying import LONGEST_PAUSE

KEPT = 30 * 86_400 * NANOSECONDS
"""For how long, in ns, it is remembered what became of a notice."""

_VERSION = 1

_SCHEMA = f"""
CREATE TABLE message (
    id INTEGER PRIMARY KEY,
    dedup TEXT NOT NULL UNIQUE,
    notice TEXT NOT NULL,
    channel TEXT NOT NULL,
    target TEXT NOT NULL,
    urgency INTEGER NOT NULL,
    calling TEXT NOT NULL,
    about TEXT NOT NULL,
    payload TEXT NOT NULL,
    created INTEGER NOT NULL,
    due INTEGER NOT NULL,
    tries INTEGER NOT NULL DEFAULT 0,
    state TEXT NOT NULL DEFAULT 'waiting',
    error TEXT NOT NULL DEFAULT '',
    settled INTEGER
) STRICT;
CREATE INDEX waiting ON message (channel, due) WHERE state = 'waiting';
CREATE INDEX notice ON message (notice);
CREATE TABLE policy (id INTEGER PRIMARY KEY CHECK (id = 1), state TEXT NOT NULL) STRICT;
PRAGMA user_version = {_VERSION};
"""

_MESSAGE = "id, dedup, channel, target, about, payload, created, tries"


@dataclass(frozen=True, slots=True)
class Message:
    """One notice to one target: a mail address, or the webhook. ``created`` in ns."""

    id: int
    dedup: str
    channel: str
    target: str
    about: Notice
    payload: str
    created: int
    tries: int

    @property
    def name(self) -> str:
        """The same for every try, so that who gets it twice sees that it is one."""
        return hashlib.sha256(self.dedup.encode("utf-8", "replace")).hexdigest()[:32]


@dataclass(frozen=True, slots=True)
class Draft:
    """What is to be put into the outbox: a notice to one target, as it is to be sent."""

    notice: Notice
    channel: str
    target: str
    payload: str


class Outbox:
    """The outbox at ``path``; one process at a time has it.

    :param t: the present time in ns.
    :raises RecordError: if it cannot be opened, another process has it, or it is none.
    """

    def __init__(self, path: Path, t: int) -> None:
        check_version()
        self._path = path
        with self._failing():
            os.close(os.open(path, os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600))
            self._db = apsw.Connection(str(path), flags=apsw.SQLITE_OPEN_READWRITE)
            self._prepare(t)

    def _prepare(self, t: int) -> None:
        version = self._db.pragma("user_version")
        is_new = version == 0 and self._db.pragma("schema_version") == 0
        if not is_new and version != _VERSION:
            raise RecordError(
                "is no outbox of this version of hil",
                where=str(self._path),
                remedy="move it away; what it still holds is then not told",
            )
        for pragma, value in (("locking_mode", "exclusive"), ("journal_mode", "wal"), ("synchronous", "full")):
            self._db.pragma(pragma, value)
        with self._db:
            if is_new:
                self._db.execute(_SCHEMA)
            self._db.execute("DELETE FROM message WHERE state != 'waiting' AND settled < ?", (t - KEPT,))
            self._db.execute("UPDATE message SET created = min(created, ?1) WHERE state = 'waiting'", (t,))
            latest = t + LONGEST_PAUSE * NANOSECONDS
            self._db.execute("UPDATE message SET due = ?1 WHERE state = 'waiting' AND due > ?1", (latest,))

    def close(self) -> None:
        """Leave it to the next process."""
        self._db.close()

    def keep_only(self, channels: Sequence[str], t: int) -> None:
        """What waits for another channel is withdrawn: nobody carries it any more."""
        marks = ", ".join("?" * len(channels))
        with self._failing(), self._db:
            self._db.execute(
                "UPDATE message SET state = 'withdrawn', settled = ? "
                f"WHERE state = 'waiting' AND channel NOT IN ({marks})",
                (t, *channels),
            )

    @property
    def policy(self) -> str:
        """What the policy remembered last, as it was put; empty at first."""
        with self._failing():
            row = self._db.execute("SELECT state FROM policy").fetchone()
        return row[0] if row else ""

    def put(self, policy: str, drafts: Iterable[Draft], stopped: Iterable[str], t: int) -> int:
        """What follows from one decision, all of it or nothing; how many messages are new.

        :param policy: what the policy remembers.
        :param stopped: episodes to which nobody is to be called any more.
        """
        with self._failing(), self._db:
            before = self._db.total_changes()
            for draft in drafts:
                self._db.execute(
                    "INSERT OR IGNORE INTO message "
                    "(dedup, notice, channel, target, urgency, calling, about, payload, created, due) "
                    "VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)",
                    _row(draft, t),
                )
            new = self._db.total_changes() - before
            self._db.executemany(
                "UPDATE message SET state = 'withdrawn', settled = ? WHERE state = 'waiting' AND calling = ?",
                [(t, episode) for episode in stopped],
            )
            self._db.execute("INSERT INTO policy VALUES (1, ?1) ON CONFLICT DO UPDATE SET state = ?1", (policy,))
        return new

    def next(self, channel: str, t: int) -> Message | None:
        """What is to be tried first at ``t``: the highest priority, then the oldest."""
        with self._failing():
            row = self._db.execute(
                f"SELECT {_MESSAGE} FROM message WHERE state = 'waiting' AND channel = ? AND due <= ? "
                "ORDER BY urgency DESC, due, id LIMIT 1",
                (channel, t),
            ).fetchone()
        if row is None:
            return None
        number, dedup, channel, target, about, payload, created, tries = row
        return Message(number, dedup, channel, target, Notice.model_validate_json(about), payload, created, tries)

    def settle(self, message: Message, state: str, error: str, t: int) -> None:
        """It is delivered, refused or given up; withdrawn meanwhile or not."""
        with self._failing(), self._db:
            self._db.execute(
                "UPDATE message SET state = ?, error = ?, settled = ?, tries = tries + 1 WHERE id = ?",
                (state, error, t, message.id),
            )

    def postpone(self, message: Message, error: str, due: int) -> None:
        """It is tried again at ``due``."""
        with self._failing(), self._db:
            self._db.execute(
                "UPDATE message SET due = ?, error = ?, tries = tries + 1 WHERE id = ?", (due, error, message.id)
            )

    def is_lost(self, notice: Notice) -> bool:
        """Whether ``notice`` has reached nobody, and never will."""
        with self._failing():
            states = self._db.execute("SELECT state FROM message WHERE notice = ?", (notice.key,)).fetchall()
        return bool(states) and all(state in ("refused", "gave up") for (state,) in states)

    @property
    def waiting(self) -> int:
        """How many messages wait to be tried, or tried again."""
        with self._failing():
            return int(self._db.execute("SELECT count(*) FROM message WHERE state = 'waiting'").get)

    def stuck_since(self) -> int | None:
        """The time, in ns, of the oldest notice that waits, if nothing at all has got through since; else ``None``."""
        with self._failing():
            oldest, last = self._db.execute(
                "SELECT (SELECT min(created) FROM message WHERE state = 'waiting'), "
                "(SELECT max(settled) FROM message WHERE state = 'delivered')"
            ).fetchone() or (None, None)
        return None if oldest is None or (last is not None and last >= oldest) else int(oldest)

    @contextmanager
    def _failing(self) -> Iterator[None]:
        try:
            yield
        except apsw.BusyError:
            raise RecordError(
                "another process has the outbox", where=str(self._path), remedy="end that process"
            ) from None
        except (apsw.Error, OSError) as error:
            raise RecordError(
                f"the outbox cannot be used ({error})",
                where=str(self._path),
                remedy="look at the disk and its permissions; a damaged outbox is moved away",
            ) from None


def _row(draft: Draft, t: int) -> tuple[str | int, ...]:
    notice = draft.notice
    first = notice.tellings[0] if len(notice.tellings) == 1 else None
    calling = first.episode if first is not None and first.step is Step.ESCALATED else ""
    key = f"{notice.key} to {draft.channel} {draft.target}"
    about = notice.model_dump_json()
    return (key, notice.key, draft.channel, draft.target, notice.urgency, calling, about, draft.payload, t, t)
