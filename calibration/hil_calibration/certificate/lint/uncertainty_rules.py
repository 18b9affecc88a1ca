"""Rules on uncertainties: there, positive, not falsely precise, with coverage, not below what the laboratory can do."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal

from ...errors import UnitError
from ...unit import difference, to_dsi
from .. import namespace
from . import dsi
from .comparison import spread
from .finding import Capability, Fault
from .numbers import EXACT, half_unit, number, significant_digits
from .registry import rule
from .series import Series, Words, series_of
from .subject import Quantity, Subject, Table, contents, roles

_GUM = "JCGM 100:2008, 7.2.6"
_MOST_DIGITS = 2
_ELSEWHERE = (
    "dcc:relativeUncertainty",
    ".//si:measurementUncertaintyMultivariateXMLList",
    ".//si:ellipsoidalRegion",
    ".//si:ellipsoidalRegionXMLList",
    ".//si:rectangularRegion",
    ".//si:rectangularRegionXMLList",
)
"""Where else an uncertainty may be stated."""


@rule("uncertainty-missing")
def uncertainty_missing(subject: Subject) -> Iterator[Fault]:
    """A table of results states an uncertainty."""
    for table in subject.tables:
        real = [quantity for quantity in table.quantities if quantity.forms]
        if real and not any(_stated(quantity) for quantity in real) and not _covered(table):
            coefficients = "gp_coefficients" in (*roles(table.result), *roles(table.element))
            what = "coefficients" if coefficients else "results"
            yield Fault(table.element, f"{what} without any uncertainty", "warning" if coefficients else None)


def _stated(quantity: Quantity) -> bool:
    if any(form.uncertainty for form in quantity.forms):
        return True
    return any(quantity.element.find(path, namespace.MAP) is not None for path in _ELSEWHERE)


def _covered(table: Table) -> bool:
    """Whether the covariance or region of a whole list states it."""
    return any(table.element.find(path, namespace.MAP) is not None for path in _ELSEWHERE)


@rule("uncertainty-positive")
def uncertainty_positive(subject: Subject) -> Iterator[Fault]:
    """An uncertainty is a number above zero."""
    for form in subject.series:
        stated = form.uncertainty
        if stated is None:
            continue
        if stated.values is None or not stated.values.texts:
            if stated.expanded:
                yield Fault(stated.element, "an expanded uncertainty without a value")
            continue
        bad = _first(stated.values, lambda n: n is None or n <= 0)
        if bad:
            yield Fault(stated.values.element, f"uncertainty {bad}, not above zero")


@rule("uncertainty-digits", clause=_GUM)
def uncertainty_digits(subject: Subject) -> Iterator[Fault]:
    """An uncertainty has at most two significant digits, in one of its units."""
    for quantity in subject.quantities:
        found = [form for form in quantity.forms if form.uncertainty and form.uncertainty.values]
        worst = [_most_digits(form) for form in found]
        if worst and min(digits for digits, _ in worst) > _MOST_DIGITS:
            digits, text = worst[0]
            yield Fault(_values(found[0]).element, f"an uncertainty of {digits} significant digits ({text[:40]})")


@rule("value-rounding", "warning")
def value_rounding(subject: Subject) -> Iterator[Fault]:
    """A result is rounded to the last digit of its uncertainty, in one of its units (ILAC P14)."""
    for table in subject.tables:
        for quantity in table.quantities:
            found = [form for form in quantity.forms if form.uncertainty and form.uncertainty.values]
            odd = [_first_odd(form) for form in found]
            if odd and all(odd):
                yield Fault(found[0].values.element, odd[0])


def _first_odd(form: Series) -> str:
    for i, value in enumerate(form.numbers()):
        expanded = form.expanded(i)
        if value is not None and expanded is not None and half_unit(value) != half_unit(expanded):
            return f"value {i + 1}, {value}, is not rounded to the last digit of its uncertainty, {expanded}"
    return ""


@rule("relative-uncertainty")
def relative_uncertainty(subject: Subject) -> Iterator[Fault]:
    """A relative uncertainty stands beside the absolute one, and is that divided by the value."""
    for quantity in subject.quantities:
        for relative in quantity.element.iterfind("dcc:relativeUncertainty/*", namespace.MAP):
            absolute = next((form for form in quantity.forms if form.uncertainty and not _has_offset(form)), None)
            if absolute is None:
                yield Fault(relative, "a relative uncertainty without the absolute one")
            elif found := _first_other(absolute, series_of(relative)):
                yield Fault(relative, found)


def _has_offset(form: Series) -> bool:
    found = form.scale()
    return found is not None and bool(found.offset)


def _first_other(absolute: Series, relative: Series) -> str:
    """The first relative uncertainty that is not the absolute one divided by the value, to the rounding of each."""
    unit = relative.scale()
    if unit is None or unit.dimension:
        return "a relative uncertainty whose unit is not one, or percent"
    for i, y in enumerate(absolute.numbers()):
        expanded, stated = absolute.expanded(i), spread(relative, i)
        if not y or expanded is None or stated is None:
            continue
        w = unit.width(stated)
        room = unit.width(half_unit(stated)) + EXACT.divide(half_unit(expanded) + abs(w) * half_unit(y), abs(y))
        if abs(EXACT.divide(expanded, abs(y)) - w) > room + EXACT.multiply(abs(w), Decimal("1E-12")):
            return f"relative uncertainty {i + 1} is {stated} {relative.unit}, which is not {expanded} / {abs(y)}"
    return ""


def _most_digits(form: Series) -> tuple[int, str]:
    return max(((significant_digits(text), text) for text in _values(form).texts if number(text)), default=(0, ""))


def _values(form: Series) -> Words:
    found = form.uncertainty.values if form.uncertainty else None
    return found or Words(form.element, ())


@rule("coverage")
def coverage(subject: Subject) -> Iterator[Fault]:
    """A coverage probability lies between 0 and 1: 0.95, not 95."""
    for form in subject.series:
        if form.uncertainty is None or not form.uncertainty.expanded:
            continue
        stated = form.uncertainty.coverage
        if stated is None or not stated.texts:
            yield Fault(form.uncertainty.element, "an expanded uncertainty without its coverage probability")
            continue
        bad = _first(stated, lambda n: n is None or not 0 < n < 1)
        if bad:
            yield Fault(stated.element, f"coverage probability {bad}, not between 0 and 1")


@rule("coverage-factor")
def coverage_factor(subject: Subject) -> Iterator[Fault]:
    """A coverage factor is 1 or more."""
    for form in subject.series:
        if form.uncertainty is None or not form.uncertainty.expanded:
            continue
        stated = form.uncertainty.k
        if stated is None or not stated.texts:
            yield Fault(form.uncertainty.element, "an expanded uncertainty without its coverage factor")
            continue
        bad = _first(stated, lambda n: n is None or n < 1)
        if bad:
            yield Fault(stated.element, f"coverage factor {bad}, not 1 or more")


def _first(words: Words, bad: Callable[[Decimal | None], bool]) -> str:
    """The first word that is bad, with its number; empty if none is."""
    found = next(((i, text) for i, text in enumerate(words.texts, start=1) if bad(number(text))), None)
    return f"{found[0]} is {found[1][:40]!r}" if found else ""


@rule("capability")
def capability(subject: Subject) -> Iterator[Fault]:
    """An expanded uncertainty is not below the capability that the laboratory states (ILAC P14)."""
    for table in subject.tables:
        names = {name.casefold() for name in contents(table.result)}
        for stated in subject.capabilities:
            if stated.quantity.casefold() in names:
                yield from _below(table, stated)


def _below(table: Table, stated: Capability) -> Iterator[Fault]:
    reference = next((form for one in table.of_role("basic_referenceValue") for form in _in(one, stated.unit)), None)
    if reference is None:
        return
    for quantity in table.quantities:
        for form in _in(quantity, difference(stated.unit)):
            found = _first_below(reference, form, stated)
            if found:
                yield Fault(_values(form).element, found)


def _first_below(reference: Series, form: Series, stated: Capability) -> str:
    for i in range(max(len(reference.values.texts), len(form.values.texts))):
        value, expanded = spread(reference, i), form.expanded(i)
        if value is None or expanded is None:
            continue
        least = stated.at(float(value))
        if least is not None and 2 * (expanded + half_unit(expanded)) / form.factor(i) < Decimal(least):
            return f"U = {expanded} {form.unit} at {value} {reference.unit} is below the capability of {least:g}, k = 2"
    return ""


def _in(quantity: Quantity, ucum: str) -> Iterator[Series]:
    """The forms of a quantity in a unit."""
    try:
        wanted = dsi.scale(to_dsi(ucum))
    except UnitError:
        return
    yield from (form for form in quantity.forms if form.scale() == wanted)
