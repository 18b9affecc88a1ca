"""From blocks of indications to measurements, with the correlation of shared effects kept (GUM 5.2, F.1.2.3).

A block keeps its uncertainty in two parts: ``u_ind``, independent from reading to reading, and ``shared``,
one column per named effect. Columns of one name are one effect, in whatever record it occurs, so that means
keep it and differences cancel it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import unit as units
from .arrays import finite, real_array
from .calibration import CalibrationRecord
from .errors import CalibrationError, UnitError, UnknownUncertainty

if TYPE_CHECKING:
    from .quantity import Quantity

Array = NDArray[np.float64]

_PIECE = 16384
_LARGEST = 50_000_000
"""Elements of a block's shared contributions, 400 MB: beyond them it is refused, not begun."""

_NAME_IT = "call .named(NAME) first, so that the results keep what they have in common"


@dataclass(frozen=True, eq=False)
class Measurements:
    """n measured values of one unit with their covariance in factored form.

    :param value: shape (n,).
    :param u_ind: standard uncertainty of the part independent from reading to reading, shape (n,).
    :param shared: contributions of the shared effects, signed, in ``unit``, shape (n, m).
    :param effects: the m names.
    :param unit: UCUM unit of all of these.
    :param dof: degrees of freedom of the m effects, 1 or more; infinite where left out.
    :raises CalibrationError: shapes that do not fit, an effect named twice, or numbers that are not finite.
    :raises UnknownUncertainty: ``u_ind`` is negative or not a number.
    :raises UnitError: the unit is unknown.
    """

    value: Array
    u_ind: Array
    shared: Array
    effects: tuple[str, ...]
    unit: str
    dof: tuple[float, ...] = ()

    def __post_init__(self) -> None:
        object.__setattr__(self, "dof", tuple(self.dof) or (math.inf,) * len(self.effects))
        n, m = len(self.value), len(self.effects)
        if self.u_ind.shape != (n,) or self.shared.shape != (n, m) or len(self.dof) != m:
            raise CalibrationError(
                f"{n} values with u_ind {self.u_ind.shape}, shared {self.shared.shape}, {m} effects",
                remedy="give shapes (n,), (n,), (n, m) and m names",
            )
        if len(set(self.effects)) != m:
            raise CalibrationError("an effect is named twice", remedy="add the columns of one name")
        if not all(dof >= 1 for dof in self.dof):
            raise CalibrationError("an effect has fewer than 1 degree of freedom", remedy="give 1 or more for each")
        if not (finite(self.value) and finite(self.shared)):
            raise CalibrationError("values or contributions that are not finite", remedy="leave those readings out")
        if n and not (self.u_ind.min() >= 0 and self.u_ind.max() < math.inf):
            raise UnknownUncertainty("u_ind is not a finite number >= 0 for each reading", remedy="state it")
        units.check(self.unit)

    def __len__(self) -> int:
        return len(self.value)

    @property
    def u(self) -> Array:
        """Combined standard uncertainty, shape (n,)."""
        total = np.square(self.u_ind)
        for start in range(0, len(self), _PIECE):
            piece = total[start : start + _PIECE]
            for column in self.shared[start : start + _PIECE].T:
                piece += column * column
        return np.sqrt(total, out=total)

    def mean(self, weights: ArrayLike | None = None) -> Measurements:
        """The (weighted) mean as one measurement; shared parts do not average out.

        :param weights: shape (n,), taken relative to their sum.
        :raises CalibrationError: there is no reading, or the weights do not fit or sum to zero.
        """
        w = np.ones(len(self)) if weights is None else real_array("weights", weights)
        with np.errstate(all="ignore"):
            total = float(w.sum())
        if w.shape != (len(self),) or not math.isfinite(total) or total == 0:
            raise CalibrationError(
                f"no mean of {len(self)} readings with weights of shape {w.shape} and sum {total:g}",
                remedy="give one finite weight for each reading",
            )
        w = w / total
        return Measurements(
            np.array([w @ self.value]),
            np.array([np.linalg.norm(w * self.u_ind)]),
            (w @ self.shared)[None, :],
            self.effects,
            self.unit,
            self.dof,
        )

    def difference(self, other: Measurements) -> Measurements:
        """``self - other`` pairwise; effects of one name cancel. Their readings must be different readings.

        :param other: n measurements, or one, of the same unit.
        :raises UnitError: the units differ.
        :raises CalibrationError: the numbers of readings do not fit, or one measurement with an independent part
            enters n differences, which it would correlate.
        """
        _require_same_unit([self, other])
        _require_pairs("difference", self, other)
        effects, dof = _union([self, other])
        return Measurements(
            self.value - other.value,
            np.hypot(self.u_ind, other.u_ind),
            _aligned(self, effects) - _aligned(other, effects),
            effects,
            units.difference(self.unit),
            dof,
        )

    def ratio(self, other: Measurements) -> Measurements:
        """``self / other`` pairwise, to first order; what both share in proportion cancels.

        :param other: n measurements, or one, of any unit; its readings must be different readings.
        :raises UnitError: a temperature in Cel.
        :raises CalibrationError: the numbers of readings do not fit, a divisor is zero, or one divisor with an
            independent part enters n ratios.
        """
        _require_pairs("ratio", self, other)
        if units.difference(self.unit) != self.unit:
            raise UnitError("a temperature in Cel has no ratio", remedy="convert it to K")
        if not other.value.all():
            raise CalibrationError("a ratio to a measured value of zero")
        unit = units.product(self.unit, units.power(other.unit, -1))
        effects, dof = _union([self, other])
        value = self.value / other.value
        return Measurements(
            value,
            np.hypot(self.u_ind / other.value, value / other.value * other.u_ind),
            (_aligned(self, effects) - value[:, None] * _aligned(other, effects)) / other.value[:, None],
            effects,
            unit,
            dof,
        )

    def combination(self, weights: ArrayLike) -> Measurements:
        """``weights @ value``: one linear combination of the readings, or k of them.

        :param weights: shape (n,) or (k, n). In Cel each row sums to 1 (a temperature), or each to 0 (a difference).
        :raises UnitError: weights that make no temperature of readings in Cel.
        :raises CalibrationError: weights that do not fit, or a reading with an independent part that enters several
            combinations, which it would correlate.
        """
        rows = np.atleast_2d(real_array("weights", weights))
        if rows.ndim != 2 or rows.shape[1] != len(self) or not np.all(np.isfinite(rows)):
            raise CalibrationError(
                f"weights of shape {np.shape(weights)} for {len(self)} readings", remedy="give one for each reading"
            )
        if np.any((np.count_nonzero(rows, axis=0) > 1) & (self.u_ind > 0)):
            raise CalibrationError("the independent part of a reading enters several combinations", remedy=_NAME_IT)
        with np.errstate(all="ignore"):
            return Measurements(
                rows @ self.value,
                np.sqrt(np.square(rows) @ np.square(self.u_ind)),
                rows @ self.shared,
                self.effects,
                self._combined_unit(rows.sum(axis=1)),
                self.dof,
            )

    def named(self, name: str) -> Measurements:
        """The same readings with their independent parts as effects of their own, "NAME, reading 1" and so on.

        For readings that enter several results: each then keeps what it has in common with the others.

        :param name: of this block; readings of another block need another name.
        :raises CalibrationError: an effect has such a name already.
        """
        noisy = np.flatnonzero(self.u_ind)
        columns = np.zeros((len(self), len(noisy)))
        columns[noisy, np.arange(len(noisy))] = self.u_ind[noisy]
        return Measurements(
            self.value,
            np.zeros(len(self)),
            np.hstack([self.shared, columns]),
            (*self.effects, *(f"{name}, reading {i + 1}" for i in noisy.tolist())),
            self.unit,
            (*self.dof, *(math.inf,) * len(noisy)),
        )

    def to(self, unit: str) -> Measurements:
        """The same measurements in another unit.

        :raises UnitError: the dimensions differ.
        """
        scale = units.factor(self.unit, unit)
        offset = units.convert(0.0, self.unit, unit)
        return Measurements(
            self.value * scale + offset, self.u_ind * scale, self.shared * scale, self.effects, unit, self.dof
        )

    def covariance(self) -> Array:
        """Covariance of the values, shape (n, n)."""
        return np.asarray(self.shared @ self.shared.T + np.diag(np.square(self.u_ind)))

    def quantities(self) -> list[Quantity]:
        """One uncertain number per value, correlated through the effects; for results, not for blocks."""
        return quantities(self)[0]

    def _combined_unit(self, sums: Array) -> str:
        if units.difference(self.unit) == self.unit or np.allclose(sums, 1.0, rtol=0, atol=1e-12):
            return self.unit
        if np.allclose(sums, 0.0, rtol=0, atol=1e-12):
            return units.difference(self.unit)
        raise UnitError(f"weights that sum to {sums[0]:g} make no temperature", remedy="let them sum to 1, or to 0")


