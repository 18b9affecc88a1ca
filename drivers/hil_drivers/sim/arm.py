"""A six-axis arm that follows target poses: what its controller believes, and where its tool truly is.

Its controller knows the joints by their encoders and the geometry by its data sheet. The truth has other link lengths,
joint zeros and tool, drawn by the seed: a pose error that varies with the pose, by the kinematics. Each stop has a
deviation of its own (repeatability). Neither shows in what the controller tells.
Times are bench time in ns, lengths in m, angles in rad.
"""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from enum import IntEnum
from functools import partial
from typing import NamedTuple

from ..clock import NANOSECONDS
from .bodies import Bodies, Body
from .devices.ur_rtde import UrRtdeDevice
from .kinematics import AXES, Arm6, Place, Vector, quaternion, rotation_matrix, rotation_vector
from .noise import Stream
from .response import Response
from .truth import Influences
from .world import World

NOMINAL = Arm6()

SMALL = 1e-6
"""The turn of a joint in rad by which the effect of its deviation is found."""


class Doing(IntEnum):
    """What the program on the controller does with the latest command."""

    WAITING = 0
    MOVING = 1
    ARRIVED = 2
    UNHEARD = 3
    UNREACHABLE = 4
    STOPPED = 5


@dataclass(slots=True)
class Move:
    """One move of all joints with one trapezoid of speed, cut off at ``until`` where nobody is heard any more.

    ``deviation`` is that of the joints at its end.
    """

    number: int
    start: int
    begin: Sequence[float]
    end: Sequence[float]
    deviation: Sequence[float]
    cruise: float
    total: float
    until: int
    why: Doing = Doing.UNHEARD

    def share(self, t: int) -> float:
        """How much of the way is done, 0 to 1."""
        elapsed = (min(t, self.until) - self.start) / NANOSECONDS
        if elapsed <= 0.0 or self.total <= 0.0:
            return 0.0 if elapsed <= 0.0 < self.total else 1.0
        ramp = self.total - self.cruise
        top = 1.0 / self.cruise
        if elapsed >= self.total:
            return 1.0
        if elapsed < ramp:
            return top * elapsed * elapsed / (2.0 * ramp)
        if elapsed > self.cruise:
            left = self.total - elapsed
            return 1.0 - top * left * left / (2.0 * ramp)
        return top * (elapsed - ramp / 2.0)

    def rate(self, t: int) -> float:
        """The share done in a second."""
        elapsed = (t - self.start) / NANOSECONDS
        if not 0.0 < elapsed < self.total or t > self.until:
            return 0.0
        ramp = self.total - self.cruise
        return min(1.0, elapsed / ramp, (self.total - elapsed) / ramp) / self.cruise

    @property
    def arrival(self) -> int:
        """When it ends, if nothing cuts it off."""
        return self.start + math.ceil(self.total * NANOSECONDS)


class Stops(NamedTuple):
    """The true positions of the tool over many stops at one target: their mean in m, and their covariance in m²."""

    mean: Vector
    covariance: list[list[float]]


