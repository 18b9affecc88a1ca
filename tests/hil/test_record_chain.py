"""The chain's canonical bytes: what is hashed is what SQLite gives back."""

from __future__ import annotations

import math
from typing import Any

import apsw
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.record.chain import GENESIS, READING, batch_hash, canonical, from_table, row_bytes
from hil.record.rows import joined, real
from hil.record.schema import COLUMNS, SCRIPT

INTEGERS = st.integers(-(2**63), 2**63 - 1)
REALS = st.floats(allow_nan=True, allow_infinity=True)
TEXTS = st.text(st.characters(exclude_categories=["Cs"]))


def stored(table: str, rows: list[tuple[Any, ...]]) -> list[tuple[Any, ...]]:
    db = apsw.Connection(":memory:")
    db.execute(SCRIPT)
    places = ", ".join("?" * len(COLUMNS[table]))
    db.executemany(f"INSERT INTO {table} VALUES ({places})", rows)
    return db.execute(f"SELECT {', '.join(COLUMNS[table])} FROM {table} ORDER BY rowid").fetchall()


@given(st.lists(st.tuples(INTEGERS, INTEGERS, REALS, REALS, REALS, REALS, REALS, INTEGERS), min_size=1, max_size=5))
def test_readings_hash_alike_before_and_after_sqlite(rows: list[tuple[Any, ...]]) -> None:
    """Any 64-bit pattern of a number, NaN, infinities and -0.0 included."""
    array = joined(list(rows))
    assert canonical(array) == canonical(from_table("reading", stored("reading", array.tolist())))


@given(INTEGERS, INTEGERS, REALS, REALS, st.none() | INTEGERS, TEXTS)
def test_other_rows_hash_alike_before_and_after_sqlite(
    before: int, utc: int, offset: float, delay: float, tai: int | None, source: str
) -> None:
    """The clock table holds every type but bytes."""
    row = (before, utc, before, real(offset, ""), None, real(delay, ""), tai, source)
    assert canonical([row]) == canonical(stored("clock", [row]))


def test_nan_and_negative_zero_are_normalised() -> None:
    """SQLite keeps neither: NaN comes back as NULL, -0.0 as 0.0."""
    array = joined([(0, 1, -0.0, math.nan, math.inf, -math.inf, 0.0, 0)])
    assert math.copysign(1.0, array["raw"][0]) == 1.0
    assert stored("reading", array.tolist()) == [(0, 1, 0.0, None, math.inf, -math.inf, 0.0, 0)]


def test_every_nan_is_the_same_nan() -> None:
    """A NaN with a payload hashes as any other."""
    odd = np.frombuffer(np.array([0xFFF0_0000_0000_0ABC], "<u8").tobytes(), "<f8")[0]
    first = joined([(0, 1, float(odd), 1.0, 1.0, 1.0, 1.0, 0)])
    second = joined([(0, 1, math.nan, 1.0, 1.0, 1.0, 1.0, 0)])
    assert canonical(first) == canonical(second)


def test_the_format_does_not_change_by_accident() -> None:
    """Hashes of version 1, pinned: records on disk must stay verifiable."""
    readings = np.array([(1, 2, 3.0, 4.0, 0.1, 0.2, 1e-6, 8), (2, 2, math.nan, 4.5, 0.1, 0.2, 1e-6, 0)], READING)
    content, marks = canonical(readings)
    event, event_marks = canonical([(5, "note", '{"a":1}')])
    ranges = '{"event":[1,1],"reading":[1,2]}'
    found = batch_hash(GENESIS, 1, 1_780_300_800_000_000_000, ranges, event_marks + marks, (event, content))
    assert (GENESIS, marks.hex(), event_marks.hex(), found) == PINNED


PINNED = (
    "32b397fbf39ee5abf9d4271c9ea01981a8134f007e0709aee90a4e1cf1893f3f",
    "4112944b",
    "6efe",
    "a462edadce92ac7a275b48454694228c8cf12cae7bd1ed83380d808d8464e04c",
)


@pytest.mark.parametrize("other", [("ab", "c"), ("a", "bc"), ("a", b"bc"), (1, 1.0), (1.0, 1), (None, ""), ("", None)])
def test_different_rows_have_different_bytes(other: tuple[Any, ...]) -> None:
    """Lengths and types are part of the bytes."""
    assert row_bytes(other) != row_bytes(("abc", ""))
    assert row_bytes(other) != row_bytes(tuple(reversed(other)))


def test_a_flipped_bit_changes_the_mark() -> None:
    """Every bit of a reading, so that verification names the row."""
    reading = joined([(1_780_300_800_000_000_000, 3, 201.5, 201.7, 0.1, 0.9, 1e-6, 0)])
    _, mark = canonical(reading)
    same = 0
    for bit in range(512):
        raw = bytearray(reading.tobytes())
        raw[bit // 8] ^= 1 << bit % 8
        same += canonical(np.frombuffer(bytes(raw), READING))[1] == mark
    assert same <= 1
