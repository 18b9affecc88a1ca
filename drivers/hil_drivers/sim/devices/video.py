"""A camera that runs freely and looks at the sign panel."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

from pydantic import Field

from .camera import CameraOptics

if TYPE_CHECKING:
    from ..server.endpoint import Endpoint
    from ..world import World


class VideoDevice(CameraOptics):
    """As the camera, but exposing by itself, ``rate`` pictures per second, sent as motion JPEG."""

    kind: Literal["video"]
    rate: Annotated[float, Field(gt=0, le=1000)] = 25.0

    def endpoint(self, name: str, world: World, directory: Path) -> Endpoint:  # noqa: ARG002
        from ..server.video_push import VideoEndpoint

        return VideoEndpoint(name, self, world)
