"""The display: which scene each of its frames holds, when a row lights up, and how bright the wall is.

Frame n begins its scan-out at t(n) = phase + n T, with the refresh period T and the phase drawn by the seed; a row at
the share y of the height follows ``scan_out`` y T later, and its pixels have changed by half after ``response``. A
scene that is commanded at t is ready after ``render``, and drawn in the next frame that begins. Times are bench time in
ns.

Luminance: L(v) = L_black + b g a(t) (1 + alpha (T - 23 Cel)) (L_max - L_black) u v^gamma + rho E_ambient / pi, with the
brightness b, the tolerance g, the warm-up a, and the uniformity u, quadratic in the distance from the centre.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from ...clock import NANOSECONDS
from ..climate import Climate
from ..devices.scene_server import SceneServerDevice
from ..light import Light
from .scenes import Scene, bitmap

if TYPE_CHECKING:
    from ..world import World

_TEMPERATURE_OF_RATING = 23.0
_KEPT = 256

Rows = NDArray[np.float64]


class WallLight(Light):
    """The light of a wall: its brightness, and the illuminance at the meter before its white patch.

    :param drawn: what the seed has drawn of the wall: ``tolerance`` among others.
    """

    def __init__(self, device: SceneServerDevice, dark: float, drawn: dict[str, float], climate: Climate) -> None:
        super().__init__(None, dark, 1.0, climate)
        self._device, self._tolerance = device, drawn["tolerance"]
        self.ambient = device.ambient * device.reflectance / math.pi

    def white(self, t: int) -> float:
        """What full drive adds to the black level in the wall's centre, in cd/m2, its modulation averaged."""
        device = self._device
        lit_for = max(0, t - self._lit) / NANOSECONDS if self._lit is not None else 0.0
        warm = 1.0 + device.warm_up * math.exp(-lit_for / device.warm_up_time)
        hot = self._climate.temperature(t) - _TEMPERATURE_OF_RATING
        drift = warm * (1.0 + device.temperature_coefficient * hot)
        return self.lit(t) * (1.0 + self._tolerance) * drift * (device.luminance - device.black)

    def plane(self, t: int) -> float:
        return self._dark + self._device.patch * (self.white(t) + self._device.black + self.ambient)


class Display:
    """The frames of the wall."""

    def __init__(self, device: SceneServerDevice, drawn: dict[str, float]) -> None:
        self.device = device
        self.period = NANOSECONDS / device.refresh * (1.0 + drawn["rate"])
        self.phase = drawn["phase"] * self.period
        self._frames: list[int] = [-(2**62)]
        self._scenes: list[Scene] = [{"kind": "text", "text": ""}]

    def begins(self, frame: int) -> int:
        """When the scan-out of ``frame`` begins."""
        return round(self.phase + frame * self.period)

    def frame(self, t: int) -> int:
        """The frame whose scan-out began last at ``t``."""
        n = math.floor((t - self.phase) / self.period)
        return n + 1 if self.begins(n + 1) <= t else n

    def next_frame(self, t: int) -> int:
        """The frame in which a scene commanded at ``t`` will be drawn."""
        return self.frame(t + round(self.device.render * NANOSECONDS) - 1) + 1

    def draw(self, frame: int, scene: Scene) -> None:
        """Hold ``scene`` from ``frame`` on."""
        while self._frames[-1] >= frame:
            self._frames.pop()
            self._scenes.pop()
        self._frames.append(frame)
        self._scenes.append(scene)
        del self._frames[1:-_KEPT], self._scenes[1:-_KEPT]

    def changed(self, frame: int) -> bool:
        """Whether a scene was drawn for the first time in ``frame``."""
        return frame in self._frames

    def scene(self, frame: int) -> tuple[Scene, float]:
        """The scene that ``frame`` holds, and for how many seconds it had been there."""
        at = bisect_right(self._frames, frame) - 1
        return self._scenes[at], max(0.0, frame - self._frames[at]) * self.period / NANOSECONDS if at else 0.0

    def share(self, start: Rows, end: Rows, row: Rows, frame: int) -> Rows:
        """The share of exposures [start, end] in which rows are lit by ``frame``; all of one shape.

        :param row: as a share of the wall's height, from the top.
        """
        delay = self.device.scan_out * row * self.period + self.device.response * NANOSECONDS
        shown, gone = self.begins(frame) + delay, self.begins(frame + 1) + delay
        lit = self._light(np.minimum(end, gone)) - self._light(np.maximum(start, shown))
        share: Rows = np.maximum(0.0, lit) / (end - start)
        return share

    def frames(self, start: float, end: float) -> range:
        """The frames that can be seen in [start, end] anywhere on the wall."""
        late = self.device.scan_out * self.period + self.device.response * NANOSECONDS
        return range(self.frame(math.floor(start - late)), self.frame(math.ceil(end)) + 1)

    def _light(self, t: Rows) -> Rows:
        """The time for which the light has been on at ``t``, scaled so that it is on as long as it is not modulated."""
        if not self.device.pwm:
            return t
        period, duty = NANOSECONDS / self.device.pwm, self.device.duty
        whole = np.floor(t / period)
        on: Rows = (whole + np.minimum(1.0, (t / period - whole) / duty)) * period
        return on

    def mean_drive(self, t: int) -> float:
        """The mean luminance of what is shown at ``t``, as a share of white."""
        frame = self.frame(t)
        scene, elapsed = self.scene(frame)
        return float(np.mean(bitmap(scene, elapsed) ** self.device.gamma))


class Wall:
    """The wall of a world.

    :raises KeyError: if the world has none.
    """

    def __init__(self, world: World) -> None:
        found = ((name, d) for name, d in world.file.devices.items() if isinstance(d, SceneServerDevice))
        self.name, self.device = next(found)
        self.drawn = world.truth.walls[self.name]
        self.display = Display(self.device, self.drawn)

    def at_eye(self, world: World, t: int) -> float:
        """The illuminance at the eye point in lx, of all that the wall shows."""
        light = world.light
        if not isinstance(light, WallLight):
            raise TypeError("this world is not lit by a wall")
        white = light.white(t) * self.display.mean_drive(t)
        return self.device.eye * (white + self.device.black + light.ambient)
