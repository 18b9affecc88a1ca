"""A video stream or file, read by OpenCV; every call blocks and belongs into one worker thread."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ..errors import DeviceUnreachable

if TYPE_CHECKING:
    import cv2

OPEN_TIMEOUT = 10.0
READ_TIMEOUT = 5.0

_GREY = int.from_bytes(b"Y800", "little")


class VideoStream:
    """Pictures of one stream, in order.

    :param url: what OpenCV opens: ``http://...`` or a file's path.
    :param name: the device's name, used in errors.
    """

    def __init__(self, url: str, *, name: str) -> None:
        self.url, self.name = url, name
        self._capture: cv2.VideoCapture | None = None
        self._grey = False

    @property
    def is_open(self) -> bool:
        return self._capture is not None

    def open(self) -> None:
        """Open the stream; it blocks until the first picture has come, which stays to be read.

        :raises DeviceUnreachable: if there is none within ``OPEN_TIMEOUT``.
        """
        import cv2

        cv2.utils.logging.setLogLevel(cv2.utils.logging.LOG_LEVEL_SILENT)
        self.close()
        limits = [
            cv2.CAP_PROP_OPEN_TIMEOUT_MSEC,
            int(OPEN_TIMEOUT * 1000),
            cv2.CAP_PROP_READ_TIMEOUT_MSEC,
            int(READ_TIMEOUT * 1000),
        ]
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

    def read(self) -> NDArray[np.uint8]:
        """The next picture, uint8.

        Its shape is ``(height, width)`` from a grey stream, else ``(height, width, 3)``: blue, green, red.

        :raises DeviceUnreachable: if none comes within ``READ_TIMEOUT``; the stream is then closed.
        """
        if self._capture is None:
            raise DeviceUnreachable("is not open", where=self.name, remedy="open the device first")
        done, image = self._capture.read()
        if not done:
            self.close()
            raise DeviceUnreachable(
                f"sent no picture within {READ_TIMEOUT:.1f} s", where=self.name, remedy=f"check {self.url}"
            )
        picture = np.asarray(image, dtype=np.uint8)
        return np.ascontiguousarray(picture[:, :, 0]) if self._grey else picture

    def close(self) -> None:
        """Close the stream; closing twice is no error."""
        if self._capture is not None:
            self._capture.release()
            self._capture = None
