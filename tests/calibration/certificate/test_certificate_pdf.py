from __future__ import annotations

import re
import shutil
import subprocess
from collections.abc import Mapping
from dataclasses import replace
from io import BytesIO
from pathlib import Path

import pikepdf
import pytest

from hil_calibration.certificate import to_pdf, to_xml
from hil_calibration.certificate.model import Certificate, Text
from hil_calibration.certificate.pdf import printed
from hil_calibration.errors import CertificateError


def pages(pdf: bytes, tmp_path: Path) -> list[str]:
    """The text of each page, in the order of the content."""
    if not shutil.which("pdftotext"):
        pytest.skip("pdftotext is not installed (Debian package poppler-utils)")
    path = tmp_path / "certificate.pdf"
    path.write_bytes(pdf)
    done = subprocess.run(["pdftotext", "-raw", str(path), "-"], capture_output=True, check=True)
    return done.stdout.decode().split("\f")[:-1]


@pytest.fixture(scope="module")
def xml(simulated: Certificate) -> bytes:
    return to_xml(simulated)


@pytest.fixture(scope="module")
def pdf(simulated: Certificate, xml: bytes) -> bytes:
    return to_pdf(simulated, xml)


def test_the_xml_is_attached_as_the_source(pdf: bytes, xml: bytes) -> None:
    with pikepdf.open(BytesIO(pdf)) as document:
        assert list(document.attachments) == ["certificate.xml"]
        attachment = document.attachments["certificate.xml"]
        assert attachment.get_file().read_bytes() == xml
        assert attachment.relationship == pikepdf.Name.Source
        assert attachment.get_file().mime_type == "application/xml"


def test_it_claims_to_be_pdf_a_3b(pdf: bytes) -> None:
    with pikepdf.open(BytesIO(pdf)) as document, document.open_metadata() as metadata:
        assert metadata.pdfa_status == "3B"
        assert "SIM-2026-0007" in str(metadata["dc:title"])


def test_the_same_certificate_gives_the_same_bytes(simulated: Certificate, pdf: bytes, xml: bytes) -> None:
    assert to_pdf(simulated, xml) == pdf


def test_every_number_is_printed_as_given(simulated: Certificate, pdf: bytes, tmp_path: Path) -> None:
    words = "\n".join(pages(pdf, tmp_path)).split()
    for column in simulated.results[0].columns:
        for number in (*column.values, *column.U):
            assert printed(number) in words
    assert printed("-0.0123456789") in words
    assert "-1.20" not in words


def test_numbers_stand_in_their_rows(samples: Mapping[str, Certificate], tmp_path: Path) -> None:
    certificate = samples["reference-luxmeter.xml"]
    text = "\n".join(pages(to_pdf(certificate, to_xml(certificate)), tmp_path))
    columns = certificate.results[0].columns
    for i, reference in enumerate(columns[0].values):
        row = [reference, columns[1].values[i], printed(columns[2].values[i]), columns[2].U[i]]
        assert re.search(r"\s+".join(map(re.escape, row)), text)


def test_each_page_names_the_certificate_and_its_number(pdf: bytes, tmp_path: Path) -> None:
    found = pages(pdf, tmp_path)
    for number, text in enumerate(found, start=1):
        assert "SIM-2026-0007" in text
        assert f"Page {number} of {len(found)}" in text
    assert "End of the certificate SIM-2026-0007" in found[-1]


def test_each_page_says_simulated_in_its_header_and_across(
    simulated: Certificate, samples: Mapping[str, Certificate], pdf: bytes, tmp_path: Path
) -> None:
    for text in pages(pdf, tmp_path):
        assert "SIMULATED" in text.splitlines()[0]
        assert text.split()[-9:] == list("SIMULATED")
    measured = samples["reference-luxmeter.xml"]
    assert "SIMULATED" not in "".join(pages(to_pdf(measured, to_xml(measured)), tmp_path))


def test_the_hashes_are_printed(simulated: Certificate, pdf: bytes, tmp_path: Path) -> None:
    last = pages(pdf, tmp_path)[-1]
    assert simulated.chain_head in last


def test_content_is_never_markup(simulated: Certificate, tmp_path: Path) -> None:
    nasty = Text('#panic("x") *a* $b$ [c] \\ // <d> @e', "#read(\"/etc/hostname\") 'f' `g`")
    certificate = replace(simulated, item=replace(simulated.item, description=nasty))
    text = " ".join(" ".join(pages(to_pdf(certificate, to_xml(certificate)), tmp_path)).split())
    assert '#panic("x") *a* $b$ [c]' in text


def test_a_hundred_points_run_over_pages_with_their_header(simulated: Certificate, tmp_path: Path) -> None:
    result = simulated.results[0]
    columns = tuple(replace(column, values=column.values * 34, U=column.U * 34) for column in result.columns)
    certificate = replace(simulated, results=(replace(result, columns=columns),))
    found = pages(to_pdf(certificate, to_xml(certificate)), tmp_path)
    assert sum("Reference value" in text for text in found) >= 3


def test_xml_that_is_no_text_is_an_error(simulated: Certificate) -> None:
    with pytest.raises(CertificateError, match="the PDF cannot be made"):
        to_pdf(simulated, b"\xff")


@pytest.mark.parametrize(
    ("number", "expected"), [("-0.10", "−0.10"), ("1.5e-06", "1.5 × 10⁻⁶"), ("2E+3", "2 × 10³"), ("-3e12", "−3 × 10¹²")]
)
def test_numbers_as_printed(number: str, expected: str) -> None:
    assert printed(number) == expected
