"""Motion capture: what the cameras make of the bodies that move in the world.

The volume has a scale, an origin and a tilt of its own, each body a mounting: drawn once by the seed. Marker noise
enters a body's position by 1/sqrt(n) and its rotation by 1/(radius sqrt(n)).
Times are bench time in ns, lengths in m.
"""

from __future__ import annotations

import math
from typing import NamedTuple

from ..clock import NANOSECONDS
from .bodies import Bodies, Body
from .devices.natnet import NatnetDevice
from .kinematics import Quaternion, Vector, multiplied, small_rotation, turned
from .noise import Stream
from .response import Response
from .truth import Influences
from .world import World

OCCLUSION = NANOSECONDS // 5
"""How long a body stays out of sight at a time."""


class Seen(NamedTuple):
    """One rigid body as tracked; where it is not, the last pose stands."""

    position: Vector
    rotation: Quaternion
    marker_error: float
    tracked: bool


NEVER = Seen((0.0, 0.0, 0.0), (0.0, 0.0, 0.0, 1.0), 0.0, tracked=False)


class Tracker:
    """The motion capture system of a world."""

    def __init__(self, name: str, device: NatnetDevice, world: World) -> None:
        self._device, self._bodies = device, world.part(Bodies)
        seed = world.file.seed
        draw = Stream(seed, "truth", "tracker", name)
        self._scale = 1.0 + device.scale * draw.normal(0)
        self._origin = _vector(draw, 1, device.frame_offset)
        self._tilt = small_rotation(_vector(draw, 4, device.frame_tilt))
        self._mounting = {
            body: _vector(Stream(seed, "truth", "tracker", name, body), 0, device.mounting) for body in device.bodies
        }
        self._turns = {
            body: device.mounting_turn * Stream(seed, "truth", "tracker", name, body).normal(3)
            for body in device.bodies
        }
        self._noise = {body: Stream(seed, "noise", name, body) for body in device.bodies}
        self._last = dict.fromkeys(device.bodies, NEVER)
        self._climate = world.climate
        self._axes = {
            body: [_Axis(name, f"{body}.{axis}", world) for axis in ("x", "y", "z")] for body in device.bodies
        }

    def turn(self, name: str) -> float:
        """By how much the rigid body ``name`` is turned about the z of what it is mounted on, in rad."""
        return self._turns[name]

    def see(self, name: str, t: int, *, hidden: bool) -> Seen:
        """The rigid body ``name`` in the middle of an exposure at ``t``."""
        found = self._bodies.at(self._device.bodies[name], t)
        if found is None or hidden or self._occluded(name, t):
            seen = self._last[name]._replace(tracked=False)
        else:
            seen = self._sense(name, found, t)
        self._last[name] = seen
        return seen

    def _sense(self, name: str, body: Body, t: int) -> Seen:
        device, noise = self._device, self._noise[name]
        u = device.marker_noise / math.sqrt(device.markers)
        mounted = turned(body.rotation, self._mounting[name])
        place = turned(self._tilt, _sum(body.position, mounted))
        strayed = _vector(noise, 8 * t, u)
        air = self._climate.temperature(t)
        x, y, z = (
            axis.indication(self._scale * p + o, air, t) + s
            for axis, p, o, s in zip(self._axes[name], place, self._origin, strayed, strict=True)
        )
        shaken = small_rotation(_vector(noise, 8 * t + 3, u / device.radius))
        turned_body = multiplied(body.rotation, small_rotation((0.0, 0.0, self._turns[name])))
        rotation = multiplied(shaken, multiplied(self._tilt, turned_body))
        error = device.marker_noise * abs(1.0 + 0.2 * noise.normal(8 * t + 6))
        return Seen((x, y, z), rotation, error, tracked=True)

    def _occluded(self, name: str, t: int) -> bool:
        return self._noise[name].uniform(-1 - t // OCCLUSION) < self._device.occluded


class _Axis:
    """One coordinate of one body, with what a bench declares of it."""

    def __init__(self, name: str, point: str, world: World) -> None:
        self._placement = Influences(world.file.effects, world.truth, name, "placement", point)
        self._response = Response(world, name, point, noise=0.0)

    def indication(self, value: float, air: float, t: int) -> float:
        """What is told of ``value`` at an air temperature in Cel."""
        return self._response.indication(self._placement.forward(value, air), air, t)


def _vector(stream: Stream, first: int, spread: float) -> Vector:
    x, y, z = (spread * stream.normal(first + i) for i in range(3))
    return (x, y, z)


def _sum(a: Vector, b: Vector) -> Vector:
    return (a[0] + b[0], a[1] + b[1], a[2] + b[2])
