"""What is attached to a PDF by name, read without trusting any size that the file states."""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from ...errors import SignatureFault

if TYPE_CHECKING:
    from pyhanko.pdf_utils.reader import PdfFileReader

NAMES = ("certificate.xml", "report.json")
"""The attachments that are the content of our documents."""

MAX_BYTES = 64 * 1024 * 1024
MAX_INFLATED = 256 * 1024 * 1024
MAX_STREAMS = 20_000
_MAX_DEPTH = 8
_PIECE = 1024 * 1024
_STREAM = re.compile(rb"(?<!end)stream\r?\n")
_TWICE = re.compile(rb"/Fl(?:ateDecode)?\s*/Fl")


def refuse_bomb(data: bytes) -> None:
    """Refuse a PDF whose streams, read and inflated, are larger than :data:`MAX_INFLATED` in sum, before they are used.

    :raises SignatureFault: they are, or there are more than :data:`MAX_STREAMS`, or one is compressed more than once.
    """
    if _TWICE.search(data):
        raise SignatureFault("too large: a stream is compressed twice")
    left, view = MAX_INFLATED, memoryview(data)
    for number, start in enumerate(_STREAM.finditer(data)):
        if number == MAX_STREAMS:
            raise SignatureFault(f"too large: more than {MAX_STREAMS} streams")
        left -= _effort(view[start.end() :], left)
        if left <= 0:
            raise SignatureFault(f"too large: its streams inflate to more than {MAX_INFLATED // 1024**2} MiB")


def _effort(coded: memoryview, limit: int) -> int:
    """How many bytes it takes to inflate a stream, read and made: at most a little more than `limit`."""
    inflater, size, start = zlib.decompressobj(), 0, 0
    piece: bytes | memoryview = coded[:_PIECE]
    while piece and size < limit and not inflater.eof:
        try:
            made = inflater.decompress(piece, _PIECE)
        except zlib.error:
            return size
        size += len(made) + len(piece) - len(inflater.unconsumed_tail) - len(inflater.unused_data)
        start += 0 if inflater.unconsumed_tail else _PIECE
        piece = inflater.unconsumed_tail or coded[start : start + _PIECE]
    return size


def attached(reader: PdfFileReader) -> bytes:
    """The attachment that is the document's content; empty if there is none.

    :raises SignatureFault: there are several, or it cannot be read.
    """
    found = [file for name, file in _files(reader.root) if name in NAMES]
    if len(found) > 1:
        raise SignatureFault(f"{len(found)} attachments are called {' or '.join(NAMES)}; one is needed")
    return _content(found[0]["/EF"]["/F"]) if found else b""


def attached_xml(reader: PdfFileReader) -> bytes:
    """The XML in a PDF of any laboratory: the one called `certificate.xml`, else the only one; empty if there is none.

    :raises SignatureFault: there are several, or it cannot be read.
    """
    files = [(name, file) for name, file in _files(reader.root) if name.lower().endswith(".xml")]
    found = [file for name, file in files if name == NAMES[0]] or [file for _, file in files]
    if len(found) > 1:
        raise SignatureFault(f"{len(found)} XML files are attached", remedy="give the one that is meant")
    return _content(found[0]["/EF"]["/F"]) if found else b""


def value(node: Any, key: str, default: Any = None) -> Any:
    """What a dictionary of a PDF has under a key, references followed: its own ``get`` does not follow them."""
    try:
        return node[key]
    except KeyError:
        return default


def _files(root: Any) -> Iterator[tuple[str, Any]]:
    """The attachments of a document: name and file specification."""
    tree = value(value(root, "/Names", {}), "/EmbeddedFiles")
    if tree is not None:
        yield from _leaves(tree, _MAX_DEPTH)


def _leaves(node: Any, depth: int) -> Iterator[tuple[str, Any]]:
    if depth == 0:
        raise SignatureFault("its attachments are nested too deeply")
    pairs, children = value(node, "/Names", ()), value(node, "/Kids", ())
    # By number: an iteration does not follow references either.
    for place in range(0, len(pairs) - 1, 2):
        yield str(value(pairs[place + 1], "/UF", pairs[place])), pairs[place + 1]
    for place in range(len(children)):
        yield from _leaves(children[place], depth - 1)


def _content(stream: Any) -> bytes:
    coded = bytes(stream.encoded_data)
    match value(stream, "/Filter"):
        case None:
            return coded
        case "/FlateDecode":
            inflater = zlib.decompressobj()
            content = inflater.decompress(coded, MAX_BYTES)
            if inflater.unconsumed_tail:
                raise SignatureFault(f"too large: its attachment has more than {MAX_BYTES // 1024**2} MiB")
            return content
    raise SignatureFault("its attachment is compressed in a way that is not read")
