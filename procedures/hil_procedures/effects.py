"""Further effects on measurements, beside those of a calibration record."""

from __future__ import annotations

from collections.abc import Iterable

import numpy as np

from hil_calibration.effect import Effect
from hil_calibration.stream import Measurements


def with_effects(values: Measurements, effects: Iterable[Effect]) -> Measurements:
    """``values`` with further relative effects that all of them share."""
    more = list(effects)
    columns = [effect.sensitivity(values.value) * effect.u for effect in more]
    return Measurements(
        values.value,
        values.u_ind,
        np.column_stack([values.shared, *columns]),
        (*values.effects, *(effect.name for effect in more)),
        values.unit,
        (*values.dof, *(effect.dof for effect in more)),
    )


def without_rounding_effects(values: Measurements) -> Measurements:
    """``values`` with the rounding errors of single indications taken as independent of each other.

    For many readings at different indications, where each rounding error belongs to very few of them.
    """
    kept = [j for j, name in enumerate(values.effects) if not name.startswith("resolution of ")]
    rounding = np.delete(values.shared, kept, axis=1)
    return Measurements(
        values.value,
        np.sqrt(np.square(values.u_ind) + np.square(rounding).sum(axis=1)),
        values.shared[:, kept],
        tuple(values.effects[j] for j in kept),
        values.unit,
        tuple(values.dof[j] for j in kept),
    )
