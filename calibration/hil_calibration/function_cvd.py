"""The Callendar-Van Dusen function of a platinum resistance thermometer (IEC 60751:2022, clause 5.2)."""

from __future__ import annotations

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .errors import CalibrationError, OutOfRange

Array = NDArray[np.float64]

KIND = "callendar-van-dusen"
A, B, C = 3.9083e-3, -5.775e-7, -4.183e-12
"""The coefficients of IEC 60751, in 1/Cel, 1/Cel² and 1/Cel⁴."""

LOWEST, HIGHEST = -200.0, 850.0
"""The temperatures in Cel between which the function is defined."""

_MARGIN = 1.0
"""Cel by which a result may lie beyond them: a noisy reading at the very end of the range is no fault."""


@dataclass(frozen=True)
class CallendarVanDusen:
    """Temperature in Cel of a resistance in Ohm: R(t) = R0 (1 + A t + B t² + C (t - 100) t³), C below 0 Cel only.

    A calibration function that leads from resistance to temperature, hence not linear in its coefficients: what their
    covariance contributes is taken from the Jacobian (GUM 5.1.2).

    :param r0: resistance at 0 Cel in Ohm, above 0.
    :param a: in 1/Cel, above 0.
    :param b: in 1/Cel², not above 0 for platinum but not required.
    :param c: in 1/Cel⁴; 0 where the thermometer is calibrated above 0 Cel only.
    """

    r0: float
    a: float = A
    b: float = B
    c: float = C

    def __post_init__(self) -> None:
        for name in ("r0", "a", "b", "c"):
            object.__setattr__(self, name, float(getattr(self, name)))
        if not all(map(math.isfinite, (self.r0, self.a, self.b, self.c))) or self.r0 <= 0 or self.a <= 0:
            raise CalibrationError(
                f"a Callendar-Van Dusen function with R0 = {self.r0:g} Ohm, A = {self.a:g} /Cel",
                remedy="give finite coefficients, R0 and A above 0",
            )

    @property
    def coefficients(self) -> Array:
        """(R0, A, B, C)."""
        return np.array([self.r0, self.a, self.b, self.c])

    def value(self, x: ArrayLike) -> Array:
        """The temperature in Cel at the resistance x in Ohm, shape of x.

        :raises OutOfRange: x belongs to no temperature from -200 to 850 Cel.
        """
        resistance = np.asarray(x, dtype=float)
        rise = resistance / self.r0 - 1.0
        with np.errstate(all="ignore"):
            t = 2.0 * rise / (self.a + np.sqrt(self.a**2 + 4.0 * self.b * rise))
        cold = rise < 0
        if self.c and np.any(cold):
            t = np.where(cold & np.isfinite(rise), self._below_zero(rise, t), t)
        self._require(resistance, t)
        return t

    def slope(self, x: ArrayLike) -> Array:
        """dt/dR in Cel/Ohm, shape of x."""
        return np.asarray(1.0 / self._sensitivity(self.value(x)))

    def jacobian(self, x: ArrayLike) -> Array:
        """dt/d(R0, A, B, C) at x, in the shape of x and a last axis of 4: -(dR/dc) / (dR/dt)."""
        t = self.value(x)
        by = [np.asarray(x, dtype=float) / self.r0, self.r0 * t, self.r0 * t**2, self.r0 * (t - 100.0) * t**3 * (t < 0)]
        return np.stack(by, axis=-1) / -self._sensitivity(t)[..., None]

    def along(self, direction: ArrayLike) -> Callable[[ArrayLike], Array]:
        """The function of x whose value is J(x) @ direction, direction of shape (4,)."""
        step = np.asarray(direction, dtype=float)
        return lambda x: np.asarray(self.jacobian(x) @ step)

    def inverse(self, y: ArrayLike) -> Array:
        """The resistance in Ohm at the temperature y in Cel, shape of y.

        :raises OutOfRange: y is not from -200 to 850 Cel.
        """
        t = np.asarray(y, dtype=float)
        self._require(t, t)
        cold = np.where(t < 0, self.c * (t - 100.0) * t**3, 0.0)
        return np.asarray(self.r0 * (1.0 + self.a * t + self.b * t**2 + cold))

    def with_coefficients(self, coefficients: ArrayLike) -> CallendarVanDusen:
        """The function with other R0, A, B and C."""
        return CallendarVanDusen(*np.asarray(coefficients, dtype=float).tolist())

    def to_json(self) -> dict[str, Any]:
        """A JSON object that :func:`~hil_calibration.function.from_json` reads."""
        return {"kind": KIND, "r0": self.r0, "a": self.a, "b": self.b, "c": self.c}

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CallendarVanDusen:
        """The function that :meth:`to_json` wrote."""
        return cls(*(float(data[name]) for name in ("r0", "a", "b", "c")))

    def _below_zero(self, rise: Array, start: Array) -> Array:
        """The root of the quartic by Newton's rule; the quadratic's root is at most 2.5 Cel away from it."""
        rise = np.where(np.isfinite(rise), rise, -1.0)  # what is not finite is refused by its quadratic root
        t = np.clip(np.nan_to_num(start), LOWEST - 50.0, 0.0)
        for _ in range(20):
            step = (self.a * t + self.b * t**2 + self.c * (t - 100.0) * t**3 - rise) * self.r0 / self._sensitivity(t)
            t = t - step
            if np.all(np.abs(step) < 1e-11):
                break
        return t

    def _sensitivity(self, t: Array) -> Array:
        """dR/dt in Ohm/Cel."""
        cold = np.where(t < 0, self.c * (4.0 * t**3 - 300.0 * t**2), 0.0)
        return np.asarray(self.r0 * (self.a + 2.0 * self.b * t + cold))

    def _require(self, given: Array, t: Array) -> None:
        outside = ~((t >= LOWEST - _MARGIN) & (t <= HIGHEST + _MARGIN))
        if np.any(outside):
            some = ", ".join(f"{value:g}" for value in np.ravel(given[outside])[:3])
            raise OutOfRange(
                f"{some} is outside the Callendar-Van Dusen function, {LOWEST:g} to {HIGHEST:g} Cel",
                remedy="check the thermometer, its leads and the range of its calibration",
            )
