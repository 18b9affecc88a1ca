"""A camera that runs freely and looks at the sign panel."""

from __future__ import annotations

from typing import Annotated, Literal

from pydantic import Field

from .camera import CameraOptics


class VideoDevice(CameraOptics):
    """As the camera, but exposing by itself, ``rate`` pictures per second, sent as motion JPEG."""

    kind: Literal["video"]
    rate: Annotated[float, Field(gt=0, le=1000)] = 25.0
