"""Signatures on documents: XAdES on XML, PAdES on PDF, and test keys for demonstrations. Names load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from ...errors import SignatureFault
    from .authority import make_authority
    from .identity import Identity, load_identity
    from .pades import sign_pdf, verify_pdf
    from .signed import Signed
    from .xades import sign_xml, verify_xml

_HOME = {
    "Identity": ".identity",
    "Signed": ".signed",
    "SignatureFault": "...errors",
    "load_identity": ".identity",
    "make_authority": ".authority",
    "sign_pdf": ".pades",
    "sign_xml": ".xades",
    "verify_pdf": ".pades",
    "verify_xml": ".xades",
}

__all__ = [
    "Identity",
    "SignatureFault",
    "Signed",
    "load_identity",
    "make_authority",
    "sign_pdf",
    "sign_xml",
    "verify_pdf",
    "verify_xml",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(_HOME[name], __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
