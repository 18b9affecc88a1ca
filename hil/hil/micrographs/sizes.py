"""Sizes of particles by type, as predicted and as corrected by hand, with what makes their medians uncertain.

Three effects are stated apart, each one error for all that it touches: the size of a pixel scales all diameters alike;
the segmentation moves the rims of what was predicted; a hand moves those of what was drawn, by what the person stated.
That other particles would give another median is no part of it.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from hil_drivers.virtual.micrograph import U_PIXEL
from hil_drivers.virtual.particles import KINDS, U_RIM

from .corrections import Contour
from .polygon import diameter

BINS = 12
QUARTILES = (0.0, 0.25, 0.5, 0.75, 1.0)


@dataclass(frozen=True)
class Particles:
    """Particles, one each in every array of shape ``(n,)``.

    ``diameters`` are equivalent diameters; ``segmented`` and ``by_hand`` standard uncertainties of them by the place of
    the rim, zero where it was found the other way. All are in the unit of the pixel's size.
    """

    kinds: tuple[str, ...]
    diameters: NDArray[np.float64]
    segmented: NDArray[np.float64]
    by_hand: NDArray[np.float64]

    def of(self, kind: str) -> Particles:
        """Those of a kind."""
        chosen = np.array([one == kind for one in self.kinds], dtype=bool)
        kinds = (kind,) * int(chosen.sum())
        return Particles(kinds, self.diameters[chosen], self.segmented[chosen], self.by_hand[chosen])


@dataclass(frozen=True)
class Sizes:
    """Sizes of the particles of a kind: how many, in bins, quartiles, and standard uncertainties of the median."""

    kind: str
    count: int
    counts: tuple[int, ...]
    quartiles: tuple[float, ...]
    u_pixel: float
    u_segmentation: float
    u_by_hand: float

    @property
    def u(self) -> float:
        """Of the median by all three effects, which are independent."""
        return float(np.hypot(np.hypot(self.u_pixel, self.u_segmentation), self.u_by_hand))


def particles(contours: Sequence[Contour], pixel: float, u_rim: float | None) -> Particles:
    """The particles of a picture.

    :param pixel: size of a pixel.
    :param u_rim: of contours drawn by hand, pixels; a diameter has two rims.
    """
    hand = np.array([one.by_hand for one in contours], dtype=bool)
    return Particles(
        tuple(one.kind for one in contours),
        np.array([diameter(one.vertices) * pixel for one in contours], dtype=float),
        np.where(hand, 0.0, 2.0 * U_RIM * pixel),
        np.where(hand, 2.0 * (u_rim or 0.0) * pixel, 0.0),
    )


def together(pictures: Iterable[Particles]) -> Particles:
    """The particles of many pictures."""
    found = list(pictures)
    nothing = [np.zeros(0)]
    return Particles(
        tuple(kind for one in found for kind in one.kinds),
        np.concatenate(nothing + [one.diameters for one in found]),
        np.concatenate(nothing + [one.segmented for one in found]),
        np.concatenate(nothing + [one.by_hand for one in found]),
    )


def edges(*groups: Particles) -> NDArray[np.float64]:
    """Of bins that hold all of them; none where there is no particle."""
    diameters = np.concatenate([one.diameters for one in groups])
    found: NDArray[np.float64] = np.histogram_bin_edges(diameters, BINS) if len(diameters) else np.zeros(0)
    return found


def sizes(group: Particles, bins: NDArray[np.float64]) -> tuple[Sizes, ...]:
    """Sizes by kind, of the kinds that there are.

    :param bins: edges that hold all of them.
    """
    return tuple(_sizes(kind, group.of(kind), bins) for kind in KINDS if kind in group.kinds)


def _sizes(kind: str, group: Particles, bins: NDArray[np.float64]) -> Sizes:
    quartiles = tuple(float(each) for each in np.quantile(group.diameters, QUARTILES))
    return Sizes(
        kind,
        len(group.diameters),
        tuple(int(each) for each in np.histogram(group.diameters, bins)[0]),
        quartiles,
        U_PIXEL * quartiles[2],
        _shift(group.diameters, group.segmented),
        _shift(group.diameters, group.by_hand),
    )


def _shift(diameters: NDArray[np.float64], by: NDArray[np.float64]) -> float:
    """By how much the median moves where each diameter does so ``by`` its own: one error for all."""
    return float(np.median(diameters + by) - np.median(diameters - by)) / 2.0
