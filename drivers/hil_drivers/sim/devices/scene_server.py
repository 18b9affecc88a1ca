"""A display wall behind a scene server, and the camera's place before it."""

from __future__ import annotations

from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..model import Distribution, NotNegative, Positive
from .base import LINK_FAULTS, SimDevice

Share = Annotated[float, Field(ge=0, le=1)]


class SceneServerDevice(SimDevice):
    """A display wall: luminances in cd/m2, times in s, rates in Hz, lengths in m.

    ``uniformity`` is the luminance of a corner as a share of that of the centre, ``scan_out`` the share of a refresh
    in which its rows follow each other, ``response`` how long a pixel takes to half of its change, ``render`` the
    server's own time for a scene. With ``pwm`` (0 for none) the light is on for ``duty`` of each period. Of the
    ambient illuminance on the wall in lx the part ``reflectance`` comes back. ``patch`` and ``eye`` are the projected
    solid angles, in sr, of the white patch before the meter at the wall, and of the wall at the eye point.

    ``tolerance`` (relative, of the brightness), ``rate`` (relative, of the refresh) and ``mounting`` (degrees, of
    each angle by which the camera is turned) are drawn by the seed, and so is the phase of the refresh.
    """

    faults: ClassVar[frozenset[str]] = LINK_FAULTS | frozenset(("not-drawn",))
    only_one: ClassVar[bool] = True
    built_in: ClassVar[bool] = True

    kind: Literal["scene-server"]
    luminance: Positive = 120.0
    black: NotNegative = 0.05
    gamma: Positive = 2.2
    uniformity: Annotated[float, Field(gt=0, le=1)] = 0.85
    ambient: NotNegative = 0.3
    reflectance: Share = 0.7
    warm_up: float = 0.03
    warm_up_time: Positive = 720.0
    temperature_coefficient: float = -0.002
    cct: Annotated[float, Field(ge=1700, le=15000)] = 6500.0
    duv: Annotated[float, Field(ge=-0.02, le=0.02)] = 0.003
    refresh: Annotated[float, Field(ge=10, le=1000)] = 60.0
    scan_out: Share = 1.0
    response: NotNegative = 0.001
    render: Annotated[float, Field(ge=0, le=1)] = 0.004
    pwm: NotNegative = 0.0
    duty: Annotated[float, Field(gt=0, le=1)] = 0.5
    patch: Positive = 1.0
    eye: Positive = 0.3
    width: Positive = 4.0
    distance: Positive = 4.0
    tolerance: Distribution = Distribution(distribution="rectangular", half_width=0.03)
    rate: Distribution = Distribution(distribution="rectangular", half_width=5e-5)
    mounting: Distribution = Distribution(distribution="normal", u=0.2)

    def placements(self) -> tuple[str, ...]:
        return ("illuminance",)
