"""The readings of a luxmeter calibration, turned into pairs of reference value and indication."""

from __future__ import annotations

import math
from collections import defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from hil.evidence import Evidence
from hil_calibration.effect import Effect
from hil_calibration.stream import Measurements, concatenate

from ..effects import with_effects, without_rounding_effects

Array = NDArray[np.float64]

REFERENCE_NOISE = "repeatability of the reference luxmeter"
ITEM_NOISE = "repeatability of the luxmeter"
ITEM_RESOLUTION = "resolution of the luxmeter"
LAMP = "instability of the lamp"
REFERENCE_RESOLUTION = "resolution of the reference luxmeter"
REFERENCE_PARTS = 3


@dataclass(frozen=True)
class Independent:
    """A contribution independent from pair to pair: standard uncertainties, shape ``(n,)``, in lx."""

    name: str
    u: Array
    dof: Array
    distribution: str = "normal"


@dataclass(frozen=True)
class Session:
    """``n`` pairs of a reference value and the item's indication at it, in the order of execution.

    ``reference`` holds the reference values at the item's place, in lx, with the effects that they share and no
    independent part; ``indication`` the item's mean indications, shape ``(n,)``. ``independent`` holds what is not
    shared: first what belongs to the reference values (`REFERENCE_PARTS` of them), then the item's. ``item_effects``
    are what the bench declares of the item's own response.
    """

    level: Array
    direction: tuple[str, ...]
    reference: Measurements
    indication: Array
    independent: tuple[Independent, ...]
    dark: float
    temperature: float
    distributions: Mapping[str, str]
    item_effects: tuple[Effect, ...] = ()

    def pairs(self, direction: str) -> NDArray[np.int64]:
        """The numbers of the pairs of one direction."""
        return np.array([i for i, found in enumerate(self.direction) if found == direction], dtype=np.int64)


def read_session(evidence: Evidence) -> Session:
    """Read the session from its record."""
    item = evidence.role("luxmeter")
    standard = evidence.role("reference")
    conditions = evidence.whole_run(evidence.role("temperature"))
    temperature = float(evidence.measurements(conditions, share_rounding=False).value.mean())
    observed = evidence.observations
    lit = [entry for entry in observed if entry.data["direction"] != "dark"]
    dark = [entry for entry in observed if entry.data["direction"] == "dark"]
    level = np.array([float(entry.data["illuminance"]) for entry in lit])
    reference, reference_parts = _reference(evidence, [entry.links for entry in lit], level, temperature)
    placement = [
        *evidence.declared_effects(standard, "placement"),
        *evidence.declared_effects(item, "placement"),
    ]
    indicated, item_parts = _indicated(evidence, [entry.links["item"] for entry in lit], level)
    return Session(
        level=level,
        direction=tuple(str(entry.data["direction"]) for entry in lit),
        reference=with_effects(reference, placement),
        indication=indicated,
        independent=(*reference_parts, *item_parts),
        dark=float(np.mean(evidence.indications(dark[0].links["item"]).values)) if dark else math.nan,
        temperature=temperature,
        distributions={
            effect.name: effect.distribution for effect in (*evidence.calibration(standard).effects, *placement)
        },
        item_effects=tuple(evidence.declared_effects(item, "response")),
    )


def _reference(
    evidence: Evidence, links: list[Mapping[str, Any]], level: Array, temperature: float
) -> tuple[Measurements, tuple[Independent, ...]]:
    """Reference values in the middle of each bracket, and what is independent in them.

    That is their noise, their rounding, and what the lamp may have done besides drifting steadily: a rectangle of
    a quarter of the change from before to after on either side.
    """
    windows = [[link["reference_before"], link["reference_after"]] for link in links]
    raw = [[evidence.indications(window).values for window in pair] for pair in windows]
    s, dof = _pooled(raw, level)
    counts = np.array([sum(len(values) for values in pair) for pair in raw])
    values = without_rounding_effects(concatenate([_middle(evidence, pair, temperature) for pair in windows]))
    change = np.array([pair[1].mean() - pair[0].mean() for pair in raw])
    infinite = np.full(len(values), math.inf)
    shared = replace(values, u_ind=np.zeros(len(values)))
    return shared, (
        Independent(REFERENCE_NOISE, s / np.sqrt(counts), dof),
        Independent(REFERENCE_RESOLUTION, values.u_ind, infinite, "rectangular"),
        Independent(LAMP, np.abs(change) / (4.0 * math.sqrt(3.0)), infinite, "rectangular"),
    )


def _middle(evidence: Evidence, windows: list[Mapping[str, Any]], temperature: float) -> Measurements:
    """The mean of the means before and after."""
    return concatenate([evidence.measurements(window, temperature=temperature).mean() for window in windows]).mean()


def _indicated(
    evidence: Evidence, links: list[Mapping[str, Any]], level: Array
) -> tuple[Array, tuple[Independent, Independent]]:
    """The item's mean indications, their noise, and their rounding (GUM F.2.2.1).

    Where the noise is at most the rounding's standard uncertainty, the readings of a window share one rounding error.
    """
    found = [evidence.indications(link) for link in links]
    s, dof = _pooled([[one.values] for one in found], level)
    counts = np.array([len(one.values) for one in found])
    step = np.array([float(np.nan_to_num(one.resolution).max()) for one in found]) / math.sqrt(12.0)
    rounding = np.where(s <= step, step, step / np.sqrt(counts))
    infinite = np.full(len(found), math.inf)
    return np.array([one.values.mean() for one in found]), (
        Independent(ITEM_NOISE, s / np.sqrt(counts), dof),
        Independent(ITEM_RESOLUTION, rounding, infinite, "rectangular"),
    )


def _pooled(windows: list[list[Array]], level: Array) -> tuple[Array, Array]:
    """Standard deviation of one reading at each pair's level, pooled over all windows of that level, and its dof."""
    squares: dict[float, float] = defaultdict(float)
    dof: dict[float, int] = defaultdict(int)
    for at, group in zip(level, windows, strict=True):
        for values in group:
            squares[float(at)] += float(np.sum((values - values.mean()) ** 2))
            dof[float(at)] += len(values) - 1
    s = np.array([math.sqrt(squares[float(at)] / dof[float(at)]) for at in level])
    return s, np.array([float(dof[float(at)]) for at in level])
