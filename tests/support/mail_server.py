"""Mail servers on loopback, each with one bad habit; what they took is kept."""

from __future__ import annotations

import asyncio
import email
import email.message
import email.policy
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager, suppress
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session


class Habits:
    """A handler of aiosmtpd that takes everything, but for what a test has set.

    :param at_rcpt: the answer for a recipient; none takes it.
    :param at_data: the answer after a mail is taken; none says 250.
    :param after_data: what happens after a mail is stored, before it is answered.
    """

    def __init__(
        self,
        *,
        at_rcpt: Callable[[str], str] = lambda _: "",
        at_data: Callable[[], str] = lambda: "",
        after_data: Callable[[SMTP], object] = lambda _: None,
        stores: bool = True,
    ) -> None:
        self._at_rcpt, self._at_data, self._after_data, self._stores = at_rcpt, at_data, after_data, stores
        self.mails: list[email.message.EmailMessage] = []
        self.taken: list[str] = []
        self.came = asyncio.Event()

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if refusal := self._at_rcpt(address):
            return refusal
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        if self._stores:
            content = envelope.content
            assert isinstance(content, bytes)
            mail = email.message_from_bytes(content, policy=email.policy.default)
            assert isinstance(mail, email.message.EmailMessage)
            self.mails.append(mail)
            self.taken += envelope.rcpt_tos
            self.came.set()
        self._after_data(server)
        return self._at_data() or "250 OK"


@asynccontextmanager
async def mail_server(habits: Habits, *, listens_with: ssl.SSLContext | None = None, **more: Any) -> AsyncIterator[int]:
    """A mail server with ``habits``; its port. More is for ``aiosmtpd.smtp.SMTP``."""
    connections: list[SMTP] = []

    def connection() -> SMTP:
        connections.append(SMTP(habits, hostname="127.0.0.1", **more))
        return connections[-1]

    server = await asyncio.get_running_loop().create_server(connection, "127.0.0.1", 0, ssl=listens_with)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        await server.wait_closed()
        await _gone(connections)


def cut(connection: SMTP) -> None:
    """Cut a connection off, whatever is under way."""
    if isinstance(connection.transport, asyncio.WriteTransport):
        connection.transport.abort()


async def _gone(connections: list[SMTP]) -> None:
    for each in connections:
        cut(each)
        task = each._handler_coroutine
        if task is not None and not task.done():
            task.cancel()
            with suppress(asyncio.CancelledError):
                await task


@asynccontextmanager
async def silent_server(greeting: bytes = b"") -> AsyncIterator[int]:
    """A server that takes connections and says no more than ``greeting``; its port."""
    ends = asyncio.Event()

    async def hang(_: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        writer.write(greeting)
        await ends.wait()
        writer.close()

    server = await asyncio.start_server(hang, "127.0.0.1", 0)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        ends.set()
        server.close()
        await server.wait_closed()


def tls(certificate: tuple[Any, Any]) -> ssl.SSLContext:
    """The server's side of TLS with a certificate and its key."""
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(*certificate)
    return context


def logs_in(user: str, password: str) -> Callable[..., AuthResult]:
    """An authenticator of aiosmtpd for one user."""

    def check(server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        is_right = (data.login, data.password) == (user.encode(), password.encode())
        return AuthResult(success=is_right, handled=False)

    return check
