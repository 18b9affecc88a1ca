"""A mobile robot on ROS 2: pose by its odometry, velocity commands, tasks by its actions.

Address: ``ros2:///odom``, the topic of its odometry (nav_msgs/msg/Odometry), with the options of
:mod:`hil_drivers.transport.ros2`. Other names are relative to the odometry's namespace unless they begin with ``/``.

``command``       topic of geometry_msgs/msg/Twist, or TwistStamped with ``stamped`` (``cmd_vel``)
``actions``       task -> ``type``, such as ``test_msgs/action/Fibonacci``; ``action``, its name (that of the task);
                  ``goal``, the fields that are always the same
``qos``           of the odometry, ``command_qos`` of the commands: ``reliability``, ``durability``, ``depth``
"""

from __future__ import annotations

import asyncio
import math
from collections.abc import Callable, Coroutine, Mapping
from contextlib import suppress
from dataclasses import dataclass, replace
from functools import partial
from types import MappingProxyType
from typing import Any, TypeVar

from pydantic import Field, ValidationError

from ..capability import Pose, PoseIndication, TaskOutcome
from ..clock import NANOSECONDS, Clock
from ..description import Described, shown
from ..device import Device, Point
from ..errors import DeviceUnreachable, DriverError, NotArrived, OptionError, RemoteProtocolError, SetpointRefused
from ..indication import Flag, Indication
from ..transport.ros2 import Qos, RosLink
from ..transport.ros2_types import Goal
from ..transport.stream import TIMEOUT
from .ros_drive import Motion, Velocity, course
from .ros_feed import Reading, RosFeed, Timing
from .turn import Turns

ODOMETRY = "nav_msgs/msg/Odometry"
TWIST = "geometry_msgs/msg/Twist"
LONGEST_MOVE = 100.0
"""Seconds of bench time until a move, or a task, must have ended: fewer than a bench waits for any operation."""

BLOCKED = "check that nothing blocks it"

STATUS = {4: "succeeded", 5: "canceled", 6: "aborted"}
"""How a goal has ended (action_msgs/msg/GoalStatus)."""

_POSITION, _TURN, _SPEED = "pose.pose.position", "pose.pose.orientation", "twist.twist"
_STAMP = "header.stamp"
_UNIT_NORM = 0.02

T = TypeVar("T")


class ActionOptions(Described):
    """One task that the robot can be asked for."""

    type: str = Field(min_length=1)
    action: str = ""
    goal: dict[str, Any] = Field(default_factory=dict)


@dataclass(frozen=True, slots=True)
class State:
    """What one odometry message says: m, rad, m/s, rad/s."""

    x: float
    y: float
    heading: float
    speed: float
    turn_rate: float


