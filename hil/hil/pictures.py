"""The latest picture of each camera, small, for screens."""

from __future__ import annotations

from typing import TYPE_CHECKING, NamedTuple

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

WIDEST, HIGHEST = 160, 120
"""Pixels of a picture for a screen, at most."""


class Picture(NamedTuple):
    """A picture taken at ``t`` (UTC in ns): ``rgb`` holds ``height`` rows of ``width`` pixels of three bytes."""

    t: int
    width: int
    height: int
    rgb: bytes


class Taken(NamedTuple):
    """A picture as the camera gave it, taken at ``t`` (UTC in ns)."""

    t: int
    image: NDArray[np.uint8]


def small(taken: Taken) -> Picture:
    """A picture, of shape (height, width) or (height, width, 3) with blue first, as a screen needs it.

    Pixels are left out, not averaged: it is to be looked at, and costs a camera at 30 pictures a second little.
    """
    import numpy as np

    height, width = taken.image.shape[:2]
    every = max(1, -(-width // WIDEST), -(-height // HIGHEST))
    part = taken.image[::every, ::every]
    colours = np.repeat(part[:, :, np.newaxis], 3, axis=2) if part.ndim == 2 else part[:, :, ::-1]
    return Picture(taken.t, colours.shape[1], colours.shape[0], colours.tobytes())
