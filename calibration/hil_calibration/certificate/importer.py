"""Between a certificate and a calibration record: its tables, or our own calibration function embedded in it."""

from __future__ import annotations

import math
from dataclasses import replace
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from .. import function as functions
from ..calibration import CalibrationRecord, Instrument
from ..effect import Effect
from ..errors import CertificateError, NotApplicable, UnknownCorrelation, UnknownUncertainty
from ..function_cvd import CallendarVanDusen
from ..unit import check, difference, same
from .coefficients import Fitted, callendar_van_dusen, fitted
from .directions import Points, both_directions
from .document import DccDocument, DccItem, DccTable, Form, names
from .model import Function, SharedEffect

PointCorrelation = Literal["full", "independent", "matrix"] | float

_Array = NDArray[np.float64]
_Units = tuple[str, str]
"""The unit of the value and that of the indication."""

_AS_FOUND = ("beforeAdjustment", "beforeRepair")
_EMBEDDED = ("straight-line", "polynomial", "callendar-van-dusen")


def calibration_record(
    document: DccDocument,
    *,
    unit: str,
    instrument: Instrument,
    point_correlation: PointCorrelation | None,
    indication_unit: str = "",
) -> CalibrationRecord:
    """The calibration of one quantity of an instrument.

    From a table of indications and reference values (or errors), a single value standing for every row, comes a table
    function value = f(indication), whose interpolation has the uncertainty that the curvature of its points shows
    (:func:`~hil_calibration.function.u_between_nodes`). Levels taken rising and falling give their mean, and hysteresis
    as an effect (:mod:`.directions`). The uncertainty of its points is that of the errors, or else
    that of the reference values and of the indications in quadrature, each divided by its k. A certificate says nothing
    of the correlation between its points: `point_correlation` declares it and the record's `assumption` keeps the
    declaration. The conditions of the calibration (`document.conditions`) are not a range of validity: what depends on
    them is declared as an effect.

    Where the indication is in another unit (a thermometer's resistance), its uncertainty is carried to the value by the
    slope of a parabola through the points. If the certificate lists the coefficients of a Callendar-Van Dusen function,
    that is the function, and its points give the covariance.

    :param unit: UCUM unit of the quantity; chooses among the quantities of the certificate.
    :param indication_unit: UCUM unit of the indication; that of the quantity by default.
    :param instrument: the one in use; the item of the certificate, or one of its items, must be the same.
    :param point_correlation: `full`, `independent`, the common correlation coefficient of any two points (0 to 1), or
        `matrix`: the covariance that it states, by a region of D-SI, or with the function that our own embed.
    :raises NotApplicable: another instrument, no such quantity, or only results before an adjustment.
    :raises UnknownCorrelation: no `point_correlation`, or `matrix` of a certificate that embeds none.
    :raises UnknownUncertainty: the certificate gives no U.
    :raises CertificateError: it contradicts itself.
    """
    check(unit)
    units = (unit, check(indication_unit or unit))
    require_same(document, instrument)
    if point_correlation is None:
        raise UnknownCorrelation(
            "the certificate does not say how its points are correlated",
            where=document.identifier,
            remedy='declare point_correlation = "full", "independent", a number or "matrix"',
        )
    if point_correlation == "matrix" and document.function is not None:
        return _embedded(document, document.function, units, instrument)
    return _tabulated(document, units, instrument, point_correlation)


def embedded_function(record: CalibrationRecord) -> Function:
    """The function, covariance and effects of a record, to embed in a certificate; `matrix` reads them back equal.

    :raises CertificateError: the function is a table.
    """
    kind = record.function.to_json()["kind"]
    if kind not in _EMBEDDED:
        raise CertificateError(f"a function of kind {kind!r} is not embedded", where=record.identifier)
    low, high = record.valid_range
    return Function(
        kind=kind,
        indication_unit=record.indication_unit,
        unit=record.unit,
        minimum=repr(low),
        maximum=repr(high),
        coefficients=tuple(map(repr, record.function.coefficients.tolist())),
        covariance=tuple(tuple(map(repr, row)) for row in record.covariance.tolist()),
        effects=tuple(map(_shared_effect, record.effects)),
    )


