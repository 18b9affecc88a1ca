"""The values of a quantity as text, in every form that D-SI 1.3 to 2.2 knows, nothing judged."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from decimal import Decimal
from itertools import islice

from lxml import etree

from ...errors import UnitError
from .. import namespace
from ..namespace import Element
from . import dsi
from .numbers import number

MOST_FORMS = 8
"""Forms of one quantity that are looked at: nobody gives more than a few units."""

_SCALARS = ("real", "constant", "realListXMLList")
_LISTS = ("list", "realList")
_WRAPPERS = (
    "measurementUncertaintyUnivariate",
    "measurementUncertaintyUnivaraite",
    "listMeasurementUncertaintyUnivariate",
    "listUnivariateUnc",
)
_KINDS = {
    "expandedMU": ("valueExpandedMU",),
    "expandedUnc": ("uncertainty",),
    "standardMU": ("valueStandardMU",),
    "coverageIntervalMU": ("valueStandardMU", "standardUnc"),
    "coverageInterval": ("standardUnc",),
}
"""Form of an uncertainty: the element that holds its value."""


@dataclass(frozen=True)
class Words:
    """The words of a list, or the one word of a single value, and their element."""

    element: Element
    texts: tuple[str, ...]

    def at(self, i: int) -> str:
        """The word of value ``i``: the only one stands for all; empty where there is none."""
        if len(self.texts) == 1:
            return self.texts[0]
        return self.texts[i] if i < len(self.texts) else ""


@dataclass(frozen=True)
class Uncertainty:
    """An uncertainty as written.

    :param expanded: U with k and coverage probability; else a standard uncertainty.
    """

    element: Element
    expanded: bool
    values: Words | None
    k: Words | None
    coverage: Words | None


@dataclass(frozen=True)
class Series:
    """One form of a quantity: a value or a list of values in one unit, or one for each."""

    element: Element
    values: Words
    units: Words | None
    uncertainty: Uncertainty | None

    @property
    def unit(self) -> str:
        """The unit common to all values, empty if there is none."""
        return self.units.texts[0] if self.units and len(set(self.units.texts)) == 1 else ""

    def scale(self) -> dsi.Scale | None:
        """The scale of the common unit, None where it is not one of the SI."""
        try:
            return dsi.scale(self.unit) if self.unit else None
        except UnitError:
            return None

    def numbers(self) -> list[Decimal | None]:
        """The values as numbers, None for what is none."""
        return [number(text) for text in self.values.texts]

    def expanded(self, i: int) -> Decimal | None:
        """The uncertainty of value ``i`` as stated, None if there is none or it is not above zero."""
        stated = number(self.uncertainty.values.at(i)) if self.uncertainty and self.uncertainty.values else None
        return stated if stated is not None and stated > 0 else None

    def factor(self, i: int) -> Decimal:
        """The coverage factor of value ``i``, 1 for a standard uncertainty or where none is given."""
        stated = number(self.uncertainty.k.at(i)) if self.uncertainty and self.uncertainty.k else None
        return stated if stated is not None and stated > 0 else Decimal(1)


def forms(quantity: Element) -> list[Series]:
    """The real-valued forms of a `dcc:quantity`, several where it is a hybrid."""
    hybrid = quantity.find("si:hybrid", namespace.MAP)
    return list(islice(_forms(quantity if hybrid is None else hybrid), MOST_FORMS))


def _forms(parent: Element) -> Iterator[Series]:
    for child in parent:
        if not is_si(child):
            continue
        if local(child) in _SCALARS:
            yield series_of(child)
        elif local(child) in _LISTS and child.find("si:real", namespace.MAP) is not None:
            yield _of_reals(child)


def is_si(element: Element) -> bool:
    """Whether an element is one of D-SI."""
    return isinstance(element.tag, str) and element.tag.startswith(f"{{{namespace.SI}}}")


def local(element: Element) -> str:
    """The name of an element without its namespace; empty for an entity."""
    return etree.QName(element).localname if isinstance(element.tag, str) else ""


def words(element: Element | None) -> Words | None:
    """The words of an element, None where there is no element."""
    return None if element is None else Words(element, tuple((element.text or "").split()))


def series_of(element: Element) -> Series:
    """The values, unit and uncertainty that are the children of an element."""
    parts = _parts(element)
    values = words(parts.get("value")) or Words(element, ())
    return Series(element, values, words(parts.get("unit")), _uncertainty(parts))


def _of_reals(element: Element) -> Series:
    """A list of `si:real`, each with a unit and an uncertainty, or in common."""
    common = _parts(element)
    each = [series_of(real) for real in element.iterfind("si:real", namespace.MAP)]
    units = tuple(text for one in each if one.units for text in one.units.texts)
    own = [one.uncertainty for one in each if one.uncertainty]
    return Series(
        element,
        Words(element, tuple(text for one in each for text in one.values.texts)),
        Words(element, units) if units else words(common.get("listUnit")),
        _joined(element, own) if own else _uncertainty(common),
    )


def _joined(element: Element, each: list[Uncertainty]) -> Uncertainty:
    def all_of(found: list[Words | None]) -> Words | None:
        present = [one for one in found if one]
        return Words(element, tuple(text for one in present for text in one.texts)) if present else None

    return Uncertainty(
        element,
        all(one.expanded for one in each),
        all_of([one.values for one in each]),
        all_of([one.k for one in each]),
        all_of([one.coverage for one in each]),
    )


def _uncertainty(parts: dict[str, Element]) -> Uncertainty | None:
    for wrapper in _WRAPPERS:
        if wrapper in parts:
            parts = _parts(parts[wrapper])
    for kind, names in _KINDS.items():
        if kind in parts:
            inner = _parts(parts[kind])
            value = next((inner[name] for name in names if name in inner), None)
            return Uncertainty(
                parts[kind],
                kind in ("expandedMU", "expandedUnc"),
                words(value),
                words(inner.get("coverageFactor")),
                words(inner.get("coverageProbability")),
            )
    return None


def _parts(element: Element) -> dict[str, Element]:
    return {local(child).removesuffix("XMLList"): child for child in element if is_si(child)}
