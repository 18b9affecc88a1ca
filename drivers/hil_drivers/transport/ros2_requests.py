"""How requests to the ROS process are put, and what an address says of its domain."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from ..errors import AddressError
from .address import Address
from .ros2_types import Publisher, Subscription

RANGES = ("localhost", "subnet", "off")
_MOST_DOMAIN = 232


def described(thing: Subscription | Publisher) -> dict[str, Any]:
    return {"topic": thing.topic, "type": thing.type, "qos": thing.qos.plain()}


def patience(op: str, within: float) -> dict[str, float]:
    """How long the ROS process itself shall wait for the other side to appear."""
    return {"within": within} if op in ("publish", "publishers", "call", "goal", "get", "set") else {}


def subject(op: str, request: Mapping[str, Any]) -> str:
    """What an operation is about, in words."""
    for key, word in (("service", "service"), ("action", "action"), ("node", "node"), ("topic", "topic")):
        if key in request:
            return f"{word} {request[key]}"
    return f"ROS process, asked to {op},"


def domain(address: Address) -> str:
    number = address.integer("domain", -1, lower=0, upper=_MOST_DOMAIN)
    return "" if number < 0 else str(number)


def discovery_range(address: Address) -> str:
    found = address.options.get("range", "")
    if found and found not in RANGES:
        raise AddressError(f"range={found} is none of {', '.join(RANGES)}", where=address.text)
    return found
