"""Tokens by which programs and people of other machines are known. A token is shown once; its SHA-256 is kept.

They are 256 random bits, so that one pass of SHA-256 is enough: there is nothing to guess.
"""

from __future__ import annotations

import fcntl
import hashlib
import hmac
import json
import os
import secrets
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import asdict, dataclass, fields, replace
from pathlib import Path
from typing import Any

from ..commanding.verbs import ROLES, Role
from ..errors import ConfigurationError, UsageError
from ..suggest import nearest
from .files import require_private, write_private

PREFIX = "hil_"
"""How each begins: what searches for secrets that have leaked can find it."""

DAYS = 90
"""For how long one is good."""

LONGEST_NAME = 100

USED_WITHIN = 60
"""Seconds to which the last use is known: not every use is worth writing."""

VERSION = 1
DAY = 86_400


@dataclass(frozen=True, slots=True)
class Token:
    """What is kept of a token. Times are seconds of UTC since the POSIX epoch; ``None``: not yet.

    :param id: names it where its name may be another's later: the beginning of ``sha256``.
    """

    id: str
    name: str
    role: Role
    sha256: str
    created: int
    expires: int
    last_used: int | None = None
    revoked: int | None = None

    def good(self, now: float) -> bool:
        """Whether it still lets anybody in."""
        return self.revoked is None and now < self.expires

    def state(self, now: float) -> str:
        """In one word, for a person."""
        return "revoked" if self.revoked is not None else "valid" if self.good(now) else "expired"


class Tokens:
    """The tokens in a file of mode 0600, read again whenever it has changed.

    :param wall: the present UTC time in s.
    """

    def __init__(self, path: Path, *, wall: Callable[[], float] = time.time) -> None:
        self.path, self._wall = path, wall
        self._read_as: tuple[int, ...] = ()
        self._by_digest: dict[str, Token] = {}

    def all(self) -> list[Token]:
        """Every token there ever was, the oldest first.

        :raises ConfigurationError: if the file cannot be used.
        """
        self._refresh()
        return list(self._by_digest.values())

    def find(self, secret: str) -> Token | None:
        """The good token that ``secret`` is, if it is one. A file that cannot be used has none."""
        digest = hashlib.sha256(secret.encode(errors="surrogatepass")).hexdigest()
        found = self._known().get(digest)
        if found is None or not hmac.compare_digest(found.sha256, digest) or not found.good(self._wall()):
            return None
        return found

    def good(self, id: str) -> Token | None:  # noqa: A002 (the name of the field)
        """The token with ``id``, if it is still good."""
        return next((each for each in self._known().values() if each.id == id and each.good(self._wall())), None)

    def create(self, name: str, role: Role, *, days: float = DAYS) -> tuple[str, Token]:
        """A new token: its secret, which nobody can see again, and what is kept of it.

        :raises UsageError: if ``name`` or ``days`` cannot be used, or a good token has the name.
        """
        if not 0 < len(name) <= LONGEST_NAME or not name.isprintable() or name != name.strip():
            fault = f"is no name of at most {LONGEST_NAME} characters"
            raise UsageError(fault, where=repr(name), remedy="name who or what will use the token")
        if not 0 < days <= 3650:
            raise UsageError("is not between 0 and 3650 days", where=f"{days:g}", remedy="give another number of days")
        secret, now = PREFIX + secrets.token_urlsafe(32), int(self._wall())
        digest = hashlib.sha256(secret.encode()).hexdigest()
        token = Token(digest[:16], name, role, digest, now, now + round(days * DAY))
        with self._changing() as tokens:
            if any(each.name == name and each.good(now) for each in tokens.values()):
                raise UsageError("a token has this name already", where=name, remedy="revoke it, or give another name")
            tokens[digest] = token
        return secret, token

    def revoke(self, name: str) -> Token:
        """Let nobody in any more by the token called ``name``, or with the id ``name``.

        :raises UsageError: if no good token is.
        """
        now = int(self._wall())
        with self._changing() as tokens:
            good = [each for each in tokens.values() if each.good(now)]
            meant = [each for each in good if name in (each.name, each.id)]
            if not meant:
                raise UsageError(
                    "no valid token has this name", where=name, remedy=nearest(name, [t.name for t in good])
                )
            revoked = tokens[meant[0].sha256] = replace(meant[0], revoked=now)
        return revoked

    def used(self, token: Token) -> None:
        """Keep when ``token`` was used. Where that cannot be written, it is not known."""
        now = int(self._wall())
        if token.last_used is not None and now - token.last_used < USED_WITHIN:
            return
        with suppress(ConfigurationError, OSError), self._changing() as tokens:
            if token.sha256 in tokens:
                tokens[token.sha256] = replace(tokens[token.sha256], last_used=now)

    def _known(self) -> dict[str, Token]:
        try:
            self._refresh()
        except ConfigurationError:
            self._by_digest, self._read_as = {}, ()
        return self._by_digest

    def _refresh(self) -> None:
        try:
            found = self.path.stat()
        except FileNotFoundError:
            self._by_digest, self._read_as = {}, ()
            return
        except OSError as error:
            raise ConfigurationError(f"cannot be read ({error.strerror})", where=str(self.path)) from None
        now = (found.st_ino, found.st_mtime_ns, found.st_size, found.st_mode, found.st_uid)
        if now == self._read_as:
            return
        require_private(self.path)
        self._by_digest, self._read_as = _read(self.path), now

    @contextmanager
    def _changing(self) -> Iterator[dict[str, Token]]:
        """The tokens by their digest, written back at the end: one process after the other."""
        self.path.parent.mkdir(mode=0o700, parents=True, exist_ok=True)
        lock = os.open(self.path.with_name(f"{self.path.name}.lock"), os.O_RDWR | os.O_CREAT | os.O_CLOEXEC, 0o600)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)
            self._refresh()
            tokens = dict(self._by_digest)
            yield tokens
            document = {"version": VERSION, "tokens": [asdict(token) for token in tokens.values()]}
            write_private(self.path, json.dumps(document, indent=2, ensure_ascii=False).encode() + b"\n")
        finally:
            os.close(lock)


def _read(path: Path) -> dict[str, Token]:
    try:
        document = json.loads(path.read_bytes())
        if document["version"] != VERSION:
            raise ValueError(f"version {document['version']}")
        tokens = [_token(each) for each in document["tokens"]]
    except (OSError, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ConfigurationError(
            f"is no file of tokens ({error})", where=str(path), remedy="restore it, or make new tokens in a new file"
        ) from None
    return {token.sha256: token for token in tokens}


_TIMES = ("created", "expires", "last_used", "revoked")


def _token(kept: dict[str, Any]) -> Token:
    token = Token(**{field.name: kept[field.name] for field in fields(Token)})
    texts = all(isinstance(text, str) for text in (token.id, token.name, token.sha256))
    times = all(type(getattr(token, name)) is int for name in _TIMES[:2])
    later = all(getattr(token, name) is None or type(getattr(token, name)) is int for name in _TIMES[2:])
    if not (texts and times and later and token.role in ROLES):
        raise ValueError("a token that this program cannot read")
    return token
