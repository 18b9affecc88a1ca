"""The number of a display frame as a strip of cells in Grey code, which a camera's picture can be read back from.

Cells from the left: white, black, twelve bits of the number modulo 4096 (the highest first), their parity, black,
white. Neighbouring numbers differ in one bit and the parity: a picture exposed over two frames reads as one of them,
never as a third.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

BITS = 12
CELLS = BITS + 5
MODULUS = 1 << BITS


def cells(frame: int) -> NDArray[np.float32]:
    """The cells of a frame's number: 1 white, 0 black, shape ``(CELLS,)``."""
    number = frame % MODULUS
    grey = number ^ (number >> 1)
    bits = [(grey >> (BITS - 1 - i)) & 1 for i in range(BITS)]
    return np.array([1, 0, *bits, sum(bits) % 2, 0, 1], dtype=np.float32)
