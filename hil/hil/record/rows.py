"""What callers append, checked and turned into rows, in the event loop: cheap, and a copy of the caller's data."""

from __future__ import annotations

import json
import json.encoder
import math
import operator
from collections.abc import Callable
from typing import Any, SupportsIndex, cast

import numpy as np
from numpy.typing import NDArray

from hil_drivers.indication import Flag

from ..errors import RecordError
from .chain import READING, normalise
from .schema import COLUMNS

Scalar = tuple[int, int, float, float, float, float, float, int]
"""One reading, in the order of `READING`."""

_ENCODER = json.JSONEncoder(
    ensure_ascii=False,
    allow_nan=False,
    check_circular=False,
    sort_keys=True,
    separators=(",", ":"),
    default=lambda v: v.tolist(),
)


def _one_shot() -> Callable[[object], str]:
    """The encoder, made once: `json.JSONEncoder.encode` makes that of C anew for each value."""
    make, quoted = (getattr(json.encoder, name, None) for name in ("c_make_encoder", "c_encode_basestring"))
    if make is None or quoted is None:
        return _ENCODER.encode
    encode = make(None, _ENCODER.default, quoted, None, ":", ",", True, False, False)
    return lambda value: "".join(encode(value, 0))


_encode = _one_shot()
_INT64 = 1 << 63


def json_text(value: object, where: str) -> str:
    """``value`` as canonical JSON: sorted keys, no spaces, UTF-8.

    numpy scalars and arrays are written as numbers and lists. A number that is not finite is written as the
    string "NaN", "Infinity" or "-Infinity", since JSON has none.

    :raises RecordError: if it holds something that JSON has not.
    """
    try:
        try:
            encoded = _encode(value)
        except ValueError:
            encoded = _encode(_finite(value))
    except (TypeError, AttributeError, ValueError, RecursionError) as error:
        raise RecordError(
            f"holds something that cannot be written as JSON ({error})",
            where=where,
            remedy="use numbers, strings, booleans, lists and dictionaries",
        ) from error
    return text(encoded, where)


def _finite(value: object) -> object:
    if isinstance(value, np.ndarray | np.generic):
        value = value.tolist()
    if isinstance(value, dict):
        return {key: _finite(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_finite(item) for item in value]
    if isinstance(value, float) and not math.isfinite(value):
        return "NaN" if math.isnan(value) else "Infinity" if value > 0 else "-Infinity"
    return value


def text(value: str, where: str) -> str:
    """``value``, if UTF-8 can carry it.

    :raises RecordError: if it is no text, or holds half a surrogate pair.
    """
    try:
        if type(value) is not str or not value.isascii():
            value.encode()
    except (AttributeError, UnicodeEncodeError) as error:
        raise RecordError("is not text that UTF-8 can carry", where=where, remedy="give plain text") from error
    return value


def integers(where: str, *values: object) -> tuple[int, ...]:
    """``values`` as integers of 64 bits.

    :raises RecordError: as `integer`.
    """
    return tuple([v if type(v) is int and -_INT64 <= v < _INT64 else integer(v, where) for v in values])


def integer(value: object, where: str) -> int:
    """``value`` as an integer of 64 bits.

    :raises RecordError: if it is a float (nanoseconds do not fit into one) or too large.
    """
    if type(value) is int and -_INT64 <= value < _INT64:
        return value
    try:
        number = operator.index(cast("SupportsIndex", value))
    except TypeError as error:
        raise RecordError(
            f"{value!r} is not an integer", where=where, remedy="give integer nanoseconds or an integer number"
        ) from error
    if not -_INT64 <= number < _INT64:
        raise RecordError(f"{number} does not fit into 64 bits", where=where, remedy="give nanoseconds")
    return number


def real(value: float | None, where: str) -> float | None:
    """``value`` as SQLite stores it: NaN is ``None``, -0.0 is 0.0.

    :raises RecordError: if it is not a number.
    """
    number = _number(value, where)
    return None if math.isnan(number) else number


def _number(value: float | None, where: str) -> float:
    if value is None:
        return math.nan
    try:
        return float(value + 0.0)
    except (TypeError, ValueError, OverflowError) as error:
        raise RecordError(f"{value!r} is not a number", where=where, remedy="give a float, or None") from error


def scalar_reading(ch: int, t: Any, reals: tuple[Any, ...], flags: Any) -> Scalar:
    """One reading.

    :raises RecordError: if a value is of the wrong type.
    """
    raw, value, u_ind, u, u_t = [n + 0.0 if type(n) is float else _number(n, "reading") for n in reals]
    return integer(t, "reading t"), ch, raw, value, u_ind, u, u_t, integer(flags, "reading flags")


def block_of_readings(ch: Any, t: Any, reals: tuple[Any, ...], flags: Any) -> NDArray[np.void]:
    """Readings as an array of `READING`; scalars are repeated.

    :raises RecordError: if columns differ in length, or hold something else than numbers.
    """
    columns = zip(COLUMNS["reading"], (t, ch, *reals, flags), strict=True)
    arrays = {name: _column(name, value) for name, value in columns}
    lengths = {array.size for array in arrays.values() if array.ndim}
    if len(lengths) != 1 or any(array.ndim > 1 for array in arrays.values()):
        shapes = ", ".join(f"{name} {array.shape}" for name, array in arrays.items() if array.ndim)
        raise RecordError(f"columns of different length: {shapes}", where="readings", remedy="give equal lengths")
    readings = np.empty(lengths.pop(), READING)
    for name, array in arrays.items():
        readings[name] = array
    return readings


def _column(name: str, value: Any) -> NDArray[Any]:
    try:
        if name not in ("t", "ch", "flags"):
            return np.asarray(math.nan if value is None else value, np.float64)
        array = np.asarray(value)
    except (TypeError, ValueError) as error:
        raise RecordError(f"{name} holds something that is not a number ({error})", where="readings") from error
    if array.size and not np.can_cast(array.dtype, np.int64):
        raise RecordError(f"{name} holds {array.dtype}", where="readings", remedy="give integers of at most 63 bits")
    return array


def joined(items: list[Scalar | NDArray[np.void]]) -> NDArray[np.void]:
    """Readings appended one by one and in blocks, as one normalised array.

    A reading that holds neither an indication nor a value is flagged NOT_AVAILABLE.
    """
    parts: list[NDArray[np.void]] = []
    single: list[Scalar] = []
    for item in items:
        if isinstance(item, tuple):
            single.append(item)
            continue
        if single:
            parts.append(np.array(single, READING))
            single = []
        parts.append(item)
    if single:
        parts.append(np.array(single, READING))
    readings = np.concatenate(parts) if parts else np.empty(0, READING)
    normalise(readings)
    missing = np.isnan(readings["raw"]) & np.isnan(readings["value"])
    readings["flags"][missing] |= int(Flag.NOT_AVAILABLE)
    return readings
