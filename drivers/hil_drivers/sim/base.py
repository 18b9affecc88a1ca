"""A mobile base with two driven wheels: where it truly is, and where its odometry believes it to be.

The wheels are not quite as large, nor as far apart, as the base's software holds them to be: the scales of distance and
of rotation are drawn once by the seed, so the odometry drifts away from the truth the farther it drives. Velocities
follow commands within limits of acceleration; without a command for a while the base stops.
Times are bench time in ns, lengths in m, angles in rad.
"""

from __future__ import annotations

import math
from bisect import bisect_right
from collections import deque
from functools import partial
from operator import attrgetter
from typing import NamedTuple

from ..clock import NANOSECONDS
from .bodies import Bodies, Body
from .devices.ros2_robot import Ros2RobotDevice
from .noise import Stream
from .response import Response
from .world import World

STEP = NANOSECONDS // 100
"""The integration's step: velocities change on multiples of it."""

KEPT = 2000
"""States that are kept for whoever asks for a time that has passed."""


class Place(NamedTuple):
    """A pose in the plane."""

    x: float
    y: float
    heading: float

    def moved(self, distance: float, turn: float) -> Place:
        """The pose after an arc of that length and angle."""
        half = turn / 2.0
        chord = distance * (math.sin(half) / half if half else 1.0)
        middle = self.heading + half
        return Place(self.x + chord * math.cos(middle), self.y + chord * math.sin(middle), self.heading + turn)


class State(NamedTuple):
    """The base at one time: the truth, its belief, and its velocities in m/s and rad/s."""

    t: int
    true: Place
    believed: Place
    speed: float
    turn_rate: float


class Base:
    """One base of the world."""

    def __init__(self, name: str, device: Ros2RobotDevice, world: World) -> None:
        self._device, self._world = device, world
        draw = Stream(world.file.seed, "truth", "base", name)
        self._distance_scale = 1.0 + device.distance_scale * draw.normal(0)
        self._rotation_scale = 1.0 + device.rotation_scale * draw.normal(1)
        start = Place(*device.start)
        self._states: deque[State] = deque([State(0, start, Place(0.0, 0.0, 0.0), 0.0, 0.0)], maxlen=KEPT)
        self._target = (0.0, 0.0)
        self._until = 0
        self.limits = (device.max_linear, device.max_angular)
        respond = partial(Response, world, name)
        self._responses = (
            respond("x", noise=device.noise),
            respond("y", noise=device.noise),
            respond("heading", noise=device.heading_noise),
        )
        world.part(Bodies).register(name, self.body)

    def command(self, t: int, speed: float, turn_rate: float) -> None:
        """Go for these velocities from ``t`` on, within the limits; until the command times out."""
        self._settle(t)
        (linear, angular), timeout = self.limits, self._device.command_timeout
        self._target = max(-linear, min(linear, speed)), max(-angular, min(angular, turn_rate))
        self._until = t + round(timeout * NANOSECONDS) if timeout else 1 << 62

    def stop(self, t: int) -> None:
        """Go for standstill."""
        self.command(t, 0.0, 0.0)

    def forget(self, t: int) -> None:
        """Let the odometry begin anew at the origin."""
        self._settle(t)
        self._states.append(self._states[-1]._replace(believed=Place(0.0, 0.0, 0.0)))

    def state(self, t: int) -> State:
        """The base at ``t``, up to now."""
        self._to(self._world.time.now())
        index = max(1, bisect_right(self._states, t, key=attrgetter("t")))
        if index == len(self._states):
            return self._after(self._states[-1], t)
        return self._between(self._states[index - 1], self._states[index], t)

    def body(self, t: int) -> Body:
        """Where it truly is, for trackers."""
        true = self.state(t).true
        half = true.heading / 2.0
        return Body((true.x, true.y, 0.0), (0.0, 0.0, math.sin(half), math.cos(half)))

    def odometry(self, t: int) -> tuple[float, float, float, float, float]:
        """What the base tells of ``t``: x, y, heading, and the velocities by its wheels."""
        state, temperature = self.state(t), self._world.climate.temperature(t)
        x, y, heading = (
            response.indication(value, temperature, t)
            for response, value in zip(self._responses, state.believed, strict=True)
        )
        return x, y, heading, state.speed * self._distance_scale, state.turn_rate * self._rotation_scale

    def _settle(self, t: int) -> None:
        """Go on to ``t`` itself: something changes there."""
        self._to(t)
        if self._states[-1].t < t:
            self._states.append(self._after(self._states[-1], t))

    def _to(self, t: int) -> None:
        """Go on to ``t`` step by step, on the grid alone, so that it does not matter who asks when."""
        while True:
            last = self._states[-1]
            if last.t >= self._until:
                self._target = (0.0, 0.0)
            following = (last.t // STEP + 1) * STEP
            if last.t < self._until:
                following = min(following, self._until)
            if following > t:
                return
            if not (last.speed or last.turn_rate or any(self._target)):
                following = max(following, t // STEP * STEP)
            self._states.append(self._after(last, following))

    def _after(self, state: State, t: int) -> State:
        """The state at ``t``, no more than a step after ``state``."""
        dt, device = (t - state.t) / NANOSECONDS, self._device
        speed = _towards(state.speed, self._target[0], device.acceleration * dt)
        turn_rate = _towards(state.turn_rate, self._target[1], device.angular_acceleration * dt)
        return self._on(state, t, speed, turn_rate)

    def _between(self, state: State, following: State, t: int) -> State:
        """The state at ``t`` between two that are known."""
        share = max(0.0, (t - state.t) / (following.t - state.t)) if following.t > state.t else 0.0
        speed = state.speed + share * (following.speed - state.speed)
        turn_rate = state.turn_rate + share * (following.turn_rate - state.turn_rate)
        return self._on(state, max(t, state.t), speed, turn_rate)

    def _on(self, state: State, t: int, speed: float, turn_rate: float) -> State:
        """On from ``state`` to ``t``, while the velocities change evenly to these."""
        dt = (t - state.t) / NANOSECONDS
        distance = (state.speed + speed) / 2.0 * dt
        turn = (state.turn_rate + turn_rate) / 2.0 * dt
        return State(
            t,
            state.true.moved(distance, turn),
            state.believed.moved(distance * self._distance_scale, turn * self._rotation_scale),
            speed,
            turn_rate,
        )


def bases(world: World) -> dict[str, Base]:
    """The mobile bases of ``world`` by name, the same ones at every call."""
    return world.part(_bases)


def _bases(world: World) -> dict[str, Base]:
    devices = world.file.devices.items()
    if world.file.scene == "robot-hall":
        from .hall.robot import HallRobot

        return {name: HallRobot(name, device, world) for name, device in devices if isinstance(device, Ros2RobotDevice)}
    return {name: Base(name, device, world) for name, device in devices if isinstance(device, Ros2RobotDevice)}


def _towards(value: float, target: float, most: float) -> float:
    return value + max(-most, min(most, target - value))
