"""Decimal numbers as they are printed, with the half unit of the last digit by which each may have been rounded."""

from __future__ import annotations

from decimal import Context, Decimal

from .. import grammar

EXACT = Context(prec=60, Emax=999_999, Emin=-999_999, traps=[])
"""No number of a certificate overflows it: each is finite as a double and has at most 60 characters."""


def number(text: str) -> Decimal | None:
    """A finite decimal number, None for anything else (NaN, words)."""
    return Decimal(text) if grammar.is_number(text) else None


def half_unit(printed: Decimal) -> Decimal:
    """Half of the last digit's unit: the most by which rounding to nearest moves a number."""
    exponent = printed.as_tuple().exponent
    return Decimal((0, (5,), exponent - 1)) if isinstance(exponent, int) else Decimal(0)


def significant_digits(text: str) -> int:
    """Significant digits as printed; zeros that end a whole number do not count, for nobody knows whether they do.

    >>> [significant_digits(text) for text in ("0.061", "0.0610", "120", "1.20E-3", "0.0")]
    [2, 3, 2, 3, 1]
    """
    mantissa = text.lower().partition("e")[0].lstrip("+-")
    digits = mantissa.replace(".", "").lstrip("0")
    if "." not in mantissa:
        digits = digits.rstrip("0")
    return max(1, len(digits))
