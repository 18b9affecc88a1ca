"""What is decided before a run: its plan, checked as far as it can be before the bench is touched."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hil_drivers.replay import Replay

from .bench.drivers import made
from .design.lock import plan_document
from .design.plan import History
from .errors import ProcedureFault, UsageError, exit_code, raised
from .reach import require_playable, require_reachable
from .replay import require_recordings
from .resumption import departures_from

if TYPE_CHECKING:
    from .design import AdaptiveDesign, Design, Plan
    from .preparation import Prepared
    from .resumption import Departure


@dataclass(frozen=True)
class Planned:
    """The design of a run and the plan of its points, the document that tells them, and how that departs from a
    locked one.
    """

    design: Design | AdaptiveDesign
    plan: Plan
    document: dict[str, Any]
    departures: list[Departure]


def planned(prepared: Prepared, locked: Path | None, deviation: str | None) -> Planned:
    """The plan of a run, down to its first point.

    :param locked: the locked plan that it must follow.
    :param deviation: why it may depart from that.
    :raises UsageError: if it does and no reason is given, a role is bound to what cannot play it, something is
        commanded that the bench cannot reach or the recordings do not hold, or it could have no result.
    :raises ProcedureFault: if the procedure has no plan for these parameters.
    """
    require_playable(prepared)
    design = prepared.procedure.design(prepared.parameters)
    document = plan_document(prepared.procedure, prepared.parameters, design, prepared.seed)
    departures = [] if locked is None else departures_from(locked, document, deviation)
    _require_a_first_point(prepared, design)
    require_reachable(prepared)
    if prepared.config.replays:
        history = History() if prepared.resumption is None else prepared.resumption.progress.history
        require_recordings(_replays(prepared), design.plan(prepared.seed), history)
    _require_a_result(prepared)
    return Planned(design, design.plan(prepared.seed), document, departures)


def _replays(prepared: Prepared) -> dict[str, Replay]:
    """The devices that replay recordings, by name; none of them is open."""
    config = prepared.config
    needed = config.needed_devices([*prepared.procedure.roles, *config.ambient_roles])
    found: dict[str, Replay] = {}
    for name in needed:
        device: object = made(config, name)
        if isinstance(device, Replay):
            found[name] = device
    return found


def _require_a_result(prepared: Prepared) -> None:
    """Refuse what the procedure says can have none.

    :raises UsageError: with its reason.
    """
    config, procedure = prepared.config, prepared.procedure
    if procedure.refusal_of is None:
        return
    bound = {role: config.roles[role] for role in procedure.roles}
    names = {role: config.channels[to].device if to in config.channels else to for role, to in bound.items()}
    devices = {name: made(config, name) for name in set(names.values())}
    if why := procedure.refusal_of({role: devices[name] for role, name in names.items()}, prepared.parameters):
        raise UsageError(why, where=procedure.name)


def _require_a_first_point(prepared: Prepared, design: Design | AdaptiveDesign) -> None:
    """Have an adaptive rule choose once, while there is nothing on record.

    :raises ProcedureFault: if it chooses none, or none that can be, or has a bug.
    """
    try:
        design.plan(prepared.seed).next(History())
    except Exception as error:
        if exit_code(error) != 70:
            raise
        name = prepared.procedure.name
        raise ProcedureFault(f"the plan {raised(error)}", where=name, remedy="correct the plan") from error
