"""Signs: a line of text as a picture of coverage, drawn with the font that ships with this package."""

from __future__ import annotations

from functools import lru_cache
from importlib.resources import files
from io import BytesIO
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from PIL.ImageFont import FreeTypeFont

_OVERSAMPLING = 4
_MARGIN = 0.94


@lru_cache(maxsize=64)
def draw_text(text: str, width: int, height: int, text_height: float) -> NDArray[np.float32]:
    """The share of each pixel that ink covers, from 0 to 1, as an array ``(height, width)``.

    :param text: one line; centred, and drawn smaller where it would not fit.
    :param text_height: height of a capital letter in pixels.
    """
    from PIL import Image, ImageDraw

    canvas = Image.new("L", (width * _OVERSAMPLING, height * _OVERSAMPLING), 0)
    if text:
        font = _fitting(text, width * _OVERSAMPLING * _MARGIN, text_height * _OVERSAMPLING)
        ImageDraw.Draw(canvas).text((canvas.width / 2, canvas.height / 2), text, 255, font, anchor="mm")
    covered: NDArray[np.float32] = np.asarray(canvas.reduce(_OVERSAMPLING), dtype=np.float32) / 255.0
    covered.flags.writeable = False
    return covered


def _fitting(text: str, width: float, capital: float) -> FreeTypeFont:
    _, top, _, bottom = _font(1000).getbbox("H")
    size = max(1.0, capital * 1000.0 / (bottom - top))
    length = _font(size).getlength(text)
    return _font(size if length <= width else max(1.0, size * width / length))


@lru_cache(maxsize=64)
def _font(size: float) -> FreeTypeFont:
    from PIL import ImageFont

    return ImageFont.truetype(BytesIO(_font_file()), size, layout_engine=ImageFont.Layout.BASIC)


@lru_cache(maxsize=1)
def _font_file() -> bytes:
    return (files(__package__) / "data" / "DejaVuSans-Bold.ttf").read_bytes()
