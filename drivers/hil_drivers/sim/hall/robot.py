"""The mobile robot of the hall: the software of the base, on wheels that slip, push and are stopped by things.

Commands, limits and the scales of its odometry are those of :class:`hil_drivers.sim.base.Base`; where it truly is, and
how far its wheels have turned, comes of the physics. Times are bench time in ns, lengths in m, angles in rad.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from typing import NamedTuple

from ...clock import NANOSECONDS
from ..base import Base, Place, State
from ..bodies import Body
from ..devices.ros2_robot import Ros2RobotDevice
from ..noise import Stream
from ..world import World
from .engine import KEPT, TICK, Engine
from .protection import Protection

WHEEL = 0.05
"""Radius of the driven wheels."""

TRACK = 0.3
"""Distance between them."""


class Believed(NamedTuple):
    """What the odometry holds at one time: the pose, and how far the wheels had turned."""

    t: int
    place: Place
    left: float
    right: float


class Wanted(NamedTuple):
    """The speeds for which the wheels are set."""

    speed: float
    turn_rate: float


class Command(NamedTuple):
    """Velocities that were commanded at ``t``, and until when they hold."""

    t: int
    speed: float
    turn_rate: float
    until: int


class HallRobot(Base):
    """The robot of a hall."""

    def __init__(self, name: str, device: Ros2RobotDevice, world: World) -> None:
        super().__init__(name, device, world)
        self._engine = engine = world.part(Engine)
        x, y, heading = device.start
        engine.begin("robot", (x, y, 0.0, math.cos(heading / 2.0), 0.0, 0.0, math.sin(heading / 2.0)))
        wheel, motor = engine.joint("left"), engine.actuator("left")
        self._wheels, self._motors = slice(wheel, wheel + 2), slice(motor, motor + 2)
        self._targets = engine.data.ctrl
        self._commands: deque[Command] = deque([Command(0, 0.0, 0.0, 0)])
        self._wanted = Wanted(0.0, 0.0)
        self._history: deque[Believed] = deque([Believed(0, Place(0.0, 0.0, 0.0), 0.0, 0.0)], maxlen=KEPT)
        self._followed, self._due = -1, NANOSECONDS
        self._weigh(name)
        self._protection = None if device.protection is None else Protection(name, device.protection, world)
        engine.control(self._act)

    @property
    def mass(self) -> float:
        """Of the whole robot, in kg."""
        return float(self._engine.model.body("robot").subtreemass[0])

    def command(self, t: int, speed: float, turn_rate: float) -> None:
        (linear, angular), timeout = self.limits, self._device.command_timeout
        until = t + round(timeout * NANOSECONDS) if timeout else 1 << 62
        speed, turn_rate = max(-linear, min(linear, speed)), max(-angular, min(angular, turn_rate))
        self._commands.append(Command(t, speed, turn_rate, until))

    def forget(self, t: int) -> None:
        left, right = self._turned(t)
        self._follow(t)
        self._history.append(Believed(t, Place(0.0, 0.0, 0.0), left, right))

    def state(self, t: int) -> State:
        left, right = self._turned(t)
        before = self._turned(max(0, t - TICK))
        rates = [(b - a) * WHEEL * NANOSECONDS / TICK for a, b in zip(before, (left, right), strict=True)]
        place = self._engine.body("robot", t)
        true = Place(place.position[0], place.position[1], _heading(place))
        believed = self._moved(self._at(t), left, right)
        return State(t, true, believed, (rates[0] + rates[1]) / 2.0, (rates[1] - rates[0]) / TRACK)

    def body(self, t: int) -> Body:
        return self._engine.body("robot", t)

    def _weigh(self, name: str) -> None:
        """Give it the mass of this seed: the model's, and what is not known of it."""
        model, device = self._engine.model, self._device
        chassis = model.body("robot")
        more = device.mass_u * Stream(self._world.file.seed, "truth", "base", name, "mass").normal()
        chassis.inertia = chassis.inertia * (1.0 + more / float(chassis.mass[0]))
        chassis.mass = chassis.mass + more
        model.body_subtreemass[model.body("robot").id] += more

    def _act(self, t: int) -> None:
        """One tick of the base's software."""
        commands, wanted = self._commands, self._wanted
        while len(commands) > 1 and commands[1].t <= t:
            commands.popleft()
        _, speed, turn_rate, until = commands[0]
        if t >= until:
            speed = turn_rate = 0.0
        acceleration = self._device.acceleration
        if self._protection is not None and (braking := self._protection.act(t, speed)) is not None:
            speed, acceleration = 0.0, braking
        if speed != wanted.speed or turn_rate != wanted.turn_rate or not t:
            dt = min(TICK, t) / NANOSECONDS
            speed = _towards(wanted.speed, speed, acceleration * dt)
            turn_rate = _towards(wanted.turn_rate, turn_rate, self._device.angular_acceleration * dt)
            half = turn_rate * TRACK / 2.0
            self._targets[self._motors] = (speed - half) / WHEEL, (speed + half) / WHEEL
            self._wanted = Wanted(speed, turn_rate)
        if t >= self._due:
            self._due = t + NANOSECONDS
            self._follow(t)

    def _follow(self, t: int) -> None:
        """Odometry, tick by tick, to the last one by ``t``: many at once, before the engine forgets the oldest."""
        first, last = self._followed + 1, t // TICK
        if last < first:
            return
        for tick, (left, right) in enumerate(self._engine.at_ticks(first, last, self._wheels), first):
            self._history.append(Believed(tick * TICK, self._moved(self._history[-1], left, right), left, right))
        self._followed = last

    def _at(self, t: int) -> Believed:
        self._follow(t)
        index = bisect_right(self._history, t, key=lambda each: each.t)
        return self._history[max(0, index - 1)]

    def _turned(self, t: int) -> tuple[float, float]:
        left, right = self._engine.positions(t)[self._wheels].tolist()
        return left, right

    def _moved(self, last: Believed, left: float, right: float) -> Place:
        """Odometry: on from ``last`` by how far the wheels have turned."""
        ways = (left - last.left) * WHEEL, (right - last.right) * WHEEL
        distance, turn = (ways[0] + ways[1]) / 2.0, (ways[1] - ways[0]) / TRACK
        return last.place.moved(distance * self._distance_scale, turn * self._rotation_scale)


def _heading(body: Body) -> float:
    x, y, z, w = body.rotation
    return math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z))


def _towards(value: float, target: float, most: float) -> float:
    return value + max(-most, min(most, target - value))
