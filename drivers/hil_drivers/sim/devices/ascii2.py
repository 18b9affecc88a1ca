"""A climatic chamber that speaks ASCII-2."""

from __future__ import annotations

from typing import Literal

from .chamber import ChamberDevice


class Ascii2Device(ChamberDevice):
    """A climatic chamber that speaks ASCII-2, on a serial line or on TCP; ``model`` tells its strings apart:
    temperature and humidity (14 numbers), or temperature with an external cabinet (16 numbers)."""

    kind: Literal["weiss-ascii2"]
    model: Literal["climate", "cabinet"] = "climate"
    link: Literal["serial", "tcp"] = "serial"
