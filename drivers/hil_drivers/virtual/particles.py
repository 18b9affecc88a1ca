"""A model of particle sizes: a threshold on a micrograph, and the equivalent diameter of each piece.

Pieces of several particles are cut between the summits of their distance to the rim.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .family import Estimate, Given

SETTINGS = {"blur": 1.0, "apart": 7, "least_area": 60, "smooth": 1.5}
"""Pixels: blur before the threshold; window of a summit of the distance; least area; smoothing of the distance."""
U_RIM = 0.05
"""Standard uncertainty of the place of a rim, pixels: one error for all particles of a kind, inside the domain."""
KINDS = ("isolated", "touching")
"""Alone in its piece, or cut from a larger one."""


@dataclass(frozen=True)
class Segmented:
    """``labels`` of shape ``(height, width)``, 0 for the ground, with ``diameters`` in pixels of labels 1, 2, …

    ``touching`` says of each whether it was cut from a larger piece; ``contrast`` is that to noise.
    """

    labels: NDArray[np.int32]
    diameters: NDArray[np.float64]
    touching: NDArray[np.bool_]
    contrast: float


class ParticleSize:
    """The mean equivalent diameter in a micrograph.

    It reports the ratio of contrast to noise, and the particles' mean diameter in pixels.
    """

    quantity = "mean equivalent diameter"
    unit = "nm"
    version = "1"
    domain: Mapping[str, tuple[float, float]] = MappingProxyType(
        {"contrast-to-noise ratio": (5.0, 40.0), "diameter in pixels": (14.0, 34.0)}
    )

    def digests(self) -> dict[str, str]:
        """Of its settings: it has learned nothing."""
        return {"method": hashlib.sha256(json.dumps(SETTINGS, sort_keys=True).encode()).hexdigest()}

    def estimate(self, given: Given) -> Estimate:
        """The mean diameter for ``pixels`` (row by row), ``width`` and ``pixel size`` (nm)."""
        pixels, width = np.asarray(given["pixels"], dtype=float), int(given["width"])
        if pixels.ndim != 1 or width < 8 or len(pixels) % width or not np.all(np.isfinite(pixels)):
            raise ValueError("needs the finite pixels of whole rows")
        found = segment(pixels.reshape(-1, width))
        if not len(found.diameters):
            raise ValueError("shows no particle")
        mean = float(found.diameters.mean())
        features = {"contrast-to-noise ratio": found.contrast, "diameter in pixels": mean}
        return Estimate(mean * float(given["pixel size"]), features)


def segment(picture: NDArray[np.float64]) -> Segmented:
    """Cut a picture, shape ``(height, width)``, into particles, which are brighter than the ground."""
    from scipy import ndimage

    smooth = ndimage.gaussian_filter(picture, SETTINGS["blur"])
    level = otsu(smooth)
    bright = ndimage.binary_fill_holes(smooth > level)
    pieces, _ = ndimage.label(bright)
    distance = ndimage.gaussian_filter(ndimage.distance_transform_edt(bright), SETTINGS["smooth"])
    summit = (distance == ndimage.maximum_filter(distance, 2 * int(SETTINGS["apart"]) + 1)) & bright
    markers, count = ndimage.label(summit, np.ones((3, 3)))
    labels = shared_out(markers, distance, pieces)
    areas = np.bincount(labels.ravel(), minlength=count + 1)[1:]
    kept = np.flatnonzero(areas >= SETTINGS["least_area"])
    renumbered = np.zeros(count + 1, np.int32)
    renumbered[kept + 1] = np.arange(1, len(kept) + 1)
    labels = renumbered[labels]
    piece_of = np.array([pieces[labels == number][0] for number in range(1, len(kept) + 1)], dtype=int)
    shared = np.bincount(piece_of, minlength=int(pieces.max()) + 1)[piece_of] > 1 if len(kept) else np.zeros(0, bool)
    # the ground: away from edges, so that their grey does not count as noise
    ground = ~ndimage.binary_dilation(bright, iterations=4)
    noise = float(np.std(picture[ground] - smooth[ground])) if ground.any() else float("inf")
    contrast = (
        (float(picture[bright].mean()) - float(picture[ground].mean())) / noise if bright.any() and noise else 0.0
    )
    return Segmented(labels, 2.0 * np.sqrt(areas[kept] / np.pi), shared, contrast)


def shared_out(
    markers: NDArray[np.signedinteger[Any]], distance: NDArray[np.float64], pieces: NDArray[np.signedinteger[Any]]
) -> NDArray[np.int32]:
    """Each pixel of a piece goes to that of its summits whose circle, as large as the summit's distance, is nearest."""
    from scipy import ndimage

    labels, nearest = np.zeros(markers.shape, np.int32), np.full(markers.shape, np.inf)
    y, x = np.indices(markers.shape)
    count = int(markers.max())
    for number, (row, column) in enumerate(ndimage.center_of_mass(markers > 0, markers, range(1, count + 1)), 1):
        place = round(row), round(column)
        far = np.hypot(y - row, x - column) - distance[place]
        taken = (far < nearest) & (pieces == pieces[place]) & (pieces > 0)
        labels[taken], nearest[taken] = number, far[taken]
    return labels


def otsu(picture: NDArray[np.float64]) -> float:
    """The grey that parts a picture best into two: the largest variance between them (Otsu, 1979)."""
    counts, edges = np.histogram(picture, 256)
    grey = (edges[1:] + edges[:-1]) / 2.0
    below = np.cumsum(counts)
    mass = np.cumsum(counts * grey)
    above = below[-1] - below
    with np.errstate(divide="ignore", invalid="ignore"):
        between = (mass[-1] * below - mass * below[-1]) ** 2 / (below * above)
    return float(grey[int(np.nanargmax(np.where(np.isfinite(between), between, np.nan)))])
