"""A run's results, made again from its record alone and compared with those of then, number by number."""

from __future__ import annotations

import json
import math
import platform
from collections.abc import Iterator
from dataclasses import asdict, dataclass, field
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING, Any

from . import parameters, scripts
from .errors import HilError, ProcedureFault, RecordError, UsageError, VerificationFailed, exit_code, raised

if TYPE_CHECKING:
    from .record import Record
    from .results import Results
    from .scripts import Procedure

RESULTS = "results.json"
ABSENT = "(nothing)"


@dataclass(frozen=True, slots=True)
class Difference:
    """A place in ``results.json``, and what stood there and would stand there now."""

    place: str
    then: str
    now: str


@dataclass
class Reproduction:
    """What came of it.

    ``changed`` names what is not as it was then: the procedure and its source, and versions of software.
    """

    run: str
    tolerance: float
    numbers: int = 0
    texts: int = 0
    differences: list[Difference] = field(default_factory=list)
    changed: list[tuple[str, str, str]] = field(default_factory=list)

    @property
    def agrees(self) -> bool:
        """Whether every number and every text agrees."""
        return not self.differences

    def to_json(self) -> dict[str, Any]:
        """For programs."""
        changed = [{"what": what, "then": then, "now": now} for what, then, now in self.changed]
        return {**asdict(self), "changed": changed, "agrees": self.agrees}


def reproduce(folder: Path, *, procedure: str | None = None, tolerance: float = 0.0) -> Reproduction:
    """Run the analysis of a run again and compare its results; nothing is written. See :func:`reproduced`."""
    return reproduced(folder, procedure=procedure, tolerance=tolerance)[0]


def reproduced(folder: Path, *, procedure: str | None = None, tolerance: float = 0.0) -> tuple[Reproduction, Results]:
    """Run the analysis of a run again and compare its results; these are given too.

    :param procedure: where the procedure is found, if not by the name on record.
    :param tolerance: the relative difference that is allowed between two numbers that are not texts, 0 to 1.
    :raises UsageError: if the run has no results, or the procedure is not there or takes other parameters.
    :raises VerificationFailed: if the record does not hold.
    :raises ProcedureFault: if the analysis raises an error.
    """
    from .record import open_run, verify

    verification = verify(folder)
    if not verification.holds:
        first = verification.findings[0]
        raise VerificationFailed(
            f"its record does not hold: {first.place}: {first.message}",
            where=str(folder),
            remedy="run `hil data verify` on it",
        )
    record = open_run(folder)
    then = _results(folder)
    found = scripts.find(procedure or str(record.run["procedure"]["name"]))
    comparison = Reproduction(folder.name, tolerance, changed=list(_changed(record, found)))
    results, now = _analysed(found, record)
    for key in ("results", "verdict"):
        _compare(comparison, key, then.get(key), now[key])
    return comparison, results


def _results(folder: Path) -> dict[str, Any]:
    path = folder / RESULTS
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
    except FileNotFoundError:
        raise UsageError("the run has no results", where=str(folder), remedy="only complete runs have some") from None
    except (OSError, ValueError, RecursionError) as error:
        raise RecordError(f"cannot be read ({error})", where=str(path), remedy="run `hil data verify` on it") from error
    if not isinstance(found, dict):
        raise RecordError("is not a JSON object", where=str(path), remedy="run `hil data verify` on it")
    return found


def _analysed(found: Procedure, record: Record) -> tuple[Results, dict[str, Any]]:
    """The results, and results and verdict as they would be written."""
    chosen = parameters.recorded(found.parameters, record.run["parameters"], where=found.name)
    try:
        results = found.analyse(record, chosen)
        verdict = None if results.verdict is None else asdict(results.verdict)
        text = json.dumps({"results": results.data, "verdict": verdict}, allow_nan=False)
    except HilError:
        raise
    except Exception as error:
        if exit_code(error) != 70:
            raise
        fault = f"the analysis {raised(error)}"
        raise ProcedureFault(fault, where=found.name, remedy="use the version that made the results") from error
    return results, json.loads(text)


def _changed(record: Record, found: Procedure) -> Iterator[tuple[str, str, str]]:
    from .run_header import SOFTWARE

    then = record.run["procedure"]
    yield from _if_other(f"the version of {found.name}", then.get("version"), found.version)
    yield from _if_other(f"the source of {found.name} (SHA-256)", then.get("sha256"), found.digest)
    before, now = (
        record.run["software"],
        {name: version(name) for name in SOFTWARE} | {"python": platform.python_version()},
    )
    for name in sorted(before.keys() | now.keys()):
        yield from _if_other(name, before.get(name, ABSENT), now.get(name, ABSENT))


def _if_other(what: str, then: object, now: object) -> Iterator[tuple[str, str, str]]:
    if then != now:
        yield what, str(then), str(now)


def _compare(comparison: Reproduction, place: str, then: Any, now: Any) -> None:
    if isinstance(then, dict) and isinstance(now, dict):
        for key in sorted(then.keys() | now.keys()):
            _compare(comparison, f"{place}.{key}", then.get(key, ABSENT), now.get(key, ABSENT))
    elif isinstance(then, list) and isinstance(now, list):
        for index in range(max(len(then), len(now))):
            pair = (part[index] if index < len(part) else ABSENT for part in (then, now))
            _compare(comparison, f"{place}[{index}]", *pair)
    elif _is_number(then) and _is_number(now):
        comparison.numbers += 1
        if then != now and not math.isclose(then, now, rel_tol=comparison.tolerance, abs_tol=0.0):
            comparison.differences.append(Difference(place, repr(then), repr(now)))
    else:
        comparison.texts += 1
        if then != now or type(then) is not type(now):
            comparison.differences.append(Difference(place, _shown(then), _shown(now)))


def _is_number(value: object) -> bool:
    return isinstance(value, int | float) and not isinstance(value, bool)


def _shown(value: object) -> str:
    return value if isinstance(value, str) else json.dumps(value, ensure_ascii=False)
