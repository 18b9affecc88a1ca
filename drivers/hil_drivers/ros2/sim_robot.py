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
from rclpy.qos import QoSProfile, ReliabilityPolicy
from rclpy.signals import SignalHandlerOptions
from rosgraph_msgs.msg import Clock
from std_srvs.srv import Trigger
from test_msgs.action import Fibonacci

from .turns import Turns

ARGUMENTS = ["--ros-args", "--disable-external-lib-logs", "--disable-rosout-logs"]
LONGEST_ORDER = 1000
GOODBYE = 1.0
"""Seconds within which ROS must have said goodbye when the simulator is gone."""

ACKNOWLEDGED = 0.5
HARDLY = 0.05
"""Seconds that readers are given to take a message, and those that did not take the one before."""

_NANO = 1_000_000_000


def main(arguments: list[str]) -> None:
    """Serve the socket of the first argument as the robot that the second one describes in JSON."""
    link, settings = socket.socket(fileno=int(arguments[0])), json.loads(arguments[1])
    rclpy.init(args=ARGUMENTS, signal_handler_options=SignalHandlerOptions.NO)
    node = rclpy.create_node("robot", namespace=settings["namespace"], enable_rosout=False)
    turns = Turns()
    turns.executor.add_node(node)
    robot = Robot(link, node, turns, settings)
    threading.Thread(target=robot.read, name="simulator", daemon=True).start()
    robot.tell(ready=os.getpid())
    try:
        turns.run()
        turns.executor.remove_node(node)
        robot.leave()
        rclpy.try_shutdown()
    finally:
        os._exit(0)


class Robot:
    """The node's publishers, subscriptions, service, action and parameters."""

    def __init__(self, link: socket.socket, node: Any, turns: Turns, settings: Mapping[str, Any]) -> None:
        self._link, self._node, self._turns = link, node, turns
        self._sending = threading.Lock()
        self._goals: dict[int, Any] = {}
        self._ends: dict[int, Mapping[str, Any]] = {}
        self._latest = 0
        self._asked = 0
        self._taken: dict[int, threading.Event] = {}
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
            handle_accepted_callback=self._accepted,
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
                if "taken" in message:
                    self._taken.pop(message["taken"]).set()
                elif "odometry" in message:
                    self._publish(message["odometry"])
                    self.tell(done=message["number"])
                elif "listeners" in message:
                    self._await_listeners(message["listeners"])
                    self.tell(done=message["number"])
                else:
                    self._turns.executor.create_task(self._take, message)
        threading.Timer(GOODBYE, os._exit, (0,)).start()
        self._turns.executor.create_task(self._turns.end)

    def _await_listeners(self, within: float) -> None:
        """Wait until somebody listens to the odometry: what is published before is lost."""
        until = time.monotonic() + within
        while not self._odometry.get_subscription_count() and time.monotonic() < until:
            time.sleep(0.005)

    def leave(self) -> None:
        """Say goodbye to the others."""
        self._server.destroy()
        self._node.destroy_node()

    def ask(self, **message: Any) -> None:
        """One line to the simulator, and wait until it has taken it: what ROS is answered then holds there too."""
        taken = threading.Event()
        self._asked += 1
        self._taken[self._asked] = taken
        self.tell(asked=self._asked, **message)
        taken.wait(GOODBYE)

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
            self._ends[message["answer"]] = message
            if (goal := self._goals.get(message["answer"])) is not None:
                goal.execute()
        if "number" in message:
            self._turns.when_idle(lambda: self.tell(done=message["number"]))

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
        """Wait until all readers have what was published; not as long for those that did not take it before."""
        patience = ACKNOWLEDGED if self._prompt else HARDLY
        self._prompt = bool(self._odometry.wait_for_all_acked(Duration(seconds=patience)))

    def _velocity(self, message: Any) -> None:
        twist = getattr(message, "twist", message)
        self.tell(velocity=[twist.linear.x, twist.angular.z])

    def _reset(self, _request: Any, response: Any) -> Any:
        self.ask(reset=True)
        response.success, response.message = True, "the odometry begins anew"
        return response

    def _wanted(self, goal: Any) -> Any:
        """Let the simulator begin before the goal is accepted: when that is known, it holds there too."""
        if not 0 < goal.order <= LONGEST_ORDER:
            return GoalResponse.REJECT
        self._latest += 1
        self.ask(goal=self._latest, order=goal.order)
        return GoalResponse.ACCEPT

    def _accepted(self, goal: Any) -> None:
        """For ROS it is only executed when the simulator says that it is over: so that takes no thread."""
        self._goals[self._latest] = goal
        if self._latest in self._ends:
            goal.execute()

    def _unwanted(self, goal: Any) -> Any:
        self.ask(cancel=self._key(goal))
        return CancelResponse.ACCEPT

    def _key(self, goal: Any) -> int:
        return next(key for key, known in self._goals.items() if known.goal_id == goal.goal_id)

    def _execute(self, goal: Any) -> Any:
        key = self._key(goal)
        self._goals.pop(key)
        end = self._ends.pop(key)
        {"succeeded": goal.succeed, "canceled": goal.canceled, "aborted": goal.abort}[end["status"]]()
        return Fibonacci.Result(sequence=end["sequence"])

    def _parameters(self, parameters: Iterable[Any]) -> Any:
        for parameter in parameters:
            if parameter.name in ("max_linear", "max_angular"):
                if not 0.0 < parameter.value < math.inf:
                    return SetParametersResult(successful=False, reason=f"{parameter.name} must be above 0")
                self.ask(limit=parameter.name, value=parameter.value)
        return SetParametersResult(successful=True)