def _shared_effect(effect: Effect) -> SharedEffect:
    return SharedEffect(
        name=effect.name,
        kind=effect.kind,
        distribution=effect.distribution,
        u=repr(effect.u),
        half_width="" if effect.half_width is None else repr(effect.half_width),
        reference="" if effect.reference is None else repr(effect.reference),
        source=effect.source,
        dof=repr(effect.dof) if math.isfinite(effect.dof) else "",
    )


def _tabulated(
    document: DccDocument, units: _Units, instrument: Instrument, correlation: PointCorrelation
) -> CalibrationRecord:
    if correlation == "matrix" and not document.states_covariance:
        raise _no_covariance(document.identifier)
    table = _table(document, units)
    indication, value = _points(table, units, document.identifier)
    if correlation == "matrix":
        covariance = _covariance(table, units, document.identifier)
    else:
        r = _coefficient(correlation, document.identifier)
        u = _uncertainty(table, units, document.identifier)
        covariance = r * np.outer(u, u) + (1.0 - r) * np.diag(u**2)
    loop: Effect | None = None
    if units[0] == units[1]:
        points, loop = both_directions(Points(indication, value, covariance), document.identifier)
        indication, value, covariance = points.indication, points.value, points.covariance
    order = np.argsort(indication)
    indication, value, covariance = indication[order], value[order], covariance[np.ix_(order, order)]
    if np.any(np.diff(indication) == 0):
        raise CertificateError(
            "one indication stands for two values (hysteresis?)",
            where=f"{document.identifier}, {table.name}",
            remedy="make a certificate with one value for each indication, and state the hysteresis as an effect",
        )
    found = _through_points(document, units, indication, value, covariance)
    return CalibrationRecord(
        instrument=instrument,
        quantity=(table.name or "value").lower(),
        unit=units[0],
        indication_unit=units[1],
        valid_range=(float(indication[0]), float(indication[-1])),
        date=document.end,
        identifier=document.identifier,
        certificates={document.identifier: document.sha256},
        provenance="simulated" if document.simulated else "measured",
        function=found.function,
        covariance=found.covariance,
        effects=(*found.effects, *([loop] if loop else [])),
        assumption="; ".join(
            filter(None, (_assumed(correlation), found.assumption, "the mean of both directions" if loop else ""))
        ),
    )


def _assumed(correlation: PointCorrelation) -> str:
    if correlation == "matrix":
        return "covariance of the points as the certificate states it"
    return f"correlation of the points declared {correlation}; the certificate states none"


def _no_covariance(where: str) -> UnknownCorrelation:
    return UnknownCorrelation(
        "the certificate embeds no covariance",
        where=where,
        remedy='declare point_correlation = "full", "independent" or a number',
    )


def _through_points(
    document: DccDocument, units: _Units, indication: _Array, value: _Array, covariance: _Array
) -> Fitted:
    """The function through a certificate's points: the one that it states, or else a table."""
    if units[1] != units[0] and same(units[0], "Cel") and same(units[1], "Ohm"):
        stated = callendar_van_dusen(document)
        if stated is not None:
            return fitted(stated, indication, value, covariance, where=document.identifier)
    return _interpolated(indication, value, covariance)


def _interpolated(indication: _Array, value: _Array, covariance: _Array) -> Fitted:
    """A table whose pieces carry the uncertainty of interpolation that the curvature of the points shows."""
    nodes, n = (tuple(indication.tolist()), tuple(value.tolist())), len(value)
    if n < 3:
        return Fitted(
            functions.Table(*nodes), covariance, assumption="straight between two points, which show no curve"
        )
    whole = np.zeros((2 * n - 1, 2 * n - 1))
    whole[:n, :n] = covariance
    whole[n:, n:] = np.diag(np.square(functions.u_between_nodes(indication, value)))
    stated = "u of interpolation from the curvature that the points show"
    return Fitted(functions.Table(*nodes, (0.0,) * (n - 1)), whole, assumption=stated)


