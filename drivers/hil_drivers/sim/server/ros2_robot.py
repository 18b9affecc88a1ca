"""A mobile robot on ROS 2: a real node in a process of its own, with the physics in this one.

In lockstep, odometry is published before an advance is acknowledged, and an advance waits for the commands that the
controller has counted. That a message has been published does not mean that the controller has taken it: a reader
waits for it while bench time stands still.
"""

from __future__ import annotations

import asyncio
import re
from dataclasses import dataclass, field
from typing import Any

from ...clock import NANOSECONDS
from ..base import Base
from ..devices.ros2_robot import Ros2RobotDevice
from ..world import World
from .push import PushEndpoint
from .ros_node import Domain, RosNode

DOCKING_STEP = NANOSECONDS // 10
"""Bench time between two feedbacks of the docking action, in ns."""

DOCKING_GAIN = 0.8
"""Speed per distance to the dock, in 1/s."""

REUNION = 1.0
"""Wall time in s that those who listened before are given to find the node again, so that bench time does not run on
without them."""

BURST = 400
"""Messages that are sent at once in place of one, more than anybody can take."""


@dataclass(slots=True)
class Docking:
    """The action under way: ``key`` as the node calls it, ``left`` steps, the sequence so far."""

    key: int
    left: int
    due: int
    sequence: list[int] = field(default_factory=lambda: [0, 1])


