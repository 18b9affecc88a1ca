"""The electrical power that the bench draws: its lamps and its climatic chambers."""

from __future__ import annotations

from typing import TYPE_CHECKING

from .chamber import chambers

if TYPE_CHECKING:
    from .world import World


def power(world: World, t: int) -> float:
    """The power in W drawn at bench time ``t`` in ns, which must not lie in the future."""
    lamp = world.file.lamp
    lit = 0.0 if lamp is None else lamp.power * world.light.lit(t)
    return lit + sum(chamber.power(t) for chamber in chambers(world).values())