def _embedded(document: DccDocument, function: Function, units: _Units, instrument: Instrument) -> CalibrationRecord:
    if not same(function.unit, units[0]) or not same(function.indication_unit, units[1]):
        raise NotApplicable(
            f"its function leads from {function.indication_unit} to {function.unit}, not "
            + (f"to {units[0]}" if units[0] == units[1] else f"from {units[1]} to {units[0]}"),
            where=document.identifier,
        )
    return CalibrationRecord(
        instrument=instrument,
        quantity=(document.results[0].name if document.results else "value").lower(),
        unit=units[0],
        indication_unit=units[1],
        function=_function(function, document.identifier),
        covariance=np.array([[float(c) for c in row] for row in function.covariance]),
        effects=tuple(map(_effect, function.effects)),
        valid_range=(float(function.minimum), float(function.maximum)),
        date=document.end,
        identifier=document.identifier,
        certificates={document.identifier: document.sha256},
        provenance="simulated" if document.simulated else "measured",
        assumption="covariance as embedded in the certificate",
    )


def _function(function: Function, where: str) -> functions.CalibrationFunction:
    coefficients = [float(c) for c in function.coefficients]
    if function.kind == "straight-line" and len(coefficients) == 2:
        return functions.StraightLine(*coefficients)
    if function.kind == "polynomial":
        return functions.Polynomial(tuple(coefficients))
    if function.kind == "callendar-van-dusen" and len(coefficients) == 4:
        return CallendarVanDusen(*coefficients)
    raise CertificateError(f"an embedded function of kind {function.kind!r} is not understood", where=where)


def _effect(effect: SharedEffect) -> Effect:
    numbers = {"u": effect.u} if not effect.half_width else {"half_width": effect.half_width}
    numbers |= {name: text for name in ("reference", "dof") if (text := getattr(effect, name))}
    words = {"name": effect.name, "kind": effect.kind, "distribution": effect.distribution, "source": effect.source}
    return Effect.from_json({**words, **{name: float(number) for name, number in numbers.items()}})


def require_same(document: DccDocument, instrument: Instrument) -> None:
    """Check that a certificate is of ``instrument``, by serial number and, as far as given, manufacturer and model.

    :raises NotApplicable: it is of another one.
    """
    if not any(_is(item, instrument) for item in document.items):
        found = ", ".join(
            " ".join(filter(None, (item.manufacturer, item.model, item.serial or "without serial number")))
            for item in document.items
        )
        raise NotApplicable(
            f"it is of {found or 'nothing'}, not of {instrument.manufacturer} {instrument.model} {instrument.serial}",
            where=document.identifier,
            remedy="give the certificate of this instrument",
        )


def _is(item: DccItem, instrument: Instrument) -> bool:
    """The serial number is the same, and so are manufacturer and model as far as given; one of them must be."""
    kind = [(item.manufacturer, instrument.manufacturer), (item.model, instrument.model)]
    given = [pair for pair in kind if pair[0]]
    same_kind = bool(given) and all(_plain(found) == _plain(wanted) for found, wanted in given)
    return same_kind and bool(item.serial) and _plain(item.serial) == _plain(instrument.serial)


def _plain(text: str) -> str:
    return " ".join(text.split()).casefold()


def _coefficient(correlation: PointCorrelation, where: str) -> float:
    if correlation in ("full", "independent"):
        return 1.0 if correlation == "full" else 0.0
    if isinstance(correlation, (int, float)) and not isinstance(correlation, bool) and 0 <= correlation <= 1:
        return float(correlation)
    raise UnknownCorrelation(
        f"{correlation!r} is no correlation of points",
        where=where,
        remedy='declare "full", "independent", a number from 0 to 1, or "matrix"',
    )


def _table(document: DccDocument, units: _Units) -> DccTable:
    tables = [table for table in document.results if _columns(table, units)]
    if not tables:
        wanted = units[0] if units[0] == units[1] else f"{units[0]} against {units[1]}"
        raise NotApplicable(
            f"no table of indications and reference values in {wanted}; it has {names(document.results)}",
            where=document.identifier,
        )
    current = [table for table in tables if table.status not in _AS_FOUND]
    if not current:
        raise NotApplicable("it has only results before an adjustment or repair", where=document.identifier)
    if len(current) > 1:
        raise CertificateError(f"{len(current)} tables in {units[0]}", where=document.identifier)
    return current[0]


