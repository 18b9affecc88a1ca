"""A video stream or file, read by OpenCV; every call blocks and belongs into one worker thread."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import DeviceUnreachable

if TYPE_CHECKING:
    import cv2

OPEN_TIMEOUT = 10.0
READ_TIMEOUT = 5.0

_QUIET = "-8"
"""FFmpeg's level for no messages: it would write them to the screen."""

_GREY = int.from_bytes(b"Y800", "little")


class VideoStream:
    """Pictures of one stream, in order.

    :param url: what OpenCV opens: ``http://...``, a file's path, or that of a camera of this machine.
    :param name: the device's name, used in errors.
    :param camera: whether it is a camera of this machine (Video4Linux).
    """

    def __init__(self, url: str, *, name: str, camera: bool = False) -> None:
        self.url, self.name, self._camera = url, name, camera
        self._capture: cv2.VideoCapture | None = None
        self._grey = False

    @property
    def is_open(self) -> bool:
        return self._capture is not None

    def open(self) -> None:
        """Open the stream; it blocks until the first picture has come, which stays to be read.

        :raises DeviceUnreachable: if there is none within ``OPEN_TIMEOUT``.
        """
        os.environ.setdefault("OPENCV_FFMPEG_LOGLEVEL", _QUIET)
        import cv2

        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        self.close()
        limits = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            int(OPEN_TIMEOUT * 1000),
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            int(READ_TIMEOUT * 1000),
        ]
        if self._camera:
            capture = cv2.VideoCapture(self.url, cv2.CAP_V4L2)
        else:
            capture = cv2.VideoCapture(self.url, cv2.CAP_FFMPEG, limits)
        if not capture.isOpened():
            capture.release()
            raise DeviceUnreachable(
                "sends no video that can be read",
                where=self.name,
                remedy=f"check {self.url} in a video player",
            )
        self._capture = capture
        self._grey = int(capture.get(cv2.CAP_PROP_CODEC_PIXEL_FORMAT)) == _GREY

    @property
    def rate(self) -> float:
        """Pictures per second as the stream states it, 0 where it does not."""
        import cv2

        return float(self._held().get(cv2.CAP_PROP_FPS))

    @property
    def codec(self) -> str:
        """The four letters of its codec, in lower case."""
        import cv2

        code = int(self._held().get(cv2.CAP_PROP_FOURCC))
        return code.to_bytes(4, "little", signed=code < 0).decode("ascii", "replace").strip("\0 ").lower()

    def grab(self) -> bool:
        """Wait for the next picture and keep it for ``picture``; false at the end or after ``READ_TIMEOUT``."""
        return bool(self._held().grab())

    def picture(self) -> NDArray[np.uint8]:
        """The picture that was grabbed last, uint8.

        Its shape is ``(height, width)`` from a grey stream, else ``(height, width, 3)``: blue, green, red.

        :raises DeviceUnreachable: if it cannot be decoded.
        """
        done, image = self._held().retrieve()
        if not done:
            raise DeviceUnreachable("sent a picture that cannot be read", where=self.name, remedy=f"check {self.url}")
        picture = np.asarray(image, dtype=np.uint8)
        return np.ascontiguousarray(picture[:, :, 0]) if self._grey else picture

    def read(self) -> NDArray[np.uint8]:
        """The next picture, as ``picture`` gives it.

        :raises DeviceUnreachable: if none comes within ``READ_TIMEOUT``; the stream is then closed.
        """
        if not self.grab():
            self.close()
            raise DeviceUnreachable(
                f"sent no picture within {READ_TIMEOUT:.1f} s", where=self.name, remedy=f"check {self.url}"
            )
        return self.picture()

    def _held(self) -> cv2.VideoCapture:
        if self._capture is None:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")
        return self._capture

    def close(self) -> None:
        """Close the stream; closing twice is no error."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None
