"""What a signature that holds shows about a document, and what it does not."""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

from ...errors import SignatureFault
from .certificates import as_utc, common_name, stamp, validity_fault
from .trust import Signer


@dataclass(frozen=True)
class Signed:
    """A document whose signature holds.

    :param name: who signed, as the certificate says.
    :param issuer: who issued the certificate.
    :param time: when, as the signer claims: ISO 8601 in UTC, empty if nothing is claimed.
    :param test: whether the key is one of a test authority.
    :param trusted: whether a root that was given vouches for the name.
    :param content: only what was signed, without the signature: canonical XML, or what is attached to a PDF.
    :param told: what this shows, and what it does not, in sentences.
    """

    name: str
    issuer: str
    time: str
    test: bool
    trusted: bool
    content: bytes = field(repr=False)
    told: tuple[str, ...] = field(repr=False)


def signed_by(signer: Signer, content: bytes, claimed: datetime | None, *, covers: str) -> Signed:
    """What is known of a document after its signature and its signer have been checked.

    :param covers: what the signature covers, as a sentence.
    :raises SignatureFault: it claims a time at which the signer's certificate was not valid.
    """
    if claimed and (fault := validity_fault(signer.way[0], as_utc(claimed))):
        raise SignatureFault(f"it claims to be signed at {stamp(as_utc(claimed))}, but {fault}")
    time = stamp(as_utc(claimed)) if claimed else ""
    return Signed(
        signer.name, signer.issuer, time, signer.test, signer.trusted, content, (covers, *_told(signer, time))
    )


def _told(signer: Signer, time: str) -> list[str]:
    root = common_name(signer.way[-1].subject)
    told = []
    if signer.trusted:
        told.append(f"{root!r}, which you trust, vouches that the key is that of {signer.name!r}.")
    else:
        told.append(
            f"Nothing vouches for the name {signer.name!r}: the document's own root, {root!r}, was taken. "
            "Whoever changes a document can sign it so anew."
        )
    if signer.test:
        told.append("The key is one of a test authority, which anybody can make: it is good for demonstrations only.")
    told.append(
        f"The time of signing, {time}, is the signer's claim: no time stamp shows it."
        if time
        else "No time of signing is claimed."
    )
    told.append(f"The certificates were judged at {stamp(signer.at)}; whether one was revoked was not asked.")
    told.append("That the content is right is not shown by a signature.")
    return told
