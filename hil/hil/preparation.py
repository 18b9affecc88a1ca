"""What is checked of a run before anything is written: procedure, parameters, bench, and what else is asked."""

from __future__ import annotations

import time
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

from . import parameters, scripts
from .errors import UsageError
from .suggest import meant

if TYPE_CHECKING:
    from .bench.config import BenchConfig
    from .resumption import Resumption
    from .scripts import Procedure


@dataclass(frozen=True)
class Prepared:
    """A run whose procedure, parameters and bench exist and fit together."""

    procedure: Procedure
    parameters: parameters.Parameters
    config: BenchConfig
    seed: int
    resumption: Resumption | None = None


def prepare(
    name: str, bench: str, settings: Mapping[str, str], seed: int | None, *, resume: Path | None = None
) -> Prepared:
    """Find and check the procedure, its parameters and the bench.

    :param resume: the folder of a run to go on with; its parameters and seed hold where none are given.
    :raises UsageError: if one of them does not exist, or they do not fit together.
    """
    from .bench.config import load_bench
    from .documents.drafts import require_templates
    from .resumption import Resumption

    found = scripts.find(name)
    config = load_bench(bench)
    require_templates(config)
    resumption = None if resume is None else Resumption.of(resume, found.name, config)
    if resumption is not None and not settings:
        chosen = parameters.recorded(found.parameters, resumption.run["parameters"], where=name)
    else:
        chosen = parameters.parse(found.parameters, settings, where=name)
    found = found.with_roles(chosen)
    if resumption is not None and seed is None:
        seed = resumption.run["seed"]
    missing = sorted(set(found.roles) - set(config.roles))
    if missing:
        hint = meant(missing[0], config.roles)
        raise UsageError(
            f"the procedure {name!r} needs roles that this bench does not have: {', '.join(missing)}",
            where=str(config.path),
            remedy=f"{hint} Or bind them in [roles], or take another bench".strip().removeprefix("Or "),
        )
    default = config.sim.seed if config.sim is not None else time.time_ns() % 2**31
    return Prepared(found, chosen, config, default if seed is None else seed, resumption)


def require_options(
    config: BenchConfig,
    speed: float | None,
    *,
    resumed: bool,
    locked: Path | None,
    deviation: str | None,
    authorised_by: str | None,
) -> None:
    """Check that what is asked of a run goes together; the arguments are those of `run_procedure`.

    :raises UsageError: if it does not.
    """
    if speed is not None and config.sim is None:
        raise UsageError("speed belongs to a simulated bench", where=str(config.path), remedy="leave it out")
    if speed is not None and not 0.0 < speed < float("inf"):
        raise UsageError(f"speed {speed:g} is not a finite number above 0", remedy="give bench seconds per wall second")
    if deviation is None and authorised_by is not None:
        raise UsageError("a deviation without a reason", remedy='say why with --deviation "why"')
    if deviation is not None and not resumed and locked is None and authorised_by is None:
        raise UsageError("there is nothing to deviate from", remedy="give it with --resume, --plan or --authorised-by")
    if locked is not None and resumed:
        raise UsageError("the plan of a run that is resumed is on its record", remedy="leave out --plan")


def excused_faults(prepared: Prepared, authorised_by: str) -> list[str]:
    """What a person authorises a run to begin with.

    :raises UsageError: the person may not, or there is nothing to authorise.
    """
    from .bench.fit import excusable_faults

    config, procedure = prepared.config, prepared.procedure
    config.laboratory.require_role(authorised_by, "authoriser")
    needed = config.needed_channels([*procedure.roles, *config.ambient_roles])
    items = {config.roles[role] for role in procedure.items}
    faults = excusable_faults(config, [name for name in needed if name not in items], seed=prepared.seed)
    if not faults:
        raise UsageError("the bench is fit to start", where=str(config.path), remedy="leave out --authorised-by")
    return faults
