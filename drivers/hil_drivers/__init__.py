"""Drivers: talk to instruments, cameras, robots and systems under test.

This package knows nothing of calibration nor of the bench; it is useful alone. Names load on first use.
"""

from __future__ import annotations

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from .device import Device, Point, driver_names, open_device
    from .errors import DeviceError, DriverError
    from .indication import Flag, Indication, IndicationBlock

_HOME = {
    "Device": "device",
    "DeviceError": "errors",
    "DriverError": "errors",
    "Flag": "indication",
    "Indication": "indication",
    "IndicationBlock": "indication",
    "Point": "device",
    "driver_names": "device",
    "open_device": "device",
}

__all__ = [
    "Device",
    "DeviceError",
    "DriverError",
    "Flag",
    "Indication",
    "IndicationBlock",
    "Point",
    "driver_names",
    "open_device",
]


def __getattr__(name: str) -> Any:
    if name in _HOME:
        return getattr(import_module(f".{_HOME[name]}", __name__), name)
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
