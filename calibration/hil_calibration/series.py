"""Lines through measurements, and measurements in time: what is shared stays shared in each result.

All is first order. Times are floats of one unit (seconds, say) and one origin.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import unit as units
from .arrays import finite, real_array
from .errors import CalibrationError, UnitError, UnknownUncertainty
from .regression import Line, straight_line
from .stream import Measurements, concatenate

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class MeasuredLine:
    """A straight line y = a + b x through n measurements, whose coefficients carry the effects of the points.

    ``a`` and ``b`` are one measurement each. What the independent parts of the points do to both is in two effects
    named after the line.

    :param line: the fit itself, with chi-squared and residuals.
    """

    line: Line
    a: Measurements
    b: Measurements
    x_unit: str

    def value_at(self, x: ArrayLike) -> Measurements:
        """The line at exact x, shape () or (k,); the k values share the errors of the line.

        :raises CalibrationError: x is not finite.
        """
        at = np.atleast_1d(real_array("x", x))
        if at.ndim != 1 or not finite(at):
            raise CalibrationError(f"x of shape {at.shape}, or not finite", remedy="give finite values, one dimension")
        shared = self.a.shared + at[:, None] * self.b.shared
        value = self.line.a + self.line.b * at
        return Measurements(value, np.zeros(len(at)), shared, self.a.effects, self.a.unit, self.a.dof)


def line_through(x: ArrayLike | Measurements, y: Measurements, *, name: str, x_unit: str = "1") -> MeasuredLine:
    """Fit y = a + b x by generalised least squares with the full covariance of the points (ISO/TS 28037, 10).

    Effects of one name in x and y are one effect.

    :param x: n exact values in ``x_unit``, or n measurements (their own unit then holds).
    :param y: n measurements with an independent part; without one no weights exist.
    :param name: of this line, for the effects that stand for the independent parts of its points.
    :raises FitError: the data carry no line (:func:`~hil_calibration.regression.straight_line`).
    :raises UnitError: x is in Cel, or y is: the coefficients would have no unit.
    """
    measured = isinstance(x, Measurements)
    unit = x.unit if isinstance(x, Measurements) else x_unit
    if "Cel" in (unit, y.unit):
        raise UnitError("a line of temperatures in Cel has coefficients without a unit", remedy="convert them to K")
    at = x.value if isinstance(x, Measurements) else real_array("x", x)
    shared, u_ind, effects, dof = _stacked(x, y) if isinstance(x, Measurements) else _exact(at, y)
    covariance = shared @ shared.T + np.diag(np.square(u_ind))
    if len(covariance) != 2 * len(at):
        raise CalibrationError(f"{len(at)} x and {len(y)} y", remedy="give n of each")
    line = straight_line(at, y.value, covariance=covariance)
    gain = line.jacobian
    independent = gain * u_ind
    columns = np.hstack([gain @ shared, np.linalg.cholesky(independent @ independent.T)])
    names = (*effects, f"{name}, independent part 1", f"{name}, independent part 2")
    slope_unit = units.product(y.unit, units.power(unit, -1))

    def coefficient(value: float, row: int, its_unit: str) -> Measurements:
        freedom = (*dof, math.inf, math.inf)
        return Measurements(np.array([value]), np.zeros(1), columns[row : row + 1], names, its_unit, freedom)

    return MeasuredLine(
        line, coefficient(line.a, 0, y.unit), coefficient(line.b, 1, slope_unit), unit if measured else x_unit
    )


def _exact(x: Array, y: Measurements) -> tuple[Array, Array, tuple[str, ...], tuple[float, ...]]:
    return (
        np.vstack([np.zeros((len(x), len(y.effects))), y.shared]),
        np.concatenate([np.zeros(len(x)), y.u_ind]),
        y.effects,
        y.dof,
    )


def _stacked(x: Measurements, y: Measurements) -> tuple[Array, Array, tuple[str, ...], tuple[float, ...]]:
    # As one block only to have the columns aligned by name; the unit of the block has no meaning.
    same = Measurements(x.value, x.u_ind, x.shared, x.effects, y.unit, x.dof)
    block = concatenate([same, y])
    return block.shared, block.u_ind, block.effects, block.dof


def interpolate(
    measurements: Measurements, t: ArrayLike, instants: ArrayLike, *, u_model: ArrayLike, name: str
) -> Measurements:
    """Linear interpolation in time between neighbouring measurements, shared effects kept.

    Instants that use a common reading have its independent part in common, and instants of one gap the error of the
    model: both become effects named after the series. Two calls are not correlated through readings that each uses
    once: ask for all instants in one.

    :param t: times of the n measurements, rising, shape (n,).
    :param instants: within the first and the last of them, shape (k,).
    :param u_model: standard uncertainty of the model in the middle of a gap, shape () or (n - 1,); between
        its ends it goes with 4 s (1 - s), s the part of the gap that is over, as the error of a parabola does. It has
        no default: 0 has to be said; :func:`u_of_interpolation` estimates it.
    :param name: of the series; another series needs another name.
    :raises CalibrationError: times that do not rise, or instants outside them.
    :raises UnknownUncertainty: ``u_model`` is not finite, or negative.
    """
    times = _times(t, len(measurements), 2)
    at = np.atleast_1d(real_array("instants", instants))
    if at.ndim != 1 or not np.all((at >= times[0]) & (at <= times[-1])):
        raise CalibrationError(
            f"instants outside {times[0]:g} to {times[-1]:g}", where=name, remedy="nothing is extrapolated"
        )
    model = real_array("u_model", u_model)
    if model.shape not in ((), (len(times) - 1,)) or not np.all((model >= 0) & (model < np.inf)):
        raise UnknownUncertainty(
            f"u_model is not a finite number >= 0 for each of {len(times) - 1} gaps", where=name, remedy="state it"
        )
    gap = np.clip(np.searchsorted(times, at, side="right") - 1, 0, len(times) - 2)
    part = (at - times[gap]) / (times[gap + 1] - times[gap])
    left, right = 1.0 - part, part
    u_ind, common, names = _readings(measurements.u_ind, gap, left, right, name)
    error = np.broadcast_to(model, (len(times) - 1,))[gap] * 4.0 * left * right
    used = np.unique(gap[error > 0])
    curved = np.where(gap[:, None] == used, error[:, None], 0.0)
    more = (*names, *(f"{name}, interpolation after reading {i + 1}" for i in used.tolist()))
    return Measurements(
        left * measurements.value[gap] + right * measurements.value[gap + 1],
        u_ind,
        np.hstack(
            [
                left[:, None] * measurements.shared[gap] + right[:, None] * measurements.shared[gap + 1],
                common,
                curved,
            ]
        ),
        (*measurements.effects, *more),
        measurements.unit,
        (*measurements.dof, *(math.inf,) * len(more)),
    )


def _readings(u: Array, gap: NDArray[np.intp], left: Array, right: Array, name: str) -> tuple[Array, Array, list[str]]:
    """The independent parts: of readings that one instant uses, and a column for each that several use."""
    count = np.bincount(gap[left > 0], minlength=len(u)) + np.bincount(gap[right > 0] + 1, minlength=len(u))
    several = np.flatnonzero((count > 1) & (u > 0))
    common = np.where(gap[:, None] == several, left[:, None], 0.0)
    common += np.where(gap[:, None] + 1 == several, right[:, None], 0.0)
    alone = np.where(count > 1, 0.0, u)
    return (
        np.hypot(left * alone[gap], right * alone[gap + 1]),
        common * u[several],
        [f"{name}, reading {i + 1}" for i in several.tolist()],
    )


def u_of_interpolation(t: ArrayLike, value: ArrayLike) -> Array:
    """``u_model`` of :func:`interpolate` for each of the n - 1 gaps, from the curvature that the readings show.

    The root mean square of the second divided differences gives a curvature c, and c h^2 / 8 is the error of a chord in
    the middle of a gap h. The noise of the readings is in it, which makes it larger, never smaller on average. What
    happens between readings and leaves no trace in them is not.

    :param t: shape (n,), rising, n >= 3; ``value``, shape (n,).
    :raises CalibrationError: fewer readings, values that are not finite, or times that do not rise.
    """
    values = _values(value)
    times = _times(t, len(values), 3)
    gaps = np.diff(times)
    slopes = np.diff(values) / gaps
    curvature = 2.0 * np.diff(slopes) / (gaps[1:] + gaps[:-1])
    return np.asarray(math.sqrt(float(np.mean(np.square(curvature)))) * np.square(gaps) / 8.0)


def slope_in_time(t: ArrayLike, value: ArrayLike) -> Array:
    """The rate of change at each reading from its neighbours: the slope of the parabola through the three.

    :param t: shape (n,), rising, n >= 3; ``value``, shape (n,). The ends take the slope of their outer parabola.
    :raises CalibrationError: fewer readings, values that are not finite, or times that do not rise.
    """
    values = _values(value)
    return np.asarray(np.gradient(values, _times(t, len(values), 3), edge_order=2))


def with_time(
    measurements: Measurements, t: ArrayLike, *, u_t: ArrayLike = 0.0, u_clock: float = 0.0, clock: str = "clock"
) -> Measurements:
    """The same measurements with the uncertainty of their instants, carried by their slope in time.

    The jitter ``u_t`` of each stamp is independent; the offset of the clock is one effect that all its readings share.

    :param t: times of the readings, shape (n,), rising, n >= 3.
    :param u_t: standard uncertainty of a stamp beyond the clock's offset, unit of ``t``, shape () or (n,).
    :param u_clock: standard uncertainty of the clock's offset, unit of ``t``.
    :param clock: name of that effect.
    :raises UnknownUncertainty: an uncertainty is not a finite number >= 0.
    """
    jitter = real_array("u_t", u_t)
    if jitter.shape not in ((), measurements.value.shape) or not np.all((jitter >= 0) & (jitter < np.inf)):
        raise UnknownUncertainty(f"u_t is not a finite number >= 0 for each of {len(measurements)} readings")
    if not 0 <= u_clock < math.inf:
        raise UnknownUncertainty(f"u_clock = {u_clock}", where=clock, remedy="give a finite number >= 0")
    slope = slope_in_time(t, measurements.value)
    if clock in measurements.effects:
        raise CalibrationError("the effect is in these measurements already", where=clock, remedy="name it apart")
    offset = ((slope * u_clock)[:, None], (clock,), (math.inf,)) if u_clock else (np.empty((len(slope), 0)), (), ())
    return Measurements(
        measurements.value,
        np.hypot(measurements.u_ind, slope * jitter),
        np.hstack([measurements.shared, offset[0]]),
        measurements.effects + offset[1],
        measurements.unit,
        measurements.dof + offset[2],
    )


def _values(value: ArrayLike) -> Array:
    values = real_array("value", value)
    if values.ndim != 1 or not finite(values):
        raise CalibrationError(
            f"values of shape {values.shape}, or not finite", remedy="give finite values, one dimension"
        )
    return values


def _times(t: ArrayLike, count: int, fewest: int) -> Array:
    times = real_array("t", t)
    if times.shape != (count,) or count < fewest or not np.all(np.isfinite(times)) or not np.all(np.diff(times) > 0):
        raise CalibrationError(
            f"times of shape {times.shape} for {count} readings, or that do not rise",
            remedy=f"give one finite time for each of {fewest} readings or more, in rising order",
        )
    return times
