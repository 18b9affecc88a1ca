"""Published examples computed with the installed build: published, computed, tolerance, PASS or DIFF.

It shows that this build computes what documents print; it shows no conformity to them, for their texts hold more.
"""

from __future__ import annotations

from collections.abc import Iterator

from . import fits, guides, systems
from .check import Check

__all__ = ["Check", "run"]


def run() -> Iterator[Check]:
    """All checks, in the order of their documents."""
    yield from guides.checks()
    yield from fits.checks()
    yield from systems.checks()
