"""The number of a display's frame as a strip of cells in Grey code, which a camera's picture can be read back from.

Cells from the left: white, black, twelve bits of the number modulo 4096 (the highest first), their parity, black,
white. Neighbouring numbers differ in one bit and the parity: a picture exposed over two frames reads as one of them,
never as a third.
"""

from __future__ import annotations

from collections.abc import Sequence

BITS = 12
CELLS = BITS + 5
MODULUS = 1 << BITS

_UNCLEAR = 0.25
"""A cell this far from black and from white is one of two frames."""


def cells(frame: int) -> tuple[int, ...]:
    """The cells of a frame's number: 1 white, 0 black.

    >>> cells(3)
    (1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1, 0, 1, 0, 1)
    """
    number = frame % MODULUS
    grey = number ^ (number >> 1)
    bits = [(grey >> (BITS - 1 - i)) & 1 for i in range(BITS)]
    return (1, 0, *bits, sum(bits) % 2, 0, 1)


def decode(levels: Sequence[float]) -> int | None:
    """The number that cells show, from 0 to 4095; ``None`` where they show none.

    One bit may be in between, where the exposure saw two frames; the parity is then in between too, and not looked at.

    :param levels: of the ``CELLS`` cells, in any unit that is proportional to light.
    """
    if len(levels) != CELLS:
        return None
    white, black = (levels[0] + levels[-1]) / 2.0, (levels[1] + levels[-2]) / 2.0
    if not white > black:
        return None
    shares = [(level - black) / (white - black) for level in levels[2:-2]]
    unclear = sum(_UNCLEAR < share < 1.0 - _UNCLEAR for share in shares[:-1])
    bits = [int(share >= 0.5) for share in shares]
    if unclear > 1 or (not unclear and sum(bits[:-1]) % 2 != bits[-1]):
        return None
    number = 0
    for bit in bits[:-1]:
        number = number << 1 | (bit ^ (number & 1))
    return number
