"""XML namespaces of a DCC and of our own record in its comment, and a typed maker of elements."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from functools import partial
from typing import TypeAlias

from lxml import etree

Element: TypeAlias = etree._Element  # noqa: SLF001  (lxml's only name for it)

DCC = "https://ptb.de/dcc"
SI = "https://ptb.de/si"
XSI = "http://www.w3.org/2001/XMLSchema-instance"
OWN = "urn:hil-bench:certificate:1"

VERSION = "3.3.0"
"""The version of the DCC schema that is written."""

MAP = {"dcc": DCC, "si": SI, "hil": OWN}
"""Prefixes for XPath."""


class Maker:
    """Makes elements of one namespace: `maker.tag({"attribute": "value"}, child, "text")`."""

    def __init__(self, namespace: str, prefixes: dict[str, str]) -> None:
        self._namespace, self._prefixes = namespace, prefixes

    def __getattr__(self, tag: str) -> Callable[..., Element]:
        return partial(self, tag)

    def __call__(self, tag: str, *parts: Element | Mapping[str, str] | str) -> Element:
        """An element with attributes (mappings), children (elements) or a text, in their order."""
        element = etree.Element(f"{{{self._namespace}}}{tag}", nsmap=self._prefixes)
        for part in parts:
            if isinstance(part, str):
                element.text = part
            elif isinstance(part, Mapping):
                for name, value in part.items():
                    element.set(name, value)
            else:
                element.append(part)
        return element
