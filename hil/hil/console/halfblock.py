"""A picture as cells: its pixels sampled, its colours quantised, its runs merged."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

STEPS = 16
"""Steps of each colour."""
_SHADES = np.array([ord(letter) for letter in " .:-=+*#%@"], dtype="<u4")

Picture = NDArray[np.uint8]
Block = tuple[int, int, int]
"""A run of cells: how many, and the colours of its upper and lower pixels as ``0xrrggbb``."""


def fitted(picture: Picture, columns: int, rows: int) -> Picture:
    """``picture`` in RGB, at most ``columns`` x ``rows`` square pixels, in its own proportions."""
    if picture.ndim == 2:
        picture = np.repeat(picture[:, :, None], 3, axis=2)
    high, wide = picture.shape[:2]
    ratio = min(columns / wide, rows / high)
    new_wide, new_high = max(int(wide * ratio), 1), max(int(high * ratio), 1)
    across = ((np.arange(new_wide) + 0.5) * wide / new_wide).astype(np.int64)
    down = ((np.arange(new_high) + 0.5) * high / new_high).astype(np.int64)
    return np.asarray(picture[down[:, None], across[None, :]])


def blocks(picture: Picture, columns: int, rows: int) -> list[list[Block]]:
    """``picture`` in ``columns`` x ``rows`` cells of two pixels each, row by row in runs of equal cells."""
    pixels = fitted(picture, columns, 2 * rows).astype(np.uint32)
    pixels = pixels[: len(pixels) // 2 * 2] // (256 // STEPS) * 255 // (STEPS - 1)
    packed = pixels[:, :, 0] << 16 | pixels[:, :, 1] << 8 | pixels[:, :, 2]
    return [_runs(packed[row], packed[row + 1]) for row in range(0, len(packed), 2)]


def _runs(upper: NDArray[np.uint32], lower: NDArray[np.uint32]) -> list[Block]:
    changes = np.flatnonzero((upper[1:] != upper[:-1]) | (lower[1:] != lower[:-1])) + 1
    starts = np.concatenate([[0], changes])
    counts = np.diff(np.concatenate([starts, [len(upper)]]))
    return list(zip(counts.tolist(), upper[starts].tolist(), lower[starts].tolist(), strict=True))


def shades(picture: Picture, columns: int, rows: int) -> list[str]:
    """``picture`` in letters, the fuller the brighter; a cell is twice as high as wide."""
    pixels = fitted(picture, columns, 2 * rows).astype(np.float64)
    grey = pixels[: len(pixels) // 2 * 2] @ np.array([0.299, 0.587, 0.114])
    cells = (grey[0::2] + grey[1::2]) / 2
    letters = _SHADES[np.minimum((cells / 256 * len(_SHADES)).astype(np.int64), len(_SHADES) - 1)]
    return [row.tobytes().decode("utf-32-le") for row in letters]
