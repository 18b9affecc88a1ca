"""The arm of the hall: the controller of :class:`hil_drivers.sim.arm.Arm`, before servos that lag and links with mass.

The engine repeats a movement exactly, so what a real arm does not repeat is put in on purpose, with known truth: the
links of the seed in the model, and joint zeros and the deviation of each stop in what the servos follow.
"""

from __future__ import annotations

from ..arm import Arm, Doing
from ..bodies import Body
from ..devices.ur_rtde import UrRtdeDevice
from ..kinematics import AXES
from ..world import World
from .engine import Engine


class HallArm(Arm):
    """The arm of a hall."""

    def __init__(self, name: str, device: UrRtdeDevice, world: World) -> None:
        super().__init__(name, device, world)
        self._engine = engine = world.part(Engine)
        self._places = [engine.joint(f"axis-{axis}") for axis in range(1, AXES + 1)]
        self._motors = [engine.actuator(f"axis-{axis}") for axis in range(1, AXES + 1)]
        self._settled = -1
        self._build()
        for axis, angle in enumerate(self._followed(0), start=1):
            engine.begin(f"axis-{axis}", (angle,))
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

    def _followed(self, t: int) -> list[float]:
        return [sum(parts) for parts in zip(self.joints(t), self._zeros, self._strayed(t), strict=True)]

    def _act(self, t: int) -> None:
        """One tick of the controller: the servos' targets, as long as they change."""
        move = self._index(t)
        if move == self._settled:
            return
        self._engine.data.ctrl[self._motors] = self._followed(t)
        self._settled = -1 if self.doing(t)[1] is Doing.MOVING else move
