"""A chroma meter of the CL-200A kind."""

from __future__ import annotations

from typing import ClassVar, Literal

from ..model import NotNegative
from .t10a import LuxmeterDevice


class Cl200aDevice(LuxmeterDevice):
    """A chroma meter; standard deviations of one reading in x and y, in K, and in duv. Below ``low_light`` in lx it
    says that its chromaticity is not reliable."""

    faults: ClassVar[frozenset[str]] = LuxmeterDevice.faults | frozenset(("low-light",))

    kind: Literal["cl200a"]
    noise_xy: NotNegative = 1e-4
    noise_cct: NotNegative = 3.0
    noise_duv: NotNegative = 1e-4
    low_light: NotNegative = 5.0

    def responses(self) -> tuple[str, ...]:
        return ("illuminance", "x", "y", "cct", "duv")
