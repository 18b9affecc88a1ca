"""What an analysis hands to the documents: the parts of a certificate, or of a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from hil_calibration.certificate.model import Budget, Condition, Function, Method, Result, Statement


@dataclass(frozen=True)
class ErrorPlot:
    """Errors of indication against the reference value, for the certificate's picture.

    ``rising`` and ``falling`` are ``(value, error)`` pairs in the channel's unit, ``U`` belongs to ``errors``.
    """

    levels: tuple[float, ...]
    errors: tuple[float, ...]
    U: tuple[float, ...]
    rising: tuple[tuple[float, float], ...]
    falling: tuple[tuple[float, float], ...]
    unit: str


@dataclass(frozen=True)
class CalibrationOutcome:
    """The parts of a calibration certificate that come from the analysis of the record.

    ``item`` is the channel of the instrument calibrated, ``standards`` those of the measurement standards and of
    the instruments that measured the conditions. Every number is already the string that will be printed.
    """

    item: str
    standards: tuple[str, ...]
    methods: tuple[Method, ...]
    conditions: tuple[Condition, ...]
    results: tuple[Result, ...]
    statements: tuple[Statement, ...]
    budgets: tuple[Budget, ...]
    function: Function
    plot: ErrorPlot


@dataclass(frozen=True)
class TrialOutcome:
    """The parts of a test report that come from the analysis of the record."""

    title: str
