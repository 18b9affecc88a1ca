"""Factors: the influence quantities that a design varies, each with its unit and its levels or its range."""

from __future__ import annotations

import keyword
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from ..errors import ProcedureFault

RESERVED = frozenset(
    (
        *("index", "attempt", "of", "code", "factors", "state", "reason", "counts", "open", "settle", "valid"),
        *("observe", "begin", "end", "leave", "void", "disturb", "commit", "place", "units"),
    )
)
"""Names that a point or its events own, hence no factor may bear."""


@dataclass(frozen=True)
class Levels:
    """A factor with stated levels.

    :param unit: UCUM; ``None`` for a factor without one (a sign, a side).
    :param values: at least one; in ``unit``, or texts with a unit of the same quantity, as ``"20 lx"``.
    :raises ProcedureFault: for no value, one that is there twice, or one that is no finite number in ``unit``.
    """

    name: str
    unit: str | None
    values: Sequence[Any]

    def __post_init__(self) -> None:
        values = tuple(in_unit(self.name, self.unit, value) for value in self.values)
        if not values:
            raise ProcedureFault("has no level", where=f"factor {self.name!r}", remedy="give one at least")
        for place, value in enumerate(values):
            if value in values[:place]:
                raise ProcedureFault(
                    f"has the level {value!r} twice", where=f"factor {self.name!r}", remedy="use repeats for that"
                )
        object.__setattr__(self, "values", values)


@dataclass(frozen=True)
class Range:
    """A factor that may take every value from ``low`` to ``high``, in ``unit`` or as texts with a unit.

    :param scale: ``"log"`` spreads values evenly in the logarithm; ``low`` is above 0 then.
    :raises ProcedureFault: for a range that is upside down, empty or not finite.
    """

    name: str
    unit: str
    low: Any
    high: Any
    scale: Literal["linear", "log"] = "linear"

    def __post_init__(self) -> None:
        low, high = (float(in_unit(self.name, self.unit, value)) for value in (self.low, self.high))
        if not low < high:
            raise ProcedureFault(
                f"has a range from {low:g} to {high:g}",
                where=f"factor {self.name!r}",
                remedy="give the lower end first",
            )
        if self.scale not in ("linear", "log") or (self.scale == "log" and low <= 0):
            raise ProcedureFault(
                f"has the scale {self.scale!r} from {low:g}",
                where=f"factor {self.name!r}",
                remedy='use "linear", or "log" with a range above 0',
            )
        object.__setattr__(self, "low", low)
        object.__setattr__(self, "high", high)

    def at(self, share: float) -> float:
        """The value at ``share`` of the way from the low end to the high one, 0 to 1, by the scale."""
        if self.scale == "log":
            value = math.exp(math.log(self.low) + share * (math.log(self.high) - math.log(self.low)))
        else:
            value = self.low + share * (self.high - self.low)
        return float(min(max(value, self.low), self.high))


def in_unit(name: str, unit: str | None, value: Any) -> Any:
    """A value of the factor ``name`` in its unit: texts are converted, numbers are checked to be finite.

    :raises ProcedureFault: if it cannot be.
    """
    found = value
    if unit is not None and isinstance(value, str):
        found = _converted(name, unit, value)
    number = isinstance(found, int | float) and not isinstance(found, bool)
    if (unit is not None and not number) or (number and not math.isfinite(found)):
        remedy = "give something finite" if unit is None else f'give a finite number, or a text like "1.5 {unit}"'
        raise ProcedureFault(f"has the value {value!r}", where=f"factor {name!r}", remedy=remedy)
    return found


def require_duration(seconds: float | None) -> None:
    """Check a stated duration.

    :raises ProcedureFault: if it is no finite number of seconds from 0.
    """
    if seconds is not None and not 0.0 <= seconds < math.inf:
        raise ProcedureFault(f"duration is {seconds:g} s", where="Design", remedy="give 0 or more seconds, or None")


def require_names(factors: Mapping[str, str | None]) -> None:
    """Check the names of factors, which become attributes of the point, and their units.

    :raises ProcedureFault: if one cannot be.
    """
    from hil_calibration.errors import CalibrationError
    from hil_calibration.unit import check

    taken = RESERVED & factors.keys()
    if taken:
        raise ProcedureFault(
            f"a factor may not be named {', '.join(sorted(taken))}", where="Design", remedy="a point owns that name"
        )
    for name, unit in factors.items():
        if not name.isidentifier() or keyword.iskeyword(name) or name.startswith("_"):
            raise ProcedureFault(
                f"a factor is named {name!r}", where="Design", remedy="give a name that can follow `point.`"
            )
        try:
            check(unit or "1")
        except CalibrationError as error:
            raise ProcedureFault(error.what, where=f"factor {name!r}", remedy="give a UCUM unit, or None") from None


def units_of(factors: Sequence[Levels | Range]) -> dict[str, str | None]:
    """The factors' names and units.

    :raises ProcedureFault: for no factor, or a name that is there twice.
    """
    found: dict[str, str | None] = {}
    for factor in factors:
        if factor.name in found:
            raise ProcedureFault("is there twice", where=f"factor {factor.name!r}", remedy="name each factor once")
        found[factor.name] = factor.unit
    if not found:
        raise ProcedureFault("a design needs a factor", where="Design", remedy="give Levels or a Range")
    return found


def _converted(name: str, unit: str, text: str) -> float:
    from hil_calibration.errors import CalibrationError
    from hil_calibration.unit import parse_value

    try:
        return parse_value(text, unit=unit)
    except CalibrationError as error:
        raise ProcedureFault(error.what, where=f"factor {name!r}", remedy=error.remedy) from None
