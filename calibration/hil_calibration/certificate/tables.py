"""Results as printed tables: values, U, k, conformity and capability; as found and as left side by side."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Sequence
from itertools import chain
from typing import Any

from ..unit import symbol
from . import model
from .conformity import Conformity, spread
from .labels import VERDICTS
from .printing import unit
from .view import View, limits

_WIDEST = 11
"""Columns that a page has room for."""


def result_tables(view: View, results: Sequence[model.Result]) -> list[dict[str, Any]]:
    """The tables of all results, each with its heads, columns, notes and the series of its drawing."""
    return [
        _table(view, group)
        for group in grouped(results, lambda pair: all(_side_by_side(view, pair)) and _width(view, pair) <= _WIDEST)
    ]


_Group = tuple[model.Result, ...]


def grouped(results: Sequence[model.Result], fits: Callable[[_Group], bool] = bool) -> Iterator[_Group]:
    """Results alone, or before and after an adjustment together, where their table fits."""
    waiting = list(results)
    while waiting:
        first = waiting.pop(0)
        second = next((other for other in waiting if _belong_together(first, other) and fits((first, other))), None)
        if second is None:
            yield (first,)
        else:
            waiting.remove(second)
            yield (first, second)


def _belong_together(first: model.Result, second: model.Result) -> bool:
    return (
        first.status.startswith("before")
        and second.status == first.status.replace("before", "after")
        and model.label(first.name) == model.label(second.name)
    )


def _width(view: View, results: _Group) -> int:
    return sum(len(columns) for columns in _side_by_side(view, results))


def _side_by_side(view: View, results: _Group) -> list[list[dict[str, Any]]]:
    """The columns of each result; what stands in the first one already is not repeated beside it."""
    first = results[0].columns
    shown = [first, *(tuple(column for column in result.columns if column not in first) for result in results[1:])]
    return [[made for column in columns for made in _columns(view, column)] for columns in shown]


def _table(view: View, results: tuple[model.Result, ...]) -> dict[str, Any]:
    rows = max(len(result.columns[0].values) for result in results)
    columns = _side_by_side(view, results)
    for made in chain.from_iterable(columns):
        empty: Any = ("", "") if made["numeric"] else ""
        made["cells"] = [*made["cells"], *[empty] * (rows - len(made["cells"]))]
    groups = [{"head": _status(view, r.status), "span": len(c)} for r, c in zip(results, columns, strict=True)]
    descriptions = dict.fromkeys(result.description for result in results if result.description)
    return {
        "name": view.text(results[0].name),
        "status": view.label("as_found_and_left") if len(results) > 1 else _status(view, results[0].status),
        "descriptions": [view.text(words) for words in descriptions],
        "columns": list(chain.from_iterable(columns)),
        "groups": groups if len(results) > 1 else [],
        "notes": list(_notes(view, results)),
    }


def _status(view: View, status: model.Status) -> list[str]:
    if not status:
        return []
    return view.label("as_found" if status.startswith("before") else "as_left")


def _columns(view: View, column: model.Column) -> Iterator[dict[str, Any]]:
    """The values, and beside them U, k if it varies, limits that vary, conformity and capability."""
    yield view.numbers(view.text(column.name), unit(column.unit), column.values)
    if column.U:
        factors = column.k.split()
        note = ", ".join([*filter(None, [symbol(column.unit)]), *([f"k = {column.k}"] if len(factors) == 1 else [])])
        yield view.numbers(view.label("uncertainty"), note, column.U)
        if len(factors) > 1:
            yield view.numbers(["k"], "", factors)
    if column.conformity:
        yield from _conformity(view, column, column.conformity)
    if column.in_cmc:
        words = {True: view.label("yes")[0], False: view.label("no")[0]}
        yield view.words(view.label("in_cmc"), [words[inside] for inside in column.in_cmc])


def _conformity(view: View, column: model.Column, conformity: Conformity) -> Iterator[dict[str, Any]]:
    n = len(column.values)
    for name, lower, upper in _sides(conformity):
        if max(len(lower), len(upper)) > 1:
            pairs = [_pair(a, b, "") for a, b in zip(_filled(lower, n), _filled(upper, n), strict=True)]
            yield {**view.words(view.label(name), pairs), "note": unit(column.unit)}
    yield view.words(view.label("conformity"), [view.text(VERDICTS[verdict])[0] for verdict in conformity.verdicts])


def _notes(view: View, results: Iterable[model.Result]) -> Iterator[dict[str, Any]]:
    """Under the table: the specification, its limits and the decision rule, each once."""
    found = dict.fromkeys((column.conformity, column.unit) for result in results for column in result.columns)
    said: list[tuple[str, list[str]]] = []
    for conformity, ucum in found:
        if conformity is None:
            continue
        said.append(("specification", view.text(conformity.specification)))
        for name, lower, upper in _sides(conformity):
            if max(len(lower), len(upper)) == 1:
                said.append((name, [_pair("".join(lower), "".join(upper), unit(ucum))]))
        rule = view.text(conformity.rule)
        said.append(("decision_rule", [f"{words} ({conformity.norm})" if conformity.norm else words for words in rule]))
    for i, (name, words) in enumerate(said):
        if (name, words) not in said[:i]:
            yield {"label": view.label(name), "value": words, "note": []}


def _sides(conformity: Conformity) -> tuple[tuple[str, tuple[str, ...], tuple[str, ...]], ...]:
    return (
        ("tolerance", conformity.tolerance_lower, conformity.tolerance_upper),
        ("acceptance", conformity.acceptance_lower, conformity.acceptance_upper),
    )


def _filled(values: tuple[str, ...], n: int) -> tuple[str, ...]:
    return spread(values, n) or ("",) * n


def _pair(lower: str, upper: str, symbol_: str) -> str:
    return limits(lower, upper, symbol_).strip()
