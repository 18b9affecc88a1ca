"""``hil certificate``: certificates and test reports, from draft to issue, and the checks of anybody's."""

from __future__ import annotations

import click

from .group import LazyGroup

COMMANDS: dict[str, tuple[str, str]] = {
    "export": ("certificate_issue:export", "Draft the certificate or test report of a sealed run."),
    "review": ("certificate_issue:review", "Put on record that a person has reviewed a draft."),
    "authorise": ("certificate_issue:authorise", "Sign a reviewed draft and issue it."),
    "amend": ("certificate_issue:amend", "Draft a new document that replaces one that was issued."),
    "check": ("certificate_check:check", "What is to be said of anybody's calibration certificate (DCC)."),
    "verify": ("certificate_verify:verify", "Whether a document holds: signatures, XML and PDF, register, record."),
    "reproduce": ("certificate_verify:reproduce", "Make a document again from the record, and compare every string."),
    "keys": ("certificate_keys:keys", "Make a test authority and keys to sign demonstrations with."),
    "list": ("certificate_issue:list_documents", "The documents of runs: drafts, and what was issued."),
}


@click.group(cls=LazyGroup, lazy=COMMANDS)
def certificate() -> None:
    """Certificates and test reports: draft, review, authorise, check, verify, reproduce, amend.

    DOCUMENT is the identifier of a document, its run, a file of it, or "last".
    """
