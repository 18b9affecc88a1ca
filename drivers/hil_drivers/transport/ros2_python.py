"""The Python that has ROS 2: where it is, what it is given of our environment, and what it can do."""

from __future__ import annotations

import json
import os
import shutil
import subprocess
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ..errors import MissingExtra
from .reason import reason

VARIABLE = "HIL_ROS_PYTHON"
"""The environment variable that names the interpreter."""

FOLDER = Path(__file__).parents[1] / "ros2"
"""What runs in that interpreter."""

REMEDY = f"run make setup, or set {VARIABLE} to a Python that can import rclpy"
STATUS_DEADLINE = 20.0

_OWN = ("PYTHONPATH",)
"""What of ``PYTHON*`` a sourced ROS needs; the rest is meant for the controller."""

_RANGE = "ROS_AUTOMATIC_DISCOVERY_RANGE"
_PROFILES = {"FASTDDS_DEFAULT_PROFILES_FILE", "FASTRTPS_DEFAULT_PROFILES_FILE"}

_LOOK = """
import json, os
from importlib import metadata
import rclpy
found = ""
for name in ("ros-rclpy", "rclpy"):
    try:
        found = metadata.version(name)
        break
    except metadata.PackageNotFoundError:
        pass
print(json.dumps([found, os.environ.get("ROS_DISTRO", "")]))
"""


@dataclass(frozen=True, slots=True)
class RosStatus:
    """What is known of ROS 2 on this machine.

    ``python`` is the interpreter, empty where there is none; ``version`` that of rclpy; ``problem`` says in one
    sentence why ROS 2 cannot be used, and is empty where it can.
    """

    python: str
    version: str
    distribution: str
    problem: str

    @property
    def usable(self) -> bool:
        """Whether ROS 2 can be used."""
        return not self.problem


def ros_status(python: str = "") -> RosStatus:
    """Look for ROS 2: the interpreter that is found imports rclpy, which takes some tenths of a second.

    :param python: the interpreter; by default the one that the drivers would use.
    """
    try:
        found = ros_python(python)
    except MissingExtra as error:
        return RosStatus("", "", "", f"{error.what}; {error.remedy}")
    try:
        looked = subprocess.run(
            [found, "-c", _LOOK], capture_output=True, text=True, timeout=STATUS_DEADLINE, env=ros_environment(found)
        )
    except (OSError, subprocess.TimeoutExpired) as error:
        return RosStatus(found, "", "", f"{found} cannot be run: {_reason(error)}; {REMEDY}")
    if looked.returncode:
        words = (looked.stderr.strip().splitlines() or ["it gave no reason"])[-1]
        return RosStatus(found, "", "", f"{found} cannot import rclpy: {words}; {REMEDY}")
    version, distribution = json.loads(looked.stdout.strip().splitlines()[-1])
    return RosStatus(found, version, distribution, "")


def ros_python(python: str = "", *, environment: Mapping[str, str] | None = None, prefix: str = "") -> str:
    """The interpreter for ROS 2: ``python``, or that of HIL_ROS_PYTHON, or of the environment that ``make setup``
    fills beside ours, or the ``python3`` of a ROS that was sourced.

    :param environment: the environment variables; ours by default.
    :param prefix: the folder of our own environment; ``sys.prefix`` by default.
    :raises MissingExtra: if there is none.
    """
    variables = os.environ if environment is None else environment
    for given, source in ((python, "the option python"), (variables.get(VARIABLE, ""), VARIABLE)):
        if given:
            path = shutil.which(given)
            if path is None:
                raise MissingExtra(f"{source} names {given}, which is no program", where="ROS 2", remedy=REMEDY)
            return path
    beside = Path(prefix or sys.prefix)
    beside = beside.with_name(f"{beside.name}-ros") / "bin" / "python"
    if os.access(beside, os.X_OK):
        return str(beside)
    sourced = shutil.which("python3") if "AMENT_PREFIX_PATH" in variables else None
    if sourced is None:
        raise MissingExtra("ROS 2 is not installed", where="ROS 2", remedy=REMEDY)
    return sourced


def ros_environment(python: str, settings: Mapping[str, str] | None = None, *, profiles: str = "") -> dict[str, str]:
    """The environment variables for ``python``: ours, without what is meant for our own interpreter.

    UDP is the transport unless the user names another one: a process that is killed or stopped in shared memory
    can take its neighbours with it. Fast DDS gets settings of ours for that, unless the user has some, or the ROS
    is a sourced one, whose version may read them otherwise.

    :param settings: further variables.
    :param profiles: the file of settings for Fast DDS; by default the one that fits the discovery range.
    """
    sourced = "AMENT_PREFIX_PATH" in os.environ and not (Path(python).parent.parent / "pyvenv.cfg").is_file()
    kept = {
        name: value
        for name, value in os.environ.items()
        if not name.startswith(("PYTHON", "_ROS_WHEELS")) or (sourced and name in _OWN)
    }
    found = {"FASTDDS_BUILTIN_TRANSPORTS": "UDPv4", **kept, **(settings or {})}
    if sourced or found.keys() & _PROFILES:
        return found
    local = found.get(_RANGE, "").upper() == "LOCALHOST"
    if local:
        found[_RANGE] = "SYSTEM_DEFAULT"
    chosen = profiles or ("fastdds_localhost.xml" if local else "fastdds.xml")
    return {**found, "FASTDDS_DEFAULT_PROFILES_FILE": str(FOLDER / chosen)}


def _reason(error: Exception) -> str:
    if isinstance(error, subprocess.TimeoutExpired):
        return f"it did not end within {STATUS_DEADLINE:g} s"
    return reason(error)