class RosRobot(Device):
    """A robot that moves in the plane.

    ``x``, ``y``, ``heading``, ``speed`` and ``turn_rate`` are its own account, by odometry. The heading is wrapped to
    (-pi, pi]: a mean across that is none. ``linear`` and ``angular`` are velocity commands; they hold until another,
    a lost link or the end: it is commanded to stop when the device is closed. Commanding returns once the robot has
    reported after the command.

    The measurement interval: with ``synchronised``, from ``age`` before the header's stamp to the stamp, taken as UTC
    give or take that; else within the bounds of the robot's clock, which are as wide as the shortest way in 30 s, at
    most ``latency``. That the stamp is the time of sensing is our assumption; ``age`` widens it.

    :param linear_limit: the largest velocity that may be commanded, in m/s; ``angular_limit`` in rad/s.
    :param repeat: seconds of bench time after which a velocity is commanded again, because robots stop when nobody
        commands them; 0 to command once.
    :param period: seconds between two messages of odometry.
    :param timeout: seconds of wall time within which whatever is asked for must come.
    :param tolerance: distance in m, ``heading_tolerance`` in rad, within which a move has arrived.
    """

    def __init__(
        self,
        name: str,
        address: str,
        *,
        clock: Clock,
        command: str = "cmd_vel",
        stamped: bool = False,
        actions: Mapping[str, Any] | None = None,
        qos: Mapping[str, Any] | None = None,
        command_qos: Mapping[str, Any] | None = None,
        linear_limit: float = 0.5,
        angular_limit: float = 1.0,
        repeat: float = 0.1,
        period: float = 0.05,
        age: float = 0.0,
        latency: float = 0.1,
        synchronised: float | None = None,
        tolerance: float = 0.005,
        heading_tolerance: float = 0.01,
        timeout: float = TIMEOUT,
        python: str = "",
    ) -> None:
        super().__init__(name, address, clock=clock)
        self.points = _points(linear_limit, angular_limit, name)
        self._actions = _action_options(actions, name)
        numbers = {
            "repeat": (repeat, 0.0),
            "tolerance": (tolerance, 1e-4),
            "heading_tolerance": (heading_tolerance, 1e-4),
        }
        for option, (value, lower) in numbers.items():
            _number(option, value, lower, name)
        timing = Timing.checked(
            period=period, age=age, latency=latency, synchronised=synchronised, timeout=timeout, where=name
        )
        self._repeat, self._stamped, self._period = repeat, stamped, timing.period
        self._motion = Motion(linear_limit, angular_limit, tolerance, heading_tolerance)
        self._link = RosLink(address, supervisor=self.supervisor, clock=clock, python=python, timeout=timing.timeout)
        self._link.on_loss = self._lost
        self._feed = RosFeed(self.supervisor, clock, timing, settle=self._link.settle, stamp=_STAMP)
        self._odometry = self._link.subscribe(
            self._link.topic,
            ODOMETRY,
            self._feed.take,
            qos=Qos.of(qos, where=name),
            fields=(_STAMP, _POSITION, _TURN, f"{_SPEED}.linear.x", f"{_SPEED}.angular.z"),
            on_trouble=self._feed.lost,
        )
        self._command = self._link.publisher(
            self._named(command), TWIST + ("Stamped" if stamped else ""), qos=Qos.of(command_qos, where=name)
        )
        self._turns = Turns(name, clock)
        self._velocity = Velocity()
        self._repeating: asyncio.Task[None] | None = None

    @classmethod
    def declared(cls, options: Mapping[str, Any]) -> Mapping[str, Point]:
        return _points(options.get("linear_limit", 0.5), options.get("angular_limit", 1.0), cls.__name__)

    async def open(self) -> None:
        """Start or join the ROS process, and wait for the first odometry."""
        try:
            with self.supervisor.opening():
                await self._link.open()
                await self._link.published(self._odometry)
                _ = _state(await self._feed.first(), self.name)
        except BaseException:
            await self.close()
            raise

    async def close(self) -> None:
        """Command it to stop, and leave the ROS process."""
        self._halt()
        await self._end_repeating()
        self.supervisor.closed()
        await self._link.leave()
        self._feed.clear()

    async def read(self, point: str) -> Indication:
        """The first odometry that was sensed after this call."""
        unit = self._readable(point).unit
        reading = await self._fresh()
        with self.supervisor.exchange(answered=False):
            value = getattr(_state(reading, self.name), point)
        return Indication(point, value, unit, reading.earliest, reading.latest, reading.flags)

    async def write(self, point: str, value: float) -> None:
        """Command a velocity, and return once the robot has reported its pose after that.

        :raises DeviceUnreachable: if nobody listens, or nothing is reported; it is then commanded to stop.
        """
        setpoint = self._setpoint(point, value)
        await self._turns.run(
            lambda: self._stopping(partial(self._drive, replace(self._velocity, **{point: setpoint})))
        )

    async def pose(self) -> PoseIndication:
        """Its own account of its pose, sensed after this call."""
        reading = await self._fresh()
        state = _state(reading, self.name)
        found = Pose(state.x, state.y, 0.0, 0.0, 0.0, state.heading)
        usable = not reading.flags & Flag.STALE
        return PoseIndication(found if usable else None, reading.earliest, reading.latest, reading.flags)

    async def move_to(self, pose: Pose) -> None:
        """Drive to a pose in the plane: turn, drive, turn, by its own odometry; stop there.

        :raises SetpointRefused: for a pose that is not in the plane.
        :raises NotArrived: if it has not arrived within 100 s of bench time; it is then commanded to stop.
        """
        self.require_reachable(pose)
        await self._turns.run(lambda: self._stopping(partial(self._move, pose)))

    def require_reachable(self, pose: Pose) -> None:
        """Check a pose as far as that is possible without the robot.

        :raises SetpointRefused: for a pose that is not in the plane.
        """
        if not all(map(math.isfinite, (pose.x, pose.y, pose.rz))) or (pose.z, pose.rx, pose.ry) != (0.0, 0.0, 0.0):
            raise SetpointRefused(
                f"cannot go to {pose}", where=self.name, remedy="give x, y and rz, and 0 for z, rx and ry"
            )

    async def perform(self, task: str, **goal: Any) -> TaskOutcome:
        """Let it carry out a task of the option ``actions``, and return how that ended.

        Cancelling it cancels the task. Its end is seen with the next odometry.

        :param goal: fields of the goal, beside those of the option.
        :raises OptionError: if there is no such task, or its goal has no such field.
        :raises DeviceUnreachable: if there is no such action.
        :raises NotArrived: if it has not ended within 100 s of bench time; it is then cancelled.
        """
        if task not in self._actions:
            known = ", ".join(self._actions) or "none"
            raise OptionError(f"has no task {task!r}", where=self.name, remedy=f"use one of actions: {known}")
        return await self._turns.run(partial(self._perform, task, goal))

    async def _perform(self, task: str, fields: Mapping[str, Any]) -> TaskOutcome:
        options = self._actions[task]
        heard: list[Mapping[str, Any]] = []
        await self._link.ready()
        goal = await self._link.start_goal(
            self._named(options.action or task), options.type, {**options.goal, **fields}, feedback=heard.append
        )
        if goal is None:
            return TaskOutcome("rejected", {}, ())
        try:
            await self._ended(goal, task)
        except BaseException:
            self._link.abandon_goal(goal)
            raise
        return TaskOutcome(STATUS.get(goal.status, f"status {goal.status}"), goal.result, tuple(heard))

    async def _ended(self, goal: Goal, task: str) -> None:
        deadline = self.clock.now() + round(LONGEST_MOVE * NANOSECONDS)
        while not goal.status:
            await self.clock.sleep(self._period)
            if goal.lost is not None:
                raise DeviceUnreachable(goal.lost.what, where=self.name, remedy=goal.lost.remedy)
            if self.clock.now() > deadline:
                raise NotArrived(f"{task} has not ended after {LONGEST_MOVE:g} s", where=self.name, remedy=BLOCKED)
            await self._fresh()

    async def _move(self, target: Pose) -> None:
        deadline = self.clock.now() + round(LONGEST_MOVE * NANOSECONDS)
        await self._end_repeating()
        while True:
            await self.clock.sleep(self._period)
            state = _state(await self._fresh(), self.name)
            velocity = course(state.x, state.y, state.heading, target, self._motion)
            if velocity is None:
                await self._drive(Velocity())
                return
            if self.clock.now() > deadline:
                raise NotArrived(f"has not arrived after {LONGEST_MOVE:g} s", where=self.name, remedy=BLOCKED)
            await self._send(velocity)

    async def _drive(self, velocity: Velocity) -> None:
        """Command a velocity until further notice, and wait until the robot reports."""
        await self._end_repeating()
        await self._send(velocity)
        await self.clock.sleep(self._period)
        await self._fresh()
        if self._velocity.moving and self._repeat:
            self._repeating = asyncio.create_task(self._keep_commanding(), name=f"velocity of {self.name}")

    async def _stopping(self, operation: Callable[[], Coroutine[Any, Any, T]]) -> T:
        """Do it; where it fails, the robot is commanded to stop."""
        try:
            return await operation()
        except BaseException:
            self._halt()
            raise

    async def _send(self, velocity: Velocity) -> None:
        await self._link.ready()
        self._velocity = velocity
        with self.supervisor.exchange(answered=False):
            await self._link.publish(self._command, self._twist(velocity), stamp=_STAMP if self._stamped else "")
        self.clock.sent(self.address, 1)

    async def _keep_commanding(self) -> None:
        """Command the same velocity again and again, until the robot is lost."""
        with suppress(DriverError):
            while True:
                await self.clock.sleep(self._repeat)
                await self._send(self._velocity)

    async def _end_repeating(self) -> None:
        task, self._repeating = self._repeating, None
        if task is not None:
            task.cancel()
            await asyncio.wait([task])

    def _halt(self) -> None:
        """Command it to stop, if it was commanded to move, without waiting for anything."""
        moving, self._velocity = self._velocity.moving, Velocity()
        if self._repeating is not None:
            self._repeating.cancel()
        if moving:
            self._link.publish_now(
                self._command,
                self._twist(self._velocity),
                stamp=_STAMP if self._stamped else "",
                then=lambda heard: self.clock.sent(self.address, 1 if heard else 0),
            )

    def _twist(self, velocity: Velocity) -> dict[str, Any]:
        twist = {"linear": {"x": velocity.linear}, "angular": {"z": velocity.angular}}
        return {"twist": twist} if self._stamped else twist

    async def _fresh(self) -> Reading:
        await self._link.ready()
        with self.supervisor.exchange(answered=False):
            await self._link.check(self._odometry, self._period)
        return await self._feed.fresh()

    def _named(self, name: str) -> str:
        """A name in the odometry's namespace."""
        return name if name.startswith("/") else f"{self._link.topic.rpartition('/')[0]}/{name}"

    def _lost(self, error: DeviceUnreachable) -> None:
        self._velocity = Velocity()
        if self._repeating is not None:
            self._repeating.cancel()
        self._feed.lost(error)


