"""Procedures: how a trial is declared, and how it is found."""

from __future__ import annotations

import hashlib
import importlib
import importlib.util
import inspect
import sys
import typing
from collections.abc import Awaitable, Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from importlib.metadata import entry_points
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias, TypeVar

from hil_drivers.capability import Pose

from .design import AdaptiveDesign, Design
from .errors import ProcedureFault, UsageError, exit_code, line_of, raised
from .parameters import Parameters
from .suggest import nearest

if TYPE_CHECKING:
    from .comparing.results import Conditions
    from .coverage.truth import Truth
    from .record import Record
    from .results import Results
    from .trial import Trial

Script = Callable[["Trial", Any], Awaitable[None]]
Plan = Callable[[Any], Design | AdaptiveDesign]
SomePlan = TypeVar("SomePlan", bound=Plan)
Analysis = Callable[["Record", Any], "Results"]
Refusal = Callable[[Mapping[str, object], Any], str]

Command: TypeAlias = tuple[str, float | Pose]
"""A role, and a set point in the unit of its channel or a pose in the frame of its robot."""

OF_A_FILE = "hil_procedure_"
"""How the name of a module begins that was made of a procedure's file."""


@dataclass(frozen=True)
class Roles:
    """Roles by the names that the bench has for them, and those among them that are under calibration or study."""

    roles: Mapping[str, type]
    items: frozenset[str] = frozenset()


@dataclass
class Procedure:
    """A procedure: its script, its plan, its analysis, and the roles it needs.

    :param name: what operators type.
    :param version: changes whenever results could.
    :param roles: each role's name and the capability it must have.
    :param items: roles whose calibration is the purpose of the run, hence need none to start.
    :param summary: one sentence for lists.
    """

    name: str
    version: str
    roles: Mapping[str, type]
    items: frozenset[str]
    script: Script
    summary: str
    _plan: Plan | None = None
    _analysis: Analysis | None = None
    truth_of: Truth | None = None
    conditions_of: Conditions | None = None
    roles_of: Callable[[Any], Roles] | None = None
    commands_of: Callable[[Any], Iterable[Command]] | None = None
    refusal_of: Refusal | None = None
    coverage_settings: Mapping[str, str] = field(default_factory=dict)

    def plan(self, function: SomePlan) -> SomePlan:
        """Declare the function that turns parameters into a `Design`."""
        self._plan = function
        return function

    def analysis(self, function: Analysis) -> Analysis:
        """Declare the function that turns the record into `Results`."""
        self._analysis = function
        return function

    def further_roles(self, function: Callable[[Any], Roles]) -> Callable[[Any], Roles]:
        """Declare the function that tells, from the parameters, which roles it needs besides its own."""
        self.roles_of = function
        return function

    def commands(self, function: Callable[[Any], Iterable[Command]]) -> Callable[[Any], Iterable[Command]]:
        """Declare the function that tells, from the parameters, what the script is sure to command: pairs of a role and
        a set point in the unit of its channel, or a `Pose`. What is out of reach is then refused before the run begins.
        """
        self.commands_of = function
        return function

    def refusal(self, function: Refusal) -> Refusal:
        """Declare the function that tells why a run would have no result, from the devices of its roles, none of them
        open, and the parameters; "" where nothing speaks against it. Such a run is refused before it begins.
        """
        self.refusal_of = function
        return function

    def told(self, parameters: Parameters) -> list[Command]:
        """What the script is sure to command; nothing where it does not say."""
        return [] if self.commands_of is None else list(self.commands_of(parameters))

    def with_roles(self, parameters: Parameters) -> Procedure:
        """This procedure with the roles that ``parameters`` name.

        :raises UsageError: if they name one of its own as something else.
        """
        if self.roles_of is None:
            return self
        more = self.roles_of(parameters)
        for role, capability in more.roles.items():
            if self.roles.get(role, capability) is not capability:
                was, now = self.roles[role].__name__, capability.__name__
                raise UsageError(f"the role {role!r} is a {was} already, and cannot be a {now}", where=self.name)
        return replace(self, roles={**self.roles, **more.roles}, items=self.items | more.items)

    def conditions(self, function: Conditions) -> Conditions:
        """Declare the function that tells the results by measurand and condition, for ``hil compare``."""
        self.conditions_of = function
        return function

    def truth(self, **settings: str) -> Callable[[Truth], Truth]:
        """Declare the function that tells the true values of the measurands; only ``hil coverage`` calls it.

        :param settings: parameters, as text, that make a run short, for many runs.
        """

        def declare(function: Truth) -> Truth:
            self.truth_of, self.coverage_settings = function, settings
            return function

        return declare

    def design(self, parameters: Parameters) -> Design | AdaptiveDesign:
        """The plan for ``parameters``.

        :raises ProcedureFault: if there is none, it has a bug, or what it returns is no design.
        """
        if self._plan is None:
            raise ProcedureFault("has no plan", where=self.name, remedy=f"decorate one with @{self.name}.plan")
        try:
            found: object = self._plan(parameters)
        except ProcedureFault as fault:
            if not self._plan.__module__.startswith(OF_A_FILE):
                raise
            where = f"{line_of(fault)}: {fault.where}" if fault.where else line_of(fault)
            raise ProcedureFault(fault.what, where=where, remedy=fault.remedy) from fault
        except (Exception, SystemExit) as error:
            if exit_code(error) != 70:
                raise
            raise ProcedureFault(f"the plan {raised(error)}", where=self.name, remedy="correct the plan") from error
        if not isinstance(found, Design | AdaptiveDesign):
            what = f"the plan returned a {type(found).__name__}"
            raise ProcedureFault(what, where=self.name, remedy="return a Design, or an AdaptiveDesign")
        return found

    def analyse(self, record: Record, parameters: Parameters) -> Results:
        """The results of ``record``."""
        if self._analysis is None:
            raise ProcedureFault("has no analysis", where=self.name, remedy="decorate one with @….analysis")
        return self._analysis(record, parameters)

    @property
    def parameters(self) -> type[Parameters]:
        """The model of its parameters: the annotation of the script's second argument."""
        hints = typing.get_type_hints(self.script)
        names = list(inspect.signature(self.script).parameters)
        model = hints.get(names[1]) if len(names) == 2 else None
        if isinstance(model, type) and issubclass(model, Parameters):
            return model
        raise ProcedureFault(
            "its second argument is not annotated with its Parameters",
            where=self.name,
            remedy="write async def script(trial: Trial, p: MyParameters), a subclass of hil.Parameters",
        )

    @property
    def digest(self) -> str:
        """SHA-256 of the source file that declares it."""
        return hashlib.sha256(Path(inspect.getfile(self.script)).read_bytes()).hexdigest()


