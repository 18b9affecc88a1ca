"""What a trial of pose accuracy stated, held against where the simulated arm truly stops."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from hil.coverage.truth import Answer, Stated, TrueWorld
from hil_calibration.pose_scatter import repeatability_of_samples

from .parameters import PoseAccuracy


def answer(world: TrueWorld, found: Mapping[str, Any], p: PoseAccuracy) -> Answer:
    """The mean of all stops that the arm could make, and the mean of RP over all samples of so many cycles.

    AP is stated as an interval that is not symmetric about it: it is judged by its middle and its quarter width.
    """
    stated, conforms = dict[str, Stated](), not any(one["failed"] for one in found["visits"])
    for one in found["poses"]:
        name, pose = one["pose"], p.commanded[one["pose"]]
        mean, covariance = world.stops(found["arm"], (pose.x, pose.y, pose.z, pose.rx, pose.ry, pose.rz))
        error = [at - wanted for at, wanted in zip(mean, (pose.x, pose.y, pose.z), strict=True)]
        for axis, part, true in zip("xyz", one["components"], error, strict=True):
            stated[f"AP{axis} at {name}"] = Stated(part["value"], part["u"], true, "m", part["k"])
        length, scatter = math.hypot(*error), repeatability_of_samples(covariance, p.cycles).mean
        low, high = one["accuracy"]["lower"], one["accuracy"]["upper"]
        stated[f"AP at {name}"] = Stated((low + high) / 2.0, (high - low) / 4.0, length, "m")
        for key, words in (("repeatability", "RP"), ("corrected", "RP without noise")):
            if (part := one[key]) is not None:
                stated[f"{words} at {name}"] = Stated(part["value"], part["u"], scatter, "m", part["k"])
        conforms = conforms and (p.accuracy is None or length <= p.accuracy)
        conforms = conforms and (p.repeatability is None or scatter <= p.repeatability)
    required = p.accuracy is not None or p.repeatability is not None
    return Answer(stated, conforms if required else None)
