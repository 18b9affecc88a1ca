"""The webhook, and the watcher elsewhere: HTTP without redirects, proxies or cookies."""

from __future__ import annotations

import asyncio
import hashlib
import hmac
import ssl
from collections.abc import Mapping
from datetime import datetime
from email.utils import parsedate_to_datetime
from pathlib import Path

import httpx

from hil_drivers.clock import NANOSECONDS

from .config import WebhookSection
from .moment import Clock
from .outbox import Message
from .text import clean
from .trying import DELIVERED, Outcome, failed, refused

TIMEOUT = 10.0
"""Seconds for each step of a request."""

DEADLINE = 30.0
"""Seconds that one request may take."""

AGAIN = (408, 425, 429)
"""Refusals that are none for ever."""


def client(ca: Path | None, timeout: float = TIMEOUT) -> httpx.AsyncClient:
    """A client that goes where it is told and nowhere else.

    :param ca: a laboratory's own authority; those of the system by default.
    """
    return httpx.AsyncClient(
        verify=ssl.create_default_context(cafile=ca),
        timeout=timeout,
        follow_redirects=False,
        trust_env=False,
        headers={"User-Agent": "hil"},
    )


def signature(secret: bytes, stamp: str, body: bytes) -> str:
    """HMAC-SHA256, in hexadecimal, over the time stamp, a full stop and the body."""
    return hmac.new(secret, stamp.encode() + b"." + body, hashlib.sha256).hexdigest()


class Webhook:
    """Tells ``[webhook]`` by POST, signed.

    :param http: who asks; :func:`client`.
    :param clock: the time that is signed.
    """

    def __init__(self, section: WebhookSection, secret: bytes, http: httpx.AsyncClient, clock: Clock) -> None:
        self._url, self._secret, self._http, self._clock = section.url, secret, http, clock

    async def send(self, message: Message) -> Outcome:
        """Try once to send ``message``; what came of it. No failure is raised."""
        body = message.payload.encode()
        now = self._clock().utc
        stamp = str(now // NANOSECONDS)
        headers = {
            "Content-Type": "application/json",
            "Idempotency-Key": message.name,
            "Hil-Timestamp": stamp,
            "Hil-Signature": f"sha256={signature(self._secret, stamp, body)}",
        }
        try:
            async with (
                asyncio.timeout(DEADLINE),
                self._http.stream("POST", self._url, content=body, headers=headers) as answer,
            ):
                return judged(answer.status_code, answer.headers, now)
        except (TimeoutError, httpx.TimeoutException, httpx.RemoteProtocolError, httpx.ReadError) as error:
            return failed(f"the webhook does not answer ({type(error).__name__}); it may have arrived")
        except httpx.TransportError as error:
            return failed(f"the webhook cannot be reached: {clean(str(error))}"[:500])


def judged(status: int, headers: Mapping[str, str], utc: int) -> Outcome:
    """What an answer comes to: 5xx and 429 are tried again, a redirect is not followed."""
    if 200 <= status < 300:
        return DELIVERED
    why = f"the webhook answered {status}"
    if status >= 500 or status in AGAIN:
        return failed(why, _pause(headers.get("Retry-After", ""), utc))
    return refused(f"{why}, a redirect: write the address that is meant" if 300 <= status < 400 else why)


def _pause(asked: str, utc: int) -> float | None:
    """Seconds of a ``Retry-After``: a number, or a date; ``None`` where it is neither."""
    if asked.isascii() and asked.isdigit() and len(asked) < 10:
        return float(asked)
    try:
        until: datetime = parsedate_to_datetime(asked)
    except ValueError:
        return None
    return None if until.tzinfo is None else until.timestamp() - utc / NANOSECONDS


async def ask(http: httpx.AsyncClient, url: str) -> str:
    """Tell the watcher that all is well; why it could not be told, empty if it was."""
    try:
        async with (
            asyncio.timeout(DEADLINE),
            http.stream("GET", url, headers={"Cache-Control": "no-cache"}) as answer,
        ):
            return "" if 200 <= answer.status_code < 300 else f"the watcher answered {answer.status_code}"
    except (TimeoutError, httpx.TransportError) as error:
        return f"the watcher cannot be reached: {clean(str(error)) or type(error).__name__}"[:500]
