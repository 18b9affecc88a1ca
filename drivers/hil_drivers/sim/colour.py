"""The colour of the lamp's light. Times are bench time in ns.

Correlated colour temperature falls in proportion as the lamp is dimmed, from ``cct`` at full level to
``cct (1 - dim_to_warm)`` at level 0; the distance from the Planckian locus stays. The locus is Krystek's rational
function in the CIE 1960 diagram (Color Research and Application 10, 1985), 1000 K to 15 000 K. What comes by the walls,
and the drift of colour with warming up and ageing, are left out.
"""

from __future__ import annotations

import math
from typing import TYPE_CHECKING, NamedTuple

from .light import mean

if TYPE_CHECKING:
    from .world import World


class Colour(NamedTuple):
    """CIE 1931 chromaticity, correlated colour temperature in K, distance from the Planckian locus (CIE 1960)."""

    x: float
    y: float
    cct: float
    duv: float


def colour(world: World, start: int, end: int) -> Colour:
    """The mean colour of the light over [start, end]; without a lamp that of daylight at 6500 K."""
    lamp, light = world.file.lamp, world.light
    if lamp is None:
        return of_temperature(6500.0, 0.003)
    level = mean(start, end, light.level.at, light.level.changes(start, end))
    return of_temperature(lamp.cct * (1.0 - lamp.dim_to_warm * (1.0 - level)), lamp.duv)


def of_temperature(cct: float, duv: float) -> Colour:
    """The colour of a correlated colour temperature and a distance from the Planckian locus."""
    u, v = _locus(cct)
    hotter_u, hotter_v = _locus(cct * 1.0001)
    du, dv = hotter_u - u, hotter_v - v
    # The locus runs to the left as the temperature rises, so its right-hand side is above it.
    u, v = u + duv * dv / math.hypot(du, dv), v - duv * du / math.hypot(du, dv)
    scale = 2.0 * u - 8.0 * v + 4.0
    return Colour(3.0 * u / scale, 2.0 * v / scale, cct, duv)


def _locus(t: float) -> tuple[float, float]:
    """The Planckian locus in the CIE 1960 diagram."""
    u = (0.860117757 + 1.54118254e-4 * t + 1.28641212e-7 * t * t) / (1.0 + 8.42420235e-4 * t + 7.08145163e-7 * t * t)
    v = (0.317398726 + 4.22806245e-5 * t + 4.20481691e-8 * t * t) / (1.0 - 2.89741816e-5 * t + 1.61456053e-7 * t * t)
    return u, v
