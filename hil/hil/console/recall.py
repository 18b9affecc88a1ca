"""What the record holds of a channel from before the console was attached: asked of the gateway, page by page."""

from __future__ import annotations

import asyncio
import json
import socket
from collections.abc import AsyncIterator, Iterator, Mapping
from http.client import HTTPConnection, HTTPException, HTTPSConnection
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

from .channels import Live
from .parsing import number, whole
from .places import Place
from .reading import K

WITHIN = 6.0
"""Seconds that a page may take."""

PAGES = 8
"""Asked for at most: 40 000 readings. A gateway of another machine gives five a minute: one is asked for there."""

LARGEST = 4 << 20
"""Bytes of a page at most."""

Row = tuple[float, float | None, float | None]
"""Time in s UTC, value and U (k = 2)."""


class _ByPath(HTTPConnection):
    """HTTP over a unix socket."""

    def __init__(self, path: Path) -> None:
        super().__init__("localhost", timeout=WITHIN)
        self._path = path

    def connect(self) -> None:
        self.sock = socket.socket(socket.AF_UNIX)
        self.sock.settimeout(WITHIN)
        self.sock.connect(str(self._path))


async def recall(place: Place, live: Live, span: float) -> None:
    """Put what the record holds from before the first sample of ``live`` in front of it: nothing while there is no
    record, or where the gateway is asked too often.

    :param span: seconds that are looked back from its latest value.
    """
    if live.t is not None:
        live.past.before([row async for row in _rows(place, live.facts.name, live.t - span, live.t)])


async def _rows(place: Place, channel: str, begin: float, end: float) -> AsyncIterator[Row]:
    after: int | None = 0
    for _ in range(PAGES if place.path is not None else 1):
        asked = {"channel": channel, "from": max(0, int(begin * 1000)), "to": int(end * 1000) + 1, "after": after}
        page = await asyncio.to_thread(_page, place, urlencode(asked))
        for row in rows_of(page):
            yield row
        after = whole(page.get("next"))
        if after is None:
            return


def rows_of(page: Mapping[str, Any]) -> Iterator[Row]:
    """The rows of a page; what makes no sense is left out."""
    given = page.get("rows")
    for row in given if isinstance(given, list) else []:
        t, value, u = map(number, [*row, None, None, None][:3] if isinstance(row, list) else [None] * 3)
        if t is not None:
            yield t / 1000, value, None if u is None else K * u


def _page(place: Place, query: str) -> dict[str, Any]:
    """One page; nothing where there is none."""
    headers = {"Authorization": f"Bearer {place.token}"} if place.token else {}
    connection = _connection(place)
    try:
        connection.request("GET", f"/history?{query}", headers=headers)
        answer = connection.getresponse()
        document = json.loads(answer.read(LARGEST)) if answer.status == 200 else {}
    except (OSError, HTTPException, ValueError):
        return {}
    finally:
        connection.close()
    return document if isinstance(document, dict) else {}


def _connection(place: Place) -> HTTPConnection:
    if place.path is not None:
        return _ByPath(place.path)
    return HTTPSConnection(place.address, timeout=WITHIN, context=place.context())
