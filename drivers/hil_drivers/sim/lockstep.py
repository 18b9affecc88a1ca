"""The messages of the control socket: one JSON document per line, one reply to each request."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

MAX_LINE = 1 << 20
"""Longer lines are refused, in bytes."""


class MessageError(ValueError):
    """A request that is none."""


@dataclass(frozen=True, slots=True)
class Advance:
    """Move bench time to ``t`` ns, after each address has received so many bytes on this connection's count."""

    t: int
    sent: Mapping[str, int]


@dataclass(frozen=True, slots=True)
class Response:
    """Ask for the noise-free indication of a luxmeter at an illuminance in lx on its head."""

    device: str
    illuminance: float


@dataclass(frozen=True, slots=True)
class Query:
    """Ask for ``truth``, ``state`` or ``attach`` (the announcement again), or ask to ``end``."""

    what: str


@dataclass(frozen=True, slots=True)
class Inject:
    """Add a fault (as in a world file), or with ``None`` take away all faults of ``device``."""

    device: str
    fault: Mapping[str, Any] | None


Request = Advance | Response | Inject | Query
QUERIES = ("truth", "state", "attach", "end")


def encode(message: Mapping[str, Any]) -> bytes:
    """One message as a line."""
    return json.dumps(message, separators=(",", ":")).encode() + b"\n"


def advance(t: int, sent: Mapping[str, int]) -> bytes:
    """The line that asks to move bench time."""
    return encode({"advance": t, "sent": dict(sent)})


def parse(line: bytes) -> Request:
    """Read a request.

    :raises MessageError: if the line is no request.
    """
    try:
        message = json.loads(line)
    except (ValueError, RecursionError):
        raise MessageError("a request must be one line of JSON") from None
    if not isinstance(message, dict):
        raise MessageError("a request must be a JSON object")
    if "advance" in message:
        return _advance(message)
    if "response" in message:
        return _response(message["response"])
    if "fault" in message:
        return _inject(message["fault"])
    if isinstance(device := message.get("clear"), str):
        return Inject(device, None)
    for what in QUERIES:
        if message.get(what) is True:
            return Query(what)
    raise MessageError(f"unknown request; known are advance, response, fault, clear, {', '.join(QUERIES)}")


def _advance(message: dict[str, Any]) -> Advance:
    t, sent = message["advance"], message.get("sent", {})
    if not _count(t) or not isinstance(sent, dict) or not all(map(_count, sent.values())):
        raise MessageError("advance needs a time in ns and counts of bytes, integers of 0 or more")
    return Advance(t, sent)


def _response(body: object) -> Response:
    if isinstance(body, dict):
        device, illuminance = body.get("device"), body.get("illuminance")
        if isinstance(device, str) and isinstance(illuminance, int | float) and abs(illuminance) < 1e9:
            return Response(device, float(illuminance))
    raise MessageError("response needs a device's name and an illuminance in lx")


def _inject(body: object) -> Inject:
    if isinstance(body, dict) and isinstance(body.get("device"), str):
        return Inject(body["device"], body)
    raise MessageError("fault needs an object with a device and a kind")


def _count(value: object) -> bool:
    return type(value) is int and 0 <= value < 2**62
