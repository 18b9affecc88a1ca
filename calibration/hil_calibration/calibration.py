"""The calibration record: what turns the indications of one instrument into measurements (VIM 2.39)."""

from __future__ import annotations

import json
import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from hashlib import sha256
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from . import function as functions
from . import unit as units
from .arrays import real_array
from .effect import Effect
from .errors import CalibrationError, OutOfRange
from .function import CalibrationFunction

Provenance = Literal["measured", "simulated"]


@dataclass(frozen=True)
class Instrument:
    """Which instrument; a record of another serial number is never accepted."""

    manufacturer: str
    model: str
    serial: str


@dataclass(frozen=True, kw_only=True, eq=False)
class CalibrationRecord:
    """A calibration function, the covariance of its coefficients, and the effects shared by its readings.

    Two records are equal if their content is.

    :param quantity: the measurand in words, e.g. ``illuminance``.
    :param unit: UCUM unit of the value.
    :param indication_unit: UCUM unit of the indication and of ``valid_range``; that of the value by default.
    :param covariance: of the coefficients, shape (p, p), symmetric; may be singular (fully correlated
        points).
    :param effects: effects beyond the coefficients, each name once.
    :param valid_range: lowest and highest indication covered.
    :param conditions: influence quantity -> (low, high) covered; ``temperature`` in Cel, ``humidity`` in %.
    :param date: of the calibration.
    :param identifier: number of the certificate, or empty.
    :param certificates: name -> SHA-256 (hexadecimal) of the certificates of the standards.
    :param provenance: ``measured`` or ``simulated``; it follows every value.
    :param assumption: what was assumed where the source is silent, e.g. the correlation of the points.
    :raises CalibrationError: shapes, symmetry, definiteness, range or names do not hold.
    :raises UnitError: the unit is unknown.
    """

    instrument: Instrument
    quantity: str
    unit: str
    function: CalibrationFunction
    covariance: NDArray[np.float64]
    effects: tuple[Effect, ...] = ()
    valid_range: tuple[float, float]
    conditions: Mapping[str, tuple[float, float]] = field(default_factory=dict)
    date: date
    identifier: str = ""
    certificates: Mapping[str, str] = field(default_factory=dict)
    provenance: Provenance = "measured"
    assumption: str = ""
    indication_unit: str = ""

    def __post_init__(self) -> None:
        set_field = object.__setattr__
        set_field(self, "indication_unit", units.check(self.indication_unit or self.unit))
        units.check(self.unit)
        covariance = real_array("covariance", self.covariance).copy()
        covariance.flags.writeable = False
        set_field(self, "covariance", covariance)
        set_field(self, "effects", tuple(self.effects))
        low, high = (float(limit) for limit in self.valid_range)
        set_field(self, "valid_range", (low, high))
        p = len(self.function.coefficients)
        if covariance.shape != (p, p):
            raise self._error(f"covariance of shape {covariance.shape} for {p} coefficients")
        if not (math.isfinite(low) and math.isfinite(high) and low < high):
            raise self._error(f"valid range from {low} to {high}")
        names = [effect.name for effect in self.effects]
        if len(set(names)) != len(names):
            raise self._error("an effect is named twice")
        if self.provenance not in ("measured", "simulated"):
            raise self._error(f"unknown provenance {self.provenance!r}")
        _ = self.factor

    def __eq__(self, other: object) -> bool:
        return isinstance(other, CalibrationRecord) and self.id == other.id

    def __hash__(self) -> int:
        return hash(self.id)

    @cached_property
    def id(self) -> str:
        """SHA-256 (hexadecimal) of the content."""
        text = json.dumps(self.to_json(), sort_keys=True, separators=(",", ":"), ensure_ascii=False)
        return sha256(text.encode()).hexdigest()

    @cached_property
    def factor(self) -> NDArray[np.float64]:
        """F of shape (p, r), r the rank, with F @ F.T the covariance."""
        return covariance_factor(self.covariance, where=self._where)

    @cached_property
    def components(self) -> tuple[Callable[[ArrayLike], NDArray[np.float64]], ...]:
        """The functions of the indication whose values are the r columns of J(x) @ :attr:`factor`."""
        return tuple(self.function.along(column) for column in self.factor.T)

    @cached_property
    def coefficient_effects(self) -> tuple[str, ...]:
        """Names of the r effects behind the columns of :attr:`factor`.

        They hold certificate, serial number and quantity, so that readings through one certificate are
        correlated whatever effects were added to the record, and two sensors on one certificate are not
        confused.
        """
        source = " ".join(filter(None, [self.identifier or self.id, self.instrument.serial, self.quantity]))
        return tuple(f"{source}/{j + 1}" for j in range(self.factor.shape[1]))

    def require_in_range(self, indication: ArrayLike) -> None:
        """Check that every indication is covered.

        :raises OutOfRange: one is not, or is not a number; the error says which.
        """
        values = real_array("indication", indication)
        low, high = self.valid_range
        if values.size and not (values.min() >= low and values.max() <= high):
            outside = values[~((values >= low) & (values <= high))]
            listed = ", ".join(f"{value:g}" for value in outside[:5]) + (" …" if outside.size > 5 else "")
            raise OutOfRange(
                f"{outside.size} of {values.size} indications are outside {low:g} to {high:g} "
                f"{self.indication_unit}: {listed}",
                where=self._where,
                remedy="stay within the calibrated range, or calibrate over a wider one",
            )

    def to_json(self) -> dict[str, Any]:
        """A JSON object of the content; :meth:`from_json` gives an equal record."""
        return {
            "instrument": {
                "manufacturer": self.instrument.manufacturer,
                "model": self.instrument.model,
                "serial": self.instrument.serial,
            },
            "quantity": self.quantity,
            "unit": self.unit,
            "function": self.function.to_json(),
            "covariance": self.covariance.tolist(),
            "effects": [effect.to_json() for effect in self.effects],
            "valid_range": list(self.valid_range),
            "conditions": {name: [float(low), float(high)] for name, (low, high) in self.conditions.items()},
            "date": self.date.isoformat(),
            "identifier": self.identifier,
            "certificates": dict(self.certificates),
            "provenance": self.provenance,
            "assumption": self.assumption,
            **({} if self.indication_unit == self.unit else {"indication_unit": self.indication_unit}),
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> CalibrationRecord:
        """The record that :meth:`to_json` wrote.

        :raises CalibrationError: a field is missing, unknown or malformed.
        """
        try:
            return cls(
                **{
                    **data,
                    "instrument": Instrument(**data["instrument"]),
                    "function": functions.from_json(data["function"]),
                    "covariance": np.array(data["covariance"], dtype=float),
                    "effects": tuple(Effect.from_json(effect) for effect in data["effects"]),
                    "valid_range": tuple(data["valid_range"]),
                    "conditions": {name: (low, high) for name, (low, high) in data["conditions"].items()},
                    "date": date.fromisoformat(data["date"]),
                }
            )
        except (KeyError, TypeError, ValueError, AttributeError) as error:
            raise CalibrationError(
                f"not a calibration record ({type(error).__name__}: {error})",
                remedy="import it again from its certificate",
            ) from None

    @property
    def _where(self) -> str:
        return f"{self.instrument.model} {self.instrument.serial}, {self.quantity}"

    def _error(self, what: str) -> CalibrationError:
        return CalibrationError(what, where=self._where, remedy="check the calibration record")


def covariance_factor(covariance: ArrayLike, *, where: str = "covariance") -> NDArray[np.float64]:
    """F of shape (p, r) with F @ F.T = covariance, by Cholesky with pivoting of the correlation matrix.

    :param covariance: symmetric, positive semi-definite, shape (p, p); r is its rank, also below p.
    :raises CalibrationError: it is not symmetric, not finite, or has a negative eigenvalue.
    """
    matrix = real_array(where, covariance)
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.all(np.isfinite(matrix)):
        raise CalibrationError("a covariance must be square and finite", where=where)
    u = np.sqrt(np.clip(matrix.diagonal(), 0.0, None))
    scale = np.where(u > 0, u, 1.0)
    correlation = matrix / scale[:, None] / scale
    rest, columns = correlation.copy(), []
    for _ in range(len(u)):
        pivot = int(np.argmax(rest.diagonal()))
        if rest[pivot, pivot] <= 1e-12:
            break
        column = rest[:, pivot] / math.sqrt(rest[pivot, pivot])
        rest -= np.outer(column, column)
        columns.append(column * scale)
    if np.any(matrix.diagonal() < 0) or np.any(np.abs(rest) > 1e-9) or not np.allclose(correlation, correlation.T):
        raise CalibrationError(
            "the covariance is not symmetric and positive semi-definite",
            where=where,
            remedy="check the stated uncertainties and correlations",
        )
    return np.column_stack(columns) if columns else np.zeros((len(u), 0))
