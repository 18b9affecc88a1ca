"""Rules on what results say of each other: the error of indication."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal

from .comparison import spread
from .finding import Fault
from .numbers import EXACT, half_unit
from .registry import rule
from .series import Series
from .subject import Quantity, Subject, Table

_Triple = tuple[Series, Series, Series]


@rule("measurement-error")
def measurement_error(subject: Subject) -> Iterator[Fault]:
    """An error of measurement is the indication minus the reference value, allowing for the rounding of each."""
    for table in subject.tables:
        yield from _table(table)


def _table(table: Table) -> Iterator[Fault]:
    references, indications, errors = (
        table.of_role(f"basic_{name}") for name in ("referenceValue", "measuredValue", "measurementError")
    )
    if len(references) not in (1, len(errors)) or len(indications) != len(errors):
        return
    for i, error in enumerate(errors):
        reference = references[min(i, len(references) - 1)]
        found = _first_fault(reference, indications[i], error)
        if found:
            yield Fault(error.element, found)


def _first_fault(reference: Quantity, indication: Quantity, error: Quantity) -> str:
    """The first error that does not follow in any of its forms, empty if all do or nothing can be said."""
    indications = {form.unit: form for form in reversed(indication.forms)}
    pairs = [(form, indications[form.unit]) for form in reference.forms if form.unit in indications]
    triples = [(*pair, err) for err in error.forms for pair in pairs if _comparable((*pair, err))]
    found = [_compared(triple) for triple in triples]
    return found[0] if found and all(found) else ""


def _comparable(triple: _Triple) -> bool:
    """Whether the error is in the unit of a difference of the values, or relative to the reference value."""
    ref, _, err = (form.scale() for form in triple)
    return ref is not None and err is not None and (not err.dimension or err.dimension == ref.dimension)


def _compared(triple: _Triple) -> str:
    """The first value that does not follow, empty if all do."""
    scales = [form.scale() for form in triple]
    ref, err = scales[0], scales[2]
    if ref is None or err is None:
        return ""
    relative = not err.dimension and bool(ref.dimension)
    for i in range(max(len(form.values.texts) for form in triple)):
        r, x, e = (spread(form, i) for form in triple)
        if r is None or x is None or e is None or (relative and r == 0):
            continue
        stated, own = EXACT.multiply(e, err.factor), EXACT.multiply(half_unit(e), err.factor)
        expected, room = EXACT.subtract(x, r), EXACT.add(half_unit(x), half_unit(r))
        if relative:
            expected, room = EXACT.divide(expected, r), EXACT.divide(room * (1 + abs(stated)), abs(r))
        else:
            expected, room = EXACT.multiply(expected, ref.factor), EXACT.multiply(room, ref.factor)
        if abs(expected - stated) > room + own + EXACT.multiply(abs(expected), Decimal("1E-12")):
            told = f"({x} − {r}) / {r}" if relative else f"{x} − {r}"
            return f"error {i + 1} is {e} {triple[2].unit}, but {told} is not, in {triple[0].unit}"
    return ""
