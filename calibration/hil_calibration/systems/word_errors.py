"""Word errors of a transcription: substitutions, deletions and insertions of the least number of edits."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from ..checks import count, percentiles, probability, several
from ..errors import CalibrationError


@dataclass(frozen=True)
class WordErrors:
    """Edits that turn the reference into the hypothesis. ``rate`` can exceed 1."""

    substitutions: int
    deletions: int
    insertions: int
    hits: int

    def __post_init__(self) -> None:
        for name in ("substitutions", "deletions", "insertions", "hits"):
            count(name, getattr(self, name))

    @property
    def reference(self) -> int:
        """Words of the reference."""
        return self.hits + self.substitutions + self.deletions

    @property
    def rate(self) -> float:
        """Edits per word of the reference.

        :raises CalibrationError: a reference without words.
        """
        if not self.reference:
            raise CalibrationError("a reference without words has no rate", remedy="leave it out")
        return (self.substitutions + self.deletions + self.insertions) / self.reference

    def __add__(self, other: WordErrors) -> WordErrors:
        return WordErrors(
            self.substitutions + other.substitutions,
            self.deletions + other.deletions,
            self.insertions + other.insertions,
            self.hits + other.hits,
        )


def word_errors(reference: str | Sequence[str], hypothesis: str | Sequence[str]) -> WordErrors:
    """Compare two transcriptions, words parted by blanks; lists of characters give the character error rate.

    >>> word_errors("turn the lights on", "turn lights off").rate
    0.5

    :raises CalibrationError: a reference without words.
    """
    ref, hyp = _words("reference", reference), _words("hypothesis", hypothesis)
    if not ref:
        raise CalibrationError("a reference without words", remedy="leave it out")
    row = [(j, WordErrors(0, 0, j, 0)) for j in range(len(hyp) + 1)]
    for i, word in enumerate(ref, 1):
        above, row = row, [(i, WordErrors(0, i, 0, 0))]
        for j, said in enumerate(hyp, 1):
            row.append(_cheapest(above[j - 1], above[j], row[j - 1], same=word == said))
    return row[-1][1]


def _words(name: str, given: str | Sequence[str]) -> list[str]:
    words = given.split() if isinstance(given, str) else several(name, given)
    if not all(isinstance(word, str) for word in words):
        raise CalibrationError(f"{name} with what is no word", remedy="give a text, or a list of words")
    return words


Cell = tuple[int, WordErrors]


def _cheapest(diagonal: Cell, above: Cell, left: Cell, *, same: bool) -> Cell:
    if same:
        return diagonal[0], diagonal[1] + WordErrors(0, 0, 0, 1)
    cost = min(diagonal[0], above[0], left[0])
    if diagonal[0] == cost:
        return cost + 1, diagonal[1] + WordErrors(1, 0, 0, 0)
    if above[0] == cost:
        return cost + 1, above[1] + WordErrors(0, 1, 0, 0)
    return cost + 1, left[1] + WordErrors(0, 0, 1, 0)


def rate_interval(
    utterances: Sequence[WordErrors], *, confidence: float = 0.95, replicates: int = 4000, seed: int = 0
) -> tuple[float, float]:
    """An interval of the word error rate from drawing utterances with replacement.

    :raises CalibrationError: fewer than two utterances, or all of one rate: drawing them again shows no spread.
    """
    probability("confidence", confidence)
    replicates, seed = count("replicates", replicates, least=100, most=1_000_000), count("seed", seed)
    utterances = several("utterances", utterances)
    if len(utterances) < 2 or not all(isinstance(each, WordErrors) and each.reference for each in utterances):
        raise CalibrationError(
            f"{len(utterances)} utterance(s)", remedy="give the word errors of two or more, each with words"
        )
    edits = np.array([each.substitutions + each.deletions + each.insertions for each in utterances], dtype=float)
    words = np.array([each.reference for each in utterances], dtype=float)
    if np.ptp(edits / words) == 0.0:
        raise CalibrationError(
            f"every utterance has the rate {edits[0] / words[0]:.4g}: drawing them again shows no spread",
            remedy="bound the share of utterances with an error by proportion_interval",
        )
    picked = np.random.default_rng(seed).integers(0, len(edits), (replicates, len(edits)))
    return percentiles(edits[picked].sum(axis=1) / words[picked].sum(axis=1), confidence)
