"""The door: Host, Origin, who asks and whether its role will do, before anything else sees a request."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable, Collection
from typing import Any

from starlette.datastructures import Headers, MutableHeaders
from starlette.responses import Response
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from .answers import refusal
from .callers import Caller, Callers, Peer
from .limits import Limits
from .routes import role_of

LOCAL_HOSTS = ("localhost", "127.0.0.1", "::1")

WRONG_TOKEN_PAUSE = 1.0
"""Wall seconds that a wrong token waits for its answer, after too many of them."""

HEADERS = {
    "Content-Security-Policy": "default-src 'self'; frame-ancestors 'none'; base-uri 'none'; form-action 'none'",
    "X-Content-Type-Options": "nosniff",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
}
"""Of every answer."""


class Door:
    """Lets in who may come in.

    :param hosts: the names by which clients reach this server.
    :param sleep: waits for wall seconds.
    """

    def __init__(
        self,
        app: ASGIApp,
        callers: Callers,
        limits: Limits,
        hosts: Collection[str] = (),
        sleep: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        self._app, self._callers, self._limits, self._sleep = app, callers, limits, sleep
        self._hosts = {host.lower() for host in (*LOCAL_HOSTS, *hosts)}

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass on what may pass."""
        if scope["type"] not in ("http", "websocket"):
            await self._app(scope, receive, send)
            return
        answer = _with_headers(send)
        refused = self._foreign(scope) or await self._unwelcome(scope)
        if refused is None:
            await self._app(scope, receive, answer)
        elif scope["type"] == "http" or "websocket.http.response" in scope.get("extensions", {}):
            await refused(scope, receive, answer)
        else:
            await send({"type": "websocket.close", "code": 1008})

    def _foreign(self, scope: Scope) -> Response | None:
        """The refusal of what is meant for another host, or comes from another's page."""
        headers = Headers(scope=scope)
        hosts, origins = headers.getlist("host"), headers.getlist("origin")
        if len(hosts) != 1 or _name(hosts[0]) not in self._hosts:
            return refusal(400, "this is not the host that is meant", "Host", "use a name of its certificate")
        if origins and (_peer(scope) is not None or origins != [f"https://{hosts[0]}"]):
            return refusal(403, "a page of another origin asks", "Origin", "use the page of this host")
        return None

    async def _unwelcome(self, scope: Scope) -> Response | None:
        """The refusal of who is not known, or has not the role; who is known is put into ``scope``."""
        caller = await self._caller(scope)
        scope.setdefault("state", {})["caller"] = caller
        needed = role_of(scope)
        if needed is None:
            return None
        if caller is None:
            what = "nobody is known by this" if _shows_something(scope) else "no token was sent"
            refused = refusal(401, what, "Authorization", "send a valid token as Bearer")
            refused.headers["WWW-Authenticate"] = "Bearer"
            return refused
        if scope["type"] == "http" and scope["method"] not in ("GET", "HEAD") and caller.via == "web":
            return refusal(403, "a web page only looks", "Authorization", "send the token itself as Bearer")
        if not caller.may(needed):
            return refusal(403, f"this takes the role {needed}", "Authorization", "ask for such a token")
        return None

    async def _caller(self, scope: Scope) -> Caller | None:
        peer, headers = _peer(scope), Headers(scope=scope)
        if peer is not None:
            return self._callers.local(peer)
        address = str((scope.get("client") or ("unknown",))[0])
        if "authorization" not in headers:
            return self._callers.by_cookie(headers.get("cookie", ""), address)
        caller = self._callers.by_token(headers["authorization"], address)
        if caller is None and not self._limits.wrong_tokens.take(f"address {address}"):
            await self._sleep(WRONG_TOKEN_PAUSE)
        return caller


def _peer(scope: Scope) -> Peer | None:
    """The process at the other end, where it is one of this machine."""
    found = scope.get("state", {}).get("peer")
    return found if isinstance(found, Peer) else None


def _shows_something(scope: Scope) -> bool:
    """Whether there is a token, or a cookie of a session, that could tell who asks."""
    headers = Headers(scope=scope)
    return "authorization" in headers or "cookie" in headers


def _name(host: str) -> str:
    """The name in a header ``Host``, without its port."""
    if host.startswith("["):
        return host[1:].partition("]")[0].lower()
    return host.partition(":")[0].lower()


def _with_headers(send: Send) -> Send:
    async def answer(message: Message) -> None:
        if message["type"] in ("http.response.start", "websocket.http.response.start"):
            headers: Any = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
        await send(message)

    return answer
