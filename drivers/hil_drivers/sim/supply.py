"""Which devices have power: relays of digital outputs in their supply. Where none is bound, a device always has."""

from __future__ import annotations

from .light import Steps
from .world import World


class Supplies:
    """The supply of each device, 1 with power and 0 without, with its history; one part of a world."""

    def __init__(self, world: World) -> None:
        self._steps: dict[str, Steps] = {}
        if world.file.lamp is not None:
            self._steps[world.file.lamp.device] = world.light.supply

    def of(self, device: str) -> Steps:
        """The supply of a device: a relay sets it, physics looks at it."""
        return self._steps.setdefault(device, Steps(1.0))
