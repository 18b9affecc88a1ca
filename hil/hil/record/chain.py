"""The hash chain over every table of a record, in commit order.

Each commit appends one ``batch`` row whose ``hash`` is

    SHA-256( prev || row(seq, t, rows, marks) || rows of the first table named in ``rows`` || ... )

``prev`` is the hash of the batch before (32 bytes; of the first batch: `GENESIS`, the SHA-256 of the tables'
definition), ``rows`` the JSON text ``{"table": [first rowid, last rowid], ...}``. A reading is packed as `READING`
(64 bytes, little-endian); a row of another table is, for each value, a tag and its bytes: ``n`` for NULL, ``i``
and 8 bytes, ``f`` and 8 bytes, ``s`` or ``b``, a length of 8 bytes and the UTF-8 text or the bytes.

SQLite stores NaN as NULL and -0.0 as 0.0: both are normalised before they are hashed, so that what is read back
gives the same bytes. ``marks`` holds 16 bits per row, in the same order: not a protection (the hash is), but a way
to name the row when a batch does not hold.
"""

from __future__ import annotations

import hashlib
import struct
import zlib
from collections.abc import Iterable, Sequence
from typing import Any, cast

import numpy as np
from numpy.typing import NDArray

from .schema import COLUMNS, SCRIPTS, VERSION

READING = np.dtype([(name, "<i8" if name in ("t", "ch", "flags") else "<f8") for name in COLUMNS["reading"]])
"""One reading, packed; a missing real number is NaN."""


def genesis(version: int) -> str:
    """What the first batch of a record of ``version`` is chained to: the SHA-256 of the tables' definition."""
    return hashlib.sha256(SCRIPTS[version].encode()).hexdigest()


GENESIS = genesis(VERSION)
"""What the first batch of a new record is chained to."""

_TAGGED = struct.Struct("<cq").pack
"""A kind of value and an integer: its own, or the length of what follows."""

_WEIGHTS = np.frombuffer(hashlib.shake_256(b"hil reading mark").digest(64), "<u8") | np.uint64(1)

Rows = NDArray[np.void] | Sequence[tuple[Any, ...]]
"""Rows of ``reading`` as an array of `READING`, or rows of another table as tuples."""


def normalise(readings: NDArray[np.void]) -> None:
    """Make ``readings`` what SQLite gives back, in place: one NaN, no negative zero."""
    for name in ("raw", "value", "u_ind", "u", "u_t"):
        column = readings[name]
        column[np.isnan(column)] = np.nan
        column += 0.0


def row_bytes(row: Iterable[Any]) -> bytes:
    """The canonical bytes of a row of any table but ``reading``.

    :raises TypeError: if a value is of no type that SQLite stores.
    """
    return b"".join(_value_bytes(value) for value in row)


def _value_bytes(value: object) -> bytes:
    if value is None:
        return b"n"
    if isinstance(value, int):
        return _TAGGED(b"i", value)
    if isinstance(value, float):
        return b"f" + struct.pack("<d", value)
    if isinstance(value, str):
        encoded = value.encode()
        return _TAGGED(b"s", len(encoded)) + encoded
    if isinstance(value, bytes):
        return _TAGGED(b"b", len(value)) + value
    raise TypeError(f"a record cannot hold a {type(value).__name__}")


def canonical(rows: Rows) -> tuple[bytes, bytes]:
    """The canonical bytes of ``rows``, and their marks (2 bytes a row)."""
    if isinstance(rows, np.ndarray):
        words = np.ascontiguousarray(rows).view("<u8").reshape(-1, len(_WEIGHTS))
        marks = (words * _WEIGHTS).sum(axis=1, dtype=np.uint64) >> np.uint64(48)
        return rows.tobytes(), marks.astype("<u2").tobytes()
    encoded = [b"".join(row) for row in zip(*map(_column_bytes, zip(*rows, strict=True)), strict=True)]
    return b"".join(encoded), np.array([zlib.crc32(row) & 0xFFFF for row in encoded], "<u2").tobytes()


def _column_bytes(values: tuple[Any, ...]) -> list[bytes]:
    """`_value_bytes` of each, in a third of its time where all are integers or all are texts."""
    kinds = set(map(type, values))
    if kinds == {int}:
        return [_TAGGED(b"i", value) for value in values]
    if kinds == {str}:
        texts = [value.encode() for value in values]
        return [_TAGGED(b"s", len(text)) + text for text in texts]
    return [_value_bytes(value) for value in values]


def batch_hash(prev: str, seq: int, t: int, rows: str, marks: bytes, contents: Iterable[bytes]) -> str:
    """The hash of a batch, 64 hexadecimal digits.

    :param prev: the hash of the batch before, or `GENESIS`.
    :param t: when it was committed, UTC in nanoseconds by the machine's clock.
    :param rows: the JSON text of its row ranges.
    :param contents: the canonical bytes of each table's rows, in the order of ``rows``.
    :raises ValueError: if ``prev`` is not hexadecimal.
    """
    digest = hashlib.sha256(bytes.fromhex(prev))
    digest.update(row_bytes((seq, t, rows, marks)))
    for content in contents:
        digest.update(content)
    return digest.hexdigest()


def from_table(table: str, rows: list[tuple[Any, ...]]) -> Rows:
    """Rows as a ``SELECT`` of all columns of ``table`` gives them, in the form that is hashed.

    :raises ValueError: if a reading holds something that is not a number (so do TypeError and OverflowError).
    """
    return cast("Rows", np.array(rows, READING)) if table == "reading" else rows