def _form(table: DccTable, role: str, unit: str) -> Form | None:
    quantity = table.role(role)
    return quantity.form(unit) if quantity else None


def _columns(table: DccTable, units: _Units) -> dict[str, Form]:
    """Indication, reference value and, in the same unit, error: at least two of them, or nothing."""
    wanted = {
        "indication": _form(table, "basic_measuredValue", units[1]),
        "value": _form(table, "basic_referenceValue", units[0]),
        "error": _form(table, "basic_measurementError", difference(units[0])) if units[0] == units[1] else None,
    }
    columns = {name: form for name, form in wanted.items() if form}
    if len(columns) < 2:
        return {}
    rows = max(len(form.values) for form in columns.values())
    return {name: _spread(form, rows) for name, form in columns.items()}


def _spread(form: Form, rows: int) -> Form:
    """A list of one value stands for every row, as D-SI has it."""
    if len(form.values) != 1 or rows == 1:
        return form
    covariance = ((form.covariance[0] * rows),) * rows if form.covariance else ()
    return replace(form, values=form.values * rows, U=form.U * rows, k=form.k * rows, covariance=covariance)


def _points(table: DccTable, units: _Units, where: str) -> tuple[_Array, _Array]:
    columns = {name: np.array(form.values) for name, form in _columns(table, units).items()}
    lengths = {len(values) for values in columns.values()}
    if len(lengths) != 1:
        raise CertificateError(f"columns of {sorted(lengths)} rows", where=f"{where}, {table.name}")
    indication = columns.get("indication")
    value = columns.get("value")
    if indication is None:
        indication = columns["value"] + columns["error"]
    if value is None:
        value = columns["indication"] - columns["error"]
    if len(value) < 2 or not np.all(np.isfinite(indication + value)):
        raise CertificateError("fewer than two points, or one without a number", where=f"{where}, {table.name}")
    return indication, value


def _uncertainty(table: DccTable, units: _Units, where: str) -> _Array:
    """The standard uncertainty of each value, that of the indication included, in the unit of the value."""
    columns = _columns(table, units)
    error = columns.pop("error", None)
    u = {name: np.array(form.u) for name, form in columns.items() if form.U}
    if error and error.U:
        u = {"error": np.array(error.u)}
    if "indication" in u and units[0] != units[1]:
        u["indication"] = u["indication"] * np.abs(_slopes(*_points(table, units, where)))
    combined = np.sqrt(sum((part**2 for part in u.values()), np.zeros(1)))
    if not u or not np.all((combined > 0) & (combined < math.inf)):
        raise UnknownUncertainty(
            "the certificate gives no expanded uncertainty for each point",
            where=f"{where}, {table.name}",
            remedy="ask the laboratory for a certificate with U and k",
        )
    return combined


def _covariance(table: DccTable, units: _Units, where: str) -> _Array:
    """The covariance of the values as the certificate states it: that of the errors, or of both other columns."""
    columns = _columns(table, units)
    error = columns.pop("error", None)
    stated = {"error": error} if error and error.U else {name: form for name, form in columns.items() if form.U}
    if not stated or not all(form.covariance for form in stated.values()):
        raise _no_covariance(f"{where}, {table.name}")
    parts = {name: np.array(form.covariance) for name, form in stated.items()}
    if "indication" in parts and units[0] != units[1]:
        slopes = _slopes(*_points(table, units, where))
        parts["indication"] = parts["indication"] * np.outer(slopes, slopes)
    return np.asarray(sum(parts.values()))


def _slopes(indication: _Array, value: _Array) -> _Array:
    """d value / d indication at the points, of the parabola (or line) that fits them best."""
    degree = min(2, len(np.unique(indication)) - 1)
    curve = np.polynomial.Polynomial.fit(indication, value, degree)
    return np.asarray(curve.deriv()(indication))
