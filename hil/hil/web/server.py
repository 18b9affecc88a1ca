"""Serves the console to browsers of this machine, and to nobody else."""

from __future__ import annotations

import asyncio
import secrets
import socket
from collections.abc import AsyncIterator, Callable, Sequence
from contextlib import asynccontextmanager, suppress
from importlib.resources import files

from aiohttp import WSCloseCode, WSMsgType, web

from .door import door, protect
from .listener import HOST, listen
from .session import END_WITHIN, Session

MOST_CONSOLES = 4
"""Consoles at once: each is a process of about 60 MB."""

LARGEST_MESSAGE = 256 * 1024
"""Bytes of what a page says at once; a paste may be long."""

MOST_UNSENT = 64 * 1024
"""Bytes that may wait for a page, here and in the kernel: a console must feel soon that its page is slow."""

HEARTBEAT = 15.0
"""Wall seconds after which a page is asked whether it is still there."""

_OWN = files(__package__) / "page"
_THEIRS = files("textual_serve") / "static"

FILES = {
    "": (_OWN / "page.html", "text/html"),
    "page.css": (_OWN / "page.css", "text/css"),
    "page.js": (_OWN / "page.js", "text/javascript"),
    "xterm.css": (_THEIRS / "css" / "xterm.css", "text/css"),
    "textual.js": (_THEIRS / "js" / "textual.js", "text/javascript"),
    "mono.ttf": (_THEIRS / "fonts" / "RobotoMono-VariableFont_wght.ttf", "font/ttf"),
}
"""All that a page consists of: the terminal is that of textual-serve."""


async def serve(port: int, options: Sequence[str], tell: Callable[[str], object]) -> None:
    """Serve until this is cancelled; then no console is left.

    :param port: where; 0 is any port that is free.
    :param options: those of ``hil console``.
    :param tell: is told the address once it can be opened.
    :raises UsageError: if the port cannot be had.
    """
    with listen(port) as listener:
        listener.setsockopt(socket.SOL_SOCKET, socket.SO_SNDBUF, MOST_UNSENT)
        secret = secrets.token_urlsafe(32)
        async with _serving(listener, secret, options):
            tell(f"http://{HOST}:{listener.getsockname()[1]}/{secret}/")
            await asyncio.Event().wait()


@asynccontextmanager
async def _serving(listener: socket.socket, secret: str, options: Sequence[str]) -> AsyncIterator[None]:
    consoles = Consoles(options)
    app = web.Application(middlewares=[door(secret)])
    app.on_response_prepare.append(protect)
    app.add_routes([web.get(f"/{secret}/ws", consoles.handle), web.get(f"/{secret}/{{name:[a-z.]*}}", _file)])
    runner = web.AppRunner(app, access_log=None, handle_signals=False, shutdown_timeout=END_WITHIN)
    await runner.setup()
    try:
        await web.SockSite(runner, listener).start()
        yield
    finally:
        try:
            await consoles.end()
        finally:
            await runner.cleanup()


async def _file(request: web.Request) -> web.Response:
    found = FILES.get(request.match_info["name"])
    if found is None:
        raise web.HTTPNotFound
    if request.query_string:  # by a query, textual-serve's page sends requests elsewhere, or holds the console back
        raise web.HTTPFound(request.path)
    file, kind = found
    return web.Response(body=file.read_bytes(), content_type=kind, charset="utf-8" if kind.startswith("text") else None)


class Consoles:
    """The consoles that run, one for each page.

    :param options: those of ``hil console``.
    """

    def __init__(self, options: Sequence[str]) -> None:
        self._options = tuple(options)
        self._running: set[Session] = set()
        self._over = False

    async def handle(self, request: web.Request) -> web.WebSocketResponse:
        """Run a console for as long as its page is there, or it ends by itself."""
        page = web.WebSocketResponse(
            heartbeat=HEARTBEAT, max_msg_size=LARGEST_MESSAGE, compress=False, writer_limit=MOST_UNSENT
        )
        await page.prepare(request)
        if self._over or len(self._running) >= MOST_CONSOLES:
            await _farewell(page, f"{MOST_CONSOLES} consoles are open already; close one of them")
            return page
        session = Session.start(self._options, _number(request, "width", 80), _number(request, "height", 24))
        self._running.add(session)
        try:
            await _between(page, session)
        finally:
            await session.end()
            self._running.discard(session)
            await _farewell(page, session.words)
        return page

    async def end(self) -> None:
        """End all of them, at the same time."""
        self._over = True
        await asyncio.gather(*(session.end() for session in self._running))


async def _between(page: web.WebSocketResponse, session: Session) -> None:
    """Pass on what is drawn and what is typed, until either end has gone."""
    await session.connect()
    both = [asyncio.create_task(_draw(page, session)), asyncio.create_task(_listen(page, session))]
    try:
        await asyncio.wait(both, return_when=asyncio.FIRST_COMPLETED)
    finally:
        for each in both:
            each.cancel()
        await asyncio.gather(*both, return_exceptions=True)


async def _draw(page: web.WebSocketResponse, session: Session) -> None:
    with suppress(ConnectionError):
        async for piece in session.drawn():
            await page.send_bytes(piece)


async def _listen(page: web.WebSocketResponse, session: Session) -> None:
    async for message in page:
        if message.type is not WSMsgType.TEXT:
            return
        try:
            await session.take(message.data)
        except ValueError:
            await page.close(code=WSCloseCode.POLICY_VIOLATION)
            return


async def _farewell(page: web.WebSocketResponse, words: str) -> None:
    """Show the last words of a console where its page is still there, and let go of the page."""
    with suppress(ConnectionError):
        if words and not page.closed:
            lines = "\r\n".join("".join(sign for sign in line if sign.isprintable()) for line in words.splitlines())
            await page.send_bytes(f"\x1bc{lines}\r\n".encode())
        await page.close()


def _number(request: web.Request, name: str, otherwise: int) -> int:
    text = request.query.get(name, "")
    return int(text) if text.isascii() and text.isdigit() and len(text) < 5 else otherwise
