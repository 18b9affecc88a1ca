"""What other programs must be there for: ROS 2, and an MQTT broker."""

from __future__ import annotations

import asyncio
import shutil
from collections.abc import Iterator
from typing import TYPE_CHECKING

from hil_drivers.errors import DriverError

from .finding import Finding

if TYPE_CHECKING:
    from ..bench.config import BenchConfig

BROKER_WITHIN = 3.0
"""Wall seconds that a broker may take to let us in."""


def ros() -> Iterator[Finding]:
    """Whether there is a ROS 2 to talk through."""
    from hil_drivers.transport.ros2_python import ros_status

    status = ros_status()
    if status.usable:
        which = " ".join(word for word in (status.distribution, f"rclpy {status.version}", status.python) if word)
        yield Finding("ROS 2", "ok", which)
    else:
        what, _, remedy = status.problem.partition("; ")
        yield Finding("ROS 2", "warn", what, remedy or "install it, if the bench has ROS devices")


def mqtt(bench: BenchConfig | None = None) -> Iterator[Finding]:
    """Whether there is a broker for simulated devices, and whether those of the bench let us in."""
    program = shutil.which("mosquitto") or shutil.which("mosquitto", path="/usr/sbin:/usr/local/sbin")
    if program is None:
        yield Finding("MQTT broker", "warn", "no mosquitto here; simulated MQTT devices need it", "install mosquitto")
    else:
        yield Finding("MQTT broker", "ok", f"{program}, for simulated devices")
    for address in _brokers(bench):
        yield _reached(address)


def _brokers(bench: BenchConfig | None) -> list[str]:
    """The MQTT addresses of a bench."""
    devices = [] if bench is None else bench.devices.values()
    return sorted({device.address for device in devices if device.address.startswith("mqtt://")})


def _reached(address: str) -> Finding:
    from hil_drivers.transport.mqtt_broker import broker_status

    try:
        status = asyncio.run(broker_status(address, timeout=BROKER_WITHIN))
    except DriverError as error:
        return Finding(f"broker of {address}", "fail", error.what, error.remedy)
    told, _, remedy = status.sentence.partition("; ")
    if status.ok:
        return Finding(f"broker of {address}", "ok", status.sentence)
    return Finding(f"broker of {address}", "fail", told, remedy)
