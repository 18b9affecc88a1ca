"""Poses of a run for viewers: a robot's own account, and channels that together are the position of one body.

Channels whose names differ in one part only, which is x, y or z (``tool.x``, ``robot.x.tracked``), are one body if x
and y are there, of one device, in one unit of length; parts qx, qy, qz, qw tell how it is turned. A pose is told each
time that all of them have been read anew, at the time of the last. What no channel tells is 0 (z), or not turned.
Coordinates are those of each device; how those of two devices lie to each other is not on record, and not told.
"""

from __future__ import annotations

import math
from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

PARTS = ("x", "y", "z", "qx", "qy", "qz", "qw")
LEAST_STEP = 10_000_000
"""Nanoseconds between two poses of one body, at the least: a viewer draws no more."""

Quaternion = tuple[float, float, float, float]
UNTURNED: Quaternion = (0.0, 0.0, 0.0, 1.0)


@dataclass(frozen=True)
class PoseAt:
    """A pose at ``t`` (UTC in nanoseconds): position in m, turned by a quaternion x, y, z, w."""

    t: int
    position: tuple[float, float, float]
    turned: Quaternion = UNTURNED

    def pose(self, frame: str) -> dict[str, Any]:
        """As foxglove.PoseInFrame, in the coordinates of ``frame``."""
        return {
            "timestamp": _timestamp(self.t),
            "frame_id": frame,
            "pose": {"position": self._vector(), "orientation": self._quaternion()},
        }

    def transform(self, frame: str, body: str) -> dict[str, Any]:
        """As foxglove.FrameTransform, from ``frame`` to ``body``."""
        return {
            "timestamp": _timestamp(self.t),
            "parent_frame_id": frame,
            "child_frame_id": body,
            "translation": self._vector(),
            "rotation": self._quaternion(),
        }

    def _vector(self) -> dict[str, float]:
        return dict(zip("xyz", self.position, strict=True))

    def _quaternion(self) -> dict[str, float]:
        return dict(zip("xyzw", self.turned, strict=True))


@dataclass
class Body:
    """What channels tell of one body: ``parts`` by channel number, ``scale`` from their unit to m."""

    name: str
    device: str
    parts: dict[int, str]
    scale: float
    _readings: list[NDArray[np.void]] = field(default_factory=list)

    def add(self, readings: NDArray[np.void]) -> None:
        """Keep what is of this body."""
        kept = readings[np.isin(readings["ch"], list(self.parts))]
        if len(kept):
            self._readings.append(kept[["t", "ch", "raw", "value"]].copy())

    def poses(self) -> Iterator[PoseAt]:
        """Its poses in order of time."""
        if not self._readings:
            return
        found = np.concatenate(self._readings)
        found = found[np.argsort(found["t"], kind="stable")]
        values = np.where(np.isfinite(found["value"]), found["value"], found["raw"])
        fresh: dict[str, float] = {}
        last = -LEAST_STEP
        for t, ch, value in zip(found["t"].tolist(), found["ch"].tolist(), values.tolist(), strict=True):
            if math.isfinite(value):
                fresh[self.parts[ch]] = value
            if len(fresh) == len(self.parts) and t >= 0:
                if t - last >= LEAST_STEP:
                    yield self._at(t, fresh)
                    last = t
                fresh = {}

    def _at(self, t: int, values: Mapping[str, float]) -> PoseAt:
        x, y, z = (self.scale * values.get(part, 0.0) for part in "xyz")
        turned = tuple(values.get(part, math.nan) for part in ("qx", "qy", "qz", "qw"))
        size = math.hypot(*turned)
        whole = math.isfinite(size) and size > 0.0
        return PoseAt(t, (x, y, z), _four([part / size for part in turned]) if whole else UNTURNED)


def bodies(channels: Mapping[str, Mapping[str, Any]]) -> list[Body]:
    """The bodies of a run, by what the record keeps of its channels."""
    groups: dict[tuple[str, str], dict[str, str]] = {}
    for name, meta in channels.items():
        words = name.split(".")
        for place, word in enumerate(words):
            if word in PARTS:
                rest = ".".join([*words[:place], *words[place + 1 :]]) or str(meta.get("device"))
                groups.setdefault((str(meta.get("device")), rest), {})[word] = name
                break
    rests = Counter(rest for _, rest in groups)
    return [
        Body(
            rest if rests[rest] == 1 else f"{rest} by {device}",
            device,
            {int(channels[name]["number"]): part for part, name in parts.items()},
            scale,
        )
        for (device, rest), parts in groups.items()
        if {"x", "y"} <= parts.keys() and (scale := _scale(parts, channels)) is not None
    ]


def _scale(parts: Mapping[str, str], channels: Mapping[str, Mapping[str, Any]]) -> float | None:
    """What one unit of the position is in m; ``None`` where it is no length, or the parts have several."""
    from hil_calibration.errors import CalibrationError
    from hil_calibration.unit import parse_value

    units = {str(channels[name].get("unit")) for part, name in parts.items() if part in ("x", "y", "z")}
    if len(units) != 1:
        return None
    try:
        return float(parse_value(f"1 {units.pop()}", unit="m"))
    except CalibrationError:
        return None


def coordinates(device: str) -> str:
    """What the coordinates of a device are called: no body has that name."""
    return f"coordinates of {device}"


def of_event(event: Mapping[str, Any]) -> tuple[str, PoseAt] | None:
    """The device and its own account of its pose, where an event holds one."""
    told = event["data"].get("pose") if event["kind"] == "pose" else None
    if told is None or event["t"] < 0:
        return None
    position = tuple(float(told[part]) for part in "xyz")
    turned = quaternion(*(float(told[part]) for part in ("rx", "ry", "rz")))
    return str(event["data"]["device"]), PoseAt(int(event["t"]), (position[0], position[1], position[2]), turned)


def quaternion(rx: float, ry: float, rz: float) -> Quaternion:
    """A rotation vector (axis times angle, rad) as a quaternion x, y, z, w.

    >>> [round(part, 6) for part in quaternion(0.0, 0.0, math.pi / 2.0)]
    [0.0, 0.0, 0.707107, 0.707107]
    """
    angle = math.hypot(rx, ry, rz)
    factor = 0.5 if angle < 1e-12 else math.sin(angle / 2.0) / angle
    return factor * rx, factor * ry, factor * rz, math.cos(angle / 2.0)


def _four(parts: list[float]) -> Quaternion:
    return parts[0], parts[1], parts[2], parts[3]


def _timestamp(t: int) -> dict[str, int]:
    second, nanosecond = divmod(t, 1_000_000_000)
    return {"sec": second, "nsec": nanosecond}
