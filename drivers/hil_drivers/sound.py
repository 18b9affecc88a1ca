"""Sound in WAVE files: one channel of whole samples, read and written as numbers from -1 to 1."""

from __future__ import annotations

import io
import wave

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

QUIET = 1e-3
"""What is below this part of a sound's largest value is quiet (60 dB)."""

PAUSE = 0.02
"""Seconds of quiet that make a pause."""

TYPES: dict[int, str] = {1: "u1", 2: "<i2", 4: "<i4"}
"""How samples of so many bytes are stored; those of one byte have 128 for 0."""


def read_wave(data: bytes) -> tuple[Array, int]:
    """The samples of a file, shape ``(n,)``, from -1 to below 1, and how many there are in a second.

    :raises ValueError: if it is no WAVE file of one channel with samples of 8, 16 or 32 bits, or holds none.
    """
    try:
        with wave.open(io.BytesIO(data)) as file:
            channels, width, rate = file.getnchannels(), file.getsampwidth(), file.getframerate()
            stored = file.readframes(file.getnframes())
    except (wave.Error, EOFError, RuntimeError) as error:
        raise ValueError(f"no WAVE file: {error}") from None
    if channels != 1 or width not in TYPES:
        raise ValueError(f"{channels} channels of {8 * width} bits, not one of 8, 16 or 32")
    if not stored or len(stored) % width:
        raise ValueError("no samples, or half of one")
    samples = np.frombuffer(stored, TYPES[width]).astype(np.float64)
    return (samples - (128.0 if width == 1 else 0.0)) / 2.0 ** (8 * width - 1), rate


def wave_bytes(samples: Array, rate: int, *, width: int = 2) -> bytes:
    """A WAVE file of one channel; samples are rounded, and clipped to what can be stored.

    :param samples: shape ``(n,)``, from -1 to 1.
    :param width: bytes of a sample: 1, 2 or 4.
    """
    full = 2.0 ** (8 * width - 1)
    whole = np.clip(np.rint(samples * full), -full, full - 1.0) + (128.0 if width == 1 else 0.0)
    buffer = io.BytesIO()
    with wave.open(buffer, "wb") as file:
        file.setnchannels(1)
        file.setsampwidth(width)
        file.setframerate(rate)
        file.writeframes(whole.astype(TYPES[width]).tobytes())
    return buffer.getvalue()


def active(samples: Array, rate: int) -> list[tuple[int, int]]:
    """Where a sound without noise is active: pairs of first sample and the one after the last, pauses left out.

    >>> active(np.repeat([0.0, 0.5, 0.0, 0.5], 100), 1000)
    [(100, 200), (300, 400)]

    :param samples: shape ``(n,)``; a sound that is quiet all over has no active part.
    """
    size = np.abs(samples)
    loud = np.flatnonzero(size > QUIET * size.max(initial=0.0))
    if not loud.size:
        return []
    ends = np.flatnonzero(np.diff(loud) > PAUSE * rate)
    begins = [int(loud[0]), *(int(loud[place + 1]) for place in ends)]
    return list(zip(begins, [*(int(loud[place]) + 1 for place in ends), int(loud[-1]) + 1], strict=True))
