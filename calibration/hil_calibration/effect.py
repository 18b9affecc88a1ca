"""Named effects: causes of error that many readings share, each with its uncertainty (GUM 3.3.2, 4.3)."""

from __future__ import annotations

import math
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from .arrays import real_array
from .errors import CalibrationError, UnknownUncertainty

Kind = Literal["relative", "absolute", "relative-per-kelvin"]
Distribution = Literal["normal", "rectangular", "triangular", "arcsine"]

_KINDS = ("relative", "absolute", "relative-per-kelvin")
_DIVISOR = {"rectangular": math.sqrt(3.0), "triangular": math.sqrt(6.0), "arcsine": math.sqrt(2.0)}


@dataclass(frozen=True, kw_only=True)
class Effect:
    """An effect of estimate zero: value = f(indication) (1 + relative effects) + absolute effects.

    Effects of one name are one effect, wherever they occur. Give ``u``, or ``half_width`` for a bounded
    distribution; ``u`` is then half_width / sqrt(3), sqrt(6) or sqrt(2) (GUM 4.3.7, 4.3.9, H.1.3.4).

    :param kind: ``relative`` (``u`` in 1), ``absolute`` (``u`` in the value's unit) or
        ``relative-per-kelvin`` (``u`` in 1/K, acting on temperature - ``reference``).
    :param u: standard uncertainty, >= 0.
    :param half_width: half the width of the distribution, >= 0, in the unit of ``u``.
    :param reference: reference temperature in Cel, for ``relative-per-kelvin`` only.
    :param source: where the statement comes from.
    :param dof: degrees of freedom of ``u``, >= 1.
    :raises CalibrationError: the statement is incomplete or contradicts itself.
    """

    name: str
    kind: Kind
    distribution: Distribution = "normal"
    u: float = math.nan
    half_width: float | None = None
    reference: float | None = None
    source: str = ""
    dof: float = math.inf

    def __post_init__(self) -> None:
        self._check_words()
        if self.half_width is not None:
            if self.distribution not in _DIVISOR:
                raise self._error("states a half-width for a normal distribution", "give u")
            u = self.half_width / _DIVISOR[self.distribution]
            if not (math.isnan(self.u) or math.isclose(self.u, u)):
                raise self._error(f"states u = {self.u} and a half-width", "give one of them")
            object.__setattr__(self, "u", u)
        if math.isnan(self.u):
            raise UnknownUncertainty("the effect has no uncertainty", where=self.name, remedy="give u or half_width")
        if not (0 <= self.u < math.inf):
            raise self._error(f"has the standard uncertainty {self.u}", "give a finite number >= 0")
        if not self.dof >= 1:
            raise self._error(f"has {self.dof} degrees of freedom", "give a number >= 1")

    def sensitivity(self, value: ArrayLike, temperature: ArrayLike | None = None) -> NDArray[np.float64]:
        """The change of the measured value per unit of the effect; times ``u`` it is the contribution.

        :param value: measured value, shape (n,).
        :param temperature: of the instrument in Cel, shape () or (n,); needed for ``relative-per-kelvin``.
        :raises UnknownUncertainty: the temperature is needed and not given, or not a number.
        :raises CalibrationError: the temperatures are not one for each value.
        """
        values = np.asarray(value, dtype=float)
        if self.kind == "absolute":
            return np.ones_like(values)
        if self.reference is None:
            return values
        if temperature is None:
            raise UnknownUncertainty(
                "the effect depends on a temperature that was not measured",
                where=self.name,
                remedy="measure the temperature of the instrument",
            )
        kelvin = real_array("temperature", temperature) - self.reference
        if not np.all(np.isfinite(kelvin)):
            raise UnknownUncertainty("a temperature is not a number", where=self.name, remedy="measure it")
        if kelvin.shape not in ((), values.shape):
            raise self._error(f"has temperatures {kelvin.shape} for values {values.shape}", "give one for each value")
        return values * kelvin

    def to_json(self) -> dict[str, Any]:
        """A JSON object of the fields; infinite ``dof`` is null."""
        stated = {"half_width": self.half_width} if self.half_width is not None else {"u": self.u}
        return {
            "name": self.name,
            "kind": self.kind,
            "distribution": self.distribution,
            **stated,
            "reference": self.reference,
            "source": self.source,
            "dof": self.dof if math.isfinite(self.dof) else None,
        }

    @classmethod
    def from_json(cls, data: Mapping[str, Any]) -> Effect:
        """The effect that :meth:`to_json` wrote."""
        fields = dict(data)
        if fields.get("dof") is None:
            fields["dof"] = math.inf
        return cls(**fields)

    def _check_words(self) -> None:
        if not self.name:
            raise CalibrationError("an effect has no name", remedy="name it: effects of one name are one effect")
        if self.kind not in _KINDS:
            raise self._error(f"is of unknown kind {self.kind!r}", f"give one of {', '.join(_KINDS)}")
        if self.distribution != "normal" and self.distribution not in _DIVISOR:
            raise self._error(
                f"has unknown distribution {self.distribution!r}",
                f"give one of normal, {', '.join(_DIVISOR)}",
            )
        if (self.reference is None) == (self.kind == "relative-per-kelvin"):
            raise self._error(
                "needs a reference temperature exactly if it is relative-per-kelvin", "give reference in Cel"
            )

    def _error(self, what: str, remedy: str) -> CalibrationError:
        return CalibrationError(f"the effect {what}", where=self.name, remedy=remedy)


def budget_line(effect: str) -> str:
    """The line of a budget to which a shared effect belongs: the coefficients of a certificate make one line.

    >>> budget_line("C-1 5 illuminance/2")
    'certificate C-1 5 illuminance'
    """
    source, _, number = effect.rpartition("/")
    return f"certificate {source}" if number.isdigit() else effect
