"""How much results depend on what is assumed of the correlation between the points of a certificate."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

from ..calibration import Instrument
from ..stream import evaluate
from ..unit import symbol
from .document import DccDocument
from .importer import calibration_record


@dataclass(frozen=True)
class Dependence:
    """Expanded uncertainties (k = 2) from the certificate alone, under one assumption.

    :param assumed: the correlation assumed.
    :param reading: U of one reading in the middle of the range, in ``unit``.
    :param mean: U of the mean of two readings, at a quarter and at three quarters of the range.
    :param difference: U of the difference of the two.
    """

    assumed: Literal["full", "independent"]
    reading: float
    mean: float
    difference: float
    unit: str

    @property
    def told(self) -> str:
        """The three numbers in words."""
        unit = symbol(self.unit)
        return (
            f"U of a reading in the middle of the range {self.reading:.2g} {unit}; of readings at a quarter and at "
            f"three quarters of it, their mean {self.mean:.2g} {unit}, their difference {self.difference:.2g} {unit}"
        )


def dependence(
    document: DccDocument, *, unit: str, instrument: Instrument, indication_unit: str = ""
) -> tuple[Dependence, Dependence]:
    """What follows if the points are fully correlated, and if they are independent: whatever is true lies between.

    :raises CalibrationError: as :func:`~hil_calibration.certificate.importer.calibration_record`.
    """

    def assuming(correlation: Literal["full", "independent"]) -> Dependence:
        record = calibration_record(
            document,
            unit=unit,
            instrument=instrument,
            point_correlation=correlation,
            indication_unit=indication_unit,
        )
        low, high = record.valid_range
        two = evaluate(record, [low + (high - low) / 4, high - (high - low) / 4])
        return Dependence(
            correlation,
            reading=2 * float(evaluate(record, (low + high) / 2).u[0]),
            mean=2 * float(two.mean().u[0]),
            difference=2 * float(two.combination([-1.0, 1.0]).u[0]),
            unit=unit,
        )

    return assuming("full"), assuming("independent")
