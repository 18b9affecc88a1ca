"""Answers in JSON, and what each status means: the same for every route."""

from __future__ import annotations

from typing import Any

import msgspec
from pydantic import BaseModel
from starlette.responses import Response

from ..commanding.commander import refused
from ..errors import HilError, UsageError


class Refusal(BaseModel):
    """What was not done: what, where, and what to do."""

    status: str
    what: str = ""
    where: str = ""
    remedy: str = ""
    why: str = ""


class Fault(BaseModel):
    """A request that does not fit its description."""

    detail: Any


_MEANINGS = {
    400: "another host is meant, or the body is no JSON",
    401: "nobody is known by the token",
    403: "the role will not do, or a page of another origin asks",
    404: "there is no such thing",
    409: "the run refuses: what, where, and what to do",
    413: "the body is too large",
    422: "this is no command, or the command_id is that of another one",
    429: "too often: ask again later",
    500: "a fault in hil itself",
    503: "the core has not answered: whether it has acted is not known",
}

COMMON = (400, 401, 403, 422, 429, 500, 503)


def responses(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """For the description of a route: ``statuses`` beside the common ones."""
    odd = {400: Refusal | Fault, 422: Refusal | Fault, 413: Fault}
    return {
        status: {"description": _MEANINGS[status], "model": odd.get(status, Refusal)}
        for status in sorted({*COMMON, *statuses})
    }


def as_json(document: Any, status: int = 200, *, retry: int | None = None) -> Response:
    """An answer; ``retry`` is the number of seconds after which the client may ask again."""
    headers = {"Retry-After": str(retry)} if retry is not None else None
    return Response(msgspec.json.encode(document), status, headers, media_type="application/json")


def refusal(status: int, what: str, where: str, remedy: str) -> Response:
    """The answer to what is not done."""
    return refusal_of(UsageError(what, where=where, remedy=remedy), status)


def refusal_of(error: HilError, status: int) -> Response:
    """The answer to what is not done because of ``error``."""
    return as_json(refused(error), status, retry=1 if status in (429, 503) else None)


def unknown(why: str) -> dict[str, str]:
    """The answer where nobody knows what became of a request."""
    return {"status": "unknown", "why": why}