def _state(reading: Reading, where: str) -> State:
    """What an odometry message says.

    :raises RemoteProtocolError: if a number is missing or not finite, or the orientation is no rotation.
    """
    if reading.error is not None:
        raise RemoteProtocolError(reading.error.what, where=where)
    value = reading.value
    position, q = value[_POSITION], value[_TURN]
    x, y, z, w = (float(q[axis]) for axis in "xyzw")
    numbers = (
        float(position["x"]),
        float(position["y"]),
        math.atan2(2.0 * (w * z + x * y), 1.0 - 2.0 * (y * y + z * z)),
        float(value[f"{_SPEED}.linear.x"]),
        float(value[f"{_SPEED}.angular.z"]),
    )
    if not all(map(math.isfinite, numbers)):
        raise RemoteProtocolError("its odometry is not finite", where=where)
    if abs(x * x + y * y + z * z + w * w - 1.0) > _UNIT_NORM:
        raise RemoteProtocolError(f"its orientation ({x:g}, {y:g}, {z:g}, {w:g}) is no unit quaternion", where=where)
    return State(*numbers)


def _points(linear_limit: float, angular_limit: float, where: str) -> Mapping[str, Point]:
    linear = _number("linear_limit", linear_limit, 1e-3, where)
    angular = _number("angular_limit", angular_limit, 1e-3, where)
    return MappingProxyType(
        {
            "x": Point("m"),
            "y": Point("m"),
            "heading": Point("rad"),
            "speed": Point("m/s"),
            "turn_rate": Point("rad/s"),
            "linear": Point("m/s", readable=False, writable=True, lower=-linear, upper=linear),
            "angular": Point("rad/s", readable=False, writable=True, lower=-angular, upper=angular),
        }
    )


def _number(option: str, value: object, lower: float, where: str) -> float:
    if isinstance(value, bool) or not isinstance(value, int | float) or not lower <= value <= 1000.0:
        raise OptionError(f"{option} = {value!r}", where=where, remedy=f"give a number from {lower:g} to 1000")
    return float(value)


def _action_options(actions: Mapping[str, Any] | None, where: str) -> dict[str, ActionOptions]:
    found = {}
    for task, given in (actions or {}).items():
        try:
            found[str(task)] = ActionOptions.model_validate(given)
        except ValidationError as error:
            first = error.errors(include_url=False)[0]
            key = shown(("actions", str(task), *first["loc"]))
            raise OptionError(
                f"{key}: {first['msg'][:1].lower()}{first['msg'][1:]}",
                where=where,
                remedy=f"use {', '.join(sorted(ActionOptions.model_fields))}",
            ) from None
    return found
