"""The facts of a run on its record: what a reader needs to understand and to repeat it."""

from __future__ import annotations

import json
import platform
import time
from collections.abc import Sequence
from importlib.metadata import version
from typing import TYPE_CHECKING, Any

from . import parameters
from .resumption import decided

if TYPE_CHECKING:
    from .bench.laboratory import OrganisationSection
    from .planning import Planned
    from .preparation import Prepared

SOFTWARE = ("hil-bench", "numpy", "scipy", "GTC", "opencv-python", "apsw", "pymodbus", "serialx", "lxml", "typst")


def header(
    prepared: Prepared, plan: Planned, *, locked: bool, speed: float | None, operator: str, excused: Sequence[str]
) -> dict[str, Any]:
    """The facts about the run: what a reader needs to understand and to repeat it."""
    from .bench.world import world_name

    config, found = prepared.config, prepared.procedure
    return {
        **decided(prepared, plan.design, plan.document, locked=locked),
        "parameter_units": parameters.units(found.parameters),
        "roles": {role: config.roles[role] for role in found.roles},
        "items": sorted(found.items),
        "provenance": config.provenance,
        "world": world_name(config, prepared.seed),
        "not_traceable": list(excused),
        "speed": "lockstep" if speed is None and config.sim is not None else speed,
        "operator": operator,
        "laboratory": _address(config.laboratory.laboratory),
        "customer": _address(config.laboratory.customer),
        "reporting": config.laboratory.reporting.model_dump(mode="json"),
        "files": {name: path.read_text(encoding="utf-8") for name, path in config.registers.items()},
        "begun": time.time_ns(),
        "software": software(),
    }


def software() -> dict[str, str]:
    """Versions of what the numbers come from."""
    return {name: version(name) for name in SOFTWARE} | {"python": platform.python_version()}


def _address(organisation: OrganisationSection) -> str:
    return f"{organisation.name}, {organisation.street}, {organisation.post_code} {organisation.city}"


def jsonable(facts: dict[str, Any]) -> dict[str, Any]:
    """``facts`` as they read once they are on record."""
    from .record.rows import json_text

    return {key: json.loads(json_text(value, key)) for key, value in facts.items()}
