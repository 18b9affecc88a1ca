"""The arm of the hall: the controller of :class:`hil_drivers.sim.arm.Arm`, before servos that lag and links with mass.

The engine repeats a movement exactly, so what a real arm does not repeat is put in on purpose, with known truth: the
links of the seed in the model, and joint zeros and the deviation of each stop in what the servos follow.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from ..arm import Arm
from ..bodies import Body
from ..devices.ur_rtde import UrRtdeDevice
from ..kinematics import AXES
from ..world import World
from .engine import Engine


class Followed(NamedTuple):
    """What the servos follow during a move, zeros and deviations included: from where, which way, and until when."""

    number: int
    start: NDArray[np.float64]
    way: NDArray[np.float64]
    arrival: int


class HallArm(Arm):
    """The arm of a hall."""

    def __init__(self, name: str, device: UrRtdeDevice, world: World) -> None:
        super().__init__(name, device, world)
        self._engine = engine = world.part(Engine)
        self._places = [engine.joint(f"axis-{axis}") for axis in range(1, AXES + 1)]
        first = engine.actuator("axis-1")
        self._targets = engine.data.ctrl[first : first + AXES]
        self._followed, self._settled = Followed(-1, np.zeros(AXES), np.zeros(AXES), 0), -1
        self._build()
        for axis, parts in enumerate(zip(device.home, self._zeros, self._strayed(0), strict=True), start=1):
            engine.begin(f"axis-{axis}", (sum(parts),))
        engine.control(self._act)

    def sensed(self, t: int) -> list[float]:
        positions, noise = self._engine.positions(t), self._device.encoder_noise
        off = [zero + stray for zero, stray in zip(self._zeros, self._strayed(t), strict=True)]
        angles = [float(positions[place]) for place in self._places]
        return [
            angle - o + noise * self._encoder.normal(t + axis)
            for axis, (angle, o) in enumerate(zip(angles, off, strict=True))
        ]

    def body(self, t: int) -> Body:
        tool = self._engine.site("tool", t)
        air = self._climate.temperature(t)
        x, y, z = (effect.forward(at, air) for effect, at in zip(self._effects, tool.position, strict=True))
        return Body((x, y, z), tool.rotation)

    def _build(self) -> None:
        """Give the links of the model the lengths of this seed, and the tool its place."""
        model, true = self._engine.model, self._true
        for axis in range(1, AXES):
            model.body(f"axis-{axis + 1}").pos = (true.a[axis - 1], 0.0, true.d[axis - 1])
        x, y, z = true.tool
        model.site("tool").pos = (true.a[-1] + x, y, true.d[-1] + z)

    def _act(self, t: int) -> None:
        """One tick of the controller: the servos' targets, as long as they change."""
        number = self._index(t)
        if number == self._settled:
            return
        move, followed = self._moves[number], self._followed
        if number != followed.number:
            followed = self._followed = self._begun(number)
        np.multiply(followed.way, move.share(t), out=self._targets)
        self._targets += followed.start
        self._settled = number if t >= followed.arrival or t >= move.until else -1

    def _begun(self, number: int) -> Followed:
        move = self._moves[number]
        before = self._moves[number - 1].deviation if number else move.deviation
        start = np.array([move.begin, self._zeros, before]).sum(axis=0)
        way = np.array([move.end, self._zeros, move.deviation]).sum(axis=0) - start
        return Followed(number, start, way, move.arrival)