class RobotEndpoint(PushEndpoint):
    """The world's side of the robot's node."""

    def __init__(self, name: str, device: Ros2RobotDevice, base: Base, world: World) -> None:
        super().__init__(name, world, round(device.period * NANOSECONDS))
        self._device, self._base = device, base
        self._domain = world.part(Domain).number
        self._node: RosNode | None = None
        self._broken = 0
        self._met = True
        self._samples: list[dict[str, Any]] = []
        self._docking: Docking | None = None
        self._frozen: tuple[float, ...] | None = None
        self._reliability = "reliable"
        self._namespace = "/" + re.sub(r"[^A-Za-z0-9_]", "_", name).lstrip("0123456789_")

    @property
    def breaks(self) -> int:
        """What is sent to a node that hangs or is gone does not arrive: each look at it is a break of its own.

        Nor may what is sent to one that has come in the place of another: ROS takes a killed one for alive for a while.
        """
        if self._node is None or self._node.stopped or not self._met:
            self._broken += 1
        return self._broken

    @breaks.setter
    def breaks(self, value: int) -> None:
        self._broken = value

    async def open(self) -> None:
        self._spawn()
        self.address = f"ros2://{self._namespace}/odom?domain={self._domain}&range=localhost"
        self.start_sending()

    def close(self) -> None:
        super().close()
        node = self._leave()
        if node is not None:
            node.end()

    def moved(self) -> None:
        self._have_faults()
        self._dock()
        super().moved()
        self._publish()

    def emit(self, t: int) -> None:
        present = self.faults.present
        if present("frozen") is None:
            self._frozen = None
        pose = self._frozen or self._base.odometry(t)
        if present("frozen") is not None:
            self._frozen = pose
        sample: dict[str, Any] = {"stamp": self.world.file.start_utc + t, "pose": None if present("silent") else pose}
        if present("burst") is not None:
            self._samples += [{**sample, "stamp": sample["stamp"] - BURST + i} for i in range(BURST)]
        self._samples.append(sample)
        if self.world.time.paced:
            self._publish()

    def _publish(self) -> None:
        """Send what was emitted; in lockstep, wait until it is published."""
        samples, self._samples = self._samples, []
        if not samples or self._node is None or self._node.stopped:
            return
        if self.world.time.paced:
            self._node.tell(number=0, odometry=samples)
        else:
            self._node.ask(odometry=samples)

    def _have_faults(self) -> None:
        """Let the process have the faults that come and go."""
        if self.faults.present("dropped") is not None:
            node = self._leave()
            if node is not None:
                node.kill()
            return
        reliability = "best-effort" if self.faults.present("qos-mismatch") else "reliable"
        hang = self.faults.present("hang") is not None
        before = self._node, self._node is not None and self._node.stopped, self._reliability
        if self._node is None:
            self._met = False
            self._spawn()
        if self._node is not None and hang != self._node.stopped:
            self._node.stop(stopped=hang)
            self.broke()
        if self._node is not None and not hang and reliability != self._reliability:
            self._reliability = reliability
            self._node.ask(qos=reliability)
        if self._node is not None and not hang and before != (self._node, hang, self._reliability):
            self._node.ask(listeners=REUNION)

    def _spawn(self) -> None:
        device = self._device
        first = next(name for name, each in self.world.file.devices.items() if isinstance(each, Ros2RobotDevice))
        settings = {
            "namespace": self._namespace,
            "stamped": device.stamped,
            "clock": self.name == first,
            "max_linear": self._base.limits[0],
            "max_angular": self._base.limits[1],
        }
        self._node = RosNode("sim_robot", settings, self._domain, self._take)
        self._reliability = "reliable"
        asyncio.get_running_loop().add_reader(self._node.socket, self._readable)

    def _leave(self) -> RosNode | None:
        """Let go of the node; what was under way with it is over."""
        node, self._node = self._node, None
        if node is not None:
            asyncio.get_running_loop().remove_reader(node.socket)
            self._docking = None
            self.broke()
        return node

    def _readable(self) -> None:
        if self._node is not None and not self._node.receive():
            node = self._leave()
            if node is not None:
                node.kill()

    def _take(self, message: dict[str, Any]) -> None:
        """What the node has heard."""
        now = self.world.time.now()
        if "velocity" in message:
            if self._docking is None:
                self._base.command(now, *message["velocity"])
            self._met = True
            self.count(1)
        elif "goal" in message:
            self._accept(message["goal"], message["order"], now)
        elif "cancel" in message and self._docking is not None and self._docking.key == message["cancel"]:
            self._end_docking("canceled")
        elif "reset" in message:
            self._base.forget(now)
        elif "limit" in message:
            linear, angular = self._base.limits
            self._base.limits = (
                (message["value"], angular) if message["limit"] == "max_linear" else (linear, message["value"])
            )

    def _accept(self, key: int, order: int, now: int) -> None:
        if self._docking is None:
            self._docking = Docking(key, order, now + DOCKING_STEP)
        else:
            self._tell(answer=key, status="aborted", sequence=[])

    def _dock(self) -> None:
        """Let the docking go on to now: drive back along the way that it came, for as many steps as were asked for."""
        now = self.world.time.now()
        while (docking := self._docking) is not None and docking.due <= now:
            if not docking.left:
                self._end_docking("succeeded", wait=True)
                return
            docking.left -= 1
            docking.sequence.append(docking.sequence[-1] + docking.sequence[-2])
            x, *_ = self._base.state(docking.due).believed
            self._base.command(docking.due, -DOCKING_GAIN * x, 0.0)
            docking.due += DOCKING_STEP
            self._tell(feedback=docking.key, sequence=_int32(docking.sequence), wait=True)

    def _end_docking(self, status: str, *, wait: bool = False) -> None:
        docking, self._docking = self._docking, None
        if docking is not None:
            self._base.stop(self.world.time.now())
            self._tell(answer=docking.key, status=status, sequence=_int32(docking.sequence), wait=wait)

    def _tell(self, *, wait: bool = False, **message: Any) -> None:
        """Tell the node; in lockstep wait until it has done it, if nothing of the node's own is under way."""
        if self._node is None or self._node.stopped:
            return
        if wait and not self.world.time.paced:
            self._node.ask(**message)
        else:
            self._node.tell(**message)


def _int32(sequence: list[int]) -> list[int]:
    """As many of the numbers as the type of the message can hold."""
    return [number for number in sequence if number < 1 << 31]