def evaluate(
    record: CalibrationRecord,
    indication: ArrayLike,
    *,
    u_indication: ArrayLike = 0.0,
    resolution: ArrayLike | None = None,
    temperature: ArrayLike | None = None,
    slope_time: ArrayLike = 0.0,
    share_rounding: bool = True,
) -> Measurements:
    """Measurements from the indications of one instrument through its calibration record.

    Coefficients and effects of the record are shared by all readings. Resolution (GUM F.2.2.1): where the
    noise ``u_indication`` is at most resolution / sqrt(12), readings of equal indication share one rounding
    error, an effect named after instrument and indication; where it is larger, rounding errors are
    independent.

    :param indication: in the unit of the record's indication, shape () or (n,).
    :param u_indication: standard uncertainty of the noise of an indication, same unit, shape () or (n,).
    :param resolution: step of the indication, same unit, shape () or (n,); ``None`` if ``u_indication``
        covers it.
    :param temperature: of the instrument, Cel, shape () or (n,); for effects per kelvin.
    :param slope_time: rate of change of the value times the standard uncertainty of the time stamp, in the
        unit of the value, shape () or (n,); :func:`hil_calibration.series.slope_in_time` estimates the rate.
    :param share_rounding: ``False`` takes all rounding errors as independent: for many readings at different
        indications, each of which occurs in very few of them.
    :raises OutOfRange: an indication is outside the record's valid range; the error lists some.
    :raises CalibrationError: shapes that do not fit, or rounding errors of too many different indications to be kept.
    :raises UnknownUncertainty: an uncertainty is not a number, or a temperature is needed and not given.
    """
    x = np.atleast_1d(real_array("indication", indication))
    if x.ndim != 1:
        raise CalibrationError(f"indications of shape {x.shape}", remedy="give one dimension")
    record.require_in_range(x)
    value = _fill(np.empty_like(x), record.function.value, x)
    noise, jitter = _standard("u_indication", u_indication, x), _standard("slope_time", slope_time, x)
    resolved, rounding, names = _resolution(record, x, noise, resolution, share_rounding)
    effects = (*record.coefficient_effects, *(effect.name for effect in record.effects), *names)
    shared = np.empty((len(effects), len(x))).T
    r = len(record.components)
    for j, component in enumerate(record.components):
        _fill(shared[:, j], component, x)
    for j, effect in enumerate(record.effects, start=r):
        shared[:, j] = effect.sensitivity(value, temperature) * effect.u
    sloped = noise.any() or rounding.any() or names
    slope = _fill(np.empty_like(x), record.function.slope, x) if sloped else np.zeros_like(x)
    for j, column in enumerate(resolved.T, start=r + len(record.effects)):
        shared[:, j] = column * slope
    u_ind = np.abs(slope) * np.hypot(noise, rounding)
    if jitter.any():
        u_ind = np.hypot(u_ind, jitter)
    dof = (math.inf,) * r + tuple(effect.dof for effect in record.effects) + (math.inf,) * len(names)
    return Measurements(value, u_ind, shared, effects, record.unit, dof)


