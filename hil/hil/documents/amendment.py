"""A document that replaces one that was issued (ISO/IEC 17025:2017, 7.8.8): the original stays as it is."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import TYPE_CHECKING

from ..errors import UsageError, VerificationFailed
from ..record.folder import sha256_of
from ..sealing.steps import FINAL, place
from .details import DETAILS, Amends, read_details
from .lifecycle import Document, Wishes, draft, main_file, template_in
from .register import Register

if TYPE_CHECKING:
    from ..bench.laboratory import Laboratory
    from ..sealing.keys import PrivateKey


def amend(
    folder: Path,
    identifier: str,
    reason: str,
    laboratory: Laboratory,
    changes: Mapping[str, str],
    *,
    template: Path | None = None,
    key: PrivateKey | None = None,
) -> Document:
    """Draft the document that replaces another.

    :param changes: values of :class:`Wishes` that are not as in the original.
    :raises UsageError: it was not issued, was amended already, or no reason is given.
    :raises VerificationFailed: its file is not the one that was issued.
    """
    if not reason.strip():
        raise UsageError("no reason is given", where=identifier, remedy="say why with --why")
    register = Register(folder.parent)
    entry = register.entry(identifier)
    if entry is None:
        raise UsageError("it was not issued", where=identifier, remedy="make its draft anew instead")
    if later := register.amended_by(identifier):
        raise UsageError(f"it was amended by {later.identifier}", where=identifier, remedy=f"amend {later.identifier}")
    home = place(folder, identifier, FINAL)
    file = main_file(home)
    sha256 = sha256_of(file)
    if entry.files.get(file.name) != sha256:
        raise VerificationFailed("is not the file that was issued", where=str(file), remedy="put it back from a backup")
    original = read_details(home / DETAILS)
    kept = {name: getattr(original, name) for name in Wishes.__dataclass_fields__}
    amends = Amends(identifier=identifier, sha256=sha256, reason=reason.strip())
    wishes = Wishes(**{**kept, **changes})
    kept_template = template or template_in(home)
    return draft(folder, laboratory, wishes, template=kept_template, amends=amends, compares=original.compares, key=key)
