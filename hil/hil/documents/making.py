"""Makes the files of a document from a run's record and its details: the same bytes for the same content, unsigned."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from ..outcome import CalibrationOutcome
from .source import Source, register_of

if TYPE_CHECKING:
    from hil_calibration.certificate.model import Certificate
    from hil_calibration.certificate.signing import Identity

    from .details import Details

CERTIFICATE, CERTIFICATE_PDF, REPORT_PDF = "certificate.xml", "certificate.pdf", "report.pdf"
TEMPLATE = "template.typ"


@dataclass(frozen=True)
class Made:
    """The content of a document, not yet signed: of a calibration the certificate and its XML."""

    source: Source
    details: Details
    certificate: Certificate | None = None
    xml: bytes = b""
    template: Path | None = None

    def pdf(self, xml: bytes) -> bytes:
        """The PDF, unsigned; ``xml`` is attached to a certificate, signed or not."""
        if self.certificate is None:
            from .reports import report_of

            return report_of(self.source, self.details, self.template)
        from hil_calibration.certificate.pdf import to_pdf

        return to_pdf(self.certificate, xml, template=self.template)

    def files(self, identity: Identity | None = None) -> dict[str, bytes]:
        """The files by name, signed if there is a key: the XML first, then the PDF that it is attached to."""
        xml, name = self.xml, CERTIFICATE_PDF if self.certificate else REPORT_PDF
        if identity is None:
            pdf = self.pdf(xml)
        else:
            from hil_calibration.certificate.signing import sign_pdf, sign_xml

            xml = sign_xml(xml, identity) if self.certificate else xml
            pdf = sign_pdf(self.pdf(xml), identity)
        return {**({CERTIFICATE: xml} if self.certificate else {}), name: pdf}


def make(source: Source, details: Details, template: Path | None = None) -> Made:
    """The document of a run as ``details`` have it.

    :param template: the laboratory's own, a typst file.
    :raises UsageError: a U is below the laboratory's capability.
    :raises CertificateError: its content makes no valid document.
    """
    outcome = source.outcome
    if details.compares is not None:
        from hil_calibration.certificate.writer import to_xml

        from .equivalence import certificate_of_equivalence

        equivalence = certificate_of_equivalence(source, details, details.compares)
        return Made(source, details, equivalence, to_xml(equivalence), template)
    if not isinstance(outcome, CalibrationOutcome):
        return Made(source, details, template=template)
    from hil_calibration.certificate.writer import to_xml

    from .certificates import certificate_of

    certificate = certificate_of(source.record, outcome, details, register_of(source.record))
    return Made(source, details, certificate, to_xml(certificate), template)
