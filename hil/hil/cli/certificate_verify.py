"""``hil certificate verify|reproduce``: whether a document holds, and whether the record gives it again."""

from __future__ import annotations

from pathlib import Path

import click

from ..errors import VERIFICATION, UsageError
from .options import as_json, out
from .output import printable, show_json, show_table


@click.command(short_help="Whether a document holds: signatures, XML and PDF, register, record.")
@click.argument("file", type=click.Path(path_type=Path))
@click.option(
    "--trusted",
    multiple=True,
    type=click.Path(dir_okay=False, path_type=Path),
    help="A root certificate that is to vouch for the signer (PEM or DER); repeatable.",
)
@click.option(
    "--key",
    type=click.Path(dir_okay=False, path_type=Path),
    help="The laboratory's public key, with which the seal must be signed.",
)
@out
@as_json
def verify(file: Path, trusted: tuple[Path, ...], key: Path | None, out: Path, as_json: bool) -> int:
    """Verify FILE: the XML or PDF of a certificate, or the PDF of a report; certificate.xml and .pdf go together.

    Where the register in --out has the document, its run is verified too: certificate, manifest, record. Of a file that
    was altered, each place that the record contradicts is named. The exit code is 6 where something does not hold.
    """
    from ..documents.verification import verify_document

    public = None
    if key is not None:
        from ..sealing.keys import load_public

        public = load_public(key)
    found = verify_document(file, out, trusted=[_root(path) for path in trusted], key=public)
    if as_json:
        show_json(found.to_json())
        return 0 if found.holds else VERIFICATION
    for line in found.checked:
        click.echo(printable(f"checked {line}"))
    for note in found.notes:
        click.echo(printable(note))
    for finding in found.findings:
        click.echo(printable(f"{finding.place}: {finding.message}"))
    click.echo(f"{found.identifier} {'holds' if found.holds else 'does NOT hold'}")
    return 0 if found.holds else VERIFICATION


def _root(path: Path) -> bytes:
    """The file of a root certificate.

    :raises UsageError: it holds none.
    """
    from hil_calibration.certificate.signing.trust import roots
    from hil_calibration.errors import CertificateError

    data = path.read_bytes()
    try:
        roots([data])
    except CertificateError:
        held = "holds a key and no certificate" if b"KEY-----" in data else "holds no certificate that can be read"
        remedy = "give the root certificate of the authority that vouches for the signer (PEM or DER)"
        raise UsageError(held, where=str(path), remedy=remedy) from None
    return data


@click.command(short_help="Make a document again from the record, and compare every string.")
@click.argument("document")
@out
@as_json
def reproduce(document: str, out: Path, as_json: bool) -> int:
    """Make DOCUMENT again from the record of its run, and compare it with its files: every text, number and page.

    Nothing is written. Results, uncertainties and verdicts are computed anew from the raw record and compared as
    strings. The exit code is 6 where something differs.
    """
    from ..documents.listing import find_document
    from ..documents.reproduction import reproduce as reproduce_document

    found = reproduce_document(*find_document(document, out))
    if as_json:
        show_json(found.to_json())
        return 0 if found.agrees else VERIFICATION
    if found.differences:
        rows = [[one.place, one.stated, one.found] for one in found.differences]
        show_table(["place", "in the document", "from the record"], [[printable(c) for c in row] for row in rows])
    pages = "the PDF byte by byte" if found.pdf else "not the PDF"
    click.echo(f"compared {found.numbers} numbers and {found.texts} texts as strings, {pages}")
    click.echo(f"{found.identifier} {'is reproduced' if found.agrees else 'is NOT reproduced'}")
    return 0 if found.agrees else VERIFICATION
