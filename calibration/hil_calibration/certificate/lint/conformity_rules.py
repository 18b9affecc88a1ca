"""Rules on statements of conformity (ISO/IEC 17025:2017, 7.8.6): verdicts recomputed from values and limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass
from decimal import Decimal

from .. import namespace
from ..conformity import VERDICTS
from ..namespace import Element
from .comparison import spread
from .finding import Fault
from .numbers import EXACT, half_unit
from .registry import rule
from .series import Series, forms, words
from .subject import Quantity, Subject, roles

_CLAUSE = "ISO/IEC 17025:2017, 7.8.6"
_LIMITS = ("toleranceLimitLower", "toleranceLimitUpper", "acceptanceLimitLower", "acceptanceLimitUpper")


@dataclass(frozen=True)
class _Point:
    """One value with its limits, in the unit of the value; what may be rounding is on the laboratory's side.

    :param room: how far rounding may have moved the value against a limit.
    :param expanded: its U in the same unit, None if there is none.
    """

    value: Decimal
    room: Decimal
    expanded: Decimal | None
    tolerance: tuple[Decimal | None, Decimal | None]
    acceptance: tuple[Decimal | None, Decimal | None]

    def outside(self, limits: tuple[Decimal | None, Decimal | None], by: Decimal) -> bool:
        """Beyond a limit by more than ``by``."""
        lower, upper = limits
        return (lower is not None and self.value < lower - by) or (upper is not None and self.value > upper + by)

    def inside(self, limits: tuple[Decimal | None, Decimal | None], by: Decimal) -> bool:
        """Within all limits by more than ``by``; false where there are none."""
        lower, upper = limits
        if lower is None and upper is None:
            return False
        return (lower is None or self.value > lower + by) and (upper is None or self.value < upper - by)

    @property
    def decisive(self) -> tuple[Decimal | None, Decimal | None]:
        """The limits that a pass is decided on: of acceptance, else of tolerance."""
        return self.acceptance if any(limit is not None for limit in self.acceptance) else self.tolerance


@rule("conformity", clause=_CLAUSE)
def conformity(subject: Subject) -> Iterator[Fault]:
    """A verdict follows from the value and its limits."""
    for quantity in subject.quantities:
        for about in quantity.element.iterfind("dcc:measurementMetaData/dcc:metaData", namespace.MAP):
            stated = _stated(about)
            if stated is not None:
                yield from _judge(quantity, about, stated)


@rule("overall-conformity", clause=_CLAUSE)
def overall_conformity(subject: Subject) -> Iterator[Fault]:
    """The certificate does not state a pass where one of its results fails."""
    overall = [found for statement in subject.statements if (found := _stated(statement)) is not None]
    passed = next((each for each in overall if (each.text or "").split() == ["pass"]), None)
    if passed is None:
        return
    for quantity in subject.quantities:
        for about in quantity.element.iterfind("dcc:measurementMetaData/dcc:metaData", namespace.MAP):
            stated = _stated(about)
            if stated is not None and "fail" in (stated.text or "").split():
                yield Fault(passed, "the certificate states a pass, and one of its results a fail")
                return


def _stated(about: Element) -> Element | None:
    listed = about.find("dcc:conformityXMLList", namespace.MAP)
    return listed if listed is not None else about.find("dcc:conformity", namespace.MAP)


def _judge(quantity: Quantity, about: Element, element: Element) -> Iterator[Fault]:
    verdicts = words(element)
    if verdicts is None or not verdicts.texts:
        return
    unknown = next((verdict for verdict in verdicts.texts if verdict not in VERDICTS), None)
    if unknown is not None:
        yield Fault(element, f"an unknown verdict {unknown[:40]!r}; known are {', '.join(VERDICTS)}")
        return
    limits = _limits(about)
    series = _with_limits(quantity, limits)
    if not limits:
        yield Fault(element, "a verdict without a limit that it could be recomputed from", "warning")
    elif series is None:
        yield Fault(element, "a verdict whose limits are in another unit than the values", "warning")
    else:
        yield from _recomputed(element, verdicts.at, series, limits)


def _limits(about: Element) -> dict[str, list[Series]]:
    """The forms of each limit, by its role."""
    found: dict[str, list[Series]] = {}
    for limit in about.iterfind("dcc:data/dcc:quantity", namespace.MAP):
        for name in _LIMITS:
            if f"basic_{name}" in roles(limit):
                found[name] = forms(limit)
    return {name: each for name, each in found.items() if each}


def _with_limits(quantity: Quantity, limits: dict[str, list[Series]]) -> Series | None:
    """The form of the values in whose unit every limit is given."""
    for form in sorted(quantity.forms, key=lambda form: form.uncertainty is None):
        if form.unit and all(any(each.unit == form.unit for each in limit) for limit in limits.values()):
            return form
    return None


def _recomputed(
    element: Element, verdict_at: Callable[[int], str], series: Series, limits: dict[str, list[Series]]
) -> Iterator[Fault]:
    chosen = {name: next(each for each in limit if each.unit == series.unit) for name, limit in limits.items()}
    for i in range(len(series.values.texts)):
        point = _point(series, chosen, i)
        why = _contradiction(verdict_at(i), point) if point else ""
        if point and why:
            yield Fault(element, f"verdict {i + 1} is {verdict_at(i)}, but {point.value} {series.unit} {why}")
            return


def _point(series: Series, limits: dict[str, Series], i: int) -> _Point | None:
    value = spread(series, i)
    if value is None:
        return None
    at = {name: spread(limit, i) for name, limit in limits.items()}
    rooms = [half_unit(limit) for limit in at.values() if limit is not None]
    return _Point(
        value,
        EXACT.add(half_unit(value), max(rooms, default=Decimal(0))),
        series.expanded(i),
        (at.get("toleranceLimitLower"), at.get("toleranceLimitUpper")),
        (at.get("acceptanceLimitLower"), at.get("acceptanceLimitUpper")),
    )


def _contradiction(verdict: str, point: _Point) -> str:
    """Why a verdict cannot be right, empty if it may be.

    Where limits of acceptance are given they carry the decision rule; else a rule with a guard band may reject what
    lies within the tolerance by less than U.
    """
    guarded = point.decisive is point.acceptance
    guard = point.room if guarded else point.room + (point.expanded or Decimal(0))
    if verdict == "pass" and point.outside(point.decisive, point.room):
        return f"is outside the limits of {'acceptance' if guarded else 'tolerance'}"
    if verdict == "conditionalPass" and point.outside(point.decisive, point.room) and _rejected(point):
        return "is outside the limits of tolerance"
    if verdict in ("fail", "conditionalFail", "noPass") and point.inside(point.decisive, guard):
        return f"is within the limits of {'acceptance' if guarded else 'tolerance'}"
    if verdict == "noFail" and point.outside(point.tolerance, point.room + (point.expanded or Decimal(0))):
        return "is outside the limits of tolerance by more than U"
    return ""


def _rejected(point: _Point) -> bool:
    return point.outside(point.tolerance, point.room)
