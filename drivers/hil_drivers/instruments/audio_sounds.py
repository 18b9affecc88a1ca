"""Sounds of a data set made ready to be played: the parts in which they are active, and how loud they are there."""

from __future__ import annotations

import hashlib
import math
from dataclasses import dataclass

import numpy as np

from ..data_set import DataSet, Entry
from ..errors import OptionError, SetpointRefused
from ..sound import active, read_wave
from ..wire.audio import LONGEST, whole


@dataclass(frozen=True)
class Prepared:
    """A sound ready to be played.

    ``payload`` are its samples as they travel, ``digest`` their SHA-256; ``windows`` the parts in which it is active,
    in samples; ``rms`` is that over them, and ``peak`` the largest of all samples, both in parts of full scale.
    """

    payload: bytes
    digest: str
    windows: tuple[tuple[int, int], ...]
    rms: float
    peak: float
    subject: str
    seconds: float


def prepared(data: DataSet, content: str, rate: int, *, where: str) -> Prepared:
    """The first sound of ``data`` that says ``content``; for "" the first that says anything.

    :param rate: samples per second that can be played.
    :param where: the device, used in errors.
    :raises SetpointRefused: if there is none, or it cannot be played.
    """
    entry = next((one for one in data.entries if one.content and (not content or one.content == content)), None)
    if entry is None:
        known = ", ".join(sorted({one.content or "" for one in data.entries})[:4])
        raise SetpointRefused(f"has no sound {content[:40]!r}", where=where, remedy=f"use one of {known}, ...")
    return _prepared(data, entry, rate, where)


def _prepared(data: DataSet, entry: Entry, rate: int, where: str) -> Prepared:
    file = entry.recording.file
    try:
        sound, stored = read_wave(data.read(entry.recording))
    except OptionError as error:
        raise SetpointRefused(error.what, where=error.where, remedy=error.remedy) from error
    except ValueError as error:
        raise SetpointRefused(f"cannot play {file}: {error}", where=where, remedy="give WAVE files") from None
    windows = active(sound, stored)
    if stored != rate or not windows or len(sound) > LONGEST:
        told = f"cannot play {file}: {len(sound)} samples at {stored} Hz, of which {len(windows)} parts are no silence"
        raise SetpointRefused(told, where=where, remedy=f"give sounds of {rate} Hz and at most {LONGEST} samples")
    inside = np.concatenate([sound[first:end] for first, end in windows])
    payload = whole(sound).astype("<i2").tobytes()
    return Prepared(
        payload=payload,
        digest=hashlib.sha256(payload).hexdigest(),
        windows=tuple(windows),
        rms=math.sqrt(float(np.mean(np.square(inside)))),
        peak=float(np.max(np.abs(sound))),
        subject=entry.subject,
        seconds=len(sound) / rate,
    )
