"""The ROS node of a simulated robot: it says and hears what a robot does, and leaves the physics to the simulator.

Lines of JSON over a socket. From the simulator: ``odometry`` (a list of samples to publish, answered by ``done``),
``listeners`` (wait for them), ``qos`` of the odometry, ``feedback``, ``result`` and ``answer`` of what the node has
asked. To the simulator: ``ready``, ``velocity``, ``goal``, ``cancel``, ``reset``, ``limit``.
"""

from __future__ import annotations

import json
import math
import os
import socket
import threading
import time
from collections.abc import Iterable, Mapping
from typing import Any

import rclpy
from geometry_msgs.msg import Twist, TwistStamped
from nav_msgs.msg import Odometry
from rcl_interfaces.msg import SetParametersResult
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.duration import Duration
from rclpy.executors import SingleThreadedExecutor
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from rclpy.task import Future
from rosgraph_msgs.msg import Clock
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

ARGUMENTS = ["--ros-args", "--disable-external-lib-logs", "--disable-rosout-logs"]
LONGEST_ORDER = 1000
GOODBYE = 1.0
"""Seconds within which ROS must have said goodbye when the simulator is gone."""

ACKNOWLEDGED = 0.5
"""Seconds that readers are given to take a message."""

DONE_AFTER = 4
"""Turns of the executor after which what was set off has gone out."""

_NANO = 1_000_000_000


