"""Noise and truth as functions of (seed, names, index): stateless, so no order of calls can shift them.

Scalars come from keyed blake2b, blocks from numpy's Philox with a key derived the same way. Fields are length
prefixed and purposes kept apart, so that no two streams can meet.
"""

from __future__ import annotations

import math
import struct
from hashlib import blake2b
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import numpy as np

_SCALE = 2.0**-53


class Stream:
    """An endless table of random values, addressed by an integer index (64 bits, signed).

    :param seed: the world's seed.
    :param names: what the values are for, the purpose first: ``("noise", "luxmeter", "reading")``.
    """

    def __init__(self, seed: int, *names: str) -> None:
        fields = [str(seed).encode(), *(name.encode() for name in names)]
        packed = b"".join(len(field).to_bytes(4, "little") + field for field in fields)
        self._key = blake2b(packed, digest_size=32).digest()
        self._hash = blake2b(key=self._key, digest_size=16)

    def uniforms(self, index: int = 0) -> tuple[float, float]:
        """Two independent values, uniform on the open interval (0, 1)."""
        state = self._hash.copy()
        state.update(index.to_bytes(8, "little", signed=True))
        first, second = struct.unpack("<QQ", state.digest())
        return ((first >> 11) + 0.5) * _SCALE, ((second >> 11) + 0.5) * _SCALE

    def uniform(self, index: int = 0) -> float:
        """One value, uniform on the open interval (0, 1)."""
        return self.uniforms(index)[0]

    def normal(self, index: int = 0) -> float:
        """One value of the standard normal distribution (Box and Muller)."""
        first, second = self.uniforms(index)
        return math.sqrt(-2.0 * math.log(first)) * math.cos(2.0 * math.pi * second)

    def octets(self, count: int, index: int = 0) -> bytes:
        """``count`` random bytes, 1 to 64."""
        return blake2b(index.to_bytes(8, "little", signed=True), key=self._key, digest_size=count).digest()

    def generator(self, index: int = 0) -> np.random.Generator:
        """A numpy generator for a block of values, independent for every index (0 or more)."""
        import numpy as np

        key = struct.unpack("<QQ", self._key[:16])
        counter = np.array([0, 0, index, 0], dtype=np.uint64)
        return np.random.Generator(np.random.Philox(key=np.array(key, dtype=np.uint64), counter=counter))
