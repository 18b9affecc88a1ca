"""The certificate under check: its tree, and what several rules look for in it, found once."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path

from .. import namespace
from ..namespace import Element
from .finding import Capability
from .series import Series, forms

_NEVER = (0, 0)


@dataclass(frozen=True)
class Quantity:
    """A `dcc:quantity` with its forms."""

    element: Element
    forms: tuple[Series, ...]

    @property
    def roles(self) -> tuple[str, ...]:
        """Its refTypes."""
        return roles(self.element)

    @property
    def values(self) -> int:
        """How many values it has, 0 where it has none that are real numbers."""
        return len(self.forms[0].values.texts) if self.forms else 0


@dataclass(frozen=True)
class Table:
    """The quantities of one `dcc:list`, or those that stand alone in a `dcc:data`, of a `dcc:result`."""

    measurement: Element
    result: Element
    element: Element
    quantities: tuple[Quantity, ...]

    def of_role(self, role: str) -> list[Quantity]:
        """The quantities with a refType."""
        return [quantity for quantity in self.quantities if role in quantity.roles]


@dataclass(frozen=True)
class Subject:
    """A certificate under check.

    :param schemas: directory of schemas, None if there is none.
    :param capabilities: what the laboratory states that it can do, for the check of U against it.
    """

    root: Element
    schemas: Path | None = None
    capabilities: Sequence[Capability] = field(default=())

    @cached_property
    def version(self) -> tuple[int, int]:
        """Major and minor version of the DCC schema, (0, 0) where none is stated."""
        found = re.match(r"([0-9]{1,3})\.([0-9]{1,3})\.", self.root.get("schemaVersion", ""))
        return (int(found[1]), int(found[2])) if found else _NEVER

    @cached_property
    def core(self) -> Element | None:
        """`dcc:coreData`."""
        return self.root.find("dcc:administrativeData/dcc:coreData", namespace.MAP)

    @cached_property
    def quantities(self) -> tuple[Quantity, ...]:
        """Every quantity of the certificate: results, conditions, limits, statements."""
        found = self.root.iter(f"{{{namespace.DCC}}}quantity")
        return tuple(Quantity(element, tuple(forms(element))) for element in found)

    @cached_property
    def series(self) -> tuple[Series, ...]:
        """Every form of every quantity."""
        return tuple(form for quantity in self.quantities for form in quantity.forms)

    @cached_property
    def measurements(self) -> list[Element]:
        """`dcc:measurementResult`, one for each set of results."""
        return self.root.findall("dcc:measurementResults/dcc:measurementResult", namespace.MAP)

    @cached_property
    def tables(self) -> tuple[Table, ...]:
        """The tables of the results."""
        known = {quantity.element: quantity for quantity in self.quantities}
        return tuple(
            Table(measurement, result, container, quantities)
            for measurement in self.measurements
            for result in measurement.iterfind("dcc:results/dcc:result", namespace.MAP)
            for container, quantities in _containers(result, known)
        )

    @cached_property
    def tables_by_measurement(self) -> dict[Element, list[Table]]:
        """The tables of each `dcc:measurementResult` that has any."""
        found: dict[Element, list[Table]] = {}
        for table in self.tables:
            found.setdefault(table.measurement, []).append(table)
        return found

    @cached_property
    def statements(self) -> list[Element]:
        """The statements on the whole certificate."""
        return self.root.findall("dcc:administrativeData/dcc:statements/dcc:statement", namespace.MAP)

    def place(self, element: Element) -> str:
        """The XPath of an element, with the prefixes of the file."""
        return self.root.getroottree().getpath(element)


def _containers(result: Element, known: dict[Element, Quantity]) -> Iterator[tuple[Element, tuple[Quantity, ...]]]:
    containers = result.findall("dcc:data", namespace.MAP)
    while containers:
        container = containers.pop()
        found = tuple(known[element] for element in container.iterfind("dcc:quantity", namespace.MAP))
        if found:
            yield container, found
        containers += container.findall("dcc:list", namespace.MAP)


def roles(element: Element) -> tuple[str, ...]:
    """The refTypes of an element."""
    return tuple(element.get("refType", "").split())


def text(element: Element | None, path: str) -> str:
    """The stripped text at a path, empty if there is none."""
    return "" if element is None else (element.findtext(path, "", namespace.MAP) or "").strip()


def contents(element: Element | None, path: str = "dcc:name") -> list[str]:
    """The texts at a path in every language, blank ones left out."""
    found = [] if element is None else element.findall(f"{path}/dcc:content", namespace.MAP)
    return [content.text.strip() for content in found if content.text and content.text.strip()]


def is_true(element: Element | None) -> bool | None:
    """What an `xs:boolean` says, None where it says nothing."""
    word = "" if element is None else (element.text or "").strip()
    return True if word in ("true", "1") else False if word in ("false", "0") else None
