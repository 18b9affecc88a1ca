"""A model of heart rate: the logarithm of the spectrum of a photoplethysmogram, and a regression on kernels."""

from __future__ import annotations

import hashlib
import math
from collections.abc import Mapping
from functools import cache
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from .family import Estimate, Given
from .pulse import Pulse

BAND = (0.6, 6.0)
"""Hz: lowest rate and second wave of the highest."""
NOISE_BAND = (15.0, 55.0)
"""Hz, where a pulse has no power, only noise."""
LEARNED, SEED = 800, 1907
"""Recordings that it learned from, and the seed they were made with: no other family of stimuli has it."""
WIDTH, RIDGE = 8.0, 0.01


class HeartRate:
    """Learned from recordings of 0 to 20 dB, and knows nothing else.

    It reports the signal-to-noise ratio of its input, estimated from the part of the spectrum that holds noise alone.
    """

    quantity = "heart rate"
    unit = "/min"
    version = "1"
    domain: Mapping[str, tuple[float, float]] = MappingProxyType(
        {"signal-to-noise ratio": (0.9, 12.0), "heart rate / (1/min)": (45.0, 160.0)}
    )

    def digests(self) -> dict[str, str]:
        """Of the weights and of the spectra that they belong to."""
        spectra, weights, _ = learned()
        return {"weights": hashlib.sha256(weights.round(6).tobytes() + spectra.round(6).tobytes()).hexdigest()}

    def estimate(self, given: Given) -> Estimate:
        """The mean rate in a series ``light`` that was sampled ``rate`` times a second."""
        light, rate = np.asarray(given["light"], dtype=float), float(given["rate"])
        if not rate > 2.0 * NOISE_BAND[1]:
            raise ValueError(f"needs more than {2.0 * NOISE_BAND[1]:g} samples per second")
        if light.ndim != 1 or len(light) < 8 * rate or not np.all(np.isfinite(light)) or np.ptp(light) == 0:
            raise ValueError("needs a series of 8 s at least that is finite and not constant")
        spectra, weights, middle = learned()
        value = middle + float(kernel(log_spectrum(light, rate)[None], spectra)[0] @ weights)
        return Estimate(value, {"signal-to-noise ratio": signal_to_noise(light, rate), "heart rate / (1/min)": value})


@cache
def learned() -> tuple[NDArray[np.float64], NDArray[np.float64], float]:
    """Spectra, weights and the rate in the middle, learned once in a process."""
    family = Pulse()
    made = [family.make("inside", number * family.each, SEED) for number in range(LEARNED)]
    spectra = np.array([log_spectrum(np.asarray(one.values["light"]), float(one.values["rate"])) for one in made])
    rates = np.array([one.reference for one in made])
    middle = float(rates.mean())
    gram = kernel(spectra, spectra) + RIDGE * np.eye(LEARNED)
    return spectra, np.asarray(np.linalg.solve(gram, rates - middle), dtype=np.float64), middle


def log_spectrum(light: NDArray[np.float64], rate: float) -> NDArray[np.float64]:
    """The spectrum in `BAND`, on a grid of 0.05 Hz, as logarithms with mean 0 and standard deviation 1."""
    f, power = spectrum(light, rate)
    grid = np.arange(BAND[0], BAND[1], 0.05)
    level = np.log(np.interp(grid, f, np.convolve(power, np.ones(3) / 3.0, "same")) + 1e-12)
    centred: NDArray[np.float64] = (level - level.mean()) / level.std()
    return centred


def spectrum(light: NDArray[np.float64], rate: float) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Frequencies in Hz, and the power density behind a Hann window."""
    window = np.hanning(len(light))
    power: NDArray[np.float64] = np.abs(np.fft.rfft((light - light.mean()) * window)) ** 2 / np.sum(window**2)
    return np.asarray(np.fft.rfftfreq(len(light), 1.0 / rate), dtype=np.float64), power


def signal_to_noise(light: NDArray[np.float64], rate: float) -> float:
    """The ratio of their standard deviations; 0 where nothing stands out."""
    f, power = spectrum(light, rate)
    noise = float(power[(f >= NOISE_BAND[0]) & (f < NOISE_BAND[1])].mean())
    inside = (f >= BAND[0]) & (f < NOISE_BAND[0])
    signal = 2.0 * float(np.sum(power[inside] - noise)) / len(light)
    return math.sqrt(max(signal, 0.0) / noise)


def kernel(a: NDArray[np.float64], b: NDArray[np.float64]) -> NDArray[np.float64]:
    """Gaussian kernels of each row of ``a`` with each of ``b``, shape ``(n, m)``."""
    square = (a**2).sum(1)[:, None] + (b**2).sum(1) - 2.0 * a @ b.T
    result: NDArray[np.float64] = np.exp(-square / (2.0 * WIDTH**2))
    return result
