"""The reports of trials and of measurements, and the pictures of documents. Names load on first use."""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .html import measurement_html, report_html
    from .model import Instrument, MeasurementReport, ReportData, System

_HOME = {
    "Instrument": "model",
    "MeasurementReport": "model",
    "ReportData": "model",
    "System": "model",
    "measurement_html": "html",
    "report_html": "html",
}

__all__ = [
    "Instrument",
    "MeasurementReport",
    "ReportData",
    "System",
    "measurement_html",
    "report_html",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
