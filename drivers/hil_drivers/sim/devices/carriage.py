"""A carriage that brings one head at a time to the measuring plane."""

from __future__ import annotations

from functools import partial
from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from ..model import Positive
from .base import LINK_FAULTS, SimDevice

if TYPE_CHECKING:
    from ..server.endpoint import Endpoint
    from ..world import World


class CarriageDevice(SimDevice):
    """A carriage that brings one head at a time to the plane; ``travel_time`` in s."""

    faults: ClassVar[frozenset[str]] = LINK_FAULTS | frozenset(("frozen",))
    only_one: ClassVar[bool] = True

    kind: Literal["carriage"]
    travel_time: Positive = 1.0

    def endpoint(self, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG002
        from ..luxmeter import luxmeters
        from ..server.endpoint import TcpEndpoint
        from ..server.scpi import carriage

        positions = {meter.device.carriage_position for meter in luxmeters(world).values()}
        return TcpEndpoint(name, world, partial(carriage, world, positions=positions | {0, 1}))
