"""Photoplethysmograms (light that blood in a finger lets through) of known heart rate.

No person is behind them: two bells per beat on a rate that breathes and wanders, drifting baseline, white noise.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

from .family import Made

RATE = 125.0
"""Samples per second."""
DURATION = 30.0
BELLS = ((1.0, 1.2, 0.45), (0.45, 2.9, 0.7))
"""Height, place and width, in radians of the beat, of the main wave and of its echo."""
LEVELS = {"inside": (0.0, 20.0), "outside": (-10.0, -5.0)}
"""Signal-to-noise ratio in dB by content."""


class Pulse:
    """Two recordings of each subject; the truth is the mean rate over a recording.

    A subject has a resting rate, a breathing rate and a form of the wave of its own. ``u`` is that of the sum that
    stands for the integral of the rate.
    """

    quantity = "heart rate"
    unit = "/min"
    span = (40.0, 180.0)
    u = 0.01
    contents = tuple(LEVELS)
    each = 2

    def make(self, content: str, number: int, seed: int) -> Made:
        """Stimulus ``number`` of ``inside`` (0 to 20 dB) or ``outside`` (−10 to −5 dB)."""
        whose = number // self.each
        place = list(LEVELS).index(content)
        subject = np.random.default_rng([seed, place, whose, 0])
        rate, breath, echo = subject.uniform(48.0, 150.0), subject.uniform(0.15, 0.35), subject.uniform(0.8, 1.2)
        rng = np.random.default_rng([seed, place, number, 1])
        signal, mean = pulse(rng, rate * rng.uniform(0.95, 1.05), breath, echo, rng.uniform(*LEVELS[content]))
        return Made({"light": signal, "rate": RATE}, mean, f"{content} {whose + 1}")

    def true(self, made: Made) -> float:
        """Its reference value."""
        return made.reference


def pulse(
    rng: np.random.Generator, rate: float, breath: float, echo: float, level: float
) -> tuple[NDArray[np.float64], float]:
    """A recording, and the mean of its true rate in beats per minute.

    :param rate: about which it varies, :param breath: in Hz, :param echo: height of the second wave, 1 as usual.
    :param level: signal-to-noise ratio in dB, by standard deviations of pulse and noise.
    """
    n = round(DURATION * RATE)
    t = np.arange(n) / RATE
    phase = rng.uniform(0.0, 2.0 * math.pi)
    breathing = np.sin(2.0 * math.pi * breath * t + phase)
    walk = np.cumsum(rng.normal(0.0, 0.02 / math.sqrt(n), n))
    f = rate / 60.0 * (1.0 + 0.02 * breathing + walk)
    beat = np.mod(2.0 * math.pi * np.cumsum(f) / RATE + rng.uniform(0.0, 2.0 * math.pi), 2.0 * math.pi)
    wave = sum(
        height * (echo if place else 1.0) * np.exp(-0.5 * ((beat - middle) / width) ** 2)
        for place, (height, middle, width) in enumerate(BELLS)
    )
    wave = wave * (1.0 + 0.1 * breathing)
    noise = float(np.std(wave)) / 10.0 ** (level / 20.0)
    drift = 0.2 * np.sin(2.0 * math.pi * 0.08 * t + phase) + np.cumsum(rng.normal(0.0, 0.1 / math.sqrt(n), n))
    return wave + drift + rng.normal(0.0, noise, n), 60.0 * float(f.mean())
