"""The process of an ONNX model: one stimulus at a time, by the line protocol of the driver ``process``.

Run as ``python -m hil_drivers.instruments.onnx_child '{"model": "model.onnx", …}'``.
"""

from __future__ import annotations

import base64
from collections.abc import Mapping
from hashlib import file_digest
from importlib.metadata import version
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from .line_protocol import serve

Array = NDArray[np.float32]


def picture_of(told: Mapping[str, Any]) -> NDArray[np.uint8]:
    """The picture of a question, shape ``(height, width)`` or ``(height, width, 3)``, blue first."""
    data = np.frombuffer(base64.b64decode(told["data"]), dtype=np.uint8)
    shape = (told["height"], told["width"], told["channels"])
    return data.reshape(shape[:2] if shape[2] == 1 else shape)


def prepared(image: NDArray[np.uint8], p: Mapping[str, Any]) -> Array:
    """A picture as a model wants it: size, colours, scale, layout; shape ``(1, …)``.

    :param p: ``width``, ``height``, ``colour`` ("rgb", "bgr", "grey"), ``scale``, ``mean``, ``deviation``, ``layout``.
    """
    import cv2

    sized = cv2.resize(image, (p["width"], p["height"]), interpolation=cv2.INTER_AREA)
    colours = np.repeat(sized[:, :, None], 3, axis=2) if sized.ndim == 2 else sized
    if p["colour"] == "rgb":
        colours = colours[:, :, ::-1]
    elif p["colour"] == "grey":
        colours = colours.mean(axis=2, keepdims=True)
    scaled = (colours.astype(np.float32) * p["scale"] - p["mean"]) / p["deviation"]
    ordered = scaled.transpose(2, 0, 1) if p["layout"] == "nchw" else scaled
    return np.ascontiguousarray(ordered[None], dtype=np.float32)


class Model:
    """A model and how it is used."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        from onnxruntime.capi.onnxruntime_inference_collection import InferenceSession
        from onnxruntime.capi.onnxruntime_pybind11_state import SessionOptions

        options = SessionOptions()
        options.intra_op_num_threads = options.inter_op_num_threads = settings["threads"]
        self._settings, self._path = settings, Path(settings["model"])
        self._session = InferenceSession(str(self._path), options, providers=["CPUExecutionProvider"])
        self._input = settings["input"] or self._session.get_inputs()[0].name
        self._output = settings["answer"] or self._session.get_outputs()[0].name

    def identity(self) -> dict[str, Any]:
        """The model's file, its SHA-256, and the versions that run it."""
        with self._path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        versions = f"onnxruntime {version('onnxruntime')}, numpy {version('numpy')}"
        return {"name": self._path.name, "version": versions, "digests": {self._path.name: digest}}

    def __call__(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The answer to a question, without its number."""
        given = self._given(asked)
        (found,) = self._session.run([self._output], {self._input: given})
        values = np.asarray(found, dtype=np.float64).ravel()
        labels = self._settings["labels"]
        if labels:
            best = int(values.argmax())
            return {"output": labels[best], "score": float(values[best])}
        return {"output": float(values[0]) if values.size == 1 else values.tolist()}

    def _given(self, asked: Mapping[str, Any]) -> Array:
        if "picture" in asked:
            return prepared(picture_of(asked["picture"]), self._settings["picture"])
        values = asked["values"]
        parts = [
            np.atleast_1d(np.asarray(values[name], dtype=np.float32)) for name in self._settings["values"] or values
        ]
        return np.concatenate(parts)[None]


if __name__ == "__main__":
    serve(Model)
