"""A ROS topic at 100 Hz through our child process against bare rclpy, in the same run.

A talker publishes the machine's monotonic time on two topics in turn; a bare subscriber takes one, our link the other,
so that neither waits for the other. Target: half of the messages come no more than 1 ms later through our link.
"""

from __future__ import annotations

import asyncio
import secrets
import statistics
import subprocess
import sys
import time
from pathlib import Path

from hil_drivers.clock import WallClock
from hil_drivers.transport.ros2 import RosLink, RosMessage
from hil_drivers.transport.ros2_python import ros_environment, ros_python
from hil_drivers.transport.supervisor import Supervisor

SECONDS, WARM_UP = 20.0, 100
TARGET = 1.0
"""ms at p50."""


def program(role: str, domain: int) -> subprocess.Popen[str]:
    """A bare ROS program; it ends after two minutes whatever happens."""
    python = ros_python()
    return subprocess.Popen(
        ["timeout", "-k", "2", "120", python, str(Path(__file__).with_name("ros2_bare.py")), role],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
        env=ros_environment(python, {"ROS_DOMAIN_ID": str(domain), "ROS_AUTOMATIC_DISCOVERY_RANGE": "LOCALHOST"}),
    )


async def ours(domain: int) -> list[int]:
    """How late each message is when our link hands it on, in ns."""
    late: list[int] = []

    def receive(message: RosMessage) -> None:
        late.append(time.monotonic_ns() - message.value["data"])

    address = f"ros2:///ours?domain={domain}&range=localhost"
    link = RosLink(address, supervisor=Supervisor("bench"), clock=WallClock())
    link.subscribe("/ours", "std_msgs/msg/Int64", receive)
    await link.open()
    await asyncio.sleep(SECONDS)
    await link.leave()
    return late


def quantiles(late: list[int]) -> tuple[float, float]:
    """p50 and p99 in ms, after the warm-up."""
    found = statistics.quantiles(late[WARM_UP:], n=100)
    return found[49] / 1e6, found[98] / 1e6


def main() -> int:
    """0 if the target is met."""
    domain = secrets.randbelow(102)
    talker, listener = program("talk", domain), program("listen", domain)
    try:
        through = asyncio.run(ours(domain))
        printed, _ = listener.communicate()
    finally:
        talker.communicate()
    bare = list(map(int, printed.split()))
    rows = {"bare rclpy": quantiles(bare), "our link": quantiles(through)}
    for (name, (p50, p99)), count in zip(rows.items(), (len(bare), len(through)), strict=True):
        print(f"ros2 topic at 100 Hz, {name}: {count} messages, p50 {p50:.2f} ms, p99 {p99:.2f} ms")
    added = [b - a for a, b in zip(rows["bare rclpy"], rows["our link"], strict=True)]
    print(f"ros2 topic at 100 Hz: added latency p50 {added[0]:.2f} ms (target {TARGET:.0f}), p99 {added[1]:.2f} ms")
    return int(added[0] > TARGET)


if __name__ == "__main__":
    sys.exit(main())
