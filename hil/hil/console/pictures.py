"""What cameras see, as frames of the stream bring it."""

from __future__ import annotations

import base64
import binascii
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

from .parsing import text, whole

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

LARGEST = 1 << 20
"""Bytes of a picture at most."""

PROMPT = "prompt "
"""How the names of pictures begin that belong to a question, and to no camera."""


@dataclass(frozen=True)
class Seen:
    """A picture of ``camera`` at ``t``, UTC in milliseconds."""

    camera: str
    t: int
    width: int
    height: int
    rgb: bytes

    @property
    def image(self) -> NDArray[np.uint8]:
        """Red, green and blue, of shape (height, width, 3)."""
        import numpy as np

        return np.frombuffer(self.rgb, np.uint8).reshape(self.height, self.width, 3)


def parse_picture(frame: Mapping[str, Any]) -> Seen | None:
    """The picture in a frame; ``None`` where it holds none."""
    camera, width, height = text(frame.get("camera")), whole(frame.get("width")), whole(frame.get("height"))
    coded = frame.get("rgb")
    if not camera or not width or not height or not isinstance(coded, str) or len(coded) > 2 * LARGEST:
        return None
    try:
        rgb = base64.b64decode(coded, validate=True)
    except (binascii.Error, ValueError):
        return None
    return Seen(camera, whole(frame.get("t")) or 0, width, height, rgb) if len(rgb) == 3 * width * height else None
