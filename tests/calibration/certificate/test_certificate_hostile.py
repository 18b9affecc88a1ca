"""Hostile text wherever a name can stand: refused with the reason, or carried unharmed into XML and PDF."""

from __future__ import annotations

import shutil
import subprocess
from collections.abc import Callable
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest
from hypothesis import HealthCheck, assume, example, given, settings
from hypothesis import strategies as st
from lxml import etree

from hil_calibration.certificate import to_pdf, to_xml
from hil_calibration.certificate.model import (
    Budget,
    Certificate,
    Condition,
    Equipment,
    Method,
    Person,
    Statement,
    Text,
)
from hil_calibration.certificate.namespace import MAP
from hil_calibration.errors import CertificateError

Place = Callable[[Certificate, str], Certificate]


def first_column(certificate: Certificate, name: str) -> Certificate:
    result = certificate.results[0]
    columns = (replace(result.columns[0], name=name), *result.columns[1:])
    return replace(certificate, results=(replace(result, columns=columns), *certificate.results[1:]))


PLACES: dict[str, Place] = {
    "identifier": lambda c, s: replace(c, identifier=s),
    "laboratory": lambda c, s: replace(c, laboratory=replace(c.laboratory, name=s)),
    "street": lambda c, s: replace(c, customer=replace(c.customer, street=s)),
    "mail": lambda c, s: replace(c, customer=replace(c.customer, email=s)),
    "accreditation": lambda c, s: replace(c, laboratory=replace(c.laboratory, accreditation=s)),
    "item": lambda c, s: replace(c, item=replace(c.item, description=s)),
    "condition": lambda c, s: replace(c, item=replace(c.item, condition=s)),
    "serial": lambda c, s: replace(c, item=replace(c.item, serial=s)),
    "customer's number": lambda c, s: replace(c, item=replace(c.item, customer_id=s)),
    "equipment": lambda c, s: replace(c, equipment=(Equipment(s, s, s, s),)),
    "method": lambda c, s: replace(c, methods=(*c.methods, Method(s, s, norm=s, reference=s))),
    "influence": lambda c, s: replace(c, conditions=(*c.conditions, Condition(s, "", "K", "1", "2"))),
    "result": lambda c, s: replace(
        c, results=(replace(c.results[0], name=s, description=s, status=""), *c.results[2:])
    ),
    "column": first_column,
    "statement": lambda c, s: replace(c, statements=(*c.statements, Statement(Text(s, s), name=s, norm=s))),
    "opinion": lambda c, s: replace(c, opinions=(Text(s, s),)),
    "customer's data": lambda c, s: replace(c, customer_data=(s,)),
    "person": lambda c, s: replace(c, persons=(Person(s, s, main_signer=True),)),
    "budget": lambda c, s: replace(c, budgets=(Budget(s, (s, s), ((s, s),)),)),
    "reason": lambda c, s: replace(c, amends=replace(c.amends, reason=s) if c.amends else None),
}
MARKUP = (
    "<b>&amp;</b> \"quoted\" 'so' ]]> <!-- --> <?pi?>",
    '#panic("x") #read("/etc/hostname") *bold* _it_ $x^2$ [c] `raw` \\ // @ref <label> = head',
    "שלום עולם",
    "Ελληνικά Привет ℧ µΩ ≤ ½",
    "{0} %s %(x)s ${HOME} {{ }}",
    "../../etc/passwd\u00a0C:\\",
)
REFUSED = (
    "",
    " ",
    "a\x00b",
    "a\x1bb",
    "a\nb",
    "a\tb",
    "a\x85b",
    "\u202e123\u202c",
    "a\u2066b",
    "\ud800",
    "\ufffe",
    " x",
)


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("words", MARKUP, ids=range(len(MARKUP)))
def test_markup_is_carried_unharmed_into_xml(full: Certificate, place: str, words: str) -> None:
    root = etree.fromstring(to_xml(PLACES[place](full, words)))
    assert any(words in (element.text or "") for element in root.iter())


@pytest.mark.parametrize("place", PLACES)
@pytest.mark.parametrize("words", REFUSED, ids=range(len(REFUSED)))
def test_what_no_document_may_hold_is_refused_by_name(full: Certificate, place: str, words: str) -> None:
    if not words and place in ("condition", "accreditation", "mail", "customer's number"):
        pytest.skip("may be absent")
    with pytest.raises(CertificateError, match=r"is empty|blanks at its ends or control characters"):
        PLACES[place](full, words)


@pytest.mark.parametrize("place", PLACES)
def test_ten_kilobytes_are_refused_as_a_name_and_carried_as_a_text(full: Certificate, place: str) -> None:
    long = "x" * 10_000
    if place in ("accreditation", "condition", "opinion", "reason"):
        assert long.encode() in to_xml(PLACES[place](full, long))
        return
    with pytest.raises(CertificateError, match="10000 characters"):
        PLACES[place](full, long)


@settings(deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(PLACES)), st.text(max_size=40))
@example("person", "\u0301combining")
@example("serial", "\ufeff1")
def test_any_text_is_refused_or_comes_back_from_the_xml(full: Certificate, place: str, words: str) -> None:
    try:
        made = PLACES[place](full, words)
    except CertificateError:
        assume(words.strip())
        return
    assume(words)
    root = etree.fromstring(to_xml(made))
    assert any(words in (element.text or "") for element in root.iter())


@pytest.mark.parametrize("words", MARKUP, ids=range(len(MARKUP)))
def test_markup_is_printed_as_it_is(full: Certificate, words: str, tmp_path: Path) -> None:
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not installed (Debian package poppler-utils)")
    made = replace(PLACES["item"](full, words), opinions=(Text(words, words),))
    path = tmp_path / "certificate.pdf"
    path.write_bytes(to_pdf(made, to_xml(made)))
    text = subprocess.run(["pdftotext", "-raw", str(path), "-"], capture_output=True, check=True).stdout.decode()
    assert set(words.split()) <= set(text.replace("\u202a", "").replace("\u202b", "").replace("\u202c", "").split()) | {
        word[::-1] for word in text.split()
    }


@settings(max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(st.sampled_from(sorted(PLACES)), st.text(min_size=1, max_size=60))
def test_any_text_makes_a_page_or_a_reason(full: Certificate, place: str, words: str) -> None:
    try:
        made = PLACES[place](full, words)
        pdf = to_pdf(made, to_xml(made))
    except CertificateError:
        return
    with pikepdf.open(BytesIO(pdf)) as document:
        assert len(document.pages) >= 3


def test_a_letter_that_no_font_has_is_named(full: Certificate) -> None:
    made = PLACES["person"](full, "\U0001f9ed\U000e0fff\uf8ff")
    with pytest.raises(CertificateError, match="no font has the characters") as caught:
        to_pdf(made, to_xml(made))
    assert caught.value.where == made.identifier


def test_a_name_is_never_an_attribute_nor_an_element(full: Certificate) -> None:
    words = '"/><dcc:evil xmlns:dcc="https://ptb.de/dcc"/>'
    root = etree.fromstring(to_xml(PLACES["person"](full, words)))
    assert root.find(".//dcc:evil", MAP) is None
