"""Who may come in: a page of this server, that knows its secret. Any page in a browser can reach the loopback."""

from __future__ import annotations

import hmac

from aiohttp import web
from aiohttp.typedefs import Handler, Middleware
from multidict import CIMultiDictProxy

LOCAL_NAMES = ("127.0.0.1", "localhost")

_FIXED = {
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
    "Cache-Control": "no-store",
    "Cross-Origin-Opener-Policy": "same-origin",
    "Cross-Origin-Resource-Policy": "same-origin",
}

_POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self' 'unsafe-inline'; font-src 'self'; img-src 'self' data:; "
    "connect-src 'self' ws://{host}; frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)
"""The terminal of the page writes its own styles, which is why those are let in."""


def door(secret: str) -> Middleware:
    """Lets in requests for this host, from no other page, with ``secret`` first in their path."""

    @web.middleware
    async def passing(request: web.Request, handler: Handler) -> web.StreamResponse:
        refused = _foreign(request.headers)
        if refused is None and not _knows(request.path, secret):
            refused = web.Response(status=404, text="there is nothing here; use the whole address that was shown\n")
        return refused if refused is not None else await handler(request)

    return passing


async def protect(request: web.Request, response: web.StreamResponse) -> None:
    """Put into every answer what a browser is to do with it, and what it must not do."""
    response.headers.update(_FIXED)
    host = request.headers.get("Host", "") if _foreign(request.headers) is None else "127.0.0.1"
    response.headers["Content-Security-Policy"] = _POLICY.format(host=host)


def _foreign(headers: CIMultiDictProxy[str]) -> web.Response | None:
    """The refusal of what is meant for another host, or comes from another's page."""
    hosts, origins = headers.getall("Host", []), headers.getall("Origin", [])
    if len(hosts) != 1 or _name(hosts[0]) not in LOCAL_NAMES:
        return web.Response(status=400, text="this is not the host that is meant; use 127.0.0.1\n")
    needed = "Upgrade" in headers
    if (origins or needed) and origins != [f"http://{hosts[0]}"]:
        return web.Response(status=403, text="a page of another origin asks; use the page of this server\n")
    return None


def _name(host: str) -> str:
    """The name in a header ``Host``, without its port; empty where that is none."""
    name, _, port = host.partition(":")
    return name.lower() if not port or (port.isascii() and port.isdigit()) else ""


def _knows(path: str, secret: str) -> bool:
    return hmac.compare_digest(path[1:].partition("/")[0].encode(), secret.encode())
