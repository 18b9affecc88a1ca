"""The physics of sound between a loudspeaker and a microphone, in the direct field: no wall reflects.

Pressures are in Pa, as samples or as their rms; levels in dB are those of the rms pressure over 20 µPa.
"""

from __future__ import annotations

import math

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

REFERENCE = 20e-6
"""The sound pressure in Pa that is 0 dB (ISO 1683)."""

LONGEST_WAY = 0.1
"""Seconds within which a sound has arrived: 34 m."""

COHERENT = 0.05
"""The least coefficient of correlation of a sound that is heard: 26 dB below what else there is."""


def speed_of_sound(temperature: float) -> float:
    """In m/s, in dry air of ``temperature`` in Cel."""
    return 331.3 * math.sqrt(1.0 + temperature / 273.15)


def pressure(level: float) -> float:
    """The sound pressure in Pa of a ``level`` in dB."""
    return float(REFERENCE * 10.0 ** (level / 20.0))


def level(pressure: float) -> float:
    """The level in dB of a sound ``pressure`` in Pa."""
    return 20.0 * math.log10(pressure / REFERENCE)


def spread(pressure: float, distance: float) -> float:
    """What is left at ``distance`` in m of a pressure at 1 m: half at the double distance."""
    return pressure / distance


def delayed(signal: Array, delay: float, rate: int) -> Array:
    """``signal`` later by ``delay`` s, which need be no whole number of samples; silence comes before it.

    What is delayed beyond the end of the signal is lost.
    """
    n = len(signal)
    room = n + math.ceil(delay * rate) + 64
    size = 1 << (room - 1).bit_length()
    turned = np.fft.rfft(signal, size) * np.exp(-2j * math.pi * np.fft.rfftfreq(size, 1.0 / rate) * delay)
    return np.asarray(np.fft.irfft(turned, size)[:n], dtype=np.float64)


class HighPass:
    """A high pass of second order (Butterworth).

    :param corner: the frequency in Hz at which half of the power is left.
    :param rate: samples per second.
    """

    def __init__(self, corner: float, rate: int) -> None:
        from scipy.signal import butter, sosfilt

        self._sections, self._filter = butter(2, corner, "highpass", fs=rate, output="sos"), sosfilt

    def __call__(self, signal: Array) -> Array:
        """``signal`` behind it, from rest."""
        return np.asarray(self._filter(self._sections, signal), dtype=np.float64)


def lag(played: Array, heard: Array, most: int) -> int | None:
    """By how many samples, 0 to ``most``, what is ``heard`` follows ``played``: where their correlation is largest.

    ``None`` where it is nowhere `COHERENT`.
    """
    scale = math.sqrt(float(np.sum(np.square(played)) * np.sum(np.square(heard))))
    if not scale:
        return None
    size = 1 << (len(played) + len(heard)).bit_length()
    product = np.fft.rfft(heard, size) * np.conj(np.fft.rfft(played, size))
    found = np.fft.irfft(product, size)[: most + 1] / scale
    best = int(np.argmax(found))
    return best if found[best] > COHERENT else None
