"""Agreement of annotators: Krippendorff's alpha, for any number of annotators, with gaps."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ..checks import LARGEST, Array, array, one_of
from ..errors import CalibrationError

Level = Literal["nominal", "ordinal", "interval", "ratio"]
_LEVELS = ("nominal", "ordinal", "interval", "ratio")


def krippendorff_alpha(ratings: ArrayLike, level: Level = "nominal") -> float:
    """1 is perfect agreement, 0 that of chance, below 0 systematic disagreement (Krippendorff 2011).

    :param ratings: shape (annotators, items), numbers; NaN where one did not rate.
    :param level: of measurement: how far apart two ratings are.
    :raises CalibrationError: no item rated twice, ratings that never vary, or negative ones at the level ``ratio``.
    """
    one_of("level", level, _LEVELS)
    data = array("ratings", ratings)
    if np.any(abs(data) > LARGEST):
        raise CalibrationError(f"ratings with one beyond {LARGEST:g}", remedy="give NaN where there is none")
    if data.ndim != 2:
        raise CalibrationError(
            f"ratings of shape {data.shape}", remedy="give (annotators, items), NaN where there is none"
        )
    rated = [column[~np.isnan(column)] for column in data.T]
    paired = [column for column in rated if len(column) > 1]
    if not paired:
        raise CalibrationError("no item was rated twice", remedy="let two annotators rate the same items")
    values = np.unique(np.concatenate(paired))
    if len(values) < 2:
        raise CalibrationError("ratings that never vary have no agreement", remedy="add items that differ")
    coincidences = np.zeros((len(values), len(values)))
    for column in paired:
        counts = (column[:, None] == values[None, :]).sum(axis=0).astype(float)
        coincidences += (np.outer(counts, counts) - np.diag(counts)) / (len(column) - 1)
    totals = coincidences.sum(axis=1)
    distance = _distance(values, totals, level)
    expected = (np.outer(totals, totals) - np.diag(totals)) / (totals.sum() - 1)
    return 1.0 - float((coincidences * distance).sum() / (expected * distance).sum())


def _distance(values: Array, totals: Array, level: Level) -> Array:
    a, b = values[:, None], values[None, :]
    if level == "nominal":
        return np.asarray(a != b, dtype=float)
    if level == "interval":
        return np.asarray((a - b) ** 2, dtype=float)
    if level == "ratio":
        if np.any(values < 0) or np.all(values == 0):
            raise CalibrationError("negative ratings at the level ratio", remedy="use interval")
        with np.errstate(invalid="ignore"):
            return np.nan_to_num(((a - b) / (a + b)) ** 2)
    below = np.cumsum(totals)
    i, j = np.indices((len(values), len(values)))
    low, high = np.minimum(i, j), np.maximum(i, j)
    between = below[high] - below[low] + totals[low]
    return np.asarray((between - (totals[low] + totals[high]) / 2) ** 2 * (i != j), dtype=float)
