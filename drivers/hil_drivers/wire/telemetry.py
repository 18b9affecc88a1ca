"""Payloads as sensors publish them: a plain number, or JSON with fields. Without any input or output.

A field is named by a path: ``ENERGY.Power``, ``sensors.0.value``. Numbers are those of JSON, in a string too; the
words in ``NO_VALUE`` stand for a value that the device does not have. Time stamps are ISO 8601 with a zone, or
seconds, milliseconds, microseconds or nanoseconds since the POSIX epoch, told apart by their size.
"""

from __future__ import annotations

import json
import math
import re
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from ..errors import RemoteProtocolError

LONGEST = 65536
"""Longer payloads are refused, in bytes."""

NO_VALUE = frozenset(("", "nan", "null", "none", "unavailable", "unknown"))

_NUMBER = re.compile(r"[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]{1,4})?", re.ASCII)
_LONGEST_NUMBER = 64
_FRACTION = re.compile(r"[.,]([0-9]{1,9})")
_EPOCH = datetime(1970, 1, 1, tzinfo=UTC)
_SCALES = ((10**11, 10**9), (10**14, 10**6), (10**17, 10**3), (10**20, 1))
"""A stamp below the first number counts in units of so many ns."""


@dataclass(frozen=True, slots=True)
class Stamp:
    """A device's time stamp: ``utc`` in ns since the POSIX epoch, and the step in which it is given, in ns."""

    utc: int
    step: int


def content(payload: bytes) -> Any:
    """A payload as JSON.

    :raises RemoteProtocolError: if it is none.
    """
    text = _text(payload)
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise RemoteProtocolError(f"sent {_shown(text)}, which is no JSON") from None


def number(payload: bytes, field: str = "") -> float | None:
    """The number in a payload; ``None`` where the device says that it has none. Infinity is an overflow, NaN none.

    >>> number(b'{"ENERGY": {"Power": 12.5}}', "ENERGY.Power")
    12.5

    :param field: its path in JSON; empty if the payload is the number.
    :raises RemoteProtocolError: if there is no such field, or it is no number.
    """
    value = _at(content(payload), field) if field else _text(payload)
    if isinstance(value, str):
        return _number(value.strip())
    if value is None:
        return None
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise RemoteProtocolError(f"sent {_shown(value)} as {field or 'payload'}, which is no number")
    return _finite_or_none(_float(value))


def word(payload: bytes, field: str = "") -> str:
    """The word in a payload, such as the state of a switch.

    :param field: its path in JSON; empty if the payload is the word.
    :raises RemoteProtocolError: if there is no such field, or it is no single value.
    """
    value = _at(content(payload), field) if field else _text(payload).strip()
    if isinstance(value, str):
        return value
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int | float):
        return str(value) if abs(value) < 1e15 else _shown(value)
    raise RemoteProtocolError(f"sent {_shown(value)} as {field or 'payload'}, which is no word")


def stamp(payload: bytes, field: str) -> Stamp:
    """The time stamp in a payload.

    :raises RemoteProtocolError: if there is no such field, or it is no time stamp with a zone.
    """
    value = _at(content(payload), field)
    if isinstance(value, str):
        text = value.strip()
        return _count(text, field) if _NUMBER.fullmatch(text) else _iso(text, field)
    if isinstance(value, bool) or not isinstance(value, int | float):
        raise _no_stamp(value, field)
    return _count(repr(value), field)


def sequence(payload: bytes, field: str) -> int:
    """The running number in a payload.

    :raises RemoteProtocolError: if there is no such field, or it is no integer of 0 or more.
    """
    value = _at(content(payload), field)
    if type(value) is not int or not 0 <= value < 2**63:
        raise RemoteProtocolError(f"sent {_shown(value)} as {field}, which is no running number")
    return value


def _text(payload: bytes) -> str:
    if len(payload) > LONGEST:
        raise RemoteProtocolError(f"sent {len(payload)} bytes, more than {LONGEST}")
    try:
        return payload.decode("utf-8")
    except UnicodeDecodeError as error:
        raise RemoteProtocolError(f"sent what is not UTF-8 at byte {error.start}") from None


def _at(value: Any, field: str) -> Any:
    """The value at a path."""
    found = value
    for key in field.split("."):
        if isinstance(found, dict) and key in found:
            found = found[key]
        elif isinstance(found, list) and key.isascii() and key.isdigit() and int(key[:9]) < len(found):
            found = found[int(key[:9])]
        else:
            raise RemoteProtocolError(f"sent {_shown(value)}, which has no field {field!r}")
    return found


def _number(text: str) -> float | None:
    if text.lower() in NO_VALUE:
        return None
    if text.lower() in ("inf", "+inf", "-inf", "infinity", "-infinity"):
        return -math.inf if text.startswith("-") else math.inf
    if len(text) > _LONGEST_NUMBER or not _NUMBER.fullmatch(text):
        raise RemoteProtocolError(f"sent {_shown(text)}, which is no number")
    return float(text)


def _float(value: float) -> float:
    try:
        return float(value)
    except OverflowError:
        return math.inf if value > 0 else -math.inf


def _finite_or_none(value: float) -> float | None:
    return None if math.isnan(value) else value


def _count(text: str, field: str) -> Stamp:
    """Units since the epoch, with as many decimals as were sent."""
    value = float(text)
    if not (math.isfinite(value) and 0 <= value < _SCALES[-1][0]) or len(text) > _LONGEST_NUMBER:
        raise _no_stamp(text, field)
    unit = next(unit for below, unit in _SCALES if value < below)
    whole, _, decimals = text.partition(".")
    if not (whole.isdigit() and (decimals.isdigit() or not decimals)):
        return Stamp(round(value * unit), unit)
    decimals = decimals[:9]
    step = max(1, unit // 10 ** len(decimals))
    return Stamp(int(whole) * unit + int(decimals or "0") * unit // 10 ** len(decimals), step)


def _iso(text: str, field: str) -> Stamp:
    try:
        moment = datetime.fromisoformat(text)
    except ValueError:
        raise _no_stamp(text, field) from None
    if moment.tzinfo is None:
        raise RemoteProtocolError(
            f"sent the time {_shown(text)} without a zone",
            remedy="let it send Z or an offset, or leave out the option for its time",
        )
    since = (moment - _EPOCH) // timedelta(microseconds=1)
    if since < 0:
        raise _no_stamp(text, field)
    fraction = _FRACTION.search(text)
    return Stamp(since * 1000, 10 ** (9 - min(6, len(fraction[1]))) if fraction else 10**9)


def _no_stamp(value: object, field: str) -> RemoteProtocolError:
    return RemoteProtocolError(f"sent {_shown(value)} as {field}, which is no time stamp")


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."
