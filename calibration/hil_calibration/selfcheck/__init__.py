"""Published examples computed with the installed build: published, computed, tolerance, PASS or DIFF.

It shows that this build computes what documents print; it shows no conformity to them, for their texts hold more.
"""

from __future__ import annotations

from .check import Check, run

__all__ = ["Check", "run"]
