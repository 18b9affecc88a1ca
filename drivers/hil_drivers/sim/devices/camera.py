"""A camera that looks at the sign panel."""

from __future__ import annotations

from abc import ABC
from typing import Annotated, ClassVar, Literal

from pydantic import Field

from ..model import NotNegative, Positive
from .base import LINK_FAULTS, SimDevice


class CameraOptics(SimDevice, ABC):
    """What the simulated cameras share: what they see (the sign panel, what is ahead of the robot, or the display
    wall), and how.

    Before a wall, ``focal_length`` is in pixels, ``distortion`` the k of r (1 + k r2) with r in focal lengths, and
    ``row_time`` in s that of a rolling shutter, 0 for a global one.
    """

    faults: ClassVar[frozenset[str]] = LINK_FAULTS | frozenset(("frozen",))

    width: int = Field(default=320, ge=16, le=4096, multiple_of=2)
    height: int = Field(default=96, ge=16, le=4096, multiple_of=2)
    view: Literal["panel", "robot", "wall"] = "panel"
    exposure: Annotated[float, Field(gt=0, le=10)] = 0.01
    f_number: Positive = 2.8
    quality: int = Field(default=90, ge=1, le=100)
    transmission: Annotated[float, Field(gt=0, le=1)] = 0.9
    pixel_pitch: Positive = 1.4
    quantum_efficiency: Annotated[float, Field(gt=0, le=1)] = 0.5
    photons_per_lux_second: Positive = 8430.0
    dark_current: NotNegative = 5.0
    read_noise: NotNegative = 8.0
    full_well: Positive = 4000.0
    gain: Positive = 4.0
    offset: NotNegative = 200.0
    prnu: NotNegative = 0.01
    dsnu: NotNegative = 0.5
    gamma: Positive = 2.2
    blur: NotNegative = 1.5
    focal_length: Positive = 288.0
    distortion: Annotated[float, Field(ge=-1, le=1)] = -0.05
    row_time: NotNegative = 0.0
    text_height: Positive = 44.0
    ground_reflectance: Annotated[float, Field(gt=0, le=1)] = 0.6
    text_reflectance: Annotated[float, Field(gt=0, le=1)] = 0.2


class CameraDevice(CameraOptics):
    """A monochrome camera that looks at the panel: exposure in s, lengths on the sensor in micrometres,
    noise in electrons, ``gain`` in digital numbers of 12 bit per electron; blur (standard deviation) and text
    height in pixels; reflectances of the sign's ground and of its text. PRNU is relative, DSNU in digital
    numbers."""

    kind: Literal["camera"]
    codec: Literal["y4m", "mjpeg"] = "y4m"
