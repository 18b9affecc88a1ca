"""One reading at a time: what :func:`hil_calibration.stream.evaluate` gives for a single indication, without arrays."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from .errors import UnknownUncertainty

if TYPE_CHECKING:
    from .calibration import CalibrationRecord


@dataclass(frozen=True, slots=True)
class Reading:
    """A measured value with ``u_ind``, the part of noise and independent rounding, and ``u``, the combined one."""

    value: float
    u_ind: float
    u: float


def evaluate_one(
    record: CalibrationRecord,
    indication: float,
    *,
    u_indication: float = 0.0,
    resolution: float | None = None,
    temperature: float | None = None,
) -> Reading:
    """The measurement of one indication through its calibration record; arguments, rules and errors are those of
    :func:`hil_calibration.stream.evaluate`.
    """
    low, high = record.valid_range
    if not low <= indication <= high:
        record.require_in_range(indication)
    noise = _standard("u_indication", u_indication)
    rounding = 0.0 if resolution is None else _standard("resolution", resolution) / math.sqrt(12.0)
    value = float(record.function.value(indication))
    slope = abs(float(record.function.slope(indication))) if noise or rounding else 0.0
    shared = [float(component(indication)) for component in record.components]
    shared += [float(effect.sensitivity(value, temperature)) * effect.u for effect in record.effects]
    if noise <= rounding:
        shared.append(slope * rounding)
        u_ind = slope * noise
    else:
        u_ind = slope * math.hypot(noise, rounding)
    return Reading(value, u_ind, math.hypot(u_ind, *shared))


def _standard(name: str, u: float) -> float:
    if not 0.0 <= u < math.inf:
        raise UnknownUncertainty(f"{name} is not a finite number >= 0", remedy="unknown is not zero: state it")
    return u
