"""The JSON schemas of ``run.mcap``: those of the record's own tables, and those by which viewers know a pose.

The names and fields of the latter are those of Foxglove's message schemas (docs.foxglove.dev, "Message schemas":
PoseInFrame, FrameTransform): a viewer draws what bears such a name.
"""

from __future__ import annotations

import json
from typing import Any

POSE = "foxglove.PoseInFrame"
TRANSFORM = "foxglove.FrameTransform"

Schema = dict[str, Any]


def _object(title: str, **properties: Schema) -> Schema:
    """An object with exactly these properties."""
    return {"title": title, "type": "object", "properties": properties, "required": list(properties)}


_NUMBER: Schema = {"type": "number"}
_TEXT: Schema = {"type": "string"}
_WHOLE: Schema = {"type": "integer"}
_ANY: Schema = {"type": "object"}
_UTC: Schema = {"type": "integer", "description": "UTC in nanoseconds"}
_TIME = _object(
    "time",
    sec={"type": "integer", "minimum": 0},
    nsec={"type": "integer", "minimum": 0, "maximum": 999_999_999},
)
_VECTOR = _object("foxglove.Vector3", x=_NUMBER, y=_NUMBER, z=_NUMBER)
_QUATERNION = _object("foxglove.Quaternion", x=_NUMBER, y=_NUMBER, z=_NUMBER, w=_NUMBER)

SCHEMAS: dict[str, Schema] = {
    "hil/Run": {"title": "hil/Run", "type": "object", "description": "what readings.json says too"},
    "hil/Event": _object("hil/Event", t=_UTC, kind=_TEXT, data=_ANY),
    "hil/Point": _object("hil/Point", t=_UTC, point=_WHOLE, attempt=_WHOLE, state=_TEXT, data=_ANY, reason=_TEXT),
    "hil/Observation": _object("hil/Observation", t=_UTC, point=_WHOLE, attempt=_WHOLE, data=_ANY, links=_ANY),
    POSE: _object(
        POSE, timestamp=_TIME, frame_id=_TEXT, pose=_object("foxglove.Pose", position=_VECTOR, orientation=_QUATERNION)
    ),
    TRANSFORM: _object(
        TRANSFORM,
        timestamp=_TIME,
        parent_frame_id=_TEXT,
        child_frame_id=_TEXT,
        translation=_VECTOR,
        rotation=_QUATERNION,
    ),
}
"""By name."""


def schema_bytes(name: str) -> bytes:
    """A schema as it stands in the file."""
    return json.dumps(SCHEMAS[name], sort_keys=True).encode()
