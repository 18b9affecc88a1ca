"""Scenes as bitmaps of the wall: drive values from 0 (black) to 1 (white), before the wall's own curve.

The strip at the top holds the frame's number, the square at the lower right is the white patch of the meter; both
belong to every scene.
"""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...wire.frame_tag import CELLS
from ..signs import draw_text

WIDTH, HEIGHT = 640, 360
STRIP_TOP, STRIP_BOTTOM = 8, 40
CELL = 36
STRIP_LEFT = (WIDTH - CELLS * CELL) // 2
PATCH = 40
TEXT_HEIGHT = 96.0
TEXT_GREY = 0.6
"""The drive of letters: a third of the luminance of white, as ink on paper."""

BAR = 40
PICTURES = ("bars", "checkerboard")

Bitmap = NDArray[np.float32]
Scene = dict[str, Any]


def fault_of(scene: object) -> str:
    """Why the wall cannot draw ``scene``; empty where it can."""
    if not isinstance(scene, dict):
        return "a scene is an object"
    match scene:
        case {"kind": "text", "text": str(text)} if len(text) <= 64 and text.isascii() and text.isprintable():
            return ""
        case {"kind": "grey", "level": int() | float() as level} if 0.0 <= level <= 1.0:
            return ""
        case {"kind": "picture", "name": str(name)} if name in PICTURES:
            return ""
        case {"kind": "element", "speed": int() | float() as speed} if -10.0 <= speed <= 10.0:
            return ""
    return f"no scene of this wall; pictures are {', '.join(PICTURES)}"


def moves(scene: Scene) -> bool:
    """Whether it looks different from frame to frame."""
    return bool(scene["kind"] == "element" and scene["speed"])


def bitmap(scene: Scene, elapsed: float) -> Bitmap:
    """The drive values of a scene, ``(HEIGHT, WIDTH)``, without the strip.

    :param elapsed: seconds since it was first drawn.
    """
    drawn = _element(scene["speed"] * elapsed) if scene["kind"] == "element" else _still(tuple(sorted(scene.items())))
    drawn = drawn.copy()
    drawn[: STRIP_BOTTOM + 8] = 0.0
    drawn[HEIGHT - PATCH :, WIDTH - PATCH :] = 1.0
    return drawn


def strip(values: Bitmap) -> Bitmap:
    """The strip alone, ``(HEIGHT, WIDTH)``: cells of any share of white on black."""
    drawn = np.zeros((HEIGHT, WIDTH), dtype=np.float32)
    drawn[STRIP_TOP:STRIP_BOTTOM, STRIP_LEFT : STRIP_LEFT + CELLS * CELL] = np.repeat(values, CELL)
    return drawn


@lru_cache(maxsize=64)
def _still(scene: tuple[tuple[str, Any], ...]) -> Bitmap:
    stated = dict(scene)
    if stated["kind"] == "text":
        ink = draw_text(stated["text"], WIDTH, HEIGHT, TEXT_HEIGHT)
        return np.asarray(1.0 + (TEXT_GREY - 1.0) * ink, dtype=np.float32)
    if stated["kind"] == "picture":
        y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
        drawn = x * 8 // WIDTH / 7.0 if stated["name"] == "bars" else (x // 40 + y // 40) % 2
        return np.asarray(drawn, dtype=np.float32)
    return np.full((HEIGHT, WIDTH), stated["level"], dtype=np.float32)


def _element(travelled: float) -> Bitmap:
    """A dark bar on white that begins in the middle and comes back at the other side."""
    drawn = np.ones((HEIGHT, WIDTH), dtype=np.float32)
    left = WIDTH / 2.0 - BAR / 2.0 + travelled * WIDTH
    apart = (np.arange(WIDTH) - left) % WIDTH
    covered = np.where(apart < BAR, np.minimum(1.0, BAR - apart), np.maximum(0.0, apart - (WIDTH - 1.0)))
    return np.asarray(drawn - 0.8 * covered, dtype=np.float32)
