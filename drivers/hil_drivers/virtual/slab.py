"""A slab that was hot and is held cold at both faces: the slow reference, and an emulator of it.

The reference solves the equation of heat by finite differences. In truth the temperature is a series of sines, from
which it differs, inside the design, with a standard uncertainty of `U_REFERENCE` (of the temperature at the start).
"""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from .family import Estimate, Given, Made, Setting

THICKNESS = 0.1
"""Of the slab, m."""
NODES = 51
U_REFERENCE = 5e-4
DESIGN = {"diffusivity": (5e-6, 2e-5), "time": (30.0, 200.0), "place": (0.2, 0.8)}
"""Where the emulator learned: m2/s, s, and the place as a fraction of the thickness."""
BEYOND = {"diffusivity": (5e-6, 2e-5), "time": (2.0, 15.0), "place": (0.02, 0.1)}
CONTENTS = {"inside": DESIGN, "outside": BEYOND}
UNITS = {"diffusivity": "m2/s", "time": "s", "place": "1"}
LEARNED, SEED, DEGREE = 120, 1907, 3


class Slab:
    """Conditions drawn from the design, or from early times near a face; the truth is what the slow solver says.

    Each can also be stated; nominal is the middle of the design.
    """

    quantity = "relative temperature"
    unit = "1"
    span = (-0.1, 1.1)
    u = U_REFERENCE
    contents = tuple(CONTENTS)
    settings: Mapping[str, Setting] = MappingProxyType(
        {
            name: Setting(UNITS[name], min(low, BEYOND[name][0]), max(high, BEYOND[name][1]), (low + high) / 2.0)
            for name, (low, high) in DESIGN.items()
        }
    )

    def make(self, content: str, number: int, seed: int) -> Made:
        """Condition ``number``; each is a subject of its own."""
        rng = np.random.default_rng([seed, list(CONTENTS).index(content), number])
        given = {name: float(rng.uniform(low, high)) for name, (low, high) in CONTENTS[content].items()}
        return Made(given, finite_differences(**given), f"{content} {number + 1}")

    def true(self, made: Made) -> float:
        """By the sum of sines."""
        diffusivity, time, place = (float(made.values[name]) for name in DESIGN)
        return series(diffusivity, time, place)

    def stated(self, settings: Mapping[str, float]) -> Made:
        """The conditions as they are stated."""
        given = {name: float(settings[name]) for name in DESIGN}
        told = ", ".join(f"{name} {value:.6g}" for name, value in given.items())
        return Made(given, finite_differences(**given), f"stated: {told}")


def finite_differences(diffusivity: float, time: float, place: float) -> float:
    """The temperature at ``place`` (a fraction of the thickness) after ``time`` in s, by explicit steps."""
    step = THICKNESS / (NODES - 1)
    count = max(20, math.ceil(time * diffusivity / (0.45 * step * step)))
    r = diffusivity * (time / count) / (step * step)
    u = np.ones(NODES)
    u[0] = u[-1] = 0.0
    for _ in range(count):
        u[1:-1] += r * (u[2:] - 2.0 * u[1:-1] + u[:-2])
    return float(np.interp(place, np.linspace(0.0, 1.0, NODES), u))


def series(diffusivity: float, time: float, place: float, terms: int = 40) -> float:
    """The same by the sum of sines (separation of variables): what the reference itself is held against."""
    k = np.arange(1, 2 * terms, 2)
    decay = np.exp(-diffusivity * (k * math.pi / THICKNESS) ** 2 * time)
    return float(np.sum(4.0 / (k * math.pi) * np.sin(k * math.pi * place) * decay))


class SlabEmulator:
    """A polynomial of the third degree in the three conditions, fitted to `LEARNED` runs of the solver."""

    quantity = Slab.quantity
    unit = Slab.unit
    version = "1"
    domain: Mapping[str, tuple[float, float]] = MappingProxyType(
        {"diffusivity / (m2/s)": DESIGN["diffusivity"], "time / s": DESIGN["time"], "place": DESIGN["place"]}
    )

    def digests(self) -> dict[str, str]:
        """Of the coefficients."""
        return {"coefficients": hashlib.sha256(coefficients().round(9).tobytes()).hexdigest()}

    def estimate(self, given: Given) -> Estimate:
        """The temperature for ``diffusivity`` (m2/s), ``time`` (s) and ``place``."""
        x = [float(given[name]) for name in DESIGN]
        value = float(terms_of(np.array([x]))[0] @ coefficients())
        return Estimate(value, dict(zip(self.domain, x, strict=True)))


@cache
def coefficients() -> NDArray[np.float64]:
    """Of the polynomial, fitted once in a process by least squares."""
    made = [Slab().make("inside", number, SEED) for number in range(LEARNED)]
    x = np.array([[float(one.values[name]) for name in DESIGN] for one in made])
    y = np.array([one.reference for one in made])
    return np.asarray(np.linalg.lstsq(terms_of(x), y, rcond=None)[0], dtype=np.float64)


def terms_of(x: NDArray[np.float64]) -> NDArray[np.float64]:
    """The products of powers up to `DEGREE` of the conditions, shape ``(n, terms)``."""
    low, high = np.array(list(DESIGN.values())).T
    z = 2.0 * (x - low) / (high - low) - 1.0
    powers = [(i, j, k) for i in range(DEGREE + 1) for j in range(DEGREE + 1 - i) for k in range(DEGREE + 1 - i - j)]
    return np.column_stack([z[:, 0] ** i * z[:, 1] ** j * z[:, 2] ** k for i, j, k in powers])
