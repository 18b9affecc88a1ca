"""``run.mcap``: a run for viewers such as Foxglove.

Each channel of the run is a topic with its unit and provenance as metadata; a reading is a message of the schema
`READING` (ROS 2 message definition, CDR), which viewers plot without a plug-in, with the row of ``run.db`` as its
sequence number. Points, observations and events are JSON, each with its schema; frames of a camera are
``sensor_msgs/msg/Image`` as in ``media/``. What is known of poses is there once more as viewers know it:
``hil/pose/NAME`` (foxglove.PoseInFrame) and ``hil/transform`` (foxglove.FrameTransform).
"""

from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from ..record.frame import REALS, described
from ..record.image_message import DEFINITION as IMAGE
from ..record.image_message import SCHEMA
from ..record.media import FRAMES, frames_in
from .mcap_file import McapFile
from .mcap_poses import PoseAt, bodies, coordinates, of_event
from .viewer_schemas import POSE, TRANSFORM, schema_bytes

if TYPE_CHECKING:
    from ..record import Record

READING = "hil/msg/Reading"

DEFINITION = """\
# A reading: indication, measured value and its uncertainties (the channel's metadata names the unit), u_t in s
float64 raw
float64 value
float64 u_ind
float64 u
float64 u_t
# a sum of flags; 0 is good
int64 flags
"""

AT_ONCE = 65_536
"""Readings in one chunk."""

_CDR = np.dtype([("head", "<u4"), *((name, "<f8") for name in REALS), ("flags", "<i8")])
_LITTLE_ENDIAN = 0x0000_0100

TABLES = {"event": "hil/Event", "point": "hil/Point", "observation": "hil/Observation"}
"""The tables that become topics, with the schemas of their rows."""


class RunMcap:
    """Writes ``path``, array by array; what is not readings follows at the end."""

    def __init__(self, path: Path, record: Record) -> None:
        self._record, self._row = record, 0
        self._channels = record.channels
        self._bodies = bodies(self._channels)
        self._schemas: dict[str, int] = {}
        self._sequences: dict[int, int] = {}
        self._file = McapFile(path)
        schema = self._file.schema(READING, "ros2msg", DEFINITION.encode())
        self._numbers = np.zeros(len(self._channels) + 1, np.uint16)
        for name, meta in self._channels.items():
            if meta.get("kind") != FRAMES:
                self._numbers[meta["number"]] = self._file.channel(name, "cdr", schema, _metadata(meta))

    def add(self, readings: NDArray[np.void]) -> None:
        """Append readings."""
        for body in self._bodies:
            body.add(readings)
        for start in range(0, len(readings), AT_ONCE):
            part = readings[start : start + AT_ONCE]
            rows = np.arange(self._row + 1, self._row + len(part) + 1)
            payloads = np.empty(len(part), _CDR)
            payloads["head"] = _LITTLE_ENDIAN
            for name in (*REALS, "flags"):
                payloads[name] = part[name]
            self._file.messages(self._numbers[part["ch"]], rows, part["t"], payloads)
            self._row += len(part)

    def __enter__(self) -> RunMcap:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, trace: TracebackType | None
    ) -> None:
        try:
            if kind is None:
                self._add_rest()
        finally:
            self._file.__exit__(kind, error, trace)

    def _add_rest(self) -> None:
        first = min((event.t for event in self._record.events()), default=0)
        about = self._topic("hil/run", "hil/Run", {})
        self._file.message(about, 0, max(0, first), _json(described(self._record)))
        for table, schema in TABLES.items():
            channel = self._topic(f"hil/{table}", schema, {})
            for number, row in enumerate(self._rows(table), 1):
                self._file.message(channel, number, max(0, row["t"]), _json(row))

        self._add_poses()
        self._add_frames()

    def _topic(self, name: str, schema: str, metadata: dict[str, str]) -> int:
        """Declare a topic of JSON messages; its number."""
        if schema not in self._schemas:
            self._schemas[schema] = self._file.schema(schema, "jsonschema", schema_bytes(schema))
        return self._file.channel(name, "json", self._schemas[schema], metadata)

    def _add_poses(self) -> None:
        """Each known pose as a pose, and as a transform from the coordinates of its device."""
        known: dict[tuple[str, str], list[PoseAt]] = {}
        for event in self._rows("event"):
            if (found := of_event(event)) is not None:
                known.setdefault((found[0], f"{found[0]} by its own account"), []).append(found[1])
        for body in self._bodies:
            known.setdefault((body.device, body.name), []).extend(body.poses())
        known = {key: poses for key, poses in known.items() if poses}
        if not known:
            return
        transforms = self._topic("hil/transform", TRANSFORM, {})
        for (device, name), poses in known.items():
            topic = self._topic(f"hil/pose/{name}", POSE, {"device": device, "unit": "m"})
            frame = coordinates(device)
            for pose in poses:
                self._tell(topic, pose.t, pose.pose(frame))
                self._tell(transforms, pose.t, pose.transform(frame, name))

    def _tell(self, topic: int, t: int, message: dict[str, Any]) -> None:
        number = self._sequences[topic] = self._sequences.get(topic, 0) + 1
        self._file.message(topic, number, t, _json(message))

    def _add_frames(self) -> None:
        """Copy the pictures on record out of their segments."""
        names = {int(meta["number"]): name for name, meta in self._channels.items()}
        rows = [row for row in self._record.table("frame") if row["file"].endswith(".mcap")]
        if not rows:
            return
        schema = self._file.schema(SCHEMA, "ros2msg", IMAGE.encode())
        topics: dict[int, int] = {}
        for file in dict.fromkeys(row["file"] for row in rows):
            wanted = {row["seq"]: row["ch"] for row in rows if row["file"] == file}
            for seq, (t, message) in enumerate(frames_in(self._record.folder / file)):
                if (ch := wanted.get(seq)) is not None:
                    if ch not in topics:
                        topics[ch] = self._file.channel(names[ch], "cdr", schema, _metadata(self._channels[names[ch]]))
                    self._file.message(topics[ch], seq, t, message)

    def _rows(self, table: str) -> Iterator[dict[str, Any]]:
        for row in self._record.table(table):
            yield {key: json.loads(value) if key in ("data", "links") else value for key, value in row.items()}


def _metadata(meta: dict[str, Any]) -> dict[str, str]:
    """What a viewer shows of a channel: texts."""
    kept = {key: meta.get(key) for key in ("unit", "indication_unit", "provenance", "device", "driver", "period")}
    calibration = meta.get("calibration")
    if isinstance(calibration, dict):
        kept["calibration"] = calibration.get("identifier")
    return {key: str(value) for key, value in kept.items() if value is not None}


def _json(value: object) -> bytes:
    return json.dumps(value, ensure_ascii=False, sort_keys=True).encode()
