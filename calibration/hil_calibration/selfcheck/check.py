"""One number known from elsewhere and what this build makes of it."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Literal

Source = Literal["published", "closed form", "other program"]
"""Where a number is from: printed in the document; worked out by hand from its formula; or by another program."""


@dataclass(frozen=True)
class Check:
    """A number of a document with its clause; it holds if the difference is at most ``tolerance``, absolute.

    The tolerance is half the last printed digit where the document's inputs are exact, more where they are rounded or
    the result is drawn at random.
    """

    document: str
    clause: str
    quantity: str
    published: float
    computed: float
    tolerance: float
    source: Source = "published"

    @property
    def holds(self) -> bool:
        return math.isfinite(self.computed) and abs(self.computed - self.published) <= self.tolerance

    @property
    def verdict(self) -> str:
        return "PASS" if self.holds else "DIFF"


@dataclass(frozen=True)
class Example:
    """One example of a document, to which several numbers belong."""

    document: str
    clause: str
    source: Source = "published"

    def check(self, quantity: str, published: float, computed: float, tolerance: float) -> Check:
        """One number of the example."""
        return Check(self.document, self.clause, quantity, published, float(computed), tolerance, self.source)

    def relative(self, quantity: str, published: float, computed: float, tolerance: float) -> Check:
        """One number whose tolerance is relative."""
        return self.check(quantity, published, computed, tolerance * abs(published))
