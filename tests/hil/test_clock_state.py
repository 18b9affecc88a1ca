"""The state of the system clock, from recorded answers of chrony and of the kernel."""

from __future__ import annotations

import math
import sys
from pathlib import Path

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hil.clock_state import ClockState, KernelClock, parse_tracking, read_clock_state, read_kernel, read_tracking

FOLLOWING = (
    "7F000001,127.0.0.1,6,1795679324.415806908,-0.000003148,0.000000253,0.000001525,-1.062,0.013,9.571,"
    "0.000008965,0.000011525,0.3,Normal\n"
)
OWN = (
    "7F7F0101,,5,1795679322.623470260,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,"
    "0.000000000,0.000000000,0.0,Normal\n"
)
NOT_FOLLOWING = (
    "00000000,,0,0.000000000,0.000000000,0.000000000,0.000000000,0.000,0.000,0.000,"
    "1.000000000,1.000000000,0.0,Not synchronised\n"
)
"""What chrony 4.3 printed: behind a server, with `local` alone, and with a server that did not answer."""

FREE = KernelClock(state=5, status=0x40, offset=0.0, maximum=16.0, estimated=16.0, tai=0)
"""What adjtimex told on a machine without a time daemon."""

DISCIPLINED = KernelClock(state=0, status=0x2001, offset=-12e-6, maximum=4.5e-3, estimated=1e-4, tai=37)


def state(kernel: KernelClock | None, line: str | None) -> ClockState:
    return read_clock_state(lambda: kernel, lambda: line)


def test_chrony_bounds_the_clock_by_offset_dispersion_and_half_the_delay() -> None:
    found = state(FREE, FOLLOWING)
    assert found.synchronised
    assert found.bound == pytest.approx(3.148e-6 + 11.525e-6 + 8.965e-6 / 2)
    assert found.offset == pytest.approx(3.148e-6), "chrony says that the clock is fast"
    assert (found.leap, found.source, found.tai_offset) == ("normal", "chrony (127.0.0.1)", None)
    assert found.told == "synchronised with UTC within 0.019 ms, says chrony (127.0.0.1)"


@pytest.mark.parametrize(
    ("line", "told"),
    [
        (NOT_FOLLOWING, "not synchronised with UTC, says chrony"),
        (OWN, "not synchronised with UTC, says chrony, on its own clock"),
    ],
)
def test_chrony_without_a_source_claims_nothing_whatever_the_kernel_says(line: str, told: str) -> None:
    found = state(DISCIPLINED, line)
    assert (found.synchronised, found.bound, found.offset) == (False, None, None)
    assert found.told == told


def test_without_chrony_the_kernel_s_maximum_error_is_the_bound() -> None:
    found = state(DISCIPLINED, None)
    assert found.synchronised
    assert found.bound == pytest.approx(4.512e-3)
    assert (found.tai_offset, found.leap) == (37, "normal")


@pytest.mark.parametrize(
    "kernel", [FREE, KernelClock(0, 0x40, 0.0, 1e-3, 1e-3, 37), KernelClock(5, 0, 0.0, 0.1, 0.1, 0)]
)
def test_a_kernel_that_does_not_say_so_is_not_synchronised(kernel: KernelClock) -> None:
    found = state(kernel, None)
    assert (found.synchronised, found.bound, found.offset, found.leap) == (False, None, None, "unknown")


@pytest.mark.parametrize(("bit", "leap"), [(0x10, "insert"), (0x20, "delete")])
def test_a_leap_second_that_is_due_is_told(bit: int, leap: str) -> None:
    assert state(KernelClock(1, bit, 0.0, 1e-3, 1e-3, 37), None).leap == leap
    word = {"insert": "Insert second", "delete": "Delete second"}[leap]
    assert state(None, FOLLOWING.replace("Normal", word)).leap == leap


def test_where_nobody_says_anything_nothing_is_claimed() -> None:
    assert state(None, None) == ClockState(synchronised=False)
    assert ClockState(synchronised=False).told == "not synchronised with UTC"


def test_an_answer_that_is_none_leaves_the_word_to_the_kernel() -> None:
    assert state(DISCIPLINED, "506 Cannot talk to daemon").source == "the kernel"


@given(st.text() | st.lists(st.text(max_size=8), min_size=12, max_size=16).map(",".join))
@example(FOLLOWING.replace("0.000011525", "nan"))
@example(FOLLOWING.replace("0.000011525", "-1"))
@example(FOLLOWING.replace("0.000008965", "1e999"))
def test_any_text_is_a_report_with_finite_numbers_or_none(line: str) -> None:
    found = parse_tracking(line)
    if found is not None:
        assert all(map(math.isfinite, (found.slow, found.root_delay, found.root_dispersion)))
        assert found.root_dispersion >= 0


@pytest.mark.parametrize("field", range(14))
def test_a_damaged_field_never_makes_a_bound_smaller_than_what_is_left(field: int) -> None:
    fields = FOLLOWING.strip().split(",")
    fields[field] = "?"
    found = parse_tracking(",".join(fields))
    assert (found is None) == (field in (4, 10, 11, 13))


def test_a_chrony_that_hangs_or_fails_is_as_good_as_none(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PATH", str(tmp_path))
    assert read_tracking() is None
    program = tmp_path / "chronyc"
    program.write_text("#!/bin/sh\nexit 1\n")
    program.chmod(0o755)
    assert read_tracking() is None
    program.write_text("#!/bin/sh\nexec /bin/sleep 60\n")
    monkeypatch.setattr("hil.clock_state.ANSWER_WITHIN", 0.05)
    assert read_tracking() is None
    program.write_text(f"#!/bin/sh\n[ \"$*\" = '-n -c tracking' ] && /bin/cat <<'END'\n{FOLLOWING}END\n")
    monkeypatch.setattr("hil.clock_state.ANSWER_WITHIN", 30.0)
    assert read_tracking() == FOLLOWING


@pytest.mark.skipif(not sys.platform.startswith("linux"), reason="adjtimex is Linux's")
def test_this_machine_s_kernel_is_read_in_the_right_layout() -> None:
    found = read_kernel()
    assert found is not None
    assert found.state in range(6)
    assert 0 <= found.maximum <= 3600
    assert 0 <= found.estimated <= 3600
    assert found.tai == 0 or 30 <= found.tai <= 60
