"""What a camera before the wall sees: projection, lens, exposure over refreshes; then the camera's own model.

A pixel's ray through a pinhole with radial distortion r_u = r (1 + k r^2), turned by the mounting, meets the wall's
plane; the wall is sampled at two by two points of each pixel, and blurred. Each row of the picture is the mean of the
frames that its exposure has seen, weighted by how long (global shutter, or rolling with ``row_time`` from row to row).
The row of the wall that a row of the picture looks at is taken in the middle column.
"""

from __future__ import annotations

import math
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

from ...clock import NANOSECONDS
from ...wire.frame_tag import CELLS, cells
from ..camera import blurred, expose
from ..devices.camera import CameraOptics
from ..devices.scene_server import SceneServerDevice
from ..light import mean
from ..world import World
from .display import Display, Wall, WallLight
from .scenes import HEIGHT, STRIP_BOTTOM, STRIP_TOP, WIDTH, Bitmap, Scene, bitmap, moves, strip

_SAMPLES = 2
_KEPT = 96

Times = NDArray[np.float64]


class View:
    """One camera before the wall of a world.

    :param name: the camera's.
    """

    def __init__(self, world: World, name: str, device: CameraOptics) -> None:
        self._world, self._name, self._camera = world, name, device
        self._wall = world.part(Wall)
        x, y = _where(device, self._wall.device, self._wall.drawn)
        self._map = _sampling(x, y)
        self._uniform = self._seen(_uniformity(self._wall.device))
        self._inside = self._seen(np.ones((HEIGHT, WIDTH), dtype=np.float32))
        middle = y.reshape(device.height, _SAMPLES, -1)[:, :, y.shape[1] // 2].mean(axis=1)
        self._rows = np.clip(middle / HEIGHT, 0.0, 1.0)
        self._stills: dict[tuple[tuple[str, object], ...], Bitmap] = {}

    def picture(self, start: int, end: int, *, index: int) -> NDArray[np.uint8]:
        """The picture of an exposure in [start, end], with the noise number ``index``."""
        light, factor = self._world.light, self._world.at_panel(start, end)
        if not isinstance(light, WallLight):
            raise TypeError("this world is not lit by a wall")
        white = mean(start, end, light.white, light.changes(start, end))
        floor = self._wall.device.black + light.ambient
        luminance = factor * (white * self._drive(start, end) * self._uniform + floor * self._inside)
        seen = (math.pi * luminance).astype(np.float32)
        return expose(seen, 1.0, self._camera, seed=self._world.file.seed, name=self._name, index=index)

    def _drive(self, start: int, end: int) -> Bitmap:
        """The mean drive in linear light over the exposure, without the uniformity."""
        display = self._wall.display
        rows = np.arange(self._camera.height, dtype=np.float64)
        first: Times = start + rows * (self._camera.row_time * NANOSECONDS)
        last: Times = first + (end - start)
        total = np.zeros((self._camera.height, self._camera.width), dtype=np.float32)
        for scene, elapsed, share in self._shown(display, first, last):
            total += share.astype(np.float32)[:, None] * self._projected(scene, elapsed)
        return total + self._tags(display, first, last)

    def _shown(self, display: Display, first: Times, last: Times) -> list[tuple[Scene, float, Times]]:
        """Each scene of the exposure with its share in each row; frames of one still scene are one."""
        found: list[tuple[Scene, float, Times]] = []
        for frame in display.frames(float(first[0]), float(last[-1])):
            share = display.share(first, last, self._rows, frame)
            if not share.any():
                continue
            scene, elapsed = display.scene(frame)
            if found and found[-1][0] is scene and not moves(scene):
                found[-1] = scene, elapsed, found[-1][2] + share
            else:
                found.append((scene, elapsed, share))
        return found

    def _tags(self, display: Display, first: Times, last: Times) -> Bitmap:
        """The strip: its cells averaged over the frames that the row through its middle has seen."""
        at = int(np.abs(self._rows - (STRIP_TOP + STRIP_BOTTOM) / 2.0 / HEIGHT).argmin())
        here = slice(at, at + 1)
        frames = display.frames(float(first[at]), float(last[at]))
        shares = [float(display.share(first[here], last[here], self._rows[here], frame)[0]) for frame in frames]
        seen = np.zeros(CELLS, dtype=np.float32)
        for share, frame in zip(shares, frames, strict=True):
            seen += np.float32(share) * np.array(cells(frame), dtype=np.float32)
        return self._seen(strip(seen), rows=self._strip_rows())

    def _strip_rows(self) -> int:
        """How many rows at the top of the picture can show the strip."""
        below = int(np.searchsorted(self._rows, (STRIP_BOTTOM + 8.0) / HEIGHT))
        return min(self._camera.height, below + math.ceil(4.0 * self._camera.blur) + 4)

    def _projected(self, scene: Scene, elapsed: float) -> Bitmap:
        gamma = self._wall.device.gamma
        if moves(scene):
            return self._seen(bitmap(scene, elapsed) ** np.float32(gamma))
        key = tuple(sorted(scene.items()))
        if key not in self._stills:
            while len(self._stills) >= _KEPT:
                self._stills.pop(next(iter(self._stills)))
            self._stills[key] = self._seen(bitmap(scene, elapsed) ** np.float32(gamma))
        return self._stills[key]

    def _seen(self, wall: Bitmap, *, rows: int | None = None) -> Bitmap:
        """A picture of the wall as the lens gives it, 0 beside it; below the first ``rows`` it is left out."""
        height, width = self._camera.height, self._camera.width
        rows = height if rows is None else rows
        index, weight = (part[:, : rows * _SAMPLES] for part in self._map)
        flat = np.append(wall.ravel(), np.float32(0.0))
        sampled = (flat[index] * weight).sum(axis=0)
        shape = (rows, _SAMPLES, width, _SAMPLES)
        seen = np.zeros((height, width), dtype=np.float32)
        seen[:rows] = blurred(sampled.reshape(shape).mean(axis=(1, 3)), self._camera.blur)
        return seen


def view(world: World, name: str, device: CameraOptics) -> View:
    """The view of the camera ``name``, the same at every call."""
    views = world.part(_views)
    if name not in views:
        views[name] = View(world, name, device)
    return views[name]


def _views(_: World) -> dict[str, View]:
    return {}


def _where(
    camera: CameraOptics, wall: SceneServerDevice, drawn: dict[str, float]
) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    """Where on the wall, in its pixels, each sample of the camera's pixels looks."""
    focal = camera.focal_length
    v, u = np.meshgrid(
        (np.arange(camera.height * _SAMPLES) + 0.5) / _SAMPLES - camera.height / 2.0,
        (np.arange(camera.width * _SAMPLES) + 0.5) / _SAMPLES - camera.width / 2.0,
        indexing="ij",
    )
    x, y = u / focal, v / focal
    stretched = 1.0 + camera.distortion * (x * x + y * y)
    rays = np.stack([x * stretched, y * stretched, np.ones_like(x)])
    turned = np.tensordot(_rotation(*(math.radians(drawn[f"mounting {axis}"]) for axis in "xyz")), rays, axes=1)
    scale = wall.distance / (wall.width / WIDTH)
    return turned[0] / turned[2] * scale + WIDTH / 2.0, turned[1] / turned[2] * scale + HEIGHT / 2.0


def _rotation(a: float, b: float, c: float) -> NDArray[np.float64]:
    """The rotation by ``a``, ``b`` and ``c`` rad about x, then y, then z."""
    about_x = np.array([[1, 0, 0], [0, math.cos(a), -math.sin(a)], [0, math.sin(a), math.cos(a)]])
    about_y = np.array([[math.cos(b), 0, math.sin(b)], [0, 1, 0], [-math.sin(b), 0, math.cos(b)]])
    about_z = np.array([[math.cos(c), -math.sin(c), 0], [math.sin(c), math.cos(c), 0], [0, 0, 1]])
    turned: NDArray[np.float64] = about_z @ about_y @ about_x
    return turned


def _sampling(x: NDArray[np.float64], y: NDArray[np.float64]) -> tuple[NDArray[np.int64], Bitmap]:
    """Bilinear interpolation as four pixels of the wall with their weights; one beside it is the last, of 0."""
    left, top = np.floor(x - 0.5), np.floor(y - 0.5)
    right, down = x - 0.5 - left, y - 0.5 - top
    index, weight = [], []
    for dx, dy in ((0, 0), (1, 0), (0, 1), (1, 1)):
        column, row = (left + dx).astype(np.int64), (top + dy).astype(np.int64)
        beside = (column < 0) | (column >= WIDTH) | (row < 0) | (row >= HEIGHT)
        index.append(np.where(beside, WIDTH * HEIGHT, row * WIDTH + column))
        weight.append((right if dx else 1.0 - right) * (down if dy else 1.0 - down))
    return np.stack(index), np.stack(weight).astype(np.float32)


@lru_cache(maxsize=4)
def _uniformity(wall: SceneServerDevice) -> Bitmap:
    """Luminance by place, 1 in the centre, quadratic in the distance from it."""
    y, x = np.mgrid[0:HEIGHT, 0:WIDTH]
    apart = ((x + 0.5) / WIDTH - 0.5) ** 2 + ((y + 0.5) / HEIGHT - 0.5) ** 2
    uniform: Bitmap = (1.0 - (1.0 - wall.uniformity) * apart / 0.5).astype(np.float32)
    return uniform
