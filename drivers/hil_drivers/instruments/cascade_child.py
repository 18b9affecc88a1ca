"""The process of a cascade of classifiers: one picture at a time, by the line protocol of the driver ``process``.

Run as ``python -m hil_drivers.instruments.cascade_child '{"model": "cascade.xml", …}'``.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from hashlib import file_digest
from importlib.metadata import version
from pathlib import Path
from time import perf_counter
from typing import Any

import numpy as np

from .line_protocol import serve
from .onnx_child import picture_of

Box = list[int]
"""Left, top, width and height in pixels."""


def places_of(boxes: Sequence[Box], size: tuple[int, int], places: Mapping[str, Sequence[float]]) -> str:
    """The names of the places in which a box has its middle, in their order, with a blank between them.

    :param size: width and height of the picture in pixels.
    :param places: left, top, right and bottom of each, as fractions of the picture; right and bottom are outside.
    """
    middles = [((x + width / 2) / size[0], (y + height / 2) / size[1]) for x, y, width, height in boxes]
    return " ".join(
        name
        for name, (left, top, right, bottom) in places.items()
        if any(left <= x < right and top <= y < bottom for x, y in middles)
    )


class Cascade:
    """A cascade of local binary patterns in OpenCV's XML, evaluated by scikit-image."""

    def __init__(self, settings: Mapping[str, Any]) -> None:
        from skimage.feature import Cascade as Classifier

        self._settings, self._path = settings, Path(settings["model"])
        self._classifier = Classifier(str(self._path))

    def identity(self) -> dict[str, Any]:
        """The model's file, its SHA-256, and the versions that run it."""
        with self._path.open("rb") as file:
            digest = file_digest(file, "sha256").hexdigest()
        versions = f"scikit-image {version('scikit-image')}, numpy {version('numpy')}"
        return {"name": self._path.name, "version": versions, "digests": {self._path.name: digest}}

    def __call__(self, asked: Mapping[str, Any]) -> dict[str, Any]:
        """The boxes, what is made of them, and the wall seconds of the search alone."""
        image = picture_of(asked["picture"])
        height, width = image.shape[:2]
        begin = perf_counter()
        boxes = self.boxes(image.mean(axis=2) if image.ndim == 3 else image.astype(np.float64))
        seconds, places = perf_counter() - begin, self._settings["places"]
        output = places_of(boxes, (width, height), places) if places else len(boxes)
        return {"output": output, "boxes": boxes, "inference": seconds}

    def boxes(self, grey: np.ndarray[Any, np.dtype[np.float64]]) -> list[Box]:
        """Where it sees something, from the upper left; levels of ``grey`` from 0 to 255."""
        p = self._settings
        found = self._classifier.detect_multi_scale(
            img=grey / 255.0,
            scale_factor=p["growth"],
            step_ratio=p["step"],
            min_size=(p["smallest"], p["smallest"]),
            max_size=(p["largest"], p["largest"]),
            min_neighbor_number=p["neighbours"],
        )
        return sorted([int(one[key]) for key in ("c", "r", "width", "height")] for one in found)


if __name__ == "__main__":
    serve(Cascade)
