"""uvicorn as the gateway needs it: it leaves signals alone, and drops clients that do not read."""

from __future__ import annotations

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

UNREAD = 10.0
"""Seconds for which a client may leave what it is sent unread before it is cut off."""


class _Evicting:
    """Cuts off the connection of a client that does not read. A ping cannot: its closing waits for the client too."""

    if TYPE_CHECKING:
        transport: asyncio.Transport

    _eviction: asyncio.TimerHandle | None = None

    def pause_writing(self) -> None:
        """The client does not keep up: it has so long from now."""
        super().pause_writing()  # type: ignore[misc]
        if self._eviction is None:
            self._eviction = asyncio.get_running_loop().call_later(UNREAD, self.transport.abort)

    def resume_writing(self) -> None:
        """The client reads again."""
        super().resume_writing()  # type: ignore[misc]
        self._stay()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._stay()
        super().connection_lost(exc)  # type: ignore[misc]

    def _stay(self) -> None:
        if self._eviction is not None:
            self._eviction.cancel()
            self._eviction = None


class Http(_Evicting, HttpToolsProtocol):
    """HTTP."""


class WebSockets(_Evicting, WebSocketsSansIOProtocol):
    """WebSocket."""


class Server(uvicorn.Server):
    """A server that is one part of a process, and not its master."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the process's."""
        yield


def make_server(app: Any) -> Server:
    """A server of ``app``, on sockets that `serve` is given."""
    return Server(
        uvicorn.Config(
            app,
            http=Http,
            ws=WebSockets,
            ws_max_size=64 * 1024,
            ws_per_message_deflate=False,
            access_log=False,
            proxy_headers=False,
            server_header=False,
            limit_concurrency=64,
            timeout_graceful_shutdown=2,
            timeout_keep_alive=5,
            lifespan="off",
            log_config=None,
            log_level="critical",
        )
    )
