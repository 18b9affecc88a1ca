"""What is refused before a document goes on: a key that is not for it, and a draft with errors of content."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError, VerificationFailed
from .making import CERTIFICATE

if TYPE_CHECKING:
    from hil_calibration.certificate.signing import Identity


def require_key(identity: Identity, person: str, *, simulated: bool) -> None:
    """Refuse a key that is not for this document.

    :raises UsageError: a test key for measured values, another than a test key for others, or somebody else's.
    """
    if simulated and not identity.test:
        raise UsageError(
            "simulated values are signed with a key of a test authority only",
            where=identity.name,
            remedy="make one with `hil certificate keys`",
        )
    if not simulated and identity.test:
        raise UsageError(
            "a key of a test authority signs no measured values", where=identity.name, remedy="use the laboratory's key"
        )
    if identity.name != person:
        raise UsageError(f"the key is that of {identity.name}, not of {person}", remedy=f"use the key of {person}")


def refuse_findings(home: Path) -> None:
    """Refuse a certificate with errors of content, whose files are in ``home``.

    :raises VerificationFailed: naming the first of them.
    """
    from hil_calibration.certificate.lint import check

    path = home / CERTIFICATE
    if not path.is_file():
        return
    errors = [finding for finding in check(path.read_bytes()) if finding.severity == "error"]
    if errors:
        first = errors[0]
        raise VerificationFailed(
            f"{len(errors)} findings; {first.rule}: {first.message} ({first.place})",
            where=str(path),
            remedy="see `hil certificate check`",
        )
