"""Questions to a system under test, and its answers, as JSON: what a program, a service or a broker is given."""

from __future__ import annotations

import base64
import math
from collections.abc import Mapping
from typing import Any, Literal

import numpy as np

from ..capability import Frame, Stimulus

Output = Literal["text", "quantity", "flag", "intervals", "any"]
"""What a system answers: a text, a finite number, true or false, intervals of time as pairs of seconds in rising
order, or whatever JSON can say."""


def stimulus_json(stimulus: Stimulus, *, raw: bool = False) -> dict[str, Any]:
    """A stimulus as an object of JSON: ``picture`` (PNG in base64, with width, height and channels), or ``values``.

    :param raw: the bytes of the picture, row by row, in place of PNG.
    """
    if isinstance(stimulus, Frame):
        height, width = stimulus.image.shape[:2]
        size = {"width": width, "height": height, "channels": 1 if stimulus.image.ndim == 2 else 3}
        data = np.ascontiguousarray(stimulus.image).tobytes() if raw else png(stimulus)
        return {"picture": {**size, "format": "raw" if raw else "png", "data": base64.b64encode(data).decode()}}
    return {"values": {name: _plain(value) for name, value in stimulus.values.items()}}


def png(frame: Frame) -> bytes:
    """The picture of ``frame`` as PNG."""
    import cv2

    _, coded = cv2.imencode(".png", frame.image, [cv2.IMWRITE_PNG_COMPRESSION, 1])
    return coded.tobytes()


def _plain(value: float | np.ndarray[Any, Any]) -> Any:
    return value.tolist() if isinstance(value, np.ndarray) else float(value)


def output_of(answer: Mapping[str, Any], kind: Output) -> tuple[Any, dict[str, Any]]:
    """The output in ``answer["output"]``, and what else the answer holds beside its ``id``.

    :raises KeyError: if it has none.
    :raises ValueError: if it is not of the ``kind``, or something beside it is no finite number.
    """
    output = answer["output"]
    if not _is(output, kind):
        raise ValueError(f"not a {kind}: {str(output)[:80]}")
    details = {name: value for name, value in answer.items() if name not in ("id", "output")}
    if not _finite(details) or not _finite(output):
        raise ValueError(f"a number that is not finite: {str(answer)[:80]}")
    return output, details


def _is(output: object, kind: Output) -> bool:
    if kind == "quantity":
        return isinstance(output, int | float) and not isinstance(output, bool) and math.isfinite(output)
    if kind == "intervals":
        return is_intervals(output)
    return kind == "any" or isinstance(output, {"text": str, "flag": bool}[kind])


def is_intervals(output: object) -> bool:
    """Whether it is a list of pairs of finite numbers, begin before end, that rise and do not overlap."""
    if not isinstance(output, list) or not all(isinstance(pair, list) and len(pair) == 2 for pair in output):
        return False
    ends = [end for pair in output for end in pair]
    numbers = all(isinstance(end, int | float) and not isinstance(end, bool) and math.isfinite(end) for end in ends)
    return numbers and ends == sorted(ends) and all(begin < end for begin, end in output)


def _finite(value: object) -> bool:
    if isinstance(value, float):
        return math.isfinite(value)
    if isinstance(value, Mapping):
        return all(map(_finite, value.values()))
    return all(map(_finite, value)) if isinstance(value, list) else True
