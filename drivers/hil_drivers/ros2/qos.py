"""Quality of service: profiles from plain settings, and mismatches in words."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

from rclpy.duration import Duration
from rclpy.qos import (
    DurabilityPolicy,
    HistoryPolicy,
    LivelinessPolicy,
    QoSProfile,
    ReliabilityPolicy,
    qos_policy_name_from_kind,
)

_RELIABILITY = {"reliable": ReliabilityPolicy.RELIABLE, "best-effort": ReliabilityPolicy.BEST_EFFORT}
_DURABILITY = {"volatile": DurabilityPolicy.VOLATILE, "transient-local": DurabilityPolicy.TRANSIENT_LOCAL}
_LIVELINESS = {"automatic": LivelinessPolicy.AUTOMATIC, "manual": LivelinessPolicy.MANUAL_BY_TOPIC}


def profile(settings: Mapping[str, Any]) -> Any:
    """The profile of ``reliability``, ``durability``, ``depth`` (0: everything is kept), ``deadline`` in s."""
    depth = int(settings.get("depth", 10))
    made = QoSProfile(
        history=HistoryPolicy.KEEP_LAST if depth else HistoryPolicy.KEEP_ALL,
        depth=depth,
        reliability=_RELIABILITY[settings.get("reliability", "reliable")],
        durability=_DURABILITY[settings.get("durability", "volatile")],
        liveliness=_LIVELINESS[settings.get("liveliness", "automatic")],
    )
    if "deadline" in settings:
        made.deadline = Duration(seconds=float(settings["deadline"]))
    return made


def mismatch(event: Any, ours: Any, others: list[Any], *, they: str) -> str:
    """What is incompatible, in one clause.

    :param others: what is known of the other side's endpoints.
    """
    policy = qos_policy_name_from_kind(event.last_policy_kind).lower()
    mine = _said(ours, policy)
    theirs = sorted({_said(each.qos_profile, policy) for each in others} - {mine})
    offered = f" with {policy} {' or '.join(theirs)}" if theirs else ""
    return f"a {they}{offered} cannot be matched with our {policy} {mine}"


def _said(given: Any, policy: str) -> str:
    value = getattr(given, policy, None)
    name = getattr(value, "name", None) or str(value)
    return name.lower().replace("_", "-")
