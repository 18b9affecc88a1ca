"""Rules on lists of values: their lengths, their blanks, their numbers, their units."""

from __future__ import annotations

import re
from collections import Counter
from collections.abc import Iterator

from ...errors import UnitError
from .. import namespace
from ..namespace import Element
from . import dsi
from .comparison import first_difference, last_digit
from .finding import Fault
from .numbers import number
from .registry import rule
from .series import local
from .subject import Quantity, Subject

_VALUES = ("valueXMLList", "valueRealXMLList", "valueMagnitudeXMLList")
_MULTIVARIATE = ("measurementUncertaintyMultivariateXMLList", "ellipsoidalRegionXMLList", "rectangularRegionXMLList")
_VERDICTS = ("conformityXMLList", "validXMLList", "traceableXMLList")
_UNITS = ("unit", "unitXMLList", "listUnit", "unitPhase", "unitPhaseXMLList", "listUnitPhase")
_SHOWN = 60


@rule("list-length")
def list_length(subject: Subject) -> Iterator[Fault]:
    """A list has one entry for each value, or one for all of them."""
    for quantity in subject.quantities:
        for values in quantity.element.iter(*(f"{{{namespace.SI}}}{name}" for name in _VALUES)):
            yield from _beside(values)
        yield from _hybrid(quantity)
        yield from _about(quantity)
    for table in subject.tables:
        if local(table.element) == "list":
            yield from _rows(table.quantities)


def _beside(values: Element) -> Iterator[Fault]:
    """The lists beside a list of values: units, labels, times, uncertainties."""
    owner, n = values.getparent(), _count(values)
    if owner is None:
        return
    if n == 0:
        yield Fault(values, "a list without values")
        return
    waiting = [child for child in owner if child is not values]
    while waiting:
        element = waiting.pop()
        if local(element) in _MULTIVARIATE:
            continue
        if len(element):
            waiting.extend(element)
        elif local(element).endswith("XMLList") and _count(element) not in (1, n):
            yield Fault(element, f"{_count(element)} entries in {local(element)} for {n} values: 1 or {n} expected")


def _hybrid(quantity: Quantity) -> Iterator[Fault]:
    for form in quantity.forms[1:]:
        if len(form.values.texts) != quantity.values:
            message = f"{len(form.values.texts)} values in {form.unit or 'one unit'}, {quantity.values} in the first"
            yield Fault(form.values.element, message)


def _about(quantity: Quantity) -> Iterator[Fault]:
    """Verdicts, statements and limits of a quantity."""
    n = quantity.values
    for about in quantity.element.iterfind("dcc:measurementMetaData/dcc:metaData", namespace.MAP):
        lists = [child for child in about if local(child) in _VERDICTS]
        for element in lists:
            if n and _count(element) not in (1, n):
                yield Fault(element, f"{_count(element)} entries in {local(element)} for {n} values")
        for limits in about.iterfind("dcc:data/dcc:quantity/si:realListXMLList/si:valueXMLList", namespace.MAP):
            if n and _count(limits) not in (1, n):
                yield Fault(limits, f"{_count(limits)} limits for {n} values")


def _rows(quantities: tuple[Quantity, ...]) -> Iterator[Fault]:
    """The quantities of one list have the same number of values, or one."""
    counts = Counter(quantity.values for quantity in quantities if quantity.values > 1)
    if len(counts) < 2:
        return
    (usual, _), *_ = counts.most_common()
    for quantity in quantities:
        if quantity.values not in (0, 1, usual):
            yield Fault(quantity.element, f"{quantity.values} values in a list whose other quantities have {usual}")


def _count(element: Element) -> int:
    return len((element.text or "").split())


@rule("list-blanks")
def list_blanks(subject: Subject) -> Iterator[Fault]:
    """The entries of a list are separated by one blank."""
    for element in subject.root.iter("*"):
        name = local(element)
        lists = [element.text or ""] if name.endswith(("XMLList", "XmlList")) and not len(element) else []
        attributes = [element.get("refType", ""), element.get("refId", "")]
        if any(re.search(r"^\s|\s\s|\s$", text) for text in (*lists, *attributes)):
            yield Fault(element, f"more than one blank between entries of {name}, or one at its ends")


@rule("not-a-number")
def not_a_number(subject: Subject) -> Iterator[Fault]:
    """A value is a finite decimal number, not NaN."""
    for form in subject.series:
        if not form.values.texts and not local(form.values.element).endswith("XMLList"):
            yield Fault(form.values.element, "no value")
        bad = [(i, text) for i, text in enumerate(form.values.texts, start=1) if number(text) is None]
        if bad:
            (i, word), more = bad[0], f", and {len(bad) - 1} more" if len(bad) > 1 else ""
            yield Fault(form.values.element, f"value {i} is {word[:_SHOWN]!r}, no finite number{more}")


@rule("unit")
def unit(subject: Subject) -> Iterator[Fault]:
    r"""A unit is written in D-SI; one outside the SI (`\|xyz`) is declared in a statement."""
    declared = {(one.text or "").strip() for one in subject.root.iter(f"{{{namespace.DCC}}}nonSIUnit")}
    for element in subject.root.iter(f"{{{namespace.SI}}}*"):
        if local(element) not in _UNITS:
            continue
        for stated in dict.fromkeys((element.text or "").split()):
            yield from _unit(element, stated, declared)
    for form in subject.series:
        if form.units is None or not form.units.texts:
            yield Fault(form.element, "a value without a unit")


def _unit(element: Element, stated: str, declared: set[str]) -> Iterator[Fault]:
    bare = stated.lstrip("\\")
    if bare.startswith("|"):
        if not {stated, bare, bare.lstrip("|")} & declared:
            yield Fault(element, f"the unit {stated[:_SHOWN]} outside the SI is declared in no statement")
        return
    try:
        dsi.scale(stated)
    except UnitError as error:
        yield Fault(element, str(error))
        return
    if dsi.misspelt_case(stated):
        yield Fault(element, f"{stated[:_SHOWN]} has letters in the wrong case: D-SI's names are in lower case", "info")


@rule("hybrid")
def hybrid(subject: Subject) -> Iterator[Fault]:
    """The same quantity in two units is the same value, to the rounding of both."""
    for quantity in subject.quantities:
        if len(quantity.forms) > 1:
            yield from _same(quantity)


def _same(quantity: Quantity) -> Iterator[Fault]:
    first, *others = quantity.forms
    for other in others:
        found = first_difference(first, other)
        if found:
            yield Fault(other.values.element, found)
        elif found := last_digit(first, other):
            yield Fault(other.values.element, found, "warning")
    wrapper = first.element.getparent()
    if not any(_is_si_unit(form.unit) for form in quantity.forms):
        yield Fault(wrapper, "none of the units of a hybrid is an SI unit", "warning")


def _is_si_unit(stated: str) -> bool:
    try:
        found = dsi.scale(stated)
    except UnitError:
        return False
    return not found.offset and (found.factor == 1 or "percent" not in stated)
