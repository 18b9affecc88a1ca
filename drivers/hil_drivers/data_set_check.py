"""Looking at every recording of a data set: whether it is the one of the index, and which pictures look alike."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .data_set import DataSet
from .errors import OptionError
from .replay import Recording

SIDE = 16
ALIKE = 12
"""Of 256 bits of the perceptual hash, how many may differ in pictures that look alike."""

_AT_ONCE = 512


@dataclass(frozen=True)
class Looked:
    """What is wrong with files, in words, and the pairs of pictures that look alike, by their files."""

    faults: tuple[str, ...]
    alike: tuple[tuple[str, str], ...]


def look(data: DataSet) -> Looked:
    """Read every recording.

    Pictures are compared by a difference hash of 256 bits: which of two neighbours is brighter, in the picture brought
    to 17 x 16. In even parts of a scene noise decides the bits, so that independent recordings of one scene differ too;
    copies that were encoded or scaled anew do not. It is a hint of a recording that is there twice, and no proof: a
    scene without even parts looks alike in all its recordings.
    """
    faults: list[str] = []
    files: list[str] = []
    hashes: list[NDArray[np.bool_]] = []
    for entry in (*data.entries, *data.incomplete):
        try:
            found = _hash(data, entry.recording)
        except OptionError as error:
            faults.append(str(error))
            continue
        if found is not None:
            files.append(entry.recording.file)
            hashes.append(found)
    return Looked(tuple(faults), tuple((files[i], files[j]) for i, j in _near(hashes)))


def _hash(data: DataSet, recording: Recording) -> NDArray[np.bool_] | None:
    """The perceptual hash; ``None`` for what is no picture."""
    import cv2

    content = data.read(recording)
    image = cv2.imdecode(np.frombuffer(content, np.uint8), cv2.IMREAD_GRAYSCALE) if content else None
    if image is None:
        return None
    small = cv2.resize(image.astype(np.float32), (SIDE + 1, SIDE), interpolation=cv2.INTER_AREA)
    return np.asarray(small[:, 1:] > small[:, :-1]).ravel()


def _near(hashes: list[NDArray[np.bool_]]) -> list[tuple[int, int]]:
    if not hashes:
        return []
    signs = np.where(np.array(hashes), 1.0, -1.0).astype(np.float32)
    pairs: list[tuple[int, int]] = []
    for begin in range(0, len(signs), _AT_ONCE):
        differing = (SIDE * SIDE - signs[begin : begin + _AT_ONCE] @ signs.T) / 2
        rows, columns = np.nonzero(differing <= ALIKE)
        pairs += [(begin + int(i), int(j)) for i, j in zip(rows, columns, strict=True) if begin + i < j]
    return pairs
