"""Average precision of a detector, by three conventions, with a bootstrap by scene.

Objects of one scene share its light, its background and its annotator: their errors are not independent, so scenes are
drawn, never objects.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike

from ..checks import Array, Flags, count, flags, numbers, one_of, percentiles, probability, table
from ..errors import CalibrationError

Convention = Literal["voc-11", "voc-all", "coco-101"]

CONVENTIONS: dict[str, str] = {
    "voc-11": "mean of the interpolated precision at 11 recalls from 0 to 1",
    "voc-all": "area under the interpolated precision over all recalls",
    "coco-101": "mean of the interpolated precision at 101 recalls from 0 to 1",
}


@dataclass(frozen=True)
class AveragePrecision:
    """The value by a convention, with a percentile interval over ``replicates`` draws of scenes.

    ``low`` and ``high`` are NaN where every draw gives the same value, as with perfect scenes: what never varies says
    nothing of its own uncertainty.
    """

    value: float
    low: float
    high: float
    convention: str
    scenes: int
    replicates: int


def average_precision(scores: ArrayLike, correct: ArrayLike, objects: int, convention: Convention = "voc-all") -> float:
    """Average precision of detections.

    :param scores: of the detections, shape (n,).
    :param correct: whether each matches an object that no detection of a higher score matches, shape (n,).
    :param objects: number of objects there are, at least as many as correct detections.
    :raises CalibrationError: arrays that do not fit, no object, or an unknown convention.
    """
    measure = _convention(convention)
    values = numbers("scores", scores, fewest=0)
    found = flags("correct", correct, size=len(values)) if len(values) else np.zeros(0, dtype=np.bool_)
    objects = count("objects", objects, least=1)
    if int(found.sum()) > objects:
        raise CalibrationError(
            f"{int(found.sum())} correct detections of {objects} objects", remedy="count the objects"
        )
    return measure(*_curve(values, found, objects))


def average_precision_by_scene(
    scores: ArrayLike,
    correct: ArrayLike,
    scenes: ArrayLike,
    objects: dict[int, int],
    *,
    convention: Convention = "voc-all",
    confidence: float = 0.95,
    replicates: int = 1000,
    seed: int = 0,
) -> AveragePrecision:
    """Average precision with an interval from drawing whole scenes with replacement.

    :param scenes: the scene of each detection, whole numbers, shape (n,).
    :param objects: scene -> number of its objects; scenes without a detection belong here too.
    :raises CalibrationError: as :func:`average_precision`; a detection of a scene that is not in ``objects``; fewer
        than two scenes.
    """
    probability("confidence", confidence)
    values = numbers("scores", scores, fewest=0)
    place = [count("scene", each) for each in numbers("scenes", scenes, fewest=0, size=len(values)).tolist()]
    found = flags("correct", correct, size=len(values)) if len(values) else np.zeros(0, dtype=np.bool_)
    there = {count("scene", name): count("objects", each) for name, each in table("objects", objects).items()}
    names = sorted(there)
    if len(names) < 2 or not set(place) <= set(names):
        raise CalibrationError(
            f"{len(names)} scenes", remedy="state the objects of two or more scenes, of every detection's"
        )
    replicates, seed = count("replicates", replicates, least=100, most=1_000_000), count("seed", seed)
    members = [np.nonzero(np.array(place) == name)[0] for name in names]
    for name, mine in zip(names, members, strict=True):
        if there[name] < int(found[mine].sum()):
            raise CalibrationError(
                f"{int(found[mine].sum())} correct detections of {there[name]} objects in scene {name}",
                remedy="count its objects",
            )
    value = average_precision(values, found, sum(there.values()), convention)
    generator, drawn = np.random.default_rng(seed), []
    for _ in range(replicates):
        picked = generator.integers(0, len(names), len(names))
        total = sum(there[names[i]] for i in picked)
        index = np.concatenate([members[i] for i in picked])
        if total:
            drawn.append(_convention(convention)(*_curve(values[index], found[index], total)))
    low, high = percentiles(np.array(drawn), confidence) if np.ptp(drawn) > 0 else (math.nan, math.nan)
    return AveragePrecision(value, low, high, CONVENTIONS[convention], len(names), replicates)


def _curve(scores: Array, correct: Flags, objects: int) -> tuple[Array, Array]:
    """Recall and interpolated precision after each detection, by falling score; ties count together."""
    order = np.argsort(-scores, kind="stable")
    ranked, hits = scores[order], np.cumsum(correct[order])
    last = np.append(ranked[1:] != ranked[:-1], True) if len(ranked) else np.zeros(0, dtype=bool)
    hits, counts = hits[last], np.nonzero(last)[0] + 1
    precision = hits / counts if len(hits) else np.zeros(0)
    return hits / objects, np.maximum.accumulate(precision[::-1])[::-1]


def _at(count: int) -> Callable[[Array, Array], float]:
    levels = np.linspace(0, 1, count)

    def measure(recall: Array, precision: Array) -> float:
        index = np.searchsorted(recall, levels - 1e-12, side="left")
        padded = np.append(precision, 0.0)
        return float(padded[index].mean())

    return measure


def _area(recall: Array, precision: Array) -> float:
    return float(np.sum(np.diff(recall, prepend=0.0) * precision))


def _convention(name: str) -> Callable[[Array, Array], float]:
    one_of("convention", name, tuple(CONVENTIONS))
    return _area if name == "voc-all" else _at(11 if name == "voc-11" else 101)
