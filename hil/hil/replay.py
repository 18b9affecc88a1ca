"""Recordings in a run: which presentation of its condition a point is, and which recordings are used up."""

from __future__ import annotations

import json
from collections import Counter
from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from hil_drivers.replay import MORE, Recording, Replay

from .design.plan import ListPlan
from .errors import BenchFault, NotFit

if TYPE_CHECKING:
    from .design import History, Plan
    from .record import Record

USED = "recording"
"""The kind of event that says which recording was given out, and at which point."""

NAMED = 5
"""Conditions that are named where a data set lacks something, each with the first point that finds it lacking."""

SERVED_AGAIN = (
    "Those that served again are no new evidence of what other recordings would give: intervals and bounds hold at "
    "best for the recordings of this data set, and are too narrow where a system always answers one recording alike."
)
"""Of every result that rests on recordings some of which served more than once."""


class Occasions:
    """Which presentation of its condition each point is, counted from 0 in the order of the plan.

    :param history: what was observed before, where the plan chooses its points from that.
    """

    def __init__(self, plan: Plan, history: History) -> None:
        self._of: dict[int, int] = {}
        self._counts: Counter[str] = Counter()
        known = getattr(plan, "points", None)
        for point in history.observed if known is None else known:
            self.of(point.index, point.factors)

    def of(self, index: int, factors: Mapping[str, Any]) -> int:
        """The occasion of the point ``index``."""
        if index not in self._of:
            condition = condition_of(factors)
            self._of[index] = self._counts[condition]
            self._counts[condition] += 1
        return self._of[index]


def condition_of(factors: Mapping[str, Any]) -> str:
    """What is equal for points of one condition."""
    return json.dumps(dict(factors), sort_keys=True, default=str)


class Uses:
    """Which point used which recording: no recording counts at two points, unless the bench file says so."""

    def __init__(self) -> None:
        self._points: dict[tuple[str, str], int] = {}

    @classmethod
    def on_record(cls, record: Record, history: History) -> Uses:
        """What the points that count have used, where a run is resumed."""
        found = cls()
        for event in record.events(USED):
            if event.data["point"] in history:
                found._points[event.data["device"], event.data["sha256"]] = event.data["point"]
        return found

    def use(self, device: str, recording: Recording, point: int, *, reuse: bool) -> None:
        """A recording is given out at a point.

        :raises BenchFault: if another point has used it.
        """
        before = self._points.setdefault((device, recording.sha256), point)
        if before != point and not reuse:
            raise BenchFault(
                f"{recording.file} was used at point {before + 1} already",
                where=device,
                remedy="record more, plan less, or allow it with reuse = true",
            )


def require_recordings(devices: Mapping[str, Replay], plan: Plan, done: History) -> None:
    """Check that the data sets hold what a plan may ask for, as far as they know what its factors mean.

    Of a plan that stops once enough is known, all points count that it may come to: else it could end undecided.

    :raises NotFit: naming the points for which they do not.
    """
    points = plan.foreseen
    occasions = Occasions(ListPlan(points), done)
    first: dict[tuple[str, str], str] = {}
    for point in points:
        if point.index in done:
            continue
        for name, device in devices.items():
            if missing := device.lacking(point.factors, occasions.of(point.index, point.factors)):
                first.setdefault((name, condition_of(point.factors)), f"{name}: {missing}, at point {point.index + 1}")
    if faults := list(first.values()):
        more = "" if len(faults) <= NAMED else f"; and {len(faults) - NAMED} more conditions"
        raise NotFit("; ".join(faults[:NAMED]) + more, remedy=MORE)


def served_again(record: Record) -> list[str]:
    """What a result does not show where recordings served more than once among what counts; nothing where none did."""
    counts = {(each.point, each.attempt) for each in record.observations()}
    used = [event.data for event in record.events(USED) if (event.data["point"], event.data["attempt"]) in counts]
    different = len({(use["device"], use["sha256"]) for use in used})
    if different == len(used):
        return []
    recordings = "1 recording" if different == 1 else f"{different} recordings"
    return [f"{recordings} served {len(used)} times. {SERVED_AGAIN}"]
