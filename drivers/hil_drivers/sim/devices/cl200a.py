"""A chroma meter of the CL-200A kind."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from ..model import NotNegative
from .t10a import LuxmeterDevice

if TYPE_CHECKING:
    from ..server.endpoint import Endpoint
    from ..world import World


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

    def endpoint(self, name: str, world: World, directory: Path) -> Endpoint:
        from ..luxmeter import luxmeters
        from ..server.serial_cl200a import Cl200aProtocol
        from ..server.terminal import TerminalEndpoint

        meter = luxmeters(world)[name]
        return TerminalEndpoint(name, world, directory, lambda faults: Cl200aProtocol(name, self, meter, world, faults))
