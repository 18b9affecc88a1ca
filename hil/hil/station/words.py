"""What went wrong, in words for a person."""

from __future__ import annotations

from hil_calibration.errors import CalibrationError
from hil_drivers.errors import DriverError

from ..errors import HilError, raised


def in_words(error: Exception) -> str:
    """``error`` in one sentence; one that nobody has foreseen with its place."""
    if isinstance(error, HilError | DriverError | CalibrationError):
        return str(error)
    return f"a fault in hil itself: {raised(error)}"
