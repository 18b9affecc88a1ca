"""Floats and test registers of HMP probes, against the numbers of the manuals."""

from __future__ import annotations

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil_drivers.errors import LocalProtocolError, RemoteProtocolError
from hil_drivers.wire import hmp

PUBLISHED_TEST = [53191, 58982, 49910]
"""0x1F00 = -12345; 0x1F01, 0x1F02 = -123.45, least significant word first (Vaisala manuals)."""


def test_the_published_humidity() -> None:
    """30.56 %RH = 41F47AE1 travels as [7AE1, 41F4] (HMP4 manual)."""
    assert hmp.float_from_registers([0x7AE1, 0x41F4]) == pytest.approx(30.56, rel=1e-7)


def test_the_published_test_registers() -> None:
    assert hmp.float_to_registers(-123.45) == PUBLISHED_TEST[1:]
    hmp.check_test_registers(PUBLISHED_TEST)


def test_swapped_words_are_named() -> None:
    with pytest.raises(RemoteProtocolError, match="most significant word first"):
        hmp.check_test_registers([53191, 49910, 58982])


@pytest.mark.parametrize("registers", [[], [0, 0, 0], [53191, 0, 0], [1, 58982, 49910], [53191, 58982]])
def test_other_test_registers_are_refused(registers: list[int]) -> None:
    with pytest.raises(RemoteProtocolError):
        hmp.check_test_registers(registers)


def test_what_is_not_available() -> None:
    assert math.isnan(hmp.float_from_registers([0, 0x7FC0]))
    assert hmp.integer_from_register(0x8000) is None
    assert hmp.integer_from_register(0x8001) == -32767
    assert hmp.integer_from_register(0x7FFF) == 32767


@given(st.floats(width=32, allow_nan=False))
def test_a_float32_survives(value: float) -> None:
    assert hmp.float_from_registers(hmp.float_to_registers(value)) == value


@given(st.floats(-(2.0**100), 2.0**100, width=32, allow_subnormal=False))
def test_the_step_is_that_of_float32(value: float) -> None:
    assert hmp.float_step(value) == np.spacing(np.float32(abs(value)))


def test_a_value_beyond_float32_is_our_bug() -> None:
    with pytest.raises(LocalProtocolError):
        hmp.float_to_registers(1e39)


@given(st.lists(st.integers(-5, 0x1FFFF), max_size=4))
def test_any_registers_are_a_float_or_refused(registers: list[int]) -> None:
    try:
        hmp.float_from_registers(registers)
    except RemoteProtocolError:
        assert len(registers) != 2 or not all(0 <= word <= 0xFFFF for word in registers)
