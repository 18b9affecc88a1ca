"""Who asks: the user's own processes by the unix socket, others by their token, and a web page by its cookie."""

from __future__ import annotations

import base64
import hashlib
import hmac
import os
import socket
import struct
import time
from collections.abc import Callable
from dataclasses import dataclass
from http.cookies import CookieError, SimpleCookie
from pathlib import Path
from typing import Literal

from ..access.files import ROOT
from ..access.tokens import Token, Tokens
from ..commanding.verbs import ROLES, Role

COOKIE = "__Host-hil"
"""A browser takes a cookie of such a name only by TLS, for this host alone."""

SESSION = 12 * 3600
"""Seconds for which a web page may look."""


@dataclass(frozen=True, slots=True)
class Peer:
    """The process at the other end of a unix socket, when it connected."""

    pid: int
    uid: int

    @classmethod
    def of(cls, connection: socket.socket) -> Peer:
        """The kernel's word on it."""
        credentials = connection.getsockopt(socket.SOL_SOCKET, socket.SO_PEERCRED, struct.calcsize("3i"))
        pid, uid, _ = struct.unpack("3i", credentials)
        return cls(pid, uid)

    @property
    def own(self) -> bool:
        """Whether it is the user's own, or root's."""
        return self.uid in (ROOT, os.geteuid())


@dataclass(frozen=True, slots=True)
class Caller:
    """Who asks, and what for.

    :param keys: by which limits know it.
    :param token: the id of its token; empty for a local process.
    :param until: when a session of a web page ends, in s of UTC.
    """

    name: str
    role: Role
    via: Literal["unix", "tcp", "web"]
    keys: tuple[str, ...] = ()
    token: str = ""
    until: float | None = None

    def may(self, role: Role) -> bool:
        """Whether it is good for what ``role`` is needed for."""
        return ROLES.index(self.role) >= ROLES.index(role)

    def to_json(self) -> dict[str, str]:
        """As the core gets it."""
        return {"name": self.name, "role": self.role, "via": self.via}


class Callers:
    """Tells who asks.

    :param tokens: what lets in from other machines; ``None`` where nothing does.
    :param key: a secret of this service, with which cookies are made.
    """

    def __init__(
        self, tokens: Tokens | None = None, key: bytes = b"", *, wall: Callable[[], float] = time.time
    ) -> None:
        self._tokens, self._wall = tokens, wall
        self._key = hashlib.sha256(b"hil web session\0" + key).digest()

    @classmethod
    def by(cls, tokens: Path, key: Path) -> Callers:
        """With the tokens in a file, and cookies that last as long as the private ``key`` of the service."""
        return cls(Tokens(tokens), key.read_bytes())

    def local(self, peer: Peer) -> Caller | None:
        """A process on this machine."""
        return Caller("local", "authorise", "unix", (f"process {peer.pid}",)) if peer.own else None

    def by_token(self, authorization: str, address: str) -> Caller | None:
        """Who sends a header ``Authorization``."""
        scheme, _, secret = authorization.partition(" ")
        token = self._tokens.find(secret.strip()) if self._tokens and scheme.lower() == "bearer" else None
        if token is None or self._tokens is None:
            return None
        self._tokens.used(token)
        return Caller(token.name, token.role, "tcp", _keys(token, address), token.id)

    def by_cookie(self, header: str, address: str) -> Caller | None:
        """Whose web page sends a header ``Cookie``. It only looks, whatever its token is good for."""
        try:
            kept = SimpleCookie(header).get(COOKIE)
        except CookieError:
            return None
        given = kept.value if kept is not None else ""
        id, _, rest = given.partition(".")  # noqa: A001 (the name of the field)
        until, _, _ = rest.partition(".")
        if not until.isdecimal() or len(until) > 12 or not self._tokens:
            return None
        token = self._tokens.good(id)
        expected = self._signed(id, int(until)).encode()
        if token is None or int(until) <= self._wall() or not hmac.compare_digest(given.encode(), expected):
            return None
        return Caller(token.name, "view", "web", _keys(token, address), token.id, float(until))

    def cookie(self, caller: Caller) -> str:
        """A header ``Set-Cookie`` by which the web page of ``caller`` may look."""
        value = self._signed(caller.token, int(self._wall()) + SESSION)
        return f"{COOKIE}={value}; Path=/; Max-Age={SESSION}; HttpOnly; Secure; SameSite=Strict"

    def still(self, caller: Caller) -> bool:
        """Whether what let ``caller`` in still does."""
        if caller.via == "unix" or self._tokens is None:
            return caller.via == "unix"
        in_time = caller.until is None or self._wall() < caller.until
        return in_time and self._tokens.good(caller.token) is not None

    def _signed(self, id: str, until: int) -> str:  # noqa: A002 (the name of the field)
        mac = hmac.digest(self._key, f"{id}.{until}".encode(), "sha256")
        return f"{id}.{until}.{base64.urlsafe_b64encode(mac).decode().rstrip('=')}"


def _keys(token: Token, address: str) -> tuple[str, ...]:
    return (f"token {token.id}", f"address {address}")


NO_COOKIE = f"{COOKIE}=; Path=/; Max-Age=0; HttpOnly; Secure; SameSite=Strict"
"""The header ``Set-Cookie`` that ends a session."""
