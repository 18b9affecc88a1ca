"""A climatic chamber that speaks SIMSERV."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, ClassVar, Literal

from pydantic import Field

from .base import LINK_FAULTS
from .chamber import ChamberDevice

if TYPE_CHECKING:
    from ..server.endpoint import Endpoint
    from ..world import World


class SimservDevice(ChamberDevice):
    """A climatic chamber that speaks SIMSERV on TCP.

    ``outputs`` are the numbers of its digital outputs by name; ``humidity.running`` (humidity is controlled),
    ``compressed_air`` and ``dryer`` (both together dry the air) act on its physics, any other is only kept.
    """

    faults: ClassVar[frozenset[str]] = LINK_FAULTS | frozenset(("alarm", "frozen", "nan"))
    shared: ClassVar[tuple[str, ...]] = ("humidity", "outputs")

    kind: Literal["simserv"]
    humidity: bool = True
    outputs: dict[str, int] = Field(default_factory=dict)

    def endpoint(self, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG002
        from ..server.simserv import SimservEndpoint

        return SimservEndpoint(name, self, world)
