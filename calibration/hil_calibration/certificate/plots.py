"""The drawings of a certificate: the calibration curve, and the errors with their uncertainties and limits."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from typing import NamedTuple

from ..unit import same
from . import model
from .charts import Chart, Limit, Series, draw, spans_decades
from .conformity import Conformity, spread
from .labels import LABELS
from .printing import texts, unit
from .tables import grouped

_LONGEST = 46
"""Characters that the title of an axis has room for."""


class _Pair(NamedTuple):
    """A column of one table of results with its reference values."""

    name: str
    reference: model.Column
    column: model.Column

    def numbers(self) -> tuple[tuple[float, ...], tuple[float, ...], tuple[float, ...]]:
        """Reference values, values and expanded uncertainties."""
        x, y, U = self.reference.values, self.column.values, self.column.U  # noqa: N806
        return tuple(map(float, x)), tuple(map(float, y)), tuple(map(float, U))


def result_charts(results: Sequence[model.Result], languages: Sequence[str]) -> list[str]:
    """SVG drawings: for each table of results its curve and its errors, where it has the columns for them."""
    return [svg for group in grouped(results) for svg in map(draw, _charts(group, languages[0])) if svg]


def _charts(results: tuple[model.Result, ...], language: str) -> Iterator[Chart]:
    for ref_type, make in (("basic_measuredValue", _curve), ("basic_measurementError", _errors)):
        pairs = list(_pairs(results, ref_type, language))
        if pairs:
            yield make(pairs, language)


def _pairs(results: tuple[model.Result, ...], ref_type: str, language: str) -> Iterator[_Pair]:
    for result in results:
        found = {column.ref_type: column for column in reversed(result.columns)}
        if ref_type in found and "basic_referenceValue" in found:
            state = "as_found" if result.status.startswith("before") else "as_left"
            name = texts(LABELS[state], (language,))[0] if result.status else ""
            yield _Pair(name, found["basic_referenceValue"], found[ref_type])


def _curve(pairs: list[_Pair], language: str) -> Chart:
    reference, column = pairs[0].reference, pairs[0].column
    comparable = same(reference.unit, column.unit)
    log = comparable and spans_decades(v for pair in pairs for part in pair.numbers()[:2] for v in part)
    return Chart(
        x_title=_title(reference, language),
        y_title=_title(column, language),
        series=tuple(Series(pair.name, *pair.numbers()[:2]) for pair in pairs),
        log_x=log,
        log_y=log,
        line="diagonal" if comparable else "",
    )


def _errors(pairs: list[_Pair], language: str) -> Chart:
    """Errors, in % of the reference value where that spans decades."""
    reference, column = pairs[0].reference, pairs[0].column
    log = spans_decades(value for pair in pairs for value in pair.numbers()[0])
    relative = log and same(reference.unit, column.unit)

    def scaled(x: Sequence[float], y: Sequence[float]) -> tuple[float, ...]:
        return tuple(100.0 * b / a if relative else b for a, b in zip(x, y, strict=True))

    return Chart(
        x_title=_title(reference, language),
        y_title=_title(column, language, symbol="%" if relative else "", expanded=bool(column.U)),
        series=tuple(
            Series(pair.name, x, scaled(x, y), scaled(x, U) if U else ())
            for pair in pairs
            for x, y, U in (pair.numbers(),)
        ),
        limits=tuple(limit for pair in pairs[:1] if pair.column.conformity for limit in _limits(pair, scaled)),
        log_x=log,
        line="zero",
    )


_Scaled = Callable[[Sequence[float], Sequence[float]], tuple[float, ...]]


def _limits(pair: _Pair, scaled: _Scaled) -> Iterator[Limit]:
    x = pair.numbers()[0]
    for values, dashed in _lines(pair.column.conformity):
        yield Limit(x, scaled(x, tuple(map(float, spread(values, len(x))))), dashed=dashed)


def _lines(conformity: Conformity | None) -> Iterator[tuple[tuple[str, ...], bool]]:
    for role, values in conformity.limits() if conformity else ():
        yield values, "acceptance" in role


def _title(column: model.Column, language: str, *, symbol: str = "", expanded: bool = False) -> str:
    name = texts(column.name, (language,))[0]
    name = name if len(name) <= _LONGEST else f"{name[: _LONGEST - 1]}…"
    return f"{name}{' ± U' if expanded else ''} / {symbol or unit(column.unit)}"
