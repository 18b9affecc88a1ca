"""Rounding of a value and its expanded uncertainty for a report, in decimals (GUM 7.2.6, EA-4/02 6.3)."""

from __future__ import annotations

from decimal import ROUND_CEILING, ROUND_HALF_EVEN, ROUND_HALF_UP, Decimal, localcontext
from typing import Literal, NamedTuple

from .errors import CalibrationError

Rule = Literal["nearest", "up", "ea5"]


class Reported(NamedTuple):
    """A value and its expanded uncertainty as printed, in plain decimal notation."""

    value: str
    U: str


def report(
    value: float | Decimal,
    U: float | Decimal,  # noqa: N803
    digits: int = 2,
    rule: Rule = "nearest",
) -> Reported:
    """Round ``U`` to ``digits`` significant digits and ``value`` to the last digit of ``U``.

    Floats are taken by their shortest decimal form, so 0.15 is exactly 0.15. Trailing zeros stay; a value
    that rounds to zero has no sign; halves round up in ``U`` and to even in ``value`` (ISO 80000-1, B.3 rule
    A).

    >>> report(10000.025, 0.0583)
    Reported(value='10000.025', U='0.058')
    >>> report(-0.001, 0.0996)
    Reported(value='0.00', U='0.10')

    :param U: expanded uncertainty in the unit of ``value``, finite, > 0.
    :param digits: 1 or 2 (GUM 7.2.6: at most two).
    :param rule: ``nearest``; ``up``, never down; ``ea5``, nearest unless that lowers ``U`` by more than 5 %,
        then up (EA-4/02 M:2022, 6.3).
    :raises CalibrationError: not finite, ``U`` not positive, or another number of digits or rule.
    """
    exact, uncertainty = _decimal(value), _decimal(U)
    if digits not in (1, 2):
        raise CalibrationError(f"{digits} significant digits of uncertainty", remedy="give 1 or 2 (GUM 7.2.6)")
    if rule not in ("nearest", "up", "ea5"):
        raise CalibrationError(f"unknown rounding rule {rule!r}", remedy="give nearest, up or ea5")
    if not (exact.is_finite() and uncertainty.is_finite() and uncertainty > 0):
        raise CalibrationError(f"{value} ± {U} cannot be reported", remedy="give finite numbers and U > 0")
    with localcontext(prec=800, Emax=999999, Emin=-999999):
        rounded = _significant(uncertainty, digits, ROUND_CEILING if rule == "up" else ROUND_HALF_UP)
        if rule == "ea5" and rounded < uncertainty * Decimal("0.95"):
            rounded = _significant(uncertainty, digits, ROUND_CEILING)
        last = Decimal((0, (1,), rounded.adjusted() - digits + 1))
        return Reported(_plain(exact.quantize(last, ROUND_HALF_EVEN)), _plain(rounded.quantize(last)))


def _decimal(number: float | Decimal) -> Decimal:
    return number if isinstance(number, Decimal) else Decimal(repr(float(number)))


def _significant(number: Decimal, digits: int, rounding: str) -> Decimal:
    return number.quantize(Decimal((0, (1,), number.adjusted() - digits + 1)), rounding)


def _plain(number: Decimal) -> str:
    return format(number if number else number.copy_abs(), "f")
