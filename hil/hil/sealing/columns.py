"""Digests of the columns of all readings: the same for a record and for a file that holds the same readings.

Each column is hashed as its 64-bit little-endian values in the order of the record: ``t``, ``ch`` and ``flags`` as
integers, the others as IEEE 754 numbers with one NaN for a missing one.
"""

from __future__ import annotations

import hashlib

import numpy as np
from numpy.typing import NDArray

from ..record.chain import READING

NAMES = READING.names or ()


class ColumnDigests:
    """Fed with readings, array by array."""

    def __init__(self) -> None:
        self.rows = 0
        self._digests = {name: hashlib.sha256() for name in NAMES}

    def add(self, readings: NDArray[np.void]) -> None:
        """Readings of `READING`, shape ``(n,)``, with one NaN and no negative zero."""
        self.rows += len(readings)
        for name, digest in self._digests.items():
            digest.update(np.ascontiguousarray(readings[name]).data)

    def found(self) -> dict[str, str]:
        """The SHA-256 of each column so far, in hexadecimal digits."""
        return {name: digest.hexdigest() for name, digest in self._digests.items()}
