"""Durations as people write them."""

from __future__ import annotations

import math
import string

_UNITS = {"ms": 1e-3, "s": 1.0, "min": 60.0, "h": 3600.0, "d": 86400.0}


def parse_duration(text: object) -> float:
    """Seconds of a duration such as ``"10 s"``, ``"250 ms"`` or ``"2 min"`` (units: ms, s, min, h, d; the blank
    may be left out).

    :raises ValueError: if it is not a number above 0 with one of these units.

    >>> parse_duration("10 s")
    10.0
    >>> parse_duration("3s")
    3.0
    """
    from hil_drivers.written import number

    written = str(text).strip()
    figures = written.rstrip(string.ascii_letters)
    seconds = number(figures) * _UNITS.get(written[len(figures) :], math.nan)
    if not (isinstance(text, str) and 0 < seconds < math.inf):
        raise ValueError(f"{text!r} is not a duration")
    return seconds


def duration_in_words(seconds: float) -> str:
    """Seconds in hours, minutes and seconds, to a whole second.

    >>> duration_in_words(3660.0)
    '1 h 1 min'
    >>> duration_in_words(0.2)
    '0 s'
    """
    hours, rest = divmod(round(seconds), 3600)
    minutes, left = divmod(rest, 60)
    parts = [(hours, "h"), (minutes, "min"), (left, "s")]
    return " ".join(f"{number} {unit}" for number, unit in parts if number) or "0 s"
