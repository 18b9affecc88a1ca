"""A climatic chamber that speaks ASCII-2."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Literal

from .chamber import ChamberDevice

if TYPE_CHECKING:
    from ..server.endpoint import Endpoint
    from ..world import World


class Ascii2Device(ChamberDevice):
    """A climatic chamber that speaks ASCII-2, on a serial line or on TCP; ``model`` tells its strings apart:
    temperature and humidity (14 numbers), or temperature with an external cabinet (16 numbers)."""

    kind: Literal["weiss-ascii2"]
    model: Literal["climate", "cabinet"] = "climate"
    link: Literal["serial", "tcp"] = "serial"

    def endpoint(self, name: str, world: World, directory: Path) -> Endpoint:
        from ..server.ascii2 import Ascii2Serial, Ascii2Tcp

        if self.link == "tcp":
            return Ascii2Tcp(name, self, world)
        return Ascii2Serial(name, self, world, directory)
