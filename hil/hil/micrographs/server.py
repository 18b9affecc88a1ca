"""Serves the micrographs of a run to browsers of this machine: to look at, and to correct."""

from __future__ import annotations

import asyncio
import secrets
from collections.abc import Callable
from importlib.resources import files
from typing import Any

from aiohttp import web
from aiohttp.typedefs import Handler

from ..commanding.commander import refused
from ..errors import HilError, UsageError
from ..web.door import door, protect
from ..web.listener import HOST, listen
from . import answers
from .corrections import parse_sent
from .ledger import Ledger, Outdated
from .source import Micrographs

LARGEST_BODY = 512 * 1024
"""Bytes: twice that of as many contours as anybody corrects."""

END_WITHIN = 2.0
"""Wall seconds for requests under way, at the end."""

POLICY = (
    "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; connect-src 'self'; "
    "frame-ancestors 'none'; base-uri 'none'; form-action 'none'"
)

_OWN = files(__package__) / "page"
_BENCH = files("hil.gateway") / "web"

FILES = {
    "": (_OWN / "page.html", "text/html"),
    "bench.css": (_BENCH / "page.css", "text/css"),
    "icon.svg": (_BENCH / "icon.svg", "image/svg+xml"),
    "show.js": (_BENCH / "show.js", "text/javascript"),
    "page.css": (_OWN / "page.css", "text/css"),
    **{name: (_OWN / name, "text/javascript") for name in ("page.js", "editor.js", "shapes.js", "charts.js")},
}
"""All that the page consists of: what it shares with the status page of a bench is that page's."""


async def serve(micrographs: Micrographs, ledger: Ledger, port: int, tell: Callable[[str], object]) -> None:
    """Serve until this is cancelled, or a picture turns out not to be that of the record.

    :param port: where; 0 is any port that is free.
    :param tell: is told the address once it can be opened.
    :raises UsageError: if the port cannot be had.
    :raises VerificationFailed: naming the picture.
    """
    with listen(port) as listener:
        secret = secrets.token_urlsafe(32)
        runner = web.AppRunner(
            _application(micrographs, ledger, secret),
            access_log=None,
            handle_signals=False,
            shutdown_timeout=END_WITHIN,
        )
        await runner.setup()
        try:
            await web.SockSite(runner, listener).start()
            tell(f"http://{HOST}:{listener.getsockname()[1]}/{secret}/")
            for number in range(len(micrographs.entries)):
                await asyncio.to_thread(micrographs.found, number)
            await asyncio.Event().wait()
        finally:
            await runner.cleanup()


def _application(micrographs: Micrographs, ledger: Ledger, secret: str) -> web.Application:
    pages, one = _Pages(micrographs, ledger), "pictures/{number:[0-9]{1,6}}"
    app = web.Application(middlewares=[door(secret), _in_a_sentence], client_max_size=LARGEST_BODY)
    app.on_response_prepare.append(protect)
    app.on_response_prepare.append(_strictly)
    app.add_routes(
        [
            web.get(f"/{secret}/overview", pages.overview),
            web.get(f"/{secret}/sizes", pages.sizes),
            web.get(f"/{secret}/{one}", pages.picture),
            web.get(f"/{secret}/{one}.png", pages.png),
            web.post(f"/{secret}/{one}/corrections", pages.correct),
            web.get(f"/{secret}/{{name:[a-z.]*}}", _file),
        ]
    )
    return app


class _Pages:
    """What is answered; whatever computes, or reads files, does so in a thread."""

    def __init__(self, micrographs: Micrographs, ledger: Ledger) -> None:
        self._micrographs, self._ledger = micrographs, ledger

    async def overview(self, request: web.Request) -> web.Response:  # noqa: ARG002 (a handler's signature)
        return await self._told(answers.overview)

    async def sizes(self, request: web.Request) -> web.Response:  # noqa: ARG002
        return await self._told(answers.dashboard)

    async def picture(self, request: web.Request) -> web.Response:
        return await self._told(answers.picture, self._number(request))

    async def png(self, request: web.Request) -> web.Response:
        body = await asyncio.to_thread(self._micrographs.png, self._number(request))
        return web.Response(body=body, content_type="image/png")

    async def correct(self, request: web.Request) -> web.Response:
        """Put a correction on record, and tell what holds then."""
        number = self._number(request)
        if request.content_type != "application/json":
            return _refusal(UsageError("is no JSON", where="Content-Type", remedy="send application/json"), 415)
        await asyncio.to_thread(self._save, number, await request.read())
        return await self._told(answers.picture, number, status=201)

    def _save(self, number: int, body: bytes) -> None:
        found = self._micrographs.found(number)
        self._ledger.save(number, parse_sent(body, (found.width, found.height), found.contours))

    async def _told(self, ask: Callable[..., dict[str, Any]], *about: int, status: int = 200) -> web.Response:
        return web.json_response(await asyncio.to_thread(ask, self._micrographs, self._ledger, *about), status=status)

    def _number(self, request: web.Request) -> int:
        number = int(request.match_info["number"])
        if number >= len(self._micrographs.entries):
            raise web.HTTPNotFound
        return number


async def _file(request: web.Request) -> web.Response:
    found = FILES.get(request.match_info["name"])
    if found is None:
        raise web.HTTPNotFound
    file, kind = found
    return web.Response(body=file.read_bytes(), content_type=kind, charset="utf-8")


@web.middleware
async def _in_a_sentence(request: web.Request, handler: Handler) -> web.StreamResponse:
    """What is not done is told as what, where, and what to do."""
    try:
        return await handler(request)
    except web.HTTPRequestEntityTooLarge:
        what = f"is larger than {LARGEST_BODY // 1024} KiB"
        return _refusal(UsageError(what, where="body", remedy="send fewer vertices"), 413)
    except Outdated as error:
        return _refusal(error, 409)
    except HilError as error:
        return _refusal(error, 422 if isinstance(error, UsageError) else 500)


def _refusal(error: HilError, status: int) -> web.Response:
    return web.json_response(refused(error), status=status)


async def _strictly(request: web.Request, response: web.StreamResponse) -> None:  # noqa: ARG001
    """No styles of its own, and no sockets: stricter than the page of a console."""
    response.headers["Content-Security-Policy"] = POLICY