def main(arguments: list[str]) -> None:
    """Serve the socket of the first argument as the robot that the second one describes in JSON."""
    link, settings = socket.socket(fileno=int(arguments[0])), json.loads(arguments[1])
    rclpy.init(args=ARGUMENTS, signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node("robot", namespace=settings["namespace"], enable_rosout=False)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    robot = Robot(link, node, executor, settings)
    threading.Thread(target=robot.read, name="simulator", daemon=True).start()
    robot.tell(ready=os.getpid())
    try:
        while robot.serving:
            executor.spin_once()
        executor.remove_node(node)
        robot.leave()
        rclpy.try_shutdown()
    finally:
        os._exit(0)


class Robot:
    """The node's publishers, subscriptions, service, action and parameters."""

    def __init__(self, link: socket.socket, node: Any, executor: Any, settings: Mapping[str, Any]) -> None:
        self._link, self._node, self._executor = link, node, executor
        self.serving = True
        self._sending = threading.Lock()
        self._goals: dict[str, Any] = {}
        self._futures: dict[str, Any] = {}
        self._numbers = 0
        self._prompt = True
        self._clock = node.create_publisher(Clock, "/clock", QoSProfile(depth=1)) if settings["clock"] else None
        self._odometry = self._publisher("reliable")
        kind = TwistStamped if settings["stamped"] else Twist
        node.create_subscription(kind, "cmd_vel", self._velocity, QoSProfile(depth=50))
        node.create_service(Trigger, "reset_odometry", self._reset)
        self._server = ActionServer(
            node,
            Fibonacci,
            "dock",
            execute_callback=self._execute,
            goal_callback=self._wanted,
            cancel_callback=self._unwanted,
        )
        for name in ("max_linear", "max_angular"):
            node.declare_parameter(name, float(settings[name]))
        node.add_on_set_parameters_callback(self._parameters)

    def read(self) -> None:
        """Do what the simulator says, until it is gone; to be run in a thread of its own."""
        with self._link.makefile("rb") as lines:
            for line in lines:
                message = json.loads(line)
                if "odometry" in message:
                    self._publish(message["odometry"])
                    self.tell(done=message["number"])
                elif "listeners" in message:
                    self._await_listeners(message["listeners"])
                    self.tell(done=message["number"])
                else:
                    self._executor.create_task(self._take, message)
        threading.Timer(GOODBYE, os._exit, (0,)).start()
        self._executor.create_task(self._end)

    def _await_listeners(self, within: float) -> None:
        """Wait until somebody listens to the odometry: what is published before is lost."""
        until = time.monotonic() + within
        while not self._odometry.get_subscription_count() and time.monotonic() < until:
            time.sleep(0.005)

    def leave(self) -> None:
        """Say goodbye to the others."""
        self._server.destroy()
        self._node.destroy_node()

    def _end(self) -> None:
        self.serving = False

    def tell(self, **message: Any) -> None:
        """One line to the simulator."""
        with self._sending:
            self._link.sendall(json.dumps(message).encode() + b"\n")

    def _take(self, message: Mapping[str, Any]) -> None:
        if "qos" in message:
            self._node.destroy_publisher(self._odometry)
            self._odometry = self._publisher(message["qos"])
        elif "feedback" in message:
            goal = self._goals.get(message["feedback"])
            if goal is not None:
                goal.publish_feedback(Fibonacci.Feedback(sequence=message["sequence"]))
        else:
            future = self._futures.pop(message["answer"], None)
            if future is not None and not future.done():
                future.set_result(message)
        if "number" in message:
            self._later(DONE_AFTER, message["number"])

    def _later(self, turns: int, number: int) -> None:
        """Say that it is done once what has just been set off, such as the end of an action, has gone out too."""
        if turns:
            self._executor.create_task(self._later, turns - 1, number)
        else:
            self.tell(done=number)

    def _publisher(self, reliability: str) -> Any:
        kinds = {"reliable": ReliabilityPolicy.RELIABLE, "best-effort": ReliabilityPolicy.BEST_EFFORT}
        return self._node.create_publisher(Odometry, "odom", QoSProfile(depth=10, reliability=kinds[reliability]))

    def _publish(self, samples: Iterable[Mapping[str, Any]]) -> None:
        for sample in samples:
            stamp = {"sec": sample["stamp"] // _NANO, "nanosec": sample["stamp"] % _NANO}
            if self._clock is not None:
                clock = Clock()
                clock.clock.sec, clock.clock.nanosec = stamp["sec"], stamp["nanosec"]
                self._clock.publish(clock)
            if sample["pose"] is None:
                continue
            message = Odometry()
            message.header.frame_id, message.child_frame_id = "odom", "base_link"
            message.header.stamp.sec, message.header.stamp.nanosec = stamp["sec"], stamp["nanosec"]
            pose, twist = message.pose.pose, message.twist.twist
            pose.position.x, pose.position.y, heading, twist.linear.x, twist.angular.z = sample["pose"]
            pose.orientation.z, pose.orientation.w = math.sin(heading / 2.0), math.cos(heading / 2.0)
            self._odometry.publish(message)
        self._acknowledged()

    def _acknowledged(self) -> None:
        """Wait until all readers have what was published; not for those that did not take it before."""
        patience = ACKNOWLEDGED if self._prompt else 0.0
        self._prompt = bool(self._odometry.wait_for_all_acked(Duration(seconds=patience)))

    def _velocity(self, message: Any) -> None:
        twist = getattr(message, "twist", message)
        self.tell(velocity=[twist.linear.x, twist.angular.z])

    def _asked(self) -> tuple[str, Any]:
        """A key under which the simulator answers, and what then gets its answer."""
        self._numbers += 1
        future = self._futures[str(self._numbers)] = Future()
        return str(self._numbers), future

    async def _reset(self, _request: Any, response: Any) -> Any:
        key, future = self._asked()
        self.tell(reset=key)
        await future
        response.success, response.message = True, "the odometry begins anew"
        return response

    def _wanted(self, goal: Any) -> Any:
        return GoalResponse.ACCEPT if 0 < goal.order <= LONGEST_ORDER else GoalResponse.REJECT

    async def _execute(self, goal: Any) -> Any:
        key, future = self._asked()
        self._goals[key] = goal
        self.tell(goal=key, order=goal.request.order)
        answer = await future
        self._goals.pop(key, None)
        end = {"succeeded": goal.succeed, "canceled": goal.canceled, "aborted": goal.abort}[answer["status"]]
        end()
        return Fibonacci.Result(sequence=answer["sequence"])

    def _unwanted(self, goal: Any) -> Any:
        for key, running in self._goals.items():
            if running.goal_id == goal.goal_id:
                self.tell(cancel=key)
        return CancelResponse.ACCEPT

    def _parameters(self, parameters: Iterable[Any]) -> Any:
        for parameter in parameters:
            if parameter.name in ("max_linear", "max_angular"):
                if not 0.0 < parameter.value < math.inf:
                    return SetParametersResult(successful=False, reason=f"{parameter.name} must be above 0")
                self.tell(limit=parameter.name, value=parameter.value)
        return SetParametersResult(successful=True)
