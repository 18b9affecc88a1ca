"""Locked plans: what was decided before the first point, in a file with its hash, and how a plan departs from it."""

from __future__ import annotations

import dataclasses
import hashlib
import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import ProcedureFault, UsageError
from .adaptive import AdaptiveDesign
from .design import Design

if TYPE_CHECKING:
    from ..parameters import Parameters
    from ..scripts import Procedure

FORMAT, VERSION = "hil plan", 1
_MISSING = object()


def plan_document(
    procedure: Procedure, parameters: Parameters, design: Design | AdaptiveDesign, seed: int
) -> dict[str, Any]:
    """Everything that is decided before a run, as JSON: the procedure and its source, the parameters, the points in
    their order or the rule that chooses them, the attempts, and how faults of the system under test count.

    Of a blinded plan it has the codes in their order and the hash of their key, which the record keeps.

    :raises ProcedureFault: if the rule of an adaptive design cannot be told in JSON.
    """
    return _plain(
        {
            "format": FORMAT,
            "version": VERSION,
            "procedure": {"name": procedure.name, "version": procedure.version, "sha256": procedure.digest},
            "parameters": parameters.model_dump(mode="json"),
            "seed": seed,
            **plan_facts(design, seed, open_key=not design.blind),
        }
    )


def plan_facts(design: Design | AdaptiveDesign, seed: int, *, open_key: bool = True) -> dict[str, Any]:
    """What a design says of its plan, in JSON.

    :param open_key: whether to tell the factors of a blinded plan beside its codes, as the record does.
    """
    facts: dict[str, Any] = {
        "factors": dict(design.factors),
        "attempts": design.attempts,
        "sut_faults": design.sut_faults,
        "blind": design.blind,
        "notes": design.notes,
    }
    if isinstance(design, AdaptiveDesign):
        return {**facts, "order": "adaptive", "rule": _told(design.rule), "most": design.most}
    planned = design.planned(seed)
    facts |= {
        "order": design.order,
        "repeats": design.repeats,
        "block": design.block,
        "hard_to_change": list(design.hard_to_change),
    }
    if design.random_blocks:
        facts["random_blocks"] = True
    if design.blind:
        facts["codes"] = [point.code for point in planned]
        facts["key_sha256"] = digest({point.code: point.factors for point in planned})
    return {**facts, "points": [point.factors for point in planned]} if open_key else facts


def canonical(document: Mapping[str, Any]) -> bytes:
    """``document`` as canonical JSON: keys sorted, no spaces, UTF-8.

    :raises ProcedureFault: if JSON cannot tell it.
    """
    try:
        text = json.dumps(document, sort_keys=True, separators=(",", ":"), ensure_ascii=False, allow_nan=False)
        return text.encode()
    except (TypeError, ValueError) as error:
        raise ProcedureFault(f"the plan cannot be told in JSON: {error}", where="plan") from None


def digest(document: Mapping[str, Any]) -> str:
    """SHA-256 of the canonical JSON, in hexadecimal."""
    return hashlib.sha256(canonical(document)).hexdigest()


def write_lock(file: Path, document: Mapping[str, Any]) -> str:
    """Write a locked plan into a new file, and return its hash.

    :raises UsageError: if the file is there already or cannot be written.
    """
    locked = digest(document)
    try:
        with file.open("x", encoding="utf-8") as opened:
            json.dump({"sha256": locked, "plan": document}, opened, indent=1, ensure_ascii=False, sort_keys=True)
            opened.write("\n")
    except FileExistsError:
        raise UsageError(
            "is there already", where=str(file), remedy="a locked plan is not overwritten: give another name"
        ) from None
    except OSError as error:
        raise UsageError(f"cannot be written: {error.strerror}", where=str(file)) from None
    return locked