class Arm:
    """One arm of the world, with the program that follows commands."""

    def __init__(self, name: str, device: UrRtdeDevice, world: World) -> None:
        self._device = device
        self._watchdog = round(device.watchdog * NANOSECONDS)
        draw = Stream(world.file.seed, "truth", "arm", name)
        spread = [draw.normal(i) for i in range(4 * AXES)]
        self._zeros = [device.joint_offset * z for z in spread[:AXES]]
        self._true = _deviating(device, spread[AXES:])
        self._stops = Stream(world.file.seed, "noise", name, "stop")
        self._encoder = Stream(world.file.seed, "noise", name, "encoder")
        placement = partial(Influences, world.file.effects, world.truth, name, "placement")
        self._effects = [placement(point) for point in device.placements()]
        self._responses = [Response(world, name, point, noise=0.0) for point in device.responses()]
        self._climate = world.climate
        home = list(device.home)
        self._moves = [Move(0, 0, home, home, [0.0] * AXES, 0.0, 0.0, 0, Doing.WAITING)]
        world.part(Bodies).register(name, self.body)

    def command(self, number: int, target: Sequence[float], t: int) -> None:
        """Begin to move to ``target``: position and rotation vector."""
        begin = self.joints(t)
        place = Place((target[0], target[1], target[2]), rotation_matrix((target[3], target[4], target[5])))
        end = NOMINAL.inverse(place, begin) or NOMINAL.inverse(place, self._device.home)
        if end is None:
            self._hold(number, t, Doing.UNREACHABLE)
            return
        end = [_nearest(joint, near) for joint, near in zip(end, begin, strict=True)]
        deviation = [
            self._device.repeatability * self._stops.normal(len(self._moves) * AXES + axis) for axis in range(AXES)
        ]
        cruise, total = _trapezoid(begin, end, self._device.speed, self._device.acceleration)
        self._moves.append(Move(number, t, begin, end, deviation, cruise, total, t + self._watchdog))

    def beat(self, t: int) -> None:
        """Whoever commands is alive; a move that was cut off stays so."""
        move = self._moves[-1]
        if move.start <= t < move.until and move.why is Doing.UNHEARD:
            move.until = t + self._watchdog

    def stop(self, number: int, t: int) -> None:
        """Stop where it is."""
        if self.doing(t)[1] is Doing.MOVING:
            self._hold(number, t, Doing.STOPPED)

    def doing(self, t: int) -> tuple[int, Doing]:
        """The number of the latest command, and what has become of it."""
        move = self._move(t)
        if move.total <= 0.0 and move.why is not Doing.UNHEARD:
            return move.number, move.why
        if t >= move.arrival and move.until >= move.arrival:
            return move.number, Doing.ARRIVED
        return move.number, Doing.MOVING if t < move.until else move.why

    def joints(self, t: int) -> list[float]:
        """The joints as the controller knows them, without noise."""
        move = self._move(t)
        share = move.share(t)
        return [a + share * (b - a) for a, b in zip(move.begin, move.end, strict=True)]

    def rates(self, t: int) -> list[float]:
        """The joints' speeds in rad/s."""
        move = self._move(t)
        rate = move.rate(t)
        return [rate * (b - a) for a, b in zip(move.begin, move.end, strict=True)]

    def sensed(self, t: int) -> list[float]:
        """The joints as the encoders tell them."""
        noise = self._device.encoder_noise
        return [joint + noise * self._encoder.normal(t + axis) for axis, joint in enumerate(self.joints(t))]

    def body(self, t: int) -> Body:
        """Where the tool truly is."""
        joints = [sum(parts) for parts in zip(self.joints(t), self._zeros, self._strayed(t), strict=True)]
        place = self._true.forward(joints)
        return Body(self._placed(place.position, t), quaternion(place.rotation))

    def stops(self, target: Sequence[float]) -> Stops:
        """Where the tool truly comes to rest when it is told to go to ``target``: the truth of a trial of its poses.

        :raises ValueError: if no joints lead there.
        """
        place = Place((target[0], target[1], target[2]), rotation_matrix((target[3], target[4], target[5])))
        found = NOMINAL.inverse(place, self._device.home)
        if found is None:
            raise ValueError("no joints lead to the target")
        joints = [joint + zero for joint, zero in zip(found, self._zeros, strict=True)]
        mean = self._placed(self._true.forward(joints).position)
        columns = []
        for axis in range(AXES):
            turned = [joint + (SMALL if i == axis else 0.0) for i, joint in enumerate(joints)]
            moved = self._placed(self._true.forward(turned).position)
            columns.append([self._device.repeatability * (b - a) / SMALL for a, b in zip(mean, moved, strict=True)])
        rows = [[sum(c[i] * c[j] for c in columns) for j in range(3)] for i in range(3)]
        return Stops(mean, rows)

    def account(self, t: int) -> tuple[float, ...]:
        """The tool's position and rotation vector as the controller tells them, from its encoders."""
        position, rotation = pose(self.sensed(t))
        air = self._climate.temperature(t)
        told = (each.indication(at, air, t) for each, at in zip(self._responses, position, strict=True))
        return (*told, *rotation)

    def _placed(self, position: Vector, t: int = 0) -> Vector:
        """The tool's position with the effects that act on its place."""
        air = self._climate.temperature(t)
        x, y, z = (effect.forward(at, air) for effect, at in zip(self._effects, position, strict=True))
        return (x, y, z)

    def _strayed(self, t: int) -> list[float]:
        """How far the joints are off their targets: from the deviation of one stop to that of the next."""
        i = self._index(t)
        move = self._moves[i]
        before = self._moves[i - 1].deviation if i else move.deviation
        share = move.share(t)
        return [a + share * (b - a) for a, b in zip(before, move.deviation, strict=True)]

    def _hold(self, number: int, t: int, why: Doing) -> None:
        here = self.joints(t)
        self._moves.append(Move(number, t, here, here, self._strayed(t), 0.0, 0.0, t, why))

    def _move(self, t: int) -> Move:
        return self._moves[self._index(t)]

    def _index(self, t: int) -> int:
        """The place of the latest move that has begun by ``t``: of the latest few, for time does not go far back."""
        i = len(self._moves) - 1
        while i and self._moves[i].start > t:
            i -= 1
        return i


def arms(world: World) -> dict[str, Arm]:
    """The arms of ``world`` by name, the same ones at every call."""
    return world.part(_arms)


def _arms(world: World) -> dict[str, Arm]:
    devices = world.file.devices.items()
    if world.file.scene == "robot-hall":
        from .hall.arm import HallArm

        return {name: HallArm(name, device, world) for name, device in devices if isinstance(device, UrRtdeDevice)}
    return {name: Arm(name, device, world) for name, device in devices if isinstance(device, UrRtdeDevice)}


def pose(joints: Sequence[float]) -> tuple[Vector, Vector]:
    """The tool's position and rotation vector by the data sheet."""
    place = NOMINAL.forward(joints)
    return place.position, rotation_vector(place.rotation)


def _deviating(device: UrRtdeDevice, spread: Sequence[float]) -> Arm6:
    """The true geometry."""
    a = [length + device.link_error * z for length, z in zip(NOMINAL.a, spread[:AXES], strict=True)]
    d = [length + device.link_error * z for length, z in zip(NOMINAL.d, spread[AXES : 2 * AXES], strict=True)]
    x, y, z = (length + device.tool_error * e for length, e in zip(NOMINAL.tool, spread[2 * AXES :], strict=False))
    return Arm6(a, d, NOMINAL.twist, (x, y, z))


def _trapezoid(begin: Sequence[float], end: Sequence[float], speed: float, acceleration: float) -> tuple[float, float]:
    """The time in s until the ramp down begins, and the time of the whole move; the farthest joint decides."""
    way = max(abs(b - a) for a, b in zip(begin, end, strict=True))
    if way < 1e-12:
        return 0.0, 0.0
    ramp = min(speed / acceleration, math.sqrt(way / acceleration))
    cruise = way / (acceleration * ramp)
    return cruise, cruise + ramp


def _nearest(joint: float, near: float) -> float:
    """The same joint, turned by whole turns to within half a turn of ``near``."""
    return joint - 2.0 * math.pi * round((joint - near) / (2.0 * math.pi))
