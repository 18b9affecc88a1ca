"""The protocol of an audio analyser: lines of JSON on TCP, with PCM behind them, by which sounds are played and heard.

Requests and answers are as those of a scene server (`hil_drivers.wire.scene`), with ``id``, ``clock`` and ``error``.
Where a line names ``bytes``, so many octets follow it. Samples are 16 bits, little endian; one of full scale stands for
1. Two outputs, ``speech`` and ``noise``, lead to two loudspeakers; what they play, and what the microphone gives,
share one clock of samples.

============================================= =================================================================
request                                       answer, beside ``id`` and ``clock``
============================================= =================================================================
``{"do": "hello"}``                           ``protocol``: ``audio-1``; ``rate``: samples per second
``{"do": "load", "sound", "windows",          ``sound``: its SHA-256. It is what the output ``speech`` plays;
"spoken", "bytes"}`` and the samples          levels are measured over ``windows``, pairs of samples, shifted by
                                              the sound's way. Where it is not ``spoken``, it is played for
                                              measurements alone
``{"do": "set", "speech": x, "noise": x}``    the same: the factor on the sound, the rms of white noise, in
                                              parts of full scale
``{"do": "record", "sound"}``                 ``play``, its number, and ``wait`` in s: sound and noise will be
                                              played at once, and recorded
``{"do": "measure", "sound"}``                ``play`` and ``wait``: sound, noise and neither will be played one
                                              after the other, the noise being the same as in a record
``{"do": "told", "play": n}``                 ``wait`` while it lasts; then ``begin`` and ``end`` by the
                                              analyser's clock, ``overload``, ``delay``: the sound's way in s,
                                              ``null`` where none was heard; of a record ``blocks``; of a
                                              measurement ``speech`` and ``noise``, sound pressures in Pa, and
                                              ``ratio``: that of their powers; ``null`` as ``delay``
``{"do": "blocks", "play": n, "first": i,   ``blocks``, ``bytes``, and the blocks: each the time of its first
"count": m}``                                 sample by the analyser's clock in ns (8 octets), and 512 samples
============================================= =================================================================
"""

from __future__ import annotations

import struct
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from ..errors import RemoteProtocolError
from .scene import MAX_LINE, Answer, parse_answer

PROTOCOL = "audio-1"
BLOCK = 512
"""Samples of a block."""

STAMPED = 8 + 2 * BLOCK
"""Octets of a block with its stamp."""

MOST_BLOCKS = 60
"""Blocks that are asked for at once."""

FULL = 32_768.0
"""The whole number that stands for full scale."""

LONGEST = 60 * 48_000
"""Samples of a sound at most."""

Samples = NDArray[np.int16]


@dataclass(frozen=True, slots=True)
class Told(Answer):
    """An answer with the octets that follow it."""

    payload: bytes = b""


class Answers:
    """Takes bytes, gives the answer to request ``number``; those to earlier ones, which came late, are dropped.

    :param where: the analyser, used in errors.
    """

    def __init__(self, number: int, where: str = "") -> None:
        self._number, self._where = number, where
        self._pending = b""
        self._head: Answer | None = None
        self._due = 0

    def receive_data(self, data: bytes) -> None:
        """Take what arrived.

        :raises RemoteProtocolError: for a line without end.
        """
        self._pending += data
        if self._head is None and len(self._pending) > MAX_LINE and b"\n" not in self._pending[: MAX_LINE + 1]:
            start, self._pending = self._pending[:16], b""
            raise RemoteProtocolError(f"sends a line without end: {start!r}")

    def next_event(self) -> Told | None:
        """The answer, or ``None`` while more bytes are needed.

        :raises RemoteProtocolError: if the line is no answer, or answers what was not asked.
        """
        while self._begun():
            if self._head is None or len(self._pending) < self._due:
                return None
            head, payload = self._head, self._pending[: self._due]
            self._pending, self._head = self._pending[self._due :], None
            if head.id == self._number:
                return Told(head.id, head.clock, head.body, head.where, payload)
            if head.id > self._number:
                raise RemoteProtocolError(f"answered request {head.id}, which was not made")
        return None

    def _begun(self) -> bool:
        """Whether the line of an answer is there."""
        if self._head is None:
            line, found, rest = self._pending.partition(b"\n")
            if not found:
                return False
            self._pending = rest
            head = parse_answer(line, self._where)
            self._due = head.count("bytes") if "bytes" in head.body else 0
            if self._due > MOST_BLOCKS * STAMPED:
                raise RemoteProtocolError(f"announces {self._due} octets at once")
            self._head = head
        return True


def pack(stamps: list[int], samples: Samples) -> bytes:
    """Blocks as they travel.

    :param stamps: of the first sample of each, in ns.
    :param samples: shape ``(len(stamps) * BLOCK,)``.
    """
    parts = samples.astype("<i2").reshape(len(stamps), BLOCK)
    return b"".join(struct.pack("<q", stamp) + part.tobytes() for stamp, part in zip(stamps, parts, strict=True))


def unpack(payload: bytes, where: str = "") -> tuple[list[int], Samples]:
    """The stamps in ns and the samples of blocks.

    :raises RemoteProtocolError: if they are not whole.
    """
    if not payload or len(payload) % STAMPED:
        raise RemoteProtocolError(f"sent {len(payload)} octets, no whole blocks", where=where)
    stamps, samples = [], []
    for place in range(0, len(payload), STAMPED):
        stamps.append(struct.unpack_from("<q", payload, place)[0])
        samples.append(np.frombuffer(payload, "<i2", BLOCK, place + 8))
    return stamps, np.concatenate(samples).astype(np.int16)


def whole(sound: NDArray[np.float64]) -> Samples:
    """Samples from -1 to below 1 as whole numbers, rounded and clipped."""
    return np.clip(np.rint(sound * FULL), -FULL, FULL - 1.0).astype(np.int16)
