"""Makes the files of a document from a run's record and its details: the same bytes for the same content, unsigned."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from ..outcome import CalibrationOutcome
from .certificates import certificate_of, drawn
from .reports import report_of
from .source import Source

if TYPE_CHECKING:
    from hil_calibration.certificate.signing import Identity

    from .details import Details

CERTIFICATE, CERTIFICATE_PDF, REPORT_PDF = "certificate.xml", "certificate.pdf", "report.pdf"


@dataclass(frozen=True)
class Made:
    """The content of a document, not yet signed."""

    xml: bytes | None
    source: Source
    details: Details

    def pdf(self, xml: bytes | None) -> bytes:
        """The PDF, unsigned, with ``xml`` attached where there is one."""
        outcome = self.source.outcome
        if xml is not None and isinstance(outcome, CalibrationOutcome):
            return drawn(self.source, outcome, self.details, xml)
        return report_of(self.source, self.details)

    def files(self, identity: Identity | None) -> dict[str, bytes]:
        """The files by name, signed if there is a key: the XML first, then the PDF that it is attached to."""
        name = REPORT_PDF if self.xml is None else CERTIFICATE_PDF
        if identity is None:
            return {**({} if self.xml is None else {CERTIFICATE: self.xml}), name: self.pdf(self.xml)}
        from hil_calibration.certificate.signing import sign_pdf, sign_xml

        xml = None if self.xml is None else sign_xml(self.xml, identity)
        pdf = sign_pdf(self.pdf(xml), identity)
        return {**({} if xml is None else {CERTIFICATE: xml}), name: pdf}


def make(source: Source, details: Details) -> Made:
    """The document of a run as ``details`` have it.

    :raises CertificateError: its content makes no valid document.
    """
    outcome = source.outcome
    if not isinstance(outcome, CalibrationOutcome):
        return Made(None, source, details)
    from hil_calibration.certificate.writer import to_xml

    return Made(to_xml(certificate_of(source, outcome, details)), source, details)
