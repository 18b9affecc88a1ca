"""No certificate states less uncertainty than the laboratory says it is capable of (ILAC P14)."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from decimal import Decimal
from typing import TYPE_CHECKING

from .errors import UsageError

if TYPE_CHECKING:
    from hil_calibration.certificate.model import Column, Result

    from .bench.register import CmcSection, EquipmentRegister


def require_capability(results: Sequence[Result], register: EquipmentRegister) -> None:
    """Check every U of ``results`` against the capabilities of the register, by quantity, unit and range.

    A U is below only if that is no matter of its rounding. A quantity for which none is stated is not bound.

    :raises UsageError: if one is below.
    """
    for result in results:
        for cmc in register.cmc:
            for fault in _faults(result, cmc):
                raise UsageError(
                    fault, where=cmc.quantity, remedy="find what the budget lacks, or state the capability anew"
                )


def capabilities(result: Result, register: EquipmentRegister) -> dict[int, tuple[bool, ...]]:
    """By the place of a column, for each of its U whether a capability of the register covers it.

    True only where one is stated for the quantity at that value; columns of quantities without any are left out.
    """
    stated = [cmc for cmc in register.cmc if _concerns(result, cmc)]
    reference = next((c for c in result.columns if c.ref_type == "basic_referenceValue"), None)
    if not stated or reference is None:
        return {}
    covered = tuple(any(cmc.at(float(value)) is not None for cmc in stated) for value in reference.values)
    return {place: covered for place, column in enumerate(result.columns) if column.U and column is not reference}


def _concerns(result: Result, cmc: CmcSection) -> bool:
    from hil_calibration.certificate.model import label
    from hil_calibration.unit import same

    reference = next((c for c in result.columns if c.ref_type == "basic_referenceValue"), None)
    named = label(result.name).casefold() == cmc.quantity.casefold()
    return reference is not None and named and same(reference.unit, cmc.unit)


def _faults(result: Result, cmc: CmcSection) -> Iterator[str]:
    from hil_calibration.unit import difference, same

    reference = next((c for c in result.columns if c.ref_type == "basic_referenceValue"), None)
    if reference is None or not _concerns(result, cmc):
        return
    for column in result.columns:
        if column.U and same(column.unit, difference(cmc.unit)):
            yield from _below(column, reference, cmc)


def _below(column: Column, reference: Column, cmc: CmcSection) -> Iterator[str]:
    for value, stated in zip(reference.values, column.U, strict=True):
        capability = cmc.at(float(value))
        exponent = Decimal(stated).as_tuple().exponent
        rounding = 0.5 * 10.0**exponent if isinstance(exponent, int) else 0.0
        if capability is not None and float(stated) + rounding < capability:
            told = f"U = {stated} {column.unit} at {value} {cmc.unit}"
            yield f"{told} is below the capability of {capability:g} {column.unit}"
