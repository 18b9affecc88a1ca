"""Faults of the system under test, as reports tell them."""

from __future__ import annotations

from hil_procedures.faults import FAULTS, fault_kinds, fault_rows


def test_each_kind_has_a_row_the_most_frequent_first() -> None:
    faults = ("crash", "time-out", "wrong shape", "time-out", "crash", "time-out")
    assert fault_rows(faults) == (
        (FAULTS, "6"),
        ("of these: time-out", "3"),
        ("of these: crash", "2"),
        ("of these: wrong shape", "1"),
    )
    assert fault_kinds(faults) == {"crash": 2, "time-out": 3, "wrong shape": 1}


def test_without_a_fault_there_is_one_row() -> None:
    assert fault_rows(()) == ((FAULTS, "0"),)
    assert fault_kinds(()) == {}
