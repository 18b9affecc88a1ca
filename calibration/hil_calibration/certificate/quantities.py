"""The quantities in a DCC: tables of results and influence conditions, in every form that D-SI 1.3 to 2.2 knows."""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import replace

from lxml import etree

from ..errors import CertificateError, UnitError
from ..unit import difference, from_dsi, power, same
from . import grammar, namespace
from .document import DccQuantity, DccTable, Form
from .namespace import Element

_UNCERTAINTY = {
    "expandedMU": ("valueExpandedMU", "coverageFactor"),
    "expandedUnc": ("uncertainty", "coverageFactor"),
    "standardMU": ("valueStandardMU", ""),
    "coverageIntervalMU": ("valueStandardMU", ""),
    "coverageInterval": ("standardUnc", ""),
}
"""Form of an uncertainty: the element of its value and of its coverage factor (none: a standard uncertainty)."""

_WRAPPERS = (
    "measurementUncertaintyUnivariate",
    "measurementUncertaintyUnivaraite",
    "listMeasurementUncertaintyUnivariate",
    "listUnivariateUnc",
)
"""Elements around an uncertainty, the schema's own misspelling included."""


def text(element: Element, path: str) -> str:
    """The stripped text at a path, empty if there is none."""
    return (element.findtext(path, "", namespace.MAP) or "").strip()


def contents(element: Element) -> list[str]:
    """The texts of an element's name, in every language."""
    return [(e.text or "").strip() for e in element.iterfind("dcc:name/dcc:content", namespace.MAP)]


def name(element: Element) -> str:
    """The English text of an element's name, else the first, else empty."""
    english = element.find("dcc:name/dcc:content[@lang='en']", namespace.MAP)
    if english is not None:
        return (english.text or "").strip()
    return next(iter(contents(element)), "")


def results(measurement: Element) -> Iterator[DccTable]:
    """The tables of a `dcc:measurementResult`, one for each list; as found and as left kept apart."""
    states = {
        (state.text or "").strip()
        for state in measurement.iterfind("dcc:influenceConditions/dcc:influenceCondition/dcc:status", namespace.MAP)
    }
    status = states.pop() if len(states) == 1 else ""
    for result in measurement.iterfind("dcc:results/dcc:result", namespace.MAP):
        yield from _tables(result, status)


def conditions(measurement: Element) -> Iterator[DccTable]:
    """The influence conditions of a `dcc:measurementResult`."""
    for condition in measurement.iterfind("dcc:influenceConditions/dcc:influenceCondition", namespace.MAP):
        yield from _tables(condition, text(condition, "dcc:status"))


def _tables(owner: Element, status: str) -> Iterator[DccTable]:
    containers = owner.findall("dcc:data", namespace.MAP)
    while containers:
        container = containers.pop(0)
        found = container.iterfind("dcc:quantity", namespace.MAP)
        quantities = tuple(quantity for quantity in map(_quantity, found) if quantity.forms)
        if quantities:
            yield DccTable(name(container) or name(owner), _roles(owner), quantities, status)
        containers[:0] = container.findall("dcc:list", namespace.MAP)


def _roles(element: Element) -> tuple[str, ...]:
    return tuple(element.get("refType", "").split())


def _quantity(element: Element) -> DccQuantity:
    title = name(element) or text(element, "si:real/si:label")
    try:
        return DccQuantity(title, _roles(element), tuple(_forms(element)))
    except CertificateError as error:
        raise CertificateError(error.what, where=f"quantity {title!r}", remedy=error.remedy) from None


def _forms(element: Element) -> Iterator[Form]:
    """The real-valued forms of a quantity; text, complex numbers and the like yield none."""
    hybrid = element.find("si:hybrid", namespace.MAP)
    for child in element if hybrid is None else hybrid:
        qname = etree.QName(child)
        if qname.namespace != namespace.SI:
            continue
        if qname.localname in ("real", "realListXMLList", "constant"):
            yield _form(child)
        elif qname.localname in ("list", "realList") and child.find("si:real", namespace.MAP) is not None:
            yield _form_of_reals(child)


def _form(element: Element) -> Form:
    """`si:real` or `si:realListXMLList`."""
    parts = _parts(element)
    values = _numbers(parts.get("value"), "value")
    dsi = _unit(parts.get("unit"))
    form = _with_uncertainty(dsi, values, _uncertainty(parts, len(values)))
    matrix = element.find(f".//{{{namespace.SI}}}covarianceMatrixXMLList")
    if matrix is None:
        matrix = element.find(f".//{{{namespace.SI}}}covarianceMatrix")
    return form if matrix is None or not form.unit else _with_covariance(form, matrix)


