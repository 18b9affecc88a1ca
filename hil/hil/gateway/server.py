"""uvicorn as the gateway needs it: it leaves signals alone, knows who connects, and drops clients that do not read."""

from __future__ import annotations

import asyncio
import socket
import ssl
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import uvicorn
from uvicorn.protocols.http.httptools_impl import HttpToolsProtocol
from uvicorn.protocols.websockets.websockets_sansio_impl import WebSocketsSansIOProtocol

from .callers import Peer

UNREAD = 10.0
"""Seconds for which a client may leave what it is sent unread before it is cut off."""

ASKED_WITHIN = 10.0
"""Seconds that a client may take for a whole request, and for the handshake of TLS."""

LONGEST_HEAD = 16 * 1024
"""Bytes of a request before its body."""

MOST_CONNECTIONS = 128
"""Connections of each listener."""

GOING_AWAY, RUN_OVER = 1001, "the run is over"
"""Why a stream is closed at the end (RFC 6455, 7.4.1)."""


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

    _impatience: asyncio.TimerHandle | None = None
    _head: int | None = 0
    """Bytes of the head of a request so far; ``None`` within its body."""

    def connection_made(self, transport: asyncio.Transport) -> None:  # type: ignore[override]
        """Note who it is: everything that it asks says so."""
        super().connection_made(transport)
        connection = transport.get_extra_info("socket")
        if connection.family == socket.AF_UNIX:
            self.app_state = {**self.app_state, "peer": Peer.of(connection)}
        else:
            connection.setsockopt(socket.IPPROTO_TCP, socket.TCP_USER_TIMEOUT, int(UNREAD * 1000))
        if len(self.connections) > MOST_CONNECTIONS:
            transport.abort()
            return
        self._hurry()

    def connection_lost(self, exc: Exception | None) -> None:
        """It is gone."""
        self._be_patient()
        super().connection_lost(exc)

    def data_received(self, data: bytes) -> None:
        """A head that does not end is not read on."""
        if self._head is not None:
            self._head += len(data)
        super().data_received(data)
        if self._head is not None and self._head > LONGEST_HEAD:
            self.transport.abort()

    def on_message_begin(self) -> None:
        """A request begins."""
        super().on_message_begin()
        self._hurry()

    def on_headers_complete(self) -> None:
        """Its head is there."""
        self._head = None
        super().on_headers_complete()

    def on_message_complete(self) -> None:
        """All of it is there."""
        self._head = 0
        self._be_patient()
        super().on_message_complete()

    def handle_websocket_upgrade(self) -> None:
        """It becomes a WebSocket."""
        self._be_patient()
        super().handle_websocket_upgrade()

    def _hurry(self) -> None:
        self._be_patient()
        self._impatience = asyncio.get_running_loop().call_later(ASKED_WITHIN, self.transport.abort)

    def _be_patient(self) -> None:
        if self._impatience is not None:
            self._impatience.cancel()
            self._impatience = None


class WebSockets(_Evicting, WebSocketsSansIOProtocol):
    """WebSocket."""

    def shutdown(self) -> None:
        """Tell a client that has not heard it yet that the run is over; uvicorn would speak of a restart."""
        if self.handshake_complete and not self.close_sent:
            self.queue.put_nowait({"type": "websocket.disconnect", "code": GOING_AWAY})
            self.conn.send_close(GOING_AWAY, RUN_OVER)
            self.transport.write(b"".join(self.conn.data_to_send()))
            self.close_sent = True
        super().shutdown()


class Server(uvicorn.Server):
    """A server that is one part of a process, and not its master."""

    @contextmanager
    def capture_signals(self) -> Iterator[None]:
        """Signals are the process's."""
        yield

    async def startup(self, sockets: list[socket.socket] | None = None) -> None:
        """Serve on ``sockets``; a client whose handshake of TLS takes long is cut off."""
        loop, secure = asyncio.get_running_loop(), self.config.ssl
        patience = ASKED_WITHIN if secure is not None else None
        self.servers = [
            await loop.create_server(self._protocol, sock=each, ssl=secure, ssl_handshake_timeout=patience)
            for each in sockets or ()
        ]
        self.started = True

    def _protocol(self) -> Http:
        return Http(self.config, self.server_state, self.lifespan.state)


def make_server(app: Any, secure: ssl.SSLContext | None = None) -> Server:
    """A server of ``app``, on sockets that `serve` is given.

    :param secure: TLS of its sockets.
    """
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
            ssl_context_factory=None if secure is None else lambda *_: secure,
        )
    )
