"""Calibration certificates (DCC in XML, out and in) and test reports, both as PDF/A-3. Names load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .document import DccDocument
    from .importer import calibration_record, embedded_function
    from .model import Certificate
    from .pdf import to_pdf
    from .reader import read
    from .report import TrialReport
    from .report_writer import report_json, report_pdf
    from .schema import validate
    from .writer import to_xml

_HOME = {
    "Certificate": "model",
    "DccDocument": "document",
    "calibration_record": "importer",
    "embedded_function": "importer",
    "read": "reader",
    "report_json": "report_writer",
    "report_pdf": "report_writer",
    "TrialReport": "report",
    "to_pdf": "pdf",
    "to_xml": "writer",
    "validate": "schema",
}

__all__ = [
    "Certificate",
    "DccDocument",
    "TrialReport",
    "calibration_record",
    "embedded_function",
    "read",
    "report_json",
    "report_pdf",
    "to_pdf",
    "to_xml",
    "validate",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
