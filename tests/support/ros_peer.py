"""A ROS 2 program of its own, against which the drivers are tested: run by ``ros_peers.py`` in the Python that has ROS.

It reads commands from its standard input, a line of JSON each, and answers each with a line. It shares no code with
the drivers, and serves actions with several threads, where the drivers' own simulator has one.
"""

from __future__ import annotations

import json
import sys
import threading
import time
from typing import Any

import rclpy
from geometry_msgs.msg import PointStamped, Twist
from rcl_interfaces.msg import SetParametersResult
from rclpy.action import ActionServer, CancelResponse, GoalResponse
from rclpy.callback_groups import ReentrantCallbackGroup
from rclpy.executors import MultiThreadedExecutor
from rclpy.qos import DurabilityPolicy, QoSProfile, ReliabilityPolicy
from rosgraph_msgs.msg import Clock
from sensor_msgs.msg import Image, Temperature
from std_msgs.msg import Float64, Int64, String
from std_srvs.srv import SetBool
from test_msgs.action import Fibonacci

SILENT, LATE, NONSENSE = 7.0, 8.0, 9.0
"""What the system under test does not answer as it should."""

ABORTED, REFUSED = 13, 14
"""Orders of a goal that come to nothing."""

RELIABILITY = {"reliable": ReliabilityPolicy.RELIABLE, "best-effort": ReliabilityPolicy.BEST_EFFORT}


class Peer:
    """Publishes, listens, serves."""

    def __init__(self) -> None:
        self.node = node = rclpy.create_node("peer", enable_rosout=False)
        self.goals: list[str] = []
        self.heard: list[float] = []
        self.temperature: float | None = None
        self.publisher: Any = None
        group = ReentrantCallbackGroup()
        node.create_service(SetBool, "/switch", self.switch)
        node.create_subscription(Twist, "/heard", lambda twist: self.heard.append(twist.linear.x), 50)
        ActionServer(
            node,
            Fibonacci,
            "/fibonacci",
            execute_callback=self.execute,
            goal_callback=lambda goal: GoalResponse.REJECT if goal.order == REFUSED else GoalResponse.ACCEPT,
            cancel_callback=lambda _: CancelResponse.ACCEPT,
            callback_group=group,
        )
        node.declare_parameter("gain", 1.5)
        node.add_on_set_parameters_callback(
            lambda given: SetParametersResult(successful=all(p.value > 0 for p in given), reason="must be above 0")
        )
        self.numbers = node.create_publisher(Int64, "/numbers", QoSProfile(depth=1000))
        self.images = node.create_publisher(Image, "/image", QoSProfile(depth=5))
        late = QoSProfile(depth=1, durability=DurabilityPolicy.TRANSIENT_LOCAL)
        node.create_publisher(String, "/told_once", late).publish(String(data="kept"))
        self.doubled = node.create_publisher(PointStamped, "/doubled", 10)
        self.read = node.create_publisher(String, "/read", 10)
        self.number = node.create_publisher(Float64, "/number", 10)
        node.create_subscription(PointStamped, "/ask", self.double, 10)
        node.create_subscription(Image, "/camera", self.look, 10)
        self.clock = node.create_publisher(Clock, "/clock", 10)
        self.quiet = node.create_publisher(Temperature, "/quiet", QoSProfile(depth=1))

    def switch(self, request: Any, response: Any) -> Any:
        response.success, response.message = True, "on" if request.data else "off"
        return response

    def execute(self, goal: Any) -> Any:
        sequence = [0, 1]
        if goal.request.order == ABORTED:
            goal.abort()
            return Fibonacci.Result()
        for _ in range(goal.request.order):
            if goal.is_cancel_requested:
                goal.canceled()
                self.goals.append("canceled")
                return Fibonacci.Result(sequence=sequence)
            sequence.append(sequence[-1] + sequence[-2])
            goal.publish_feedback(Fibonacci.Feedback(sequence=sequence))
            time.sleep(0.02)
        goal.succeed()
        self.goals.append("succeeded")
        return Fibonacci.Result(sequence=sequence)

    def double(self, asked: Any) -> None:
        """Answer twice what is asked, with its stamp and without one."""
        x = asked.point.x
        if x == SILENT:
            return
        if x == LATE:
            threading.Timer(0.6, self.told, [asked, 2.0 * x]).start()
            return
        self.told(asked, float("nan") if x == NONSENSE else 2.0 * x)

    def told(self, asked: Any, x: float) -> None:
        answer = PointStamped(header=asked.header)
        answer.point.x = x
        self.doubled.publish(answer)
        self.number.publish(Float64(data=x))

    def look(self, image: Any) -> None:
        """Say what a picture is."""
        kind = f"{image.width}x{image.height} {image.encoding} {image.step} {sum(image.data)}"
        self.read.publish(String(data=kind))

    def measure(self, value: float, reliability: str) -> None:
        """Publish a temperature at 50 Hz from now on."""
        self.temperature, before = value, self.temperature
        if self.publisher is not None:
            self.node.destroy_publisher(self.publisher)
        self.publisher = self.node.create_publisher(
            Temperature, "/temperature", QoSProfile(depth=10, reliability=RELIABILITY[reliability])
        )
        if before is None:
            self.node.create_timer(0.02, self.tick)

    def tick(self) -> None:
        message = Temperature()
        message.header.stamp = self.node.get_clock().now().to_msg()
        message.temperature, message.variance = self.temperature, 0.01
        self.publisher.publish(message)

    def burst(self, count: int) -> None:
        """Publish numbers as fast as possible."""
        for number in range(count):
            self.numbers.publish(Int64(data=number))

    def picture(self, width: int, height: int) -> None:
        image = Image(width=width, height=height, encoding="mono8", step=width)
        image.data = bytes(i % 251 for i in range(width * height))
        self.images.publish(image)

    def time(self, seconds: int) -> None:
        clock = Clock()
        clock.clock.sec = seconds
        self.clock.publish(clock)

    def obey(self, command: dict[str, Any]) -> Any:
        """Do one command and return its answer."""
        (what, arguments), *_ = command.items()
        if what == "told":
            return {"goals": self.goals, "heard": self.heard}
        if what == "listeners":
            until = time.monotonic() + 5.0
            while not self.node.count_subscribers(arguments[0]) and time.monotonic() < until:
                time.sleep(0.01)
            time.sleep(0.1)
            return self.node.count_subscribers(arguments[0])
        return getattr(self, what)(*arguments)


def say(answer: Any) -> None:
    sys.stdout.write(json.dumps(answer) + "\n")
    sys.stdout.flush()


def main() -> None:
    rclpy.init(args=["--ros-args", "--disable-external-lib-logs", "--disable-rosout-logs"])
    peer = Peer()
    executor = MultiThreadedExecutor()
    executor.add_node(peer.node)
    threading.Thread(target=executor.spin, daemon=True).start()
    say("ready")
    for line in sys.stdin:
        say(peer.obey(json.loads(line)))
    executor.shutdown()
    peer.node.destroy_node()
    rclpy.try_shutdown()


if __name__ == "__main__":
    main()
