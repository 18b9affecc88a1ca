"""The dialects of scanners: what they say, and every number that they may answer."""

from __future__ import annotations

import math

import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from hil_drivers.errors import RemoteProtocolError
from hil_drivers.indication import Flag
from hil_drivers.wire.scanner import DAQ6510, HP34970A, Reading, parse_reading, parse_readings


def test_a_dialect_prepares_channels() -> None:
    assert HP34970A.setup("resistance", [101, 102], 10.0, offset=True) == [
        "CONF:FRES (@101,102)",
        "SENS:FRES:NPLC 10,(@101,102)",
        "SENS:FRES:OCOM ON,(@101,102)",
    ]
    assert HP34970A.setup("temperature", [103], 1.0, offset=True) == [
        "CONF:TEMP FRTD,85,(@103)",
        "SENS:TEMP:NPLC 1,(@103)",
    ]
    assert DAQ6510.setup("resistance", [101], 0.02, offset=False) == [
        'SENS:FUNC "FRES",(@101)',
        "SENS:FRES:AZER ON,(@101)",
        "SENS:FRES:NPLC 0.02,(@101)",
        "SENS:FRES:OCOM OFF,(@101)",
    ]
    assert DAQ6510.fetched(3) == 'TRAC:DATA? 1,3,"defbuffer1",READ'


READINGS = {
    "+1.09123400E+02": Reading(109.1234, 1e-6),
    "1.091234E+02": Reading(109.1234, 1e-4),
    "-12": Reading(-12.0, 1.0),
    " 0.50 ": Reading(0.5, 0.01),
    "+9.90000000E+37": Reading(None, None, Flag.OVER_RANGE),
    "-9.9E37": Reading(None, None, Flag.OVER_RANGE),
    "9.910000E+37": Reading(None, None, Flag.NOT_AVAILABLE),
    "1E+39": Reading(None, None, Flag.OVER_RANGE),
}


@pytest.mark.parametrize(("text", "expected"), READINGS.items())
def test_a_reading_is_a_value_or_a_flag(text: str, expected: Reading) -> None:
    found = parse_reading(text)
    assert (found.value, found.flags) == (expected.value, expected.flags)
    assert found.step == (None if expected.step is None else pytest.approx(expected.step))


@pytest.mark.parametrize("text", ["", "NAN", "+inf", "1,5", "1.2.3", "0x10", "1e999", "9 9", "٣"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(RemoteProtocolError, match="where a reading is due"):
        parse_reading(text)


@given(st.text(max_size=60), st.integers(1, 4))
@example("1,2", 3)
@example(",", 2)
def test_any_answer_is_readings_or_refused(line: str, count: int) -> None:
    try:
        found = parse_readings(line, count)
    except RemoteProtocolError:
        return
    assert len(found) == count
    for reading in found:
        if reading.value is None:
            assert reading.flags
        else:
            assert math.isfinite(reading.value)
            assert abs(reading.value) < 9.9e37
            assert reading.step is not None
            assert reading.step > 0


@given(st.floats(1e-30, 1e30) | st.floats(-1e30, -1e-30), st.integers(0, 12))
def test_a_printed_number_comes_back_within_its_step(value: float, digits: int) -> None:
    found = parse_reading(f"{value:+.{digits}E}")
    assert found.value is not None
    assert found.step is not None
    assert abs(found.value - value) <= 0.5001 * found.step
