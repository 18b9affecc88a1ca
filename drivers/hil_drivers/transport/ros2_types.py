"""What the link to ROS 2 speaks of: messages, subscriptions, publishers, goals, and their quality of service."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from ..errors import DeviceUnreachable, OptionError

_QOS = {"reliability": ("reliable", "best-effort"), "durability": ("volatile", "transient-local")}


@dataclass(frozen=True, slots=True)
class Qos:
    """Quality of service as it is asked for or offered; ``depth`` 0 keeps everything."""

    reliability: str = "reliable"
    durability: str = "volatile"
    depth: int = 10

    @classmethod
    def of(cls, settings: Mapping[str, Any] | None, *, where: str) -> Qos:
        """From an option of a driver.

        :raises OptionError: naming the setting that cannot be.
        """
        for key, value in (settings or {}).items():
            if key == "depth":
                if isinstance(value, bool) or not isinstance(value, int) or not 0 <= value <= 1_000_000:
                    raise OptionError(f"qos.depth = {value!r}", where=where, remedy="give an integer from 0 to 1000000")
            elif key not in _QOS:
                raise OptionError(f"qos.{key} is unknown", where=where, remedy=f"use {', '.join(_QOS)}, depth")
            elif value not in _QOS[key]:
                raise OptionError(f"qos.{key} = {value!r}", where=where, remedy=f"use {' or '.join(_QOS[key])}")
        return cls(**(settings or {}))

    def plain(self) -> dict[str, Any]:
        """For the ROS process."""
        return {"reliability": self.reliability, "durability": self.durability, "depth": self.depth}


@dataclass(frozen=True, slots=True)
class RosMessage:
    """One message: its fields as plain values and numpy arrays, or those that were asked for by their paths.

    ``t`` is the bench time in ns at which it arrived, at the latest; ``missed`` counts those before it that never
    came; ``sent`` is the publisher's own system time in ns.
    """

    topic: str
    value: Mapping[str, Any]
    t: int
    missed: int
    sent: int


@dataclass(slots=True)
class Subscription:
    """A topic that is listened to. ``trouble`` says why nothing can come, and is empty where it can."""

    topic: str
    type: str
    receive: Callable[[RosMessage], None]
    qos: Qos
    fields: tuple[str, ...]
    on_trouble: Callable[[DeviceUnreachable], None]
    trouble: str = ""
    refused: str = ""


@dataclass(slots=True)
class Publisher:
    """A topic that is published on."""

    topic: str
    type: str
    qos: Qos
    trouble: str = ""
    handle: int = 0


@dataclass(slots=True)
class Goal:
    """A goal of an action. ``status`` is that of action_msgs, 0 while it is under way, -1 if it was never accepted."""

    handle: int
    over: asyncio.Event
    feedback: Callable[[Mapping[str, Any]], None]
    status: int = 0
    result: Mapping[str, Any] = field(default_factory=dict)
    lost: DeviceUnreachable | None = None
    abandoned: bool = False
