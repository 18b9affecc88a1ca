"""A system under test that looks for faces, or what else it learned: an image cascade, in a process of its own."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path
from typing import Any

from ..capability import Frame, Stimulus
from ..clock import Clock
from ..errors import DriverError, OptionError
from .questions import Output
from .system import Domain, declared
from .system_model import ModelSystem, packaged

PACKAGE = "scikit-image"
MODEL = "skimage/data/lbpcascade_frontalface_opencv.xml"
LEAST, MOST = 24, 16_384
"""Sides of a window in pixels: that of the shipped cascade's training, and what no picture has."""

Places = Mapping[str, tuple[float, float, float, float]]
"""Left, top, right and bottom of each place, as fractions of the picture, 0 to 1."""


class SystemCascade(ModelSystem):
    """Looks for what a cascade of local binary patterns was trained on, by scikit-image, and answers how many it saw.

    With ``places`` it answers where: the names of the places in which a box has its middle, in their order, with a
    blank between them. The boxes (left, top, width, height in pixels) are details of the answer. What it does wrong is
    told as by ``process``. Implements ``SystemUnderTest``.

    :param address: ``process:``.
    :param model: a cascade in OpenCV's XML of local binary patterns; by default that for faces seen from the front that
        scikit-image ships. Its SHA-256 is part of the identity, and so are all settings.
    :param smallest: side of the smallest window that is looked at, in pixels; by default that of the training.
    :param largest: side of the largest.
    :param growth: of the windows from one size to the next, above 1.
    :param step: of the windows over the picture, in pixels of the cascade's own size, at least 1.
    :param neighbours: how many windows must agree on a box.
    :param places: name to left, top, right and bottom, as fractions of the picture.
    :param deadline: wall time for an answer, in seconds.
    :param domain: its operating domain as declared: name of a quantity, with its unit, to lower and upper bound.
    """

    raw = True
    child, needs = "cascade_child", ("skimage", PACKAGE)

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        model: str = "",
        smallest: int = LEAST,
        largest: int = 200,
        growth: float = 1.2,
        step: float = 1.0,
        neighbours: int = 4,
        places: Places | None = None,
        deadline: float = 5.0,
        domain: Domain | None = None,
    ) -> None:
        if not (LEAST <= smallest <= largest <= MOST and 1.0 < growth <= 4.0 and 1.0 <= step <= 8.0 and neighbours > 0):
            raise OptionError(
                f"windows of {smallest} to {largest} pixels, growth {growth:g}, step {step:g}, {neighbours} neighbours",
                where=name,
                remedy=f"give sides from {LEAST} on that rise, a growth above 1 to 4, a step of 1 to 8, 1 neighbour",
            )
        _require_places(places or {}, name)
        file = Path(model) if model else packaged(PACKAGE, MODEL)
        used = {
            "model": file.name,
            "smallest": smallest,
            "largest": largest,
            "growth": growth,
            "step": step,
            "neighbours": neighbours,
            "places": {place: list(box) for place, box in (places or {}).items()},
        }
        settings = declared(name, deadline=deadline, domain=domain, **used)
        output: Output = "text" if places else "quantity"
        super().__init__(name, address, clock=clock, model=file, output=output, deadline=deadline, settings=settings)

    def question(self, stimulus: Stimulus) -> dict[str, Any]:
        """The picture.

        :raises DriverError: for what is no picture.
        """
        if not isinstance(stimulus, Frame):
            raise DriverError(f"takes pictures, no {type(stimulus).__name__}", where=self.name)
        return super().question(stimulus)


def _require_places(places: Places, name: str) -> None:
    for place, (left, top, right, bottom) in places.items():
        if not (0.0 <= left < right <= 1.0 and 0.0 <= top < bottom <= 1.0) or len(place.split()) != 1:
            raise OptionError(
                f"the place {place!r}: {left:g}, {top:g}, {right:g}, {bottom:g}",
                where=name,
                remedy="give one word, and left, top, right and bottom that rise, from 0 to 1",
            )
