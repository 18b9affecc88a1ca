"""The distribution of sizes of particles over micrographs, by kind, with what makes it uncertain.

Two effects are stated apart: the size of a pixel scales all diameters alike; the segmentation moves the rims of all
particles outwards, or inwards, by where the threshold lies.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .particles import KINDS, Segmented, segment

QUARTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Sizes:
    """Diameters of one kind of particle in the unit of the pixel's size: all of them, ``counts`` in bins, quartiles.

    ``u_pixel`` and ``u_segmentation`` are standard uncertainties of the median by the two effects.
    """

    kind: str
    diameters: NDArray[np.float64]
    edges: NDArray[np.float64]
    counts: NDArray[np.int64]
    quartiles: tuple[float, ...]
    u_pixel: float
    u_segmentation: float

    @property
    def u(self) -> float:
        """Standard uncertainty of the median by both effects."""
        return float(np.hypot(self.u_pixel, self.u_segmentation))


def distributions(
    pictures: Sequence[NDArray[np.float64]], *, pixel: float, u_pixel: float, u_rim: float, bins: int = 12
) -> tuple[Sizes, ...]:
    """Sizes of isolated and of touching particles, the kinds that there are.

    :param pictures: each of shape ``(height, width)``.
    :param pixel: size of a pixel, :param u_pixel: its relative standard uncertainty.
    :param u_rim: standard uncertainty of the place of a rim, in pixels; a diameter has two of them.
    :param bins: of the histograms, 1 or more, the same for all kinds.
    :raises ValueError: if there is no particle.
    """
    found: list[Segmented] = [segment(picture) for picture in pictures]
    diameters = np.concatenate([one.diameters for one in found]) * pixel if found else np.zeros(0)
    if not len(diameters):
        raise ValueError("shows no particle")
    touching = np.concatenate([one.touching for one in found])
    edges = np.histogram_bin_edges(diameters, bins)
    kinds = zip(KINDS, (~touching, touching), strict=True)
    return tuple(
        _sizes(kind, diameters[chosen], edges, pixel, u_pixel, u_rim) for kind, chosen in kinds if chosen.any()
    )


def _sizes(
    kind: str, diameters: NDArray[np.float64], edges: NDArray[np.float64], pixel: float, u_pixel: float, u_rim: float
) -> Sizes:
    quartiles = tuple(float(each) for each in np.quantile(diameters, QUARTILES))
    counts = np.histogram(diameters, edges)[0].astype(np.int64)
    return Sizes(kind, diameters, edges, counts, quartiles, u_pixel * quartiles[2], 2.0 * u_rim * pixel)
