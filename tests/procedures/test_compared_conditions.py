"""What the procedures hand to a comparison of benches: each result at its condition, with what its u is made of."""

from __future__ import annotations

from typing import Any

import pytest

from hil.comparing.results import Compared
from hil.errors import UsageError
from hil_procedures.detection_range.parameters import DetectionRange
from hil_procedures.detection_range.script import conditions as of_range
from hil_procedures.docking.parameters import Docking
from hil_procedures.docking.script import conditions as of_docking
from hil_procedures.pose.parameters import PoseAccuracy
from hil_procedures.pose.script import conditions as of_pose

BUDGET = {"certificate": {"u": 3e-4, "distribution": "normal"}, "scatter": {"u": 4e-4, "distribution": "normal"}}
PARTS = {"certificate": 3e-4, "scatter": 4e-4}


def bearing(reach: float | None, u: float | None, at: float = 90.0) -> dict[str, Any]:
    budget = [{"name": name, "u": each} for name, each in PARTS.items()]
    return {"bearing": at, "unrounded": {"range": reach, "u": u}, "reason": "", "budget": budget}


def test_the_range_of_each_bearing() -> None:
    found = of_range({"bearings": [bearing(4.0, 5e-4, 0.0), bearing(3.0, 5e-4)]}, DetectionRange())
    assert list(found["range"]) == ["0 degrees", "90 degrees"]
    assert found["range"]["90 degrees"] == Compared(3.0, 5e-4, "m", PARTS)
    with pytest.raises(UsageError, match="states no range at 90 degrees: a bound is missing"):
        of_range({"bearings": [bearing(3.0, None)]}, DetectionRange())


def test_the_mean_error_of_each_pose_along_each_axis() -> None:
    components = [{"value": 1e-3 * place, "u": 5e-4, "budget": BUDGET} for place in (1, 2, 3)]
    found = of_pose({"unit": "m", "poses": [{"pose": "P1", "components": components}]}, PoseAccuracy())
    assert list(found) == ["APx", "APy", "APz"]
    assert found["APz"]["P1"] == Compared(3e-3, 5e-4, "m", PARTS)


def test_the_mean_departure_of_a_docked_robot() -> None:
    mean = {"unrounded": {"value": 0.01, "u": 5e-4}, "budget": BUDGET}
    found = of_docking({"components": [{"name": "heading", "unit": "rad", "mean": mean}]}, Docking())
    assert found == {"heading": {"all starts": Compared(0.01, 5e-4, "rad", PARTS)}}
