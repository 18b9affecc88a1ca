"""Two runs that can be compared: whole, traceable, of one procedure with one design."""

from __future__ import annotations

import json
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from .. import parameters, scripts
from ..errors import UsageError, VerificationFailed
from ..traceability import not_traceable
from .results import Compared

if TYPE_CHECKING:
    from ..record import Record
    from ..results import Results


@dataclass(frozen=True)
class Side:
    """One of the two runs: its record's facts, and its results computed anew from the record.

    :param codecs: of the pictures that its cameras gave.
    :param recordings: of the data sets that it replayed, the SHA-256 of their indexes.
    """

    name: str
    run: Mapping[str, Any]
    results: Mapping[str, Mapping[str, Compared]]
    certificates: Mapping[str, str]
    effects: Mapping[str, Mapping[str, Any]]
    codecs: tuple[str, ...] = ()
    recordings: tuple[str, ...] = ()

    @property
    def bench(self) -> str:
        return str(self.run["bench"]["name"])

    @property
    def world(self) -> str:
        """Which simulated world it had; empty for a real bench."""
        return str(self.run["world"])


def read(folder: Path) -> Side:
    """A run for a comparison.

    :raises VerificationFailed: if its record does not hold.
    :raises UsageError: if it is not complete, not traceable, or its procedure declares no conditions.
    """
    from ..record import open_run
    from ..sealing.check import verify_run

    verification = verify_run(folder)
    if verification.findings:
        first = verification.findings[0]
        raise VerificationFailed(f"{first.place}: {first.message}", where=str(folder), remedy="see `hil data verify`")
    record = open_run(folder)
    if record.status != "complete":
        raise UsageError(f"the run is {record.status}", where=str(folder), remedy="compare complete runs")
    found = scripts.find(record.run["procedure"]["name"])
    chosen = parameters.recorded(found.parameters, record.run["parameters"], where=found.name)
    return side_of(folder, record, found.analyse(record, chosen))


def side_of(folder: Path, record: Record, results: Results) -> Side:
    """A run for a comparison, whose record was verified and analysed anew.

    :raises UsageError: if it is not traceable, or its procedure declares no conditions.
    """
    for reason in not_traceable(record):
        raise UsageError(f"the run is not traceable: {reason}", where=str(folder), remedy="compare traceable runs")
    name = record.run["procedure"]["name"]
    found = scripts.find(name)
    if found.conditions_of is None:
        what = "declares no conditions that could be compared"
        raise UsageError(what, where=name, remedy="declare them with @….conditions")
    chosen = parameters.recorded(found.parameters, record.run["parameters"], where=name)
    codecs = tuple(sorted({str(event.data["codec"]) for event in record.events("frame")}))
    indexes = {str(event.data["index_sha256"]) for event in record.events("data set") if "index_sha256" in event.data}
    results_by_condition = found.conditions_of(results.data, chosen)
    return Side(folder.name, record.run, results_by_condition, *_standards(record), codecs, tuple(sorted(indexes)))


def _standards(record: Record) -> tuple[dict[str, str], dict[str, dict[str, Any]]]:
    """The certificates of all calibrations by SHA-256, and their named effects."""
    certificates: dict[str, str] = {}
    effects: dict[str, dict[str, Any]] = {}
    for channel in record.channels.values():
        calibration = channel["calibration"] or {"certificates": {}, "effects": []}
        certificates |= calibration["certificates"]
        effects |= {effect["name"]: effect for effect in calibration["effects"]}
    return certificates, effects


def require_comparable(first: Side, second: Side) -> None:
    """Check that the two runs have one procedure and one design: one list of points, or one rule that chooses them.

    :raises UsageError: if they do not, naming what differs.
    """
    if first.name == second.name:
        raise UsageError("a run cannot be compared with itself", where=first.name, remedy="name two runs")
    for what, key in (("procedures", "procedure"), ("parameters", "parameters")):
        _require_same(what, first.run[key], second.run[key], first, second)
    one, other = first.run["plan"], second.run["plan"]
    for part in ("factors", "order", "repeats", "rule", "most"):
        _require_same(f"{part} of the plans", one.get(part), other.get(part), first, second)
    points = _in_any_order(one.get("points", [])), _in_any_order(other.get("points", []))
    _require_same("points of the plans", *points, first, second)
    _require_same("measurands", sorted(first.results), sorted(second.results), first, second)


def _in_any_order(points: list[dict[str, Any]]) -> list[str]:
    """Points so that two random orders of one design are equal."""
    return sorted(json.dumps(point, sort_keys=True) for point in points)


def _require_same(what: str, one: object, other: object, first: Side, second: Side) -> None:
    if one != other:
        raise UsageError(
            f"the {what} differ",
            where=f"{first.name}, {second.name}",
            remedy="compare runs of one procedure with the same settings",
        )


def shared_effects(first: Side, second: Side) -> list[str]:
    """The names under which budgets hold what both results rest on: named effects, the line of a certificate, and its
    single coefficients.

    In two different worlds nothing is shared, whatever its name: a simulated standard has an error of its own.
    """
    if first.world != second.world:
        return []
    certificates = [name for name, digest in first.certificates.items() if second.certificates.get(name) == digest]
    used = dict.fromkeys(part for one in first.results.values() for result in one.values() for part in result.parts)
    named = {name for name, effect in first.effects.items() if second.effects.get(name) == effect}
    lines = tuple(line for each in certificates for line in (f"certificate {each} ", f"{each} "))
    return [name for name in used if name in named or name.startswith(lines)]
