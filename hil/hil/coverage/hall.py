"""The truth of a robot hall: what its robot weighs, how fast it truly drives, where what is tracked truly stands."""

from __future__ import annotations

from typing import TYPE_CHECKING

from hil_drivers.clock import NANOSECONDS

from ..errors import UsageError

if TYPE_CHECKING:
    from hil_drivers.sim.hall.robot import HallRobot
    from hil_drivers.sim.world import World

STEADY = (2.0, 3.0)
"""Seconds after a command between which the robot drives steadily."""


class TrueHall:
    """A robot hall of one seed.

    :raises UsageError: if the world is none, or has no robot.
    """

    def __init__(self, world: World, bench: str) -> None:
        self._world, self._bench = world, bench
        self._robot(world)

    def mass(self) -> float:
        """Of the robot, in kg."""
        return self._robot(self._world).mass

    def cruise(self, speed: float) -> float:
        """The speed in m/s at which the robot truly drives straight on when ``speed`` is commanded."""
        from hil_drivers.sim.world import World

        robot, first, last = self._robot(World(self._world.file)), *(round(s * NANOSECONDS) for s in STEADY)
        for t in range(0, last, NANOSECONDS // 10):
            robot.command(t, speed, 0.0)
        way = robot.body(last).position[0] - robot.body(first).position[0]
        return way * NANOSECONDS / (last - first)

    def tracked(self, device: str, point: str, indication: float) -> float:
        """Where the tracked body truly is, in m, whose coordinate motion capture indicates but for its noise."""
        from hil_drivers.sim.response import Response

        response, value = Response(self._world, device, point, noise=0.0), indication
        air = self._world.climate.temperature(0)
        for _ in range(4):
            value += indication - response.settled(value, air)
        return value

    def turn(self, device: str, body: str) -> float:
        """By how much motion capture shows a rigid body turned to the left, in rad, but for its noise.

        :raises UsageError: if the world has no such motion capture.
        """
        from hil_drivers.sim.devices.natnet import NatnetDevice
        from hil_drivers.sim.tracker import Tracker

        described = self._world.file.devices.get(device)
        if not isinstance(described, NatnetDevice) or body not in described.bodies:
            raise UsageError(f"its world has no motion capture {device!r} of {body!r}", where=self._bench)
        return Tracker(device, described, self._world).turn(body)

    def _robot(self, world: World) -> HallRobot:
        if world.file.scene == "robot-hall":
            from hil_drivers.sim.base import bases
            from hil_drivers.sim.hall.robot import HallRobot

            for robot in bases(world).values():
                if isinstance(robot, HallRobot):
                    return robot
        raise UsageError("its world is no hall with a robot", where=self._bench, remedy="use the bench simulation")
