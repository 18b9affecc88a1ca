"""Checks of a certificate's file: XML, or the PDF that the XML is attached to."""

from __future__ import annotations

import os
from pathlib import Path

from .errors import UsageError

_PDF = b"%PDF-"


def certificate_bytes(path: Path) -> bytes:
    """The XML of a certificate: that of the file, or that attached to it where it is a PDF.

    :raises UsageError: it cannot be read, is too large, or is a PDF without an XML.
    """
    from hil_calibration.certificate.parsing import MAX_BYTES
    from hil_calibration.errors import CertificateError

    try:
        with path.open("rb") as file:
            data = file.read(MAX_BYTES + 1)
    except OSError as error:
        raise UsageError(
            f"cannot be read ({error.strerror})", where=str(path), remedy="give a certificate's file"
        ) from None
    if len(data) > MAX_BYTES:
        raise UsageError(f"is larger than {MAX_BYTES // 1024**2} MiB", where=str(path))
    if not data.startswith(_PDF):
        return data
    from hil_calibration.certificate.signing.pades import read_attached

    try:
        return read_attached(data)
    except CertificateError as error:
        raise UsageError(error.what, where=str(path), remedy=error.remedy or "give the XML itself") from None


def schema_directory(given: Path | None) -> Path | None:
    """The directory of DCC schemas: the one given, else the user's own, None where there is none.

    The user's own is ``hil/dcc`` in the user's data (``XDG_DATA_HOME``).

    :raises UsageError: the directory that is named holds no schema of the DCC.
    """
    if given is None:
        data = Path(os.environ.get("XDG_DATA_HOME") or Path.home() / ".local" / "share")
        return data / "hil" / "dcc" if _holds_schemas(data / "hil" / "dcc") else None
    if not _holds_schemas(given):
        raise UsageError("holds no schema of the DCC", where=str(given), remedy="give a folder with dcc/v3.3.0/dcc.xsd")
    return given


def _holds_schemas(folder: Path) -> bool:
    return next(folder.glob("dcc/v*/dcc.xsd"), None) is not None
