"""A camera that runs freely and looks at the sign panel."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from ..model import Distribution
from .camera import CameraOptics


class VideoDevice(CameraOptics):
    """As the camera, but exposing by itself, ``rate`` pictures per second, sent as motion JPEG.

    A picture leaves the camera ``readout`` s after its exposure; when, its own clock says, which is off from UTC by
    what the seed draws of ``clock``, in s.
    """

    kind: Literal["video"]
    rate: Annotated[float, Field(gt=0, le=1000)] = 25.0
    readout: Annotated[float, Field(ge=0, le=1)] = 0.0
    clock: Distribution = Distribution(distribution="normal", u=0.0)
