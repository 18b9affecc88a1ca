"""How values, uncertainties and states are written."""

from __future__ import annotations

import subprocess
import sys
from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from hil.console.palette import Level
from hil.console.reading import (
    FLAGS,
    NORMAL,
    NOTHING,
    age,
    channel_row,
    clock,
    limits,
    result,
    side,
    size,
    status,
    written,
)
from hil_calibration.rounding import report
from hil_drivers.indication import UNUSABLE, Flag


@pytest.mark.parametrize(
    ("value", "u", "shown"),
    [
        (41.4132, 0.075, ("41.41", "±0.15")),
        (12.003401, 0.0002, ("12.00340", "±0.00040")),
        (744.41, 4.5, ("744.4", "±9.0")),
        (10000.025, 0.02915, ("10000.025", "±0.058")),
        (3.0, 500.0, ("0", "±1000")),
        (-0.0001, 0.05, ("0.00", "±0.10")),
        (1.2e-5, 1e-9, ("1.2000e-5", "±2.0e-9")),
        (1e300, 1e290, ("1.000e300", "±2.0e290")),
        (-123456.78, 0.005, ("-123456.8", "±0.010")),
        (12.5, None, ("12.5", NOTHING)),
        (12.5, float("nan"), ("12.5", NOTHING)),
        (123456789.123, None, ("1.23457e8", NOTHING)),
        (7.0, 0.0, ("7", "±0")),
        (None, 0.1, (NOTHING, NOTHING)),
        (float("nan"), 0.1, (NOTHING, NOTHING)),
        (float("inf"), 0.1, (NOTHING, NOTHING)),
    ],
)
def test_written(value: float | None, u: float | None, shown: tuple[str, str]) -> None:
    assert written(value, u) == shown


_numbers = st.floats(-1e300, 1e300)


@given(_numbers, st.floats(1e-300, 1e300), st.integers(8, 20))
def test_what_is_written_has_room_and_says_what_a_report_says(value: float, u: float, cells: int) -> None:
    shown, reported = written(value, u, cells=cells), report(value, 2 * u)
    assert len(shown.value) <= max(cells, 9)
    assert len(shown.uncertainty) <= max(cells, 9)
    assert Decimal(shown.uncertainty[1:]) == Decimal(reported.U)
    if len(reported.value) <= cells:
        assert shown.value == reported.value
    else:
        assert float(shown.value) == pytest.approx(float(reported.value), rel=0.06)


@given(_numbers)
def test_a_value_without_uncertainty_has_room(value: float) -> None:
    shown = written(value, None).value
    assert len(shown) <= 9
    assert float(shown) == pytest.approx(value, rel=0.06)


def test_what_is_copied_tells_the_coverage_factor() -> None:
    assert result(41.4132, 0.075, "°C") == "(41.41 ± 0.15) °C (k = 2)"
    assert result(0.5, 0.01, "") == "(0.500 ± 0.020) (k = 2)"
    assert result(41.4132, None, "°C") == "41.4132 °C (no uncertainty)"
    assert result(None, None, "°C") == NOTHING


@pytest.mark.parametrize(
    ("bounds", "shown"),
    [
        ((18, 28), "18..28"),
        ((None, 41.0), "<41"),
        ((750, None), ">750"),
        ((-0.05, 0.05), "±0.05"),
        ((0.0, 0.0), "±0"),
        ((None, None), ""),
        (None, ""),
    ],
)
def test_limits(bounds: tuple[float | None, float | None] | None, shown: str) -> None:
    assert limits(bounds) == shown


@pytest.mark.parametrize(
    ("value", "bounds", "between", "beyond"),
    [
        (5, (1, 9), (None, None), 0),
        (9, (1, 9), (None, None), 0),
        (9.1, (1, 9), (None, None), 1),
        (0.9, (1, 9), (None, None), -1),
        (5, (1, 9), (4, 9.5), 1),
        (5, (1, 9), (0.5, 6), -1),
        (5, (None, 4), (None, None), 1),
        (5, None, (None, None), 0),
        (None, (1, 9), (None, None), 0),
    ],
)
def test_which_limit_is_left_counts_what_was_between_two_pictures(
    value: float | None,
    bounds: tuple[float | None, float | None] | None,
    between: tuple[float | None, float | None],
    beyond: int,
) -> None:
    assert side(value, bounds, *between) == beyond


