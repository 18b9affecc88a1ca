"""The two dialects of SCPI by which a scanning multimeter reads thermometers, and the lists that they answer.

Sources: command tables of the 34970A/DAQ970A and of the DAQ6510. Both name channels as ``(@101,102)``; an overload is
9.9E37 and "not a number" 9.91E37 (SCPI-99, volume 1, 7.2.1.4 and 7.2.1.5).
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from ..errors import RemoteProtocolError
from ..indication import Flag

Quantity = Literal["resistance", "temperature"]
QUANTITIES: tuple[Quantity, ...] = ("resistance", "temperature")

OVERLOAD = 9.9e37
NOT_A_NUMBER = 9.91e37
_TOLERANCE = 1e34

_NUMBER = re.compile(
    r"\s*(?P<sign>[+-]?)(?P<whole>\d{1,20})(?:\.(?P<part>\d{0,20}))?(?:[eE](?P<power>[+-]?\d{1,2}))?\s*", re.ASCII
)


@dataclass(frozen=True, slots=True)
class Reading:
    """One reading: no value where the meter gave none, ``step`` one unit of its last printed digit."""

    value: float | None
    step: float | None
    flags: Flag = Flag.GOOD


@dataclass(frozen=True, slots=True)
class Dialect:
    """How one family says it. ``models`` are in its identification; ``most_nplc`` the longest integration it takes."""

    models: tuple[str, ...]
    most_nplc: float
    fetch: str

    def setup(self, quantity: Quantity, channels: Sequence[int], nplc: float, *, offset: bool) -> list[str]:
        """The commands that prepare ``channels``: four-wire, ``nplc`` power-line cycles, with offset compensation."""
        listed = channel_list(channels)
        if self is DAQ6510:
            function = "FRES" if quantity == "resistance" else "TEMP"
            made = [f'SENS:FUNC "{function}",{listed}']
            if quantity == "temperature":
                made += [f"SENS:TEMP:TRAN FRTD,{listed}", f"SENS:TEMP:RTD:FOUR PT100,{listed}"]
            made += [f"SENS:{function}:AZER ON,{listed}", f"SENS:{function}:NPLC {nplc:g},{listed}"]
            return [*made, f"SENS:{function}:OCOM {'ON' if offset else 'OFF'},{listed}"]
        if quantity == "temperature":
            return [f"CONF:TEMP FRTD,85,{listed}", f"SENS:TEMP:NPLC {nplc:g},{listed}"]
        switch = "ON" if offset else "OFF"
        return [f"CONF:FRES {listed}", f"SENS:FRES:NPLC {nplc:g},{listed}", f"SENS:FRES:OCOM {switch},{listed}"]

    def select(self, channels: Sequence[int]) -> list[str]:
        """The commands that make the scan list."""
        listed = channel_list(channels)
        if self is DAQ6510:
            return [f"ROUT:SCAN:CRE {listed}", "ROUT:SCAN:COUN:SCAN 1"]
        return [f"ROUT:SCAN {listed}", "TRIG:SOUR IMM", "TRIG:COUN 1"]

    def clear(self) -> list[str]:
        """The commands that forget earlier readings."""
        return ["TRAC:CLE"] if self is DAQ6510 else []

    def fetched(self, count: int) -> str:
        """The query for the readings of a scan of ``count`` channels."""
        return self.fetch.format(count)


HP34970A = Dialect(("34970", "34972", "DAQ970", "DAQ973"), 200.0, "FETC?")
DAQ6510 = Dialect(("DAQ6510", "DMM6500"), 15.0, 'TRAC:DATA? 1,{},"defbuffer1",READ')
DIALECTS = {"34970a": HP34970A, "daq6510": DAQ6510}


def channel_list(channels: Sequence[int]) -> str:
    """Channels as a SCPI channel list.

    >>> channel_list([101, 107])
    '(@101,107)'
    """
    return f"(@{','.join(map(str, channels))})"


def parse_readings(line: str, count: int) -> list[Reading]:
    """The readings of a scan.

    :raises RemoteProtocolError: if there are not ``count`` numbers.
    """
    parts = line.split(",")
    if len(parts) != count:
        raise RemoteProtocolError(f"sent {len(parts)} readings of {count} channels: {line[:60]!r}")
    return [parse_reading(part) for part in parts]


def parse_reading(text: str) -> Reading:
    """One reading.

    >>> parse_reading("+1.0912E+02")
    Reading(value=109.12, step=0.01, flags=<Flag.GOOD: 0>)

    :raises RemoteProtocolError: if it is no number.
    """
    found = _NUMBER.fullmatch(text)
    if found is None:
        raise RemoteProtocolError(f"sent {text[:40]!r} where a reading is due")
    value = float(text)
    if abs(abs(value) - NOT_A_NUMBER) < _TOLERANCE:
        return Reading(None, None, Flag.NOT_AVAILABLE)
    if abs(value) >= OVERLOAD - _TOLERANCE:
        return Reading(None, None, Flag.OVER_RANGE)
    decimals = len(found["part"] or "")
    return Reading(value, float(f"1e{int(found['power'] or 0) - decimals}"))