def _with_covariance(form: Form, matrix: Element) -> Form:
    """A list whose values are correlated as a region of coverage states; U, where that is not given, from it."""
    columns = []
    for column in matrix:
        cells = [_parts(cell) for cell in column]
        for cell in cells:
            _require_square(_unit(cell.get("unit")), form.unit)
        columns.append(tuple(number for cell in cells for number in _numbers(cell.get("value"), "covariance")))
    n = len(form.values)
    if len(columns) != n or any(len(column) != n for column in columns):
        raise CertificateError(f"a covariance of {len(columns)} columns for {n} values")
    if any(not columns[i][i] >= 0 or columns[i][j] != columns[j][i] for i in range(n) for j in range(n)):
        raise CertificateError("a covariance that is not symmetric, or below zero on its diagonal")
    u = tuple(math.sqrt(columns[i][i]) for i in range(n))
    if form.U and not all(math.isclose(a, b, rel_tol=0.05) for a, b in zip(form.u, u, strict=True)):
        raise CertificateError("its expanded uncertainties are not those of its covariance")
    stated = form if form.U else replace(form, U=u, k=(1.0,) * n)
    return replace(stated, covariance=tuple(columns))


def _require_square(dsi: str, unit: str) -> None:
    try:
        if same(from_dsi(dsi), power(difference(unit), 2)):
            return
    except UnitError:
        pass
    raise CertificateError(f"a covariance in {dsi} of values in {unit}")


def _form_of_reals(element: Element) -> Form:
    """`si:realList` or, before D-SI 2, `si:list`: one `si:real` each, with a unit and uncertainty each or in common."""
    parts = _parts(element)
    each = [_parts(real) for real in element.iterfind("si:real", namespace.MAP)]
    values = tuple(value for real in each for value in _numbers(real.get("value"), "value"))
    units = {_unit(real.get("unit", parts.get("listUnit"))) for real in each}
    if len(units) != 1:
        raise CertificateError(f"several units in one list ({', '.join(sorted(units))})")
    own = [_uncertainty(real, 1) for real in each]
    if not any(own):
        return _with_uncertainty(units.pop(), values, _uncertainty(parts, len(values)))
    if not all(own):
        raise CertificateError("some values of a list have an uncertainty, others none")
    expanded, factors, coverage, distribution = zip(*(u for u in own if u), strict=True)
    joined = (tuple(e[0] for e in expanded), tuple(k[0] for k in factors), coverage[0], distribution[0])
    return _with_uncertainty(units.pop(), values, joined)


_Uncertainty = tuple[tuple[float, ...], tuple[float, ...], float | None, str]


def _with_uncertainty(dsi: str, values: tuple[float, ...], found: _Uncertainty | None) -> Form:
    try:
        unit = from_dsi(dsi)
    except UnitError:
        unit = ""
    return Form(unit, dsi, values, *(found or ()))


def _uncertainty(parts: dict[str, Element], n: int) -> _Uncertainty | None:
    """U, k, coverage probability and distribution of n values, None if there is no uncertainty."""
    for wrapper in _WRAPPERS:
        if wrapper in parts:
            parts = _parts(parts[wrapper])
    for kind, (value, factor) in _UNCERTAINTY.items():
        if kind not in parts:
            continue
        inner = _parts(parts[kind])
        if kind == "coverageIntervalMU" and value not in inner:  # D-SI 2.2.1 has the old child in its lists of reals
            value = "standardUnc"
        expanded = _broadcast(_numbers(inner.get(value), "uncertainty"), n, "uncertainties")
        k = _numbers(inner.get(factor), "coverage factor") if factor else (1.0,)
        if any(e < 0 for e in expanded) or any(factor <= 0 for factor in k):
            raise CertificateError("an uncertainty below zero or a coverage factor not above it")
        probability = inner.get("coverageProbability")
        coverage = None if probability is None else _numbers(probability, "coverage probability")[0]
        distribution = inner.get("distribution")
        words = "" if distribution is None else (distribution.text or "").split()[:1]
        return expanded, _broadcast(k, n, "coverage factors"), coverage, "".join(words)
    return None


def _parts(element: Element) -> dict[str, Element]:
    """The children by name, without the suffix of the list form."""
    return {etree.QName(child).localname.removesuffix("XMLList"): child for child in element}


def _numbers(element: Element | None, what: str) -> tuple[float, ...]:
    """The numbers of a list or of a single element, NaN allowed as in D-SI."""
    words = [] if element is None else (element.text or "").split()
    if not words:
        raise CertificateError(f"no {what}")
    for word in words:
        if word != "NaN" and not grammar.is_number(word):
            raise CertificateError(f"{word!r} is not a number", where=what)
    return tuple(map(float, words))


def _unit(element: Element | None) -> str:
    """The unit, in D-SI, common to all values."""
    found = set() if element is None else set((element.text or "").split())
    if len(found) != 1:
        raise CertificateError("no unit" if not found else f"several units in one list ({', '.join(sorted(found))})")
    return str(found.pop())


def _broadcast(found: tuple[float, ...], n: int, what: str) -> tuple[float, ...]:
    if len(found) not in (1, n):
        raise CertificateError(f"{len(found)} {what} for {n} values")
    return found * n if len(found) == 1 else found