def concatenate(measurements: Sequence[Measurements]) -> Measurements:
    """The readings of several blocks as one block, columns aligned by the names of the effects.

    :raises UnitError: the units differ.
    :raises CalibrationError: there is no block.
    """
    if not measurements:
        raise CalibrationError("nothing to concatenate")
    _require_same_unit(measurements)
    effects, dof = _union(measurements)
    return Measurements(
        np.concatenate([part.value for part in measurements]),
        np.concatenate([part.u_ind for part in measurements]),
        np.concatenate([_aligned(part, effects) for part in measurements]),
        effects,
        measurements[0].unit,
        dof,
    )


def quantities(*measurements: Measurements) -> list[list[Quantity]]:
    """Uncertain numbers of several blocks, of any units, correlated through the effects of one name.

    Blocks passed in one call share their effects; numbers from different calls are independent.
    """
    from .quantity import from_contributions

    effects, dof = _union(measurements)
    flat = from_contributions(
        [(part.value[i], part.u_ind[i], part.unit) for part in measurements for i in range(len(part))],
        np.concatenate([_aligned(part, effects) for part in measurements]),
        effects,
        dof,
    )
    ends = np.cumsum([len(part) for part in measurements]).tolist()
    return [flat[end - len(part) : end] for part, end in zip(measurements, ends, strict=True)]


