"""What an analysis hands to the documents: the parts of a certificate, or of a report."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

from .results import SummaryTable

if TYPE_CHECKING:
    from hil_calibration.certificate.model import Budget, Condition, Function, Item, Method, Result, Statement


@dataclass(frozen=True)
class CalibrationOutcome:
    """The parts of a calibration certificate that come from the analysis of the record.

    ``item`` is the channel of the instrument calibrated, or what a document calls it; ``standards`` are the channels
    of the measurement standards and of the instruments that measured the conditions. Every number is already the
    string that will be printed.
    """

    item: str | Item
    standards: tuple[str, ...]
    methods: tuple[Method, ...]
    conditions: tuple[Condition, ...]
    results: tuple[Result, ...]
    statements: tuple[Statement, ...]
    budgets: tuple[Budget, ...]
    function: Function


@dataclass(frozen=True)
class DetectionPicture:
    """What the picture of a detection trial shows; stimuli in ``unit``, probabilities from 0 to 1.

    ``levels`` holds ``(mean stimulus, successes, trials)``, ``observations`` ``(stimulus, success)``, ``curve``
    ``(stimulus, probability, lower, upper)`` of the fit and its band. ``found`` and its bounds are ``None`` where
    the data give none. ``seen`` is the word for a success, ``among`` for those that the curve is the average over;
    the axis of a stimulus in decibels is not ``logarithmic`` once more.
    """

    unit: str
    stimulus: str
    levels: tuple[tuple[float, int, int], ...]
    observations: tuple[tuple[float, bool], ...]
    curve: tuple[tuple[float, float, float, float], ...]
    level: float
    found: float | None
    lower: float | None
    upper: float | None
    required: float
    seen: str = "read"
    among: str = "signs"
    logarithmic: bool = True


@dataclass(frozen=True)
class Series:
    """What a chart draws under one name: ``points`` with bars from ``low`` to ``high``, a ``line``, a ``band`` between
    ``low`` and ``high``, ``steps``, or ``bars`` from 0.

    All have one number for each ``x``; ``low`` and ``high`` may be left out but for a band.
    """

    name: str
    x: tuple[float, ...]
    y: tuple[float, ...] = ()
    low: tuple[float, ...] = ()
    high: tuple[float, ...] = ()
    style: Literal["points", "line", "band", "steps", "bars"] = "points"


@dataclass(frozen=True)
class Chart:
    """The picture of a trial's results.

    ``x`` and ``y`` name the axes with their units. ``required`` holds ``(name, y)``: each is drawn as a line across.
    ``unit`` is that of the budget. In a ``polar`` chart x is an angle in rad, counted from the top and clockwise.
    ``labels`` stand at x = 0, 1, 2, … in place of numbers.
    """

    x: str
    y: str
    series: tuple[Series, ...]
    caption: str
    unit: str = "1"
    required: tuple[tuple[str, float], ...] = ()
    labels: tuple[str, ...] = ()
    logarithmic: bool = False
    polar: bool = False


@dataclass(frozen=True)
class TrialOutcome:
    """The parts of a test report that come from the analysis of the record; every number is a string.

    ``standards`` are the channels of the instruments that measured. Tables are rows of a name and what belongs to it;
    ``tables`` show what was observed, where ``picture`` is a `Chart`. ``risk`` is the one that the verdict's decision
    rule takes.
    """

    title: str
    question: str
    standards: tuple[str, ...]
    picture: DetectionPicture | Chart
    results: tuple[tuple[str, str], ...]
    budget: tuple[tuple[str, str, str], ...]
    conditions: tuple[tuple[str, str], ...]
    counts: tuple[tuple[str, str], ...]
    fit: tuple[tuple[str, str], ...]
    limitations: tuple[str, ...]
    risk: str = ""
    tables: tuple[SummaryTable, ...] = ()


@dataclass(frozen=True)
class BudgetTable:
    """An uncertainty budget as it is printed.

    ``rows`` are effect, standard uncertainty in ``unit``, share of the variance in %; the last is the combined one.
    """

    title: str
    unit: str
    rows: tuple[tuple[str, str, str], ...]


@dataclass(frozen=True)
class MeasurementOutcome:
    """The parts of a report of measurements, beside the summary tables of the results; every number is a string.

    ``question`` says what was determined, ``standards`` are the channels of the instruments that measured. ``picture``
    is drawn above the tables.
    """

    title: str
    question: str
    standards: tuple[str, ...]
    budgets: tuple[BudgetTable, ...]
    conditions: tuple[tuple[str, str], ...]
    limitations: tuple[str, ...]
    picture: Chart | None = None