def test_ages_clocks_and_sizes() -> None:
    assert [age(seconds) for seconds in (-1, 4.9, 99, 100, 5400, 7200, 86400 * 3)] == [
        "0 s", "4 s", "99 s", "1 min", "90 min", "2 h", "3 d",
    ]  # fmt: skip
    assert [clock(seconds) for seconds in (0, 41.9, 754, 3723)] == ["00:00", "00:41", "12:34", "1:02:03"]
    assert [size(count) for count in (0, 812, 1500, 123_456, 1_234_567_890, 5 * 10**12)] == [
        "0 B", "812 B", "1.5 kB", "123 kB", "1.2 GB", "5.0 TB",
    ]  # fmt: skip


@pytest.mark.parametrize(
    ("known", "level", "text"),
    [
        ({}, Level.NORMAL, ""),
        ({"alarm": Level.MEDIUM, "beyond": 1}, Level.MEDIUM, "▲ HI 2"),
        ({"alarm": Level.LOW, "beyond": -1, "acknowledged": True}, Level.LOW, "▼ LO 3✓"),
        ({"alarm": Level.HIGH}, Level.HIGH, "◆ HIGH 1"),
        ({"alarm": Level.HIGH, "late": 4.0}, Level.HIGH, "◆ HIGH 1?"),
        ({"alarm": Level.NORMAL}, Level.NORMAL, ""),
        ({"late": 4.0, "flags": 64}, Level.STALE, "? 4 s"),
        ({"flags": 32}, Level.STALE, "? STALE"),
        ({"flags": 32 | 1}, Level.BAD, "✗ OVER"),
        ({"flags": 64 | 256}, Level.BAD, "✗ ERROR"),
        ({"missing": True}, Level.BAD, "✗ NONE"),
        ({"flags": 2}, Level.LOW, "○ UNDER"),
        ({"flags": 16, "beyond": 1}, Level.LOW, "▲ HI"),
        ({"flags": 2, "missing": True}, Level.BAD, "✗ UNDER"),
        ({"beyond": -1}, Level.LOW, "▼ LO"),
        ({"beyond": -1, "held": False}, Level.NORMAL, "below"),
        ({"beyond": 1, "held": False}, Level.NORMAL, "above"),
        ({"beyond": 1, "held": False, "flags": 16}, Level.LOW, "○ DARK"),
        ({"beyond": 1, "held": False, "alarm": Level.MEDIUM}, Level.MEDIUM, "▲ HI 2"),
    ],
)
def test_the_state_cell_tells_the_worst(known: dict[str, object], level: Level, text: str) -> None:
    shown = status(**known)  # type: ignore[arg-type]
    assert (shown.level, shown.text) == (level, text)


def test_flags_are_those_of_an_indication() -> None:
    assert {bit for bit, _ in FLAGS} == {int(flag) for flag in Flag if flag}
    for bit, _ in FLAGS:
        assert status(flags=bit).old == bool(Flag(bit) & UNUSABLE)


def test_a_row_is_safe_to_draw_and_equal_rows_are_equal() -> None:
    row = channel_row("a\x1b[2Jb\u0301\n", "°C", 1.0, 0.05, bounds=(0, 2))
    assert row.name == "a?[2Jb??"
    assert (row.value, row.uncertainty, row.limit, row.status) == ("1.00", "±0.10", "0..2", NORMAL)
    assert row == channel_row("a\x1b[2Jb\u0301\n", "°C", 1.0001, 0.05, bounds=(0, 2))


def test_neither_numpy_nor_gtc_is_loaded_for_text() -> None:
    modules = "reading layout fitting palette text table_row widgets.channel_table widgets.rows widgets.key_bar"
    modules += " widgets.trend widgets.path widgets.preview"
    program = f"import sys\nfor name in {modules.split()!r}: __import__('hil.console.' + name)\n"
    program += "print(sorted({'numpy', 'GTC'} & set(sys.modules)))"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout == "[]\n"
