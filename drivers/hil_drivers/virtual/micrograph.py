"""Micrographs of particles of known size: ellipses with grey edges, chains that touch, noise of counting.

Edges are drawn by 4 x 4 samples in each pixel of the ellipse's own inequality: drawn by polygons, areas would be too
large by a pixel in diameter.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .family import Given, Made

SIDE = 256
"""Pixels of a picture, each way."""
PIXEL = 2.0
"""Nominal size of a pixel, nm."""
U_PIXEL = 0.005
"""Relative standard uncertainty of the size of a pixel: one error for all particles of a picture."""
COUNTS = {"inside": (60.0, 400.0), "outside": (1.5, 4.0)}
"""Counts of a white pixel: the fewer, the more noise."""
SAMPLES = 4
DARK = 0.2


@dataclass(frozen=True)
class Particle:
    """Middle and half-axes in pixels, angle in rad, grey from 0 to 1, ``kind`` ``isolated`` or ``touching``."""

    x: float
    y: float
    a: float
    b: float
    angle: float
    grey: float
    kind: str

    @property
    def diameter(self) -> float:
        """Of the circle with the same area, in pixels."""
        return 2.0 * math.sqrt(self.a * self.b)


class Micrograph:
    """Pictures of twelve to thirty particles, each a scene of its own; the truth is the mean equivalent diameter."""

    quantity = "mean equivalent diameter"
    unit = "nm"
    span = (20.0, 100.0)
    u = 0.05
    contents = tuple(COUNTS)

    def make(self, content: str, number: int, seed: int) -> Made:
        """Picture ``number``, its pixels row by row from 0 (black) to 1."""
        rng = np.random.default_rng([seed, list(COUNTS).index(content), number])
        particles = scatter(rng, rng.uniform(16.0, 30.0))
        counts = rng.uniform(*COUNTS[content])
        picture = draw(particles, counts, rng)
        size = PIXEL * (1.0 + U_PIXEL * rng.standard_normal())
        true = size * float(np.mean([particle.diameter for particle in particles]))
        values: Given = {"pixels": picture.ravel(), "width": float(SIDE), "pixel size": PIXEL}
        return Made(values, true, f"{content} {number + 1}")

    def true(self, made: Made) -> float:
        """Its reference value."""
        return made.reference


def scatter(rng: np.random.Generator, middle: float) -> list[Particle]:
    """Particles that lie whole in the picture, three in ten of them in touch with the one before.

    :param middle: median diameter in pixels; the logarithm scatters by 0.15.
    """
    found: list[Particle] = []
    for _ in range(400):
        d = float(np.exp(rng.normal(math.log(middle), 0.15)))
        ratio, angle = rng.uniform(0.8, 1.0), rng.uniform(0.0, math.pi)
        x, y = rng.uniform(d, SIDE - d, 2)
        touching = bool(found) and rng.uniform() < 0.3
        if touching:
            before, turn = found[-1], rng.uniform(0.0, 2.0 * math.pi)
            apart = 0.9 * (before.diameter + d) / 2.0
            x, y = before.x + apart * math.cos(turn), before.y + apart * math.sin(turn)
        a, b = d / 2.0 / math.sqrt(ratio), d / 2.0 * math.sqrt(ratio)
        new = Particle(x, y, a, b, angle, rng.uniform(0.6, 0.9), "touching" if touching else "isolated")
        others = found[:-1] if touching else found
        if a < x < SIDE - a and a < y < SIDE - a and all(_apart(new, other) for other in others):
            if touching:
                found[-1] = Particle(**{**vars(found[-1]), "kind": "touching"})
            found.append(new)
        if len(found) == 20:
            break
    return found


def _apart(one: Particle, other: Particle) -> bool:
    return math.hypot(one.x - other.x, one.y - other.y) > one.a + other.a + 3.0


def draw(particles: list[Particle], counts: float, rng: np.random.Generator) -> NDArray[np.float64]:
    """The picture: later particles lie over earlier ones; blurred by 1.2 pixels, with the noise of ``counts``."""
    from scipy.ndimage import gaussian_filter

    picture = DARK + 0.05 * np.linspace(0.0, 1.0, SIDE)[None, :] * np.ones((SIDE, 1))
    for particle in particles:
        share = covered(particle)
        picture = picture * (1.0 - share) + particle.grey * share
    blurred = gaussian_filter(picture, 1.2)
    noisy: NDArray[np.float64] = np.clip(rng.poisson(blurred * counts) / counts, 0.0, 1.5)
    return noisy


def covered(particle: Particle) -> NDArray[np.float64]:
    """The share of each pixel that a particle covers, shape ``(SIDE, SIDE)``."""
    share = np.zeros((SIDE, SIDE))
    left, top = (max(0, math.floor(middle - particle.a) - 1) for middle in (particle.x, particle.y))
    width = 2 * math.ceil(particle.a) + 4
    right, bottom = min(SIDE, left + width), min(SIDE, top + width)
    fine = (np.arange(SAMPLES) + 0.5) / SAMPLES
    x = (np.arange(left, right)[:, None] + fine).ravel() - particle.x
    y = (np.arange(top, bottom)[:, None] + fine).ravel() - particle.y
    along = x[None, :] * math.cos(particle.angle) + y[:, None] * math.sin(particle.angle)
    across = -x[None, :] * math.sin(particle.angle) + y[:, None] * math.cos(particle.angle)
    inside = (along / particle.a) ** 2 + (across / particle.b) ** 2 <= 1.0
    shape = (bottom - top, SAMPLES, right - left, SAMPLES)
    share[top:bottom, left:right] = inside.reshape(shape).mean(axis=(1, 3))
    return share
