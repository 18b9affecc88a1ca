"""The recogniser's own process: text recognition on a fixed region, one picture at a time.

Run as ``python -m hil_drivers.instruments.recogniser_child '{"threads": 1, "stretch": [1.0, 99.0]}'``.
Messages in both directions are framed: two unsigned 32-bit big-endian lengths, then a JSON object, then raw
bytes. It first sends its identity, then for each ``{"id", "shape"}`` with the picture's bytes (uint8) one
``{"id", "text", "confidence"}``. It ends when its input closes. An inference that fails ends it with a
traceback on the standard error: a crash of the system under test looks like one.
"""

from __future__ import annotations

import json
import os
import struct
import sys
from hashlib import file_digest
from importlib.metadata import version
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

PREFIX = struct.Struct(">II")
SHAPE = [3, 48, 320]


def stretched(image: NDArray[np.uint8], lower: float, upper: float) -> NDArray[np.uint8]:
    """The picture in grey, percentiles ``lower`` and ``upper`` brought to 0 and 255; a flat one becomes 0.

    :param image: shape ``(height, width)`` or ``(height, width, 3)``; three channels are averaged.
    """
    grey = image.astype(np.float32)
    if grey.ndim == 3:
        grey = grey.mean(axis=2)
    low, high = np.percentile(grey, (lower, upper))
    if high <= low:
        return np.zeros(grey.shape, dtype=np.uint8)
    levels: NDArray[np.float32] = np.rint(np.clip((grey - low) / (high - low), 0.0, 1.0) * 255.0)
    return levels.astype(np.uint8)


class Recognition:
    """The recognition model of rapidocr-onnxruntime, without detection and direction classification."""

    def __init__(self, threads: int, stretch: tuple[float, float]) -> None:
        import cv2
        import rapidocr_onnxruntime
        from rapidocr_onnxruntime.ch_ppocr_rec.text_recognize import TextRecognizer

        cv2.setNumThreads(threads)
        self._stretch = stretch
        self._model = Path(rapidocr_onnxruntime.__file__).parent / "models" / "ch_PP-OCRv4_rec_infer.onnx"
        self._recognise = TextRecognizer(
            {
                "model_path": str(self._model),
                "intra_op_num_threads": threads,
                "inter_op_num_threads": threads,
                "use_cuda": False,
                "use_dml": False,
                "rec_img_shape": SHAPE,
                "rec_batch_num": 1,
            }
        )

    def identity(self) -> dict[str, Any]:
        """Package and run-time versions, and the SHA-256 of the model file."""
        with self._model.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        packages = ("rapidocr-onnxruntime", "onnxruntime", "opencv-python", "numpy")
        return {
            "versions": {package: version(package) for package in packages},
            "digests": {self._model.name: digest},
        }

    def __call__(self, image: NDArray[np.uint8]) -> tuple[str, float]:
        grey = stretched(image, *self._stretch)
        results, _ = self._recognise(np.repeat(grey[:, :, None], 3, axis=2))
        text, confidence = results[0]
        return text.strip(), float(confidence)


def frame(head: dict[str, Any], body: bytes = b"") -> bytes:
    """One message: prefix, JSON object, raw bytes."""
    text = json.dumps(head).encode()
    return PREFIX.pack(len(text), len(body)) + text + body


def _read(source: IO[bytes]) -> tuple[dict[str, Any], bytes] | None:
    prefix = source.read(PREFIX.size)
    if len(prefix) < PREFIX.size:
        return None
    head, body = (source.read(length) for length in PREFIX.unpack(prefix))
    return json.loads(head), body


def _private_output() -> IO[bytes]:
    """The standard output for messages alone: what libraries print goes to the standard error."""
    private = os.dup(1)
    os.dup2(2, 1)
    return os.fdopen(private, "wb")


def main() -> None:
    """Serve until the input closes."""
    source, sink = sys.stdin.buffer, _private_output()
    settings = json.loads(sys.argv[1])
    recognise = Recognition(settings["threads"], tuple(settings["stretch"]))
    sink.write(frame(recognise.identity()))
    sink.flush()
    while (message := _read(source)) is not None:
        head, body = message
        text, confidence = recognise(np.frombuffer(body, dtype=np.uint8).reshape(head["shape"]))
        sink.write(frame({"id": head["id"], "text": text, "confidence": confidence}))
        sink.flush()


if __name__ == "__main__":
    main()
