"""The bare rclpy side of bench_ros2.py, run in the Python that has ROS: ``ros2_bare.py talk|listen``.

``talk`` publishes the machine's monotonic time on two topics in turn, each at 100 Hz, until its input ends. ``listen``
takes the first of them, and prints how late each message came, in ns, when its input ends.
"""

from __future__ import annotations

import os
import sys
import threading
import time

import rclpy
from rclpy.executors import SingleThreadedExecutor
from std_msgs.msg import Int64

PERIOD = 0.01


def talk() -> None:
    node = rclpy.create_node("talker")
    publishers = [node.create_publisher(Int64, topic, 10) for topic in ("/bare", "/ours")]
    ended = threading.Event()

    def wait() -> None:
        sys.stdin.read()
        ended.set()

    threading.Thread(target=wait, daemon=True).start()
    due = time.monotonic()
    while not ended.is_set():
        for publisher in publishers:
            publisher.publish(Int64(data=time.monotonic_ns()))
            due += PERIOD / 2.0
            time.sleep(max(0.0, due - time.monotonic()))


def listen() -> None:
    node = rclpy.create_node("listener")
    late: list[int] = []
    node.create_subscription(Int64, "/bare", lambda message: late.append(time.monotonic_ns() - message.data), 10)
    executor = SingleThreadedExecutor()
    executor.add_node(node)
    threading.Thread(target=executor.spin, daemon=True).start()
    sys.stdin.read()
    print(*late, flush=True)


if __name__ == "__main__":
    rclpy.init(args=["--ros-args", "--disable-external-lib-logs", "--disable-rosout-logs"])
    {"talk": talk, "listen": listen}[sys.argv[1]]()
    os._exit(0)
