from __future__ import annotations

from collections.abc import Callable
from dataclasses import replace

import pytest

from hil_calibration.certificate.model import Budget, Certificate, Column, Condition, Equipment, Reference, Software
from hil_calibration.errors import CertificateError


def column(**changes: object) -> Column:
    values = {"name": "E", "ref_type": "", "unit": "lx", "values": ("1.0", "2.0"), "U": ("0.1", "0.1")}
    return Column(**{**values, **changes})  # type: ignore[arg-type]


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"U": ("0.1",)}, "1 uncertainties, 2 expected"),
        ({"values": ("1.0", "NaN")}, "'NaN' is not a decimal number"),
        ({"values": ("1.0", "1e999")}, "is not a decimal number"),
        ({"values": ("1.0", "1,5")}, "'1,5' is not a decimal number"),
        ({"values": ()}, "no values"),
        ({"U": ("0.1", "-0.1")}, "is not an expanded uncertainty"),
        ({"U": ("0.1", "0.0")}, "give U > 0"),
        ({"k": "0.5"}, "'0.5' is not a coverage factor"),
        ({"k": "2 2 2"}, "3 coverage factors, 2 expected"),
        ({"coverage": "95"}, "not a coverage probability"),
        ({"ref_type": "basic_referenceStandard"}, "unknown refType"),
        ({"unit": "Cel", "ref_type": "basic_measurementError"}, "give it in K"),
        ({"unit": ""}, "unit of column 'E' is empty"),
    ],
)
def test_a_column_that_no_certificate_may_hold_is_refused(changes: dict[str, object], message: str) -> None:
    with pytest.raises(CertificateError, match=message):
        column(**changes)


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda c: replace(c, identifier="2026-0007"), "begin it with SIM-"),
        (lambda c: replace(c, simulated=False), "do not begin it with SIM-"),
        (lambda c: replace(c, identifier="2026-0007", simulated=False, replayed=True), "begin it with REC-"),
        (lambda c: replace(c, identifier="REC-0007", simulated=False), "do not begin it with REC-"),
        (lambda c: replace(c, replayed=True), "at once"),
        (lambda c: replace(c, begin="2026-03-11"), "the begin .* is after the end"),
        (lambda c: replace(c, issued="2026-03-09"), "the end .* is after the issue date"),
        (lambda c: replace(c, issued="12.3.2026"), "write YYYY-MM-DD"),
        (lambda c: replace(c, persons=c.persons[1:]), "nobody signs"),
        (lambda c: replace(c, methods=()), "no methods"),
        (lambda c: replace(c, conditions=()), "no conditions"),
        (lambda c: replace(c, statements=()), "no statements"),
        (lambda c: replace(c, equipment=()), "no equipment"),
        (lambda c: replace(c, chain_head="abc"), "not a head of the record's hash chain"),
        (lambda c: replace(c, place="customer"), "place of the calibration is not described"),
        (lambda c: replace(c, item=replace(c.item, serial=" ")), "serial is empty"),
        (lambda c: replace(c, item=replace(c.item, model="a\x00")), "control characters"),
        (lambda c: replace(c, laboratory=replace(c.laboratory, country="France")), "not a country code"),
        (lambda c: replace(c, results=(replace(c.results[0], columns=()),)), "a result without columns"),
    ],
)
def test_a_certificate_that_must_not_be_issued_is_refused(
    simulated: Certificate, change: Callable[[Certificate], Certificate], message: str
) -> None:
    with pytest.raises(CertificateError, match=message):
        change(simulated)


def test_columns_of_different_length_are_refused(simulated: Certificate) -> None:
    result = simulated.results[0]
    with pytest.raises(CertificateError, match="2 rows in column 'E', 3 expected"):
        replace(result, columns=(*result.columns, column()))


def test_smaller_parts_are_checked_too() -> None:
    with pytest.raises(CertificateError, match="not a release"):
        Software("hil", "1.0")
    with pytest.raises(CertificateError, match="not a SHA-256"):
        Equipment("lamp", "maker", "model", "1", Reference("C-1", "0" * 63))
    with pytest.raises(CertificateError, match="the minimum is above the maximum"):
        Condition("T", "basic_temperature", "Cel", "24", "22")
    with pytest.raises(CertificateError, match="write – where nothing stands"):
        Budget("B", ("a", "b"), (("1", ""),))