def read_lock(file: Path) -> dict[str, Any]:
    """The plan that was locked in ``file``.

    :raises UsageError: if there is none, it was altered since, or it is of a later version.
    """
    try:
        found = json.loads(file.read_text("utf-8"))
    except OSError as error:
        fault = f"cannot be read: {error.strerror}"
        raise UsageError(fault, where=str(file), remedy="give a file that --lock-plan wrote") from None
    except (ValueError, RecursionError) as error:
        raise UsageError(f"is no locked plan: {error}", where=str(file), remedy="give what --lock-plan wrote") from None
    plan = found.get("plan") if isinstance(found, dict) else None
    if not isinstance(plan, dict) or plan.get("format") != FORMAT:
        raise UsageError("is no locked plan", where=str(file), remedy="give what --lock-plan wrote")
    if plan.get("version") != VERSION:
        raise UsageError(f"is a locked plan of version {plan.get('version')}", where=str(file), remedy="update hil")
    if _altered(plan, found.get("sha256")):
        raise UsageError("was altered since it was locked", where=str(file), remedy="find the original")
    return plan


def require_locked(file: Path, document: Mapping[str, Any]) -> str:
    """Check that the plan as it is now is the one locked in ``file``, and return its hash.

    :raises UsageError: naming the first difference.
    """
    locked = read_lock(file)
    difference = first_difference(locked, document)
    if difference:
        raise UsageError(
            f"the plan is not the one that was locked: {difference}",
            where=str(file),
            remedy="undo that, or lock the new plan",
        )
    return digest(locked)


def first_difference(locked: Mapping[str, Any], now: Mapping[str, Any]) -> str:
    """The first thing in which two plans differ, in words; empty where they do not."""
    return next(_differences("", dict(locked), dict(now)), "")


def _differences(where: str, locked: Any, now: Any) -> Iterator[str]:
    if isinstance(locked, dict) and isinstance(now, dict):
        for key in [*locked, *(key for key in now if key not in locked)]:
            yield from _differences(f"{where}.{key}".lstrip("."), locked.get(key, _MISSING), now.get(key, _MISSING))
    elif isinstance(locked, list) and isinstance(now, list):
        for place, (before, after) in enumerate(zip(locked, now, strict=False), 1):
            yield from _differences(f"{where} {place}", before, after)
        if len(locked) != len(now):
            yield f"{where} has {len(locked)} entries in the locked plan, {len(now)} now"
    elif locked is _MISSING:
        yield f"{where} is not in the locked plan"
    elif now is _MISSING:
        yield f"{where} is in the locked plan only"
    elif (type(locked) is not type(now) and not _both_numbers(locked, now)) or locked != now:
        yield f"{where} is {_brief(locked)} in the locked plan, {_brief(now)} now"


def _both_numbers(*values: Any) -> bool:
    return all(isinstance(value, int | float) and not isinstance(value, bool) for value in values)


def _brief(value: Any) -> str:
    text = json.dumps(value, ensure_ascii=False)
    return text if len(text) <= 60 else f"{text[:57]}…"


def _altered(plan: Mapping[str, Any], sha256: object) -> bool:
    try:
        return digest(plan) != sha256
    except ProcedureFault:
        return True


def _plain(document: Mapping[str, Any]) -> dict[str, Any]:
    """``document`` as it reads once it has been through a file."""
    found: dict[str, Any] = json.loads(canonical(document))
    return found


def _told(value: Any) -> Any:
    """A rule as JSON: its type and its fields, those inside of it likewise."""
    if dataclasses.is_dataclass(value) and not isinstance(value, type):
        fields = {field.name: _told(getattr(value, field.name)) for field in dataclasses.fields(value)}
        return {"type": f"{type(value).__module__}.{type(value).__qualname__}", **fields}
    if isinstance(value, Mapping):
        return {str(key): _told(item) for key, item in value.items()}
    if isinstance(value, list | tuple):
        return [_told(item) for item in value]
    if isinstance(value, str | int | float | bool | None):
        return value
    raise ProcedureFault(
        f"the rule holds a {type(value).__name__}, which a locked plan cannot tell",
        where="AdaptiveDesign",
        remedy="make it a dataclass of numbers, texts and lists",
    )