def _fill(out: Array, function: Callable[[Array], Array], x: Array) -> Array:
    """``function(x)`` into ``out``, in pieces whose intermediate results stay in the processor's cache."""
    for start in range(0, len(x), _PIECE):
        out[start : start + _PIECE] = function(x[start : start + _PIECE])
    return out


def _standard(name: str, u: ArrayLike, x: Array) -> Array:
    """A standard uncertainty, finite and >= 0, of shape () or that of x."""
    values = real_array(name, u)
    if values.shape not in ((), x.shape):
        raise CalibrationError(f"{name} of shape {values.shape} for {x.size} indications")
    if values.size and not (values.min() >= 0 and values.max() < math.inf):
        raise UnknownUncertainty(f"{name} is not a finite number >= 0", remedy="unknown is not zero: state it")
    return values


def _resolution(
    record: CalibrationRecord, x: Array, noise: Array, resolution: ArrayLike | None, share: bool
) -> tuple[Array, Array, tuple[str, ...]]:
    """Shared columns (n, k) and independent part of the rounding error, in the unit of the indication."""
    if resolution is None:
        return np.empty((len(x), 0)), np.zeros(()), ()
    rounding = np.broadcast_to(_standard("resolution", resolution, x) / math.sqrt(12.0), x.shape)
    alike = (noise <= rounding) & (rounding > 0) & share
    distinct = np.unique(x[alike])
    if len(x) * len(distinct) > _LARGEST:
        raise CalibrationError(
            f"{len(x)} readings at {len(distinct)} different indications without noise share too many rounding errors",
            remedy="state u_indication where it exceeds the rounding, evaluate fewer, or do not share_rounding",
        )
    columns = np.where(alike[:, None] & (x[:, None] == distinct), rounding[:, None], 0.0)
    instrument = f"{record.instrument.model} {record.instrument.serial}, {record.quantity}"
    names = tuple(f"resolution of {instrument} at {indication!r}" for indication in distinct.tolist())
    return columns, np.where(alike, 0.0, rounding), names


def _require_same_unit(measurements: Sequence[Measurements]) -> None:
    first = measurements[0].unit
    for part in measurements[1:]:
        if not units.same(first, part.unit):
            raise UnitError(f"measurements in {first!r} and {part.unit!r}", remedy="convert them first")


def _require_pairs(what: str, left: Measurements, right: Measurements) -> None:
    if len(right) not in (1, len(left)):
        raise CalibrationError(f"{what} of {len(left)} and {len(right)} readings")
    if len(right) < len(left) and right.u_ind[0] > 0:
        raise CalibrationError(f"the independent part of one measurement enters {len(left)} results", remedy=_NAME_IT)


def _union(measurements: Sequence[Measurements]) -> tuple[tuple[str, ...], tuple[float, ...]]:
    """The names of all effects, each once, with their degrees of freedom."""
    dof: dict[str, float] = {}
    for part in measurements:
        for name, value in zip(part.effects, part.dof, strict=True):
            if dof.setdefault(name, value) != value:
                raise CalibrationError(
                    f"the effect has {dof[name]:g} and {value:g} degrees of freedom",
                    where=name,
                    remedy="effects of one name are one effect: state it once, or name them apart",
                )
    return tuple(dof), tuple(dof.values())


def _aligned(measurements: Measurements, effects: tuple[str, ...]) -> Array:
    if measurements.effects == effects:
        return measurements.shared
    columns = np.zeros((len(effects), len(measurements))).T
    position = {name: j for j, name in enumerate(effects)}
    for name, column in zip(measurements.effects, measurements.shared.T, strict=True):
        columns[:, position[name]] = column
    return columns
