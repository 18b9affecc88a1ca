"""Checks of anybody's DCC: form, completeness, and whether its numbers can be right together. See :func:`check`."""

from __future__ import annotations

from .checking import check
from .finding import Capability, Finding, Severity
from .registry import RULES

__all__ = ["RULES", "Capability", "Finding", "Severity", "check"]
