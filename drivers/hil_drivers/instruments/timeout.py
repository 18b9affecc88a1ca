"""The deadline of an exchange, where a bench file gives it."""

from __future__ import annotations

from ..errors import OptionError

SHORTEST, LONGEST = 0.05, 100.0
"""Seconds of wall time; an operation that takes longer than 120 s is taken for a driver that hangs."""


def checked_timeout(device: str, timeout: float) -> float:
    """``timeout`` in s, if it can be one.

    :raises OptionError: if it cannot.
    """
    if not SHORTEST <= timeout <= LONGEST:
        raise OptionError(f"timeout = {timeout:g} s", where=device, remedy=f"give {SHORTEST:g} to {LONGEST:g}")
    return float(timeout)
