"""``hil certificate export|review|authorise|amend|list``: documents from draft to issue."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from ..errors import UsageError
from .data import find_run
from .data_seal import key_file, key_of_bench, signing_key
from .day import DAY
from .options import as_json, out, run_argument
from .output import show_json, show_table

if TYPE_CHECKING:
    from ..bench.laboratory import Laboratory
    from ..documents.lifecycle import Document

document_argument = click.argument("document")
person = click.option("--person", required=True, help="By name, as in the laboratory file.")
laboratory_file = click.option(
    "--laboratory",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A laboratory file that holds instead of the one on the run's record.",
)


@click.command(short_help="Draft the certificate or test report of a sealed run.")
@run_argument
@laboratory_file
@click.option("--condition", default="", help="The item's condition at receipt.")
@click.option("--received", type=DAY, help="The day of receipt, where it matters: 2026-06-01.")
@click.option("--deviations", default="none", show_default=True, help="Deviations from the method.")
@click.option("--recalibration", type=DAY, help="A date of recalibration, only if the customer asked for it.")
@key_file
@key_of_bench
@out
@as_json
def export(
    run: str,
    laboratory: Path | None,
    condition: str,
    received: Any,
    deviations: str,
    recalibration: Any,
    key: Path | None,
    bench: str | None,
    out: Path,
    as_json: bool,
) -> None:
    """Draft the document of RUN, which is sealed: a certificate of a calibration, a test report of a trial.

    Everything measured comes from the record, analysed again. The draft says DRAFT on each page; it is reviewed and
    authorised by `hil certificate review` and `authorise`. A draft may be made anew until it is authorised.
    """
    from ..documents.lifecycle import Wishes, draft
    from ..documents.listing import is_calibration

    private = signing_key(key, bench)
    folder = find_run(run, out)
    wishes = Wishes(condition, _day(received), deviations, _day(recalibration))
    details = laboratory_for(folder, laboratory)
    template = template_for(details, laboratory, certificate=is_calibration(folder))
    made = draft(folder, details, wishes, template=template, key=private)
    _show(made, as_json, "drafted; next: hil certificate review")


@click.command(short_help="Put on record that a person has reviewed a draft.")
@document_argument
@person
@click.option("--remark", default="content, numbers and statements", show_default=True, help="What was looked at.")
@laboratory_file
@key_file
@key_of_bench
@out
@as_json
def review(
    document: str,
    person: str,
    remark: str,
    laboratory: Path | None,
    key: Path | None,
    bench: str | None,
    out: Path,
    as_json: bool,
) -> None:
    """Put on record that --person has reviewed the draft DOCUMENT: its identifier, its run, or "last".

    The person needs the role "reviewer" and is not the operator of the run. A draft with errors of content is refused.
    """
    from ..documents.lifecycle import review as review_draft

    private = signing_key(key, bench)
    folder, identifier = _find(document, out)
    made = review_draft(folder, identifier, person, laboratory_for(folder, laboratory), remark=remark, key=private)
    _show(made, as_json, f"reviewed by {person}; next: hil certificate authorise")


@click.command(short_help="Sign a reviewed draft and issue it.")
@document_argument
@person
@click.option(
    "--signer",
    type=click.Path(dir_okay=False, path_type=Path),
    required=True,
    help="The person's key and certificates: a PEM file of mode 0600, or a PKCS #12 file.",
)
@click.option(
    "--pass-file",
    type=click.Path(dir_okay=False, path_type=Path),
    help="A file that holds the pass phrase of the PKCS #12 file; or the environment's HIL_PASS_PHRASE.",
)
@laboratory_file
@key_file
@key_of_bench
@out
@as_json
def authorise(
    document: str,
    person: str,
    signer: Path,
    pass_file: Path | None,
    laboratory: Path | None,
    key: Path | None,
    bench: str | None,
    out: Path,
    as_json: bool,
) -> None:
    """Issue the reviewed draft DOCUMENT: XML and PDF are signed as final, and entered into the register.

    The person needs the role "authoriser", and the signer's certificate bears the person's name. Simulated values are
    signed with a key of a test authority only, measured ones never with such a key.
    """
    from hil_calibration.certificate.signing import load_identity

    from ..documents.lifecycle import authorise as authorise_draft

    private = signing_key(key, bench)
    folder, identifier = _find(document, out)
    identity = load_identity(signer, pass_file=pass_file)
    made = authorise_draft(folder, identifier, person, laboratory_for(folder, laboratory), identity, key=private)
    _show(made, as_json, f"authorised by {person}, signed and entered into the register")


@click.command(short_help="Draft a new document that replaces one that was issued.")
@document_argument
@click.option("--why", required=True, help="The reason, which the new document states.")
@laboratory_file
@click.option("--condition", help="The item's condition at receipt.")
@click.option("--received", type=DAY, help="The day of receipt.")
@click.option("--deviations", help="Deviations from the method.")
@key_file
@key_of_bench
@out
@as_json
def amend(
    document: str,
    why: str,
    laboratory: Path | None,
    condition: str | None,
    received: Any,
    deviations: str | None,
    key: Path | None,
    bench: str | None,
    out: Path,
    as_json: bool,
) -> None:
    """Draft what replaces DOCUMENT, which was issued and stays as it is.

    The new document has an identifier of its own, and names the original, its SHA-256 and the reason. What is not given
    is as in the original. It is reviewed and authorised like any other.
    """
    from ..documents.amendment import amend as amend_document
    from ..documents.listing import is_certificate

    private = signing_key(key, bench)
    folder, identifier = _find(document, out)
    changes = {"condition": condition, "received": _day(received) or None, "deviations": deviations}
    given = {name: value for name, value in changes.items() if value is not None}
    details = laboratory_for(folder, laboratory)
    of_kind = is_certificate(folder, identifier)
    template = None if laboratory is None else template_for(details, laboratory, certificate=of_kind)
    made = amend_document(folder, identifier, why, details, given, template=template, key=private)
    _show(made, as_json, f"drafted, to replace {identifier}; next: hil certificate review")


@click.command("list", short_help="The documents of runs: drafts, and what was issued.")
@out
@as_json
def list_documents(out: Path, as_json: bool) -> None:
    """The documents of the runs in a folder, and how far they are."""
    from ..documents.listing import listed

    found = listed(out)
    if as_json:
        show_json({"documents": found})
        return
    keys = ["identifier", "kind", "state", "by", "when", "amended by", "run"]
    show_table(keys, [[row[key] for key in keys] for row in found], below=["run", "amended by"])


def _find(document: str, runs: Path) -> tuple[Path, str]:
    """The run's folder and the identifier of a document: given as identifier, run, file, or ``last``."""
    from ..documents.listing import find_document

    return find_document(document, runs)


