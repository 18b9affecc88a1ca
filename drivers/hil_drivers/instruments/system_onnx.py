"""A system under test that is a model in ONNX's format, run by onnxruntime in a process of its own."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import Path
from typing import Literal

from typing_extensions import TypedDict

from ..clock import Clock
from ..errors import OptionError
from .questions import Output
from .system import Domain, declared
from .system_model import ModelSystem


class Picture(TypedDict, total=False):
    """How a picture is given to a model: pixels are resized, then (scale · pixel - mean) / deviation."""

    width: int
    height: int
    colour: Literal["rgb", "bgr", "grey"]
    scale: float
    mean: float
    deviation: float
    layout: Literal["nchw", "nhwc"]


USUAL: Picture = {
    "width": 224,
    "height": 224,
    "colour": "rgb",
    "scale": 1.0 / 255.0,
    "mean": 0.0,
    "deviation": 1.0,
    "layout": "nchw",
}
LARGEST_SIDE = 16_384


class SystemOnnx(ModelSystem):
    """Runs a model with one input and one output that is looked at. What it does wrong is told as by ``process``.

    The output is the label of the largest score where there are ``labels``, else a number, or a list where there are
    several. Implements ``SystemUnderTest``.

    :param address: ``process:``.
    :param model: the file; its SHA-256 is part of the identity, and so are all settings.
    :param labels: of the scores, in their order.
    :param picture: how pictures are given to it; whatever is left out is as is usual.
    :param values: the names of the values that make up its input, in their order; all of a stimulus by default.
    :param input: the name of the model's input, the first by default, and ``answer`` that of its output.
    :param threads: of the inference, 1 for repeatable results and latency.
    """

    raw = True
    child, needs = "onnx_child", ("onnxruntime", "onnxruntime")

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        model: str,
        labels: Sequence[str] = (),
        picture: Picture | None = None,
        values: Sequence[str] = (),
        input: str = "",  # noqa: A002 (the model's word)
        answer: str = "",
        threads: int = 1,
        output: Output = "any",
        deadline: float = 5.0,
        domain: Domain | None = None,
    ) -> None:
        given: Picture = {**USUAL, **(picture or {})}
        width, height, deviation = given["width"], given["height"], given["deviation"]
        if not (1 <= width <= LARGEST_SIDE and 1 <= height <= LARGEST_SIDE and deviation and 1 <= threads <= 256):
            raise OptionError(
                f"a picture of {width} x {height}, deviation {deviation:g}, {threads} threads",
                where=name,
                remedy=f"give sides of 1 to {LARGEST_SIDE}, a deviation that is not 0, 1 to 256 threads",
            )
        file = Path(model)
        used = {
            "model": file.name,
            "labels": list(labels),
            "picture": dict(given),
            "values": list(values),
            "input": input,
            "answer": answer,
            "threads": threads,
            "output": output,
        }
        settings = declared(name, deadline=deadline, domain=domain, **used)
        super().__init__(name, address, clock=clock, model=file, output=output, deadline=deadline, settings=settings)
