"""What a start would meet, as far as it can be known without opening anything."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from .errors import UsageError
from .planning import planned
from .preparation import excused_faults, require_options
from .reach import doubtful
from .resumption import decided
from .run_header import jsonable
from .safety.recovery import cut_off_runs

if TYPE_CHECKING:
    from .preparation import Prepared


@dataclass(frozen=True)
class Foreseen:
    """One sentence for each thing that would stop the start, and for each that was excused.

    :param cut_off: the runs that were cut off: the bench is brought to its safe state first.
    :param doubtful: what the plan holds that the bench may not reach.
    """

    faults: tuple[str, ...]
    excused: tuple[str, ...]
    cut_off: tuple[str, ...]
    doubtful: tuple[str, ...] = ()


@dataclass(frozen=True)
class Intention:
    """How a run would be begun; the fields are arguments of `hil.run.run_procedure`."""

    speed: float | None = None
    locked: Path | None = None
    deviation: str | None = None
    authorised_by: str | None = None


def foresee(prepared: Prepared, intended: Intention, runs: Path) -> Foreseen:
    """Look at a start that is not made. What `hil bench check` finds comes on top.

    :param runs: the folder of runs.
    """
    excused: list[str] = []
    faults = list(_faults(prepared, intended, excused))
    cut_off = [each.named for each in cut_off_runs(runs, prepared.config.name)] if runs.is_dir() else []
    doubts = doubtful(prepared, prepared.procedure.design(prepared.parameters))
    return Foreseen(tuple(faults), tuple(excused), tuple(cut_off), tuple(doubts))


def _faults(prepared: Prepared, intended: Intention, excused: list[str]) -> Iterator[str]:
    resumption, deviation, authorised_by = prepared.resumption, intended.deviation, intended.authorised_by
    try:
        require_options(
            prepared.config,
            intended.speed,
            resumed=resumption is not None,
            locked=intended.locked,
            deviation=deviation,
            authorised_by=authorised_by,
        )
        if authorised_by is not None:
            excused += excused_faults(prepared, authorised_by)
        plan = planned(prepared, intended.locked, deviation)
        if resumption is not None:
            resumption.check(jsonable(decided(prepared, plan.design, plan.document)), prepared.config, deviation)
    except UsageError as error:
        yield from str(error).splitlines()