def procedure(
    name: str, *, version: str, roles: Mapping[str, type], items: tuple[str, ...] = ()
) -> Callable[[Script], Procedure]:
    """Declare a procedure; see `Procedure` for the arguments."""

    def declare(script: Script) -> Procedure:
        summary = (inspect.getdoc(script) or "").partition("\n")[0]
        return Procedure(name, version, dict(roles), frozenset(items), script, summary)

    return declare


def names() -> list[str]:
    """The names of the installed procedures, sorted."""
    return sorted(entry_points(group="hil.procedures").names)


def find(name: str) -> Procedure:
    """The procedure called ``name``: an installed one, ``module:name``, or ``path/to/file.py[:name]``.

    :raises UsageError: if there is none.
    """
    installed = entry_points(group="hil.procedures")
    if name in installed.names:
        return _checked(installed[name].load(), name)
    place, _, attribute = name.partition(":")
    if place.endswith(".py"):
        return _from_module(_load_file(Path(place)), attribute, name)
    if attribute:
        try:
            return _from_module(importlib.import_module(place), attribute, name)
        except ImportError as error:
            raise UsageError(f"cannot import it: {error}", where=name) from error
    raise UsageError(f"there is no procedure {name!r}", remedy=nearest(name, names()))


def require_known(name: str, *, installed_only: bool = False) -> None:
    """Refuse what `find` cannot find, without loading it.

    :param installed_only: whether a module or a file will not do, as for somebody who is not at this machine.
    :raises UsageError: if there is no such procedure.
    """
    if name in names():
        return
    place, _, attribute = name.partition(":")
    if installed_only and (place.endswith(".py") or attribute):
        fault = "only installed procedures can be asked for from another machine"
        raise UsageError(fault, where=name, remedy="install it, or ask for it at the bench")
    if place.endswith(".py"):
        if not Path(place).is_file():
            raise UsageError("there is no such file", where=place, remedy="give the path of a procedure's file")
    elif not attribute:
        raise UsageError(f"there is no procedure {name!r}", remedy=nearest(name, names()))


def _load_file(path: Path) -> object:
    if not path.is_file():
        raise UsageError("there is no such file", where=str(path), remedy="give the path of a procedure's file")
    spec = importlib.util.spec_from_file_location(f"{OF_A_FILE}{path.stem}", path)
    if spec is None or spec.loader is None:
        raise UsageError("is not a Python file", where=str(path))
    module = importlib.util.module_from_spec(spec)
    sys.modules[spec.name] = module
    try:
        spec.loader.exec_module(module)
    except (Exception, SystemExit) as error:
        line = "" if isinstance(error, SyntaxError) else f" ({line_of(error)})"
        raise UsageError(f"cannot be loaded: {type(error).__name__}: {error}{line}", where=str(path)) from error
    return module


def _from_module(module: object, attribute: str, name: str) -> Procedure:
    if attribute:
        return _checked(getattr(module, attribute, None), name)
    found = [value for value in vars(module).values() if isinstance(value, Procedure)]
    if len(found) == 1:
        return found[0]
    if not found:
        raise UsageError("declares no procedure", where=name, remedy="mark its script with @procedure")
    raise UsageError(f"declares {len(found)} procedures", where=name, remedy="name one, as in file.py:name")


def _checked(found: object, name: str) -> Procedure:
    if isinstance(found, Procedure):
        return found
    raise UsageError("is not a procedure", where=name, remedy="declare it with @hil.procedure")