def laboratory_for(folder: Path, file: Path | None) -> Laboratory:
    """The laboratory as its file says, or as it said when the run began."""
    from ..bench.laboratory import load_laboratory
    from ..documents.source import laboratory_of
    from ..record import open_run

    return laboratory_of(open_run(folder)) if file is None else load_laboratory(file)


def template_for(laboratory: Laboratory, file: Path | None, *, certificate: bool) -> Path | None:
    """The laboratory's own template for a certificate, or for a report.

    :raises UsageError: the laboratory file on record names one, whose folder is not known.
    """
    reporting = laboratory.reporting
    named = reporting.template if certificate else reporting.report_template
    if named is None:
        return None
    if file is None:
        raise UsageError(f"the laboratory has a template of its own, {named}", remedy="name its file with --laboratory")
    return file.parent / named


def _day(value: Any) -> str:
    return "" if value is None else f"{value:%Y-%m-%d}"


def described(document: Document) -> dict[str, Any]:
    """A document for programs."""
    files = [str(path) for path in document.paths]
    return {"identifier": document.details.identifier, "kind": document.details.kind, "files": files}


def show_document(document: Document, told: str) -> None:
    """The files of a document, and what became of it."""
    for path in document.paths:
        click.echo(path)
    click.echo(f"{document.details.identifier} {told}")


def _show(document: Document, as_json: bool, told: str) -> None:
    if as_json:
        show_json(described(document))
    else:
        show_document(document, told)
