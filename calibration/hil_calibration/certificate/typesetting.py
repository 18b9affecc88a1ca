"""Documents set by typst: PDF/A-3b, the same bytes for the same content, from the shipped templates or the user's own.

A template sees the document's data, as JSON in `sys.inputs.data`, and the shipped templates, which it may import; it
reads no file of the machine and no package. Text of a document is never markup.
"""

from __future__ import annotations

import json
import re
from collections.abc import Mapping
from datetime import UTC, date, datetime, time
from importlib.resources import files
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Any

from ..errors import CertificateError

SHIPPED = ("common.typ", "cert.typ", "report.typ")
_MAIN = "main.typ"
_PACKAGE = re.compile(r"[\"']@\w*")
_ATTACHED = b"/EmbeddedFile"
_NO_GLYPH = re.compile(r"the text `(?P<text>.+)` could not be displayed")


def typeset(template: str | Path, data: Mapping[str, Any], *, day: str, where: str) -> bytes:
    """A document as PDF/A-3b.

    :param template: the name of a shipped template, or the path of a file.
    :param day: of issue, ISO 8601; the PDF's date.
    :param where: the document's identifier, for messages.
    :raises CertificateError: the template cannot be read or set, does not attach the document's data, or no font has a
        character of the document.
    """
    sources = {name: files(__package__).joinpath(name).read_bytes() for name in SHIPPED}
    own = isinstance(template, Path)
    sources[_MAIN] = _own(template) if isinstance(template, Path) else sources[template]
    inputs = {"data": json.dumps(data, ensure_ascii=False)}
    moment = datetime.combine(date.fromisoformat(day), time(), UTC)
    try:
        pdf = _with_fonts(sources, inputs, moment)
    except _NotSet as error:
        raise _refusal(str(error), str(template) if own else where, own=own) from None
    if _ATTACHED not in pdf:
        raise CertificateError(
            "the template does not attach the document for machines",
            where=str(template),
            remedy="begin it with `#show: document-page` of common.typ",
        )
    return pdf


def _with_fonts(sources: dict[str, bytes], inputs: dict[str, str], moment: datetime) -> bytes:
    """In the fonts that typst brings; in those of the machine too where a character is in none of them."""
    try:
        return _compile(sources, inputs, moment, system_fonts=False)
    except _NotSet as error:
        if not _NO_GLYPH.search(str(error)):
            raise
    return _compile(sources, inputs, moment, system_fonts=True)


class _NotSet(Exception):
    """What typst said."""


def _own(template: Path) -> bytes:
    try:
        text = template.read_text(encoding="utf-8")
    except OSError as error:
        raise CertificateError(f"the template cannot be read ({error.strerror})", where=str(template)) from None
    except UnicodeDecodeError:
        raise CertificateError("the template is not UTF-8", where=str(template)) from None
    package = _PACKAGE.search(text)
    if package:
        raise CertificateError(
            "the template asks for a package of typst, and none is fetched",
            where=str(template),
            remedy="write what it needs into the template",
        )
    return text.encode()


def _compile(sources: dict[str, bytes], inputs: dict[str, str], moment: datetime, *, system_fonts: bool) -> bytes:
    """Compile in a directory of its own, which holds the sources and nothing else."""
    import typst

    with TemporaryDirectory(prefix="hil-typst-") as name:
        home = Path(name)
        for source, text in sources.items():
            (home / source).write_bytes(text)
        try:
            return typst.compile(
                home / _MAIN,
                root=home,
                package_path=home,
                package_cache_path=home,
                format="pdf",
                sys_inputs=inputs,
                pdf_standards=["a-3b"],
                ignore_system_fonts=not system_fonts,
                timestamp=moment,
            )
        except (typst.TypstError, RuntimeError, ValueError) as error:
            said = "; ".join((str(error), *(getattr(error, "trace", None) or ())))
            raise _NotSet(said.replace(f"{name}/", "").replace(name, "/")) from None


def _refusal(said: str, where: str, *, own: bool) -> CertificateError:
    glyph = _NO_GLYPH.search(said)
    if glyph:
        return CertificateError(
            f"no font has the characters {glyph['text']}",
            where=where,
            remedy="install a font that has them, or write the name in other letters",
        )
    if own:
        return CertificateError(f"the template does not compile: {said}", where=where, remedy="correct the template")
    return CertificateError(f"the PDF cannot be made ({said})", where=where)
