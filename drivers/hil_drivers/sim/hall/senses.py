"""What the robot of the hall senses: 36 distances around it, touch, and the picture of its camera."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import NDArray

from ...clock import NANOSECONDS
from ..world import World
from ..world_file import WorldFileError
from .engine import WHERE, Engine

RAYS = 36
REACH = 8.0
"""The largest distance in m that the range sensor tells; where there is nothing, it tells this."""

BUMPER_HOLD = NANOSECONDS // 2
"""How long the bumper tells of a touch."""

_LUMA = np.array([0.299, 0.587, 0.114], dtype=np.float32)


class Senses:
    """The senses of one hall: ``world.part(Senses)``. Times are bench time in ns."""

    def __init__(self, world: World) -> None:
        self._engine = engine = world.part(Engine)
        self._site, self._robot = engine.model.site("scanner").id, engine.model.body("robot").id
        angles = 2.0 * np.pi * np.arange(RAYS) / RAYS
        self._rays = np.stack((np.cos(angles), np.sin(angles), np.zeros(RAYS)), axis=1)
        self._scan: tuple[int, NDArray[np.float64]] = (-1, np.zeros(RAYS))
        self._renderers: dict[tuple[int, int], Any] = {}
        self._drawing: Any = None
        """The context that is current while a renderer draws, so that none stays current in its thread.

        The garbage collector may free a renderer in any thread, and cannot while it is current in another.
        """

    def value(self, quantity: str, t: int) -> float:
        """A quantity of the hall by its name after ``hall.``."""
        match quantity.split("."):
            case ["obstacle", axis]:
                return self._engine.obstacle(t, "xy".index(axis))
            case ["contact"]:
                return float(self._engine.contact(t, BUMPER_HOLD))
            case ["nearest"]:
                return float(self.ranges(t).min())
            case [_, degrees]:
                return float(self.ranges(t)[int(degrees) * RAYS // 360])
        raise ValueError(f"the hall has no {quantity!r}")

    def set(self, quantity: str, value: float, t: int) -> None:
        """Command a quantity: ``obstacle.x`` or ``obstacle.y`` in m."""
        if math.isfinite(value):
            self._engine.place(t, "xy".index(quantity[-1]), value)

    def ranges(self, t: int) -> NDArray[np.float64]:
        """The distances in m from the sensor's axis, from straight ahead to the left; up to ``REACH``."""
        if self._scan[0] != t:
            engine, view = self._engine, self._engine.view(t)
            rays = self._rays @ view.site_xmat[self._site].reshape(3, 3).T
            hit, distances = np.zeros(RAYS, dtype=np.int32), np.zeros(RAYS)
            engine.mujoco.mj_multiRay(
                engine.model, view, view.site_xpos[self._site], rays.ravel(), None, True, self._robot,
                hit, distances, None, RAYS, REACH,
            )  # fmt: skip
            self._scan = t, np.where(distances < 0.0, REACH, distances.clip(max=REACH))
        return self._scan[1]

    def picture(self, camera: str, width: int, height: int, t: int) -> NDArray[np.uint8]:
        """What a camera of the scene sees, without noise: ``(height, width, 3)``, uint8.

        :raises WorldFileError: if nothing can be drawn here.
        """
        engine, renderer = self._engine, self._renderer(width, height)
        with self._drawing.as_current():
            renderer.update_scene(engine.view(t), camera=camera)
            flags = engine.mujoco.mjtRndFlag
            renderer.scene.flags[flags.mjRND_SHADOW] = 0
            renderer.scene.flags[flags.mjRND_REFLECTION] = 0
            seen: NDArray[np.uint8] = renderer.render().copy()
        return seen

    def reflectance(self, width: int, height: int, t: int) -> NDArray[np.float32]:
        """The robot's camera: the share of the illuminance that comes back from each pixel, ``(height, width)``."""
        grey: NDArray[np.float32] = self.picture("robot", width, height, t).astype(np.float32) @ _LUMA / 255.0
        return grey

    def _renderer(self, width: int, height: int) -> Any:
        size, mujoco = (height, width), self._engine.mujoco
        if size not in self._renderers:
            try:
                self._drawing = self._drawing or mujoco.GLContext(1, 1)
                with self._drawing.as_current():
                    self._renderers[size] = mujoco.Renderer(self._engine.model, height, width)
            except (ImportError, AttributeError, RuntimeError, OSError) as error:
                raise WorldFileError(
                    f"the camera of the robot cannot be drawn: {error}", where=WHERE, remedy="install libegl1"
                ) from None
        return self._renderers[size]
