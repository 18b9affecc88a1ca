"""Speech-like sound of known beginning, end and level, made by rule: it says nothing about real speech.

A syllable is a hiss through one resonance, then pulses of a falling pitch through three formants that glide from one
vowel to the next (the source-filter model of G. Fant, Acoustic Theory of Speech Production, 1960). No voice of a person
and no text is behind it.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

RATE = 16_000
"""Samples per second."""
VOWELS = {
    "a": (730.0, 1090.0, 2440.0),
    "e": (530.0, 1840.0, 2480.0),
    "i": (270.0, 2290.0, 3010.0),
    "o": (570.0, 840.0, 2410.0),
    "u": (300.0, 870.0, 2240.0),
}
"""Formants in Hz, near the means of G. E. Peterson and H. L. Barney, J. Acoust. Soc. Am. 24 (1952) 175."""
WIDTHS = (60.0, 90.0, 150.0)
"""Bandwidths of the formants, Hz."""
BLOCK = 80
"""Samples for which formants stand still."""
RAMP = 0.02
"""Seconds in which a syllable rises and falls."""


@dataclass(frozen=True)
class Speaker:
    """Who speaks: the pitch at the beginning of a syllable in Hz, and a factor on all formants (a shorter throat)."""

    pitch: float
    formants: float

    @classmethod
    def drawn(cls, rng: np.random.Generator) -> Speaker:
        """One of low and high voices: 95 to 240 Hz, whose formants rise with the pitch."""
        pitch = float(np.exp(rng.uniform(math.log(95.0), math.log(240.0))))
        return cls(pitch, float((pitch / 130.0) ** 0.25 * rng.uniform(0.97, 1.03)))


@dataclass(frozen=True)
class Utterance:
    """``sound`` of shape ``(n,)`` at `RATE`, rms 1 over the samples that are ``active``; silence elsewhere."""

    sound: Array
    active: NDArray[np.bool_]

    @property
    def onset(self) -> float:
        """When the first syllable begins, in s."""
        return int(np.argmax(self.active)) / RATE

    @property
    def end(self) -> float:
        """When the last syllable ends, in s."""
        return (len(self.active) - int(np.argmax(self.active[::-1]))) / RATE


def utterance(rng: np.random.Generator, speaker: Speaker, *, lead: float, duration: float) -> Utterance:
    """Syllables that begin after ``lead`` and end by ``duration``, both in s, and what is silent around them.

    As many syllables as there is room for, two to four; pauses of 0.04 s to 0.1 s between them.
    """
    sound, active = np.zeros(round(duration * RATE)), np.zeros(round(duration * RATE), dtype=bool)
    vowels = rng.choice(list(VOWELS), size=5)
    place = round(lead * RATE)
    for number in range(rng.integers(2, 5)):
        one = syllable(rng, speaker, str(vowels[number]), str(vowels[number + 1]))
        if place + len(one) > len(sound):
            break
        sound[place : place + len(one)], active[place : place + len(one)] = one, True
        place += len(one) + round(rng.uniform(0.04, 0.1) * RATE)
    return Utterance(sound / math.sqrt(np.mean(np.square(sound[active]))), active)


def syllable(rng: np.random.Generator, speaker: Speaker, first: str, then: str) -> Array:
    """A hiss of 30 to 80 ms, then a vowel of 120 to 220 ms that glides from ``first`` half way to ``then``."""
    hiss = resonated(rng.standard_normal(round(rng.uniform(0.03, 0.08) * RATE)), rng.uniform(2500.0, 5000.0), 800.0)
    n = round(rng.uniform(0.12, 0.22) * RATE)
    share = np.linspace(0.0, 0.5, -(-n // BLOCK))[:, None]
    glide = speaker.formants * ((1.0 - share) * np.array(VOWELS[first]) + share * np.array(VOWELS[then]))
    voiced = np.diff(_through_formants(_pulses(rng, speaker.pitch, n), glide), prepend=0.0)
    return np.concatenate([0.3 * _ramped(_levelled(hiss)), _ramped(_levelled(voiced))])


def resonated(signal: Array, centre: float, width: float) -> Array:
    """``signal`` through a resonance of two poles.

    :param centre: and :param width: of the resonance, Hz.
    """
    from scipy.signal import lfilter

    return np.asarray(lfilter([1.0], _poles(centre, width), signal), dtype=np.float64)


def _poles(centre: float, width: float) -> list[float]:
    radius = math.exp(-math.pi * width / RATE)
    return [1.0, -2.0 * radius * math.cos(2.0 * math.pi * centre / RATE), radius * radius]


def _pulses(rng: np.random.Generator, pitch: float, n: int) -> Array:
    """One pulse in each period: the pitch falls by a quarter, and jitters by 1 %."""
    out, place = np.zeros(n), 0.0
    while place < n:
        out[int(place)] = 1.0
        place += RATE / (pitch * (1.0 - 0.25 * place / n) * (1.0 + 0.01 * rng.standard_normal()))
    return out


def _through_formants(signal: Array, glide: Array) -> Array:
    """``signal`` through three resonances one after the other, whose centres are the rows of ``glide`` in Hz."""
    from scipy.signal import lfilter

    out = signal
    for formant, width in enumerate(WIDTHS):
        state, parts = np.zeros(2), []
        for row, centre in enumerate(glide[:, formant]):
            block = out[row * BLOCK : (row + 1) * BLOCK]
            part, state = lfilter([1.0], _poles(float(centre), width), block, zi=state)
            parts.append(part)
        out = np.concatenate(parts)
    return out


def _levelled(signal: Array) -> Array:
    return np.asarray(signal / math.sqrt(float(np.mean(np.square(signal)))))


def _ramped(signal: Array) -> Array:
    rise = np.minimum(np.arange(len(signal)) / (RAMP * RATE), 1.0)
    return np.asarray(signal * rise * rise[::-1])
