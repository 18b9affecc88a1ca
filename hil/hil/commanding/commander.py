"""Carries out what clients ask of a run, whatever way they come."""

from __future__ import annotations

import asyncio
import os
import secrets
from collections import OrderedDict
from collections.abc import Callable, Iterable, Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING, Any

from ..errors import HilError, UsageError
from ..lease import TTL, Leases
from ..service import Event, Service
from .caller import LOCAL, Caller
from .requests import Request, to_command
from .verbs import MEANINGS, Verb, may

if TYPE_CHECKING:
    from ..bench.config import BenchConfig

REMEMBERED = 10_000
"""Answers that are kept, by the ``command_id`` of their request."""

ON_RECORD = 1.0
"""Wall seconds that an answer waits for its command to be on disk."""

Answer = dict[str, Any]


@dataclass
class RunFacts:
    """Which run this is; ``run`` and ``folder`` are empty until it has them, ``gateway`` (a path) and ``address`` (host
    and port, for other machines) where it is not served. ``boot`` tells one numbering of events
    from another.
    """

    bench: str
    bench_file: str
    procedure: str
    operator: str
    run: str = ""
    folder: str = ""
    gateway: str = ""
    address: str = ""
    pid: int = field(default_factory=os.getpid)
    boot: str = field(default_factory=lambda: secrets.token_hex(8))

    @property
    def occasion(self) -> str:
        """The run, or where there was none yet, what no other process calls the time before it."""
        return self.run or f"none (service {self.boot[:6]})"

    def begin(self, procedure: str, operator: str) -> None:
        """Another run of the same bench begins; it has no name yet."""
        self.procedure, self.operator, self.run, self.folder = procedure, operator, "", ""

    def heard(self, event: Event) -> None:
        """Take the name of the run from its first event."""
        if event.kind == "run":
            folder = Path(event.data["folder"]).resolve()
            self.run, self.folder = folder.name, str(folder)


def facts_of(config: BenchConfig, procedure: str = "", operator: str = "") -> RunFacts:
    """What is known of a run on the bench ``config`` before it begins."""
    return RunFacts(config.name, os.path.realpath(config.path), procedure, operator)


@dataclass(frozen=True, slots=True)
class _Given:
    """A command that was given: SHA-256 of its request, the answer, and who had it."""

    digest: str
    answer: Answer
    caller: str

    def told_to(self, caller: Caller) -> Answer:
        """The answer; the secret of a lease is for whom it was given to."""
        if caller.told == self.caller:
            return self.answer
        return {key: value for key, value in self.answer.items() if key != "lease"}


class Commander:
    """What clients ask, by way of the service.

    :param who: the operator of a name, or of none; raises `UsageError` where there is no such operator.
    :param reviewer: the same for what takes a reviewer.
    :param leases: say who is in command, where that matters.
    :param guard: refuses what may not be done by an operator now.
    """

    def __init__(
        self,
        service: Service,
        facts: RunFacts,
        who: Callable[[str | None], str],
        *,
        reviewer: Callable[[str | None], str] | None = None,
        leases: Leases | None = None,
        guard: Callable[[Request, str], None] = lambda *_: None,
    ) -> None:
        self._service, self.facts, self._who = service, facts, who
        self._reviewer, self._leases, self._guard = reviewer or who, leases, guard
        self._given: OrderedDict[str, _Given] = OrderedDict()

    def snapshot(self) -> Answer:
        """The run as it is now."""
        return {**asdict(self.facts), **self._service.snapshot()}

    def recall(self, given: Iterable[Mapping[str, Any]], *, before: str = "the run was resumed") -> None:
        """Take the commands that are on record as given ``before`` what happened then: none of them acts twice."""
        for command in given:
            if command.get("command_id") and command.get("request_sha256"):
                answer = {"status": "accepted", "number": 0, "before": before}
                answer |= {"item": command["item"]} if "item" in command else {}
                self._remember(command["command_id"], _Given(command["request_sha256"], answer, ""))

    async def answer(self, request: Request, caller: Caller = LOCAL) -> Answer:
        """Carry out ``request``; what came of it. One that was given before has its first answer again."""
        if request.verb is Verb.STATE:
            return {"status": "done", "state": self.snapshot()}
        if request.verb is Verb.LEASE_RENEW:
            return self._renew(request.lease)
        body = request.digest
        before = self._given.get(request.command_id)
        if before is not None and before.digest != body:
            fault = UsageError("another command has this command_id", where="command_id", remedy="give each its own")
            return refused(fault)
        given = _Given(body, self._carry_out(request, caller), caller.told) if before is None else before
        if request.command_id:
            self._remember(request.command_id, given)
        answer = given.told_to(caller)
        if answer["status"] == "accepted":
            answer = {**answer, "run": self.facts.run, "on_record": await self._recorded()}
        return answer

    def _renew(self, lease: str) -> Answer:
        try:
            if self._leases is None:
                raise UsageError("a single run has no lease", where="lease", remedy="leave it out")
            renewed = self._leases.renew(lease)
        except UsageError as error:
            return refused(error)
        return {"status": "done", "epoch": renewed.epoch, "rest": TTL}

    def _carry_out(self, request: Request, caller: Caller) -> Answer:
        try:
            self._require_right(request, caller)
            if request.expect is not None and request.expect != self.facts.run:
                meant = f"the run {request.expect} is meant, and this is {self.facts.run or 'one without a name yet'}"
                raise UsageError(meant, where="expect", remedy="look at hil status")
            operator = self._operator(request)
            self._guard(request, operator)
            accepted = self._service.execute(to_command(request, operator, caller.told))
        except HilError as error:
            return refused(error)
        except Exception as error:  # noqa: BLE001 (a fault of ours must not keep the next command out)
            return refused(UsageError(f"a fault in hil itself: {type(error).__name__}: {error}", where=request.verb))
        return {"status": "accepted", "number": accepted.number, **accepted.private}

    def _require_right(self, request: Request, caller: Caller) -> None:
        if not may(caller.role, request.verb):
            fault = f"{request.verb} takes the role {MEANINGS[request.verb].role}, and this token has {caller.role}"
            raise UsageError(fault, where="role", remedy="use a token of that role")

    def _operator(self, request: Request) -> str:
        """Who asks. A stop is obeyed whoever sends it."""
        who = self._reviewer if request.verb is Verb.LEASE_OVERRIDE else self._who
        try:
            return who(request.operator)
        except UsageError:
            if request.verb is not Verb.STOP:
                raise
            return request.operator or "somebody at this machine"

    async def _recorded(self) -> bool:
        try:
            async with asyncio.timeout(ON_RECORD):
                await self._service.recorded()
        except (TimeoutError, HilError):
            return False
        return True

    def _remember(self, command_id: str, given: _Given) -> None:
        self._given[command_id] = given
        if len(self._given) > REMEMBERED:
            self._given.popitem(last=False)


def refused(error: HilError) -> Answer:
    """The answer to what was not done, and why."""
    told = {"what": error.what, "where": error.where, "remedy": error.remedy, "why": str(error)}
    return {"status": "refused", **told}
