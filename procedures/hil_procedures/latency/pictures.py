"""What is read from a picture of the wall: its brightness in the middle, and the number of the wall's frame."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from hil_drivers.wire.frame_tag import CELLS, decode

_ABOVE = 0.3
"""The strip is in this part of the picture, from the top."""


def brightness(image: NDArray[np.uint8]) -> float:
    """The mean of the middle ninth of a picture, in its digital numbers, which must be proportional to light."""
    height, width = image.shape[:2]
    return float(image[height // 3 : height - height // 3, width // 3 : width - width // 3].mean())


def frame_of(image: NDArray[np.uint8]) -> int | None:
    """The number of the wall's frame, modulo 4096, by the strip; ``None`` where it cannot be read.

    The strip is found by its outer cells, which are always white: it may be anywhere near the top, upright.
    """
    grey = image.astype(np.float64) if image.ndim == 2 else image.mean(axis=2)
    above = grey[: max(1, round(_ABOVE * grey.shape[0]))]
    rows = _first_run(above.max(axis=1) > (above.min() + above.max()) / 2.0)
    inner = max(1, len(rows) // 3)
    band = above[rows[inner : len(rows) - inner]] if len(rows) > 2 * inner else above[rows]
    if not len(band):
        return None
    profile = band.mean(axis=0)
    columns = np.flatnonzero(profile > (profile.min() + profile.max()) / 2.0)
    if not len(columns):
        return None
    edges = np.linspace(columns[0], columns[-1] + 1.0, CELLS + 1)
    third = (edges[1] - edges[0]) / 3.0
    if third < 1.0:
        return None
    return decode([float(profile[round(left + third) : round(left + 2.0 * third)].mean()) for left in edges[:-1]])


def _first_run(lit: NDArray[np.bool_]) -> NDArray[np.intp]:
    """The places of the first run of what is lit."""
    places = np.flatnonzero(lit)
    ends = np.flatnonzero(np.diff(places) > 1)
    return places if not len(ends) else places[: ends[0] + 1]
