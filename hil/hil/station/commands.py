"""What commands to a service do: the queue, the lease, the note of a shift, and a stop while nothing runs."""

from __future__ import annotations

import time
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from .. import commands as given
from .. import service_commands as asked
from ..commanding.requests import Request
from ..commanding.verbs import MEANINGS
from ..errors import UsageError
from ..lease import Lease, Leases
from ..safety.alarms import Alarms
from ..safety.latch import State
from ..safety.latches import Held, Latches
from ..scripts import require_known
from .handover import Handover

if TYPE_CHECKING:
    from .journal import Journal
    from .queue import RunQueue


ELSEWHERE = ("tcp:", "web:")
"""How the way of a command begins that may come from another machine."""


class StationControl:
    """Carries out commands to the service of a bench (`hil.service.Handler`).

    :param latches: the trips of earlier runs that nobody has acknowledged.
    :param alarms: those of the service itself.
    :param make_safe: begins to bring the bench to its safe state while no run is under way.
    """

    def __init__(
        self,
        queue: RunQueue,
        leases: Leases,
        journal: Journal,
        *,
        handover: Handover | None,
        latches: Latches,
        alarms: Alarms,
        make_safe: Callable[[], None],
        free: Callable[[], int | None] = lambda: None,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        self._queue, self._leases, self._journal, self._wall = queue, leases, journal, wall
        self._latches, self._make_safe, self._free = latches, make_safe, free
        self._latched: list[dict[str, Any]] = []
        self.alarms = alarms
        self.handover = handover
        self.ending = self.ended = False
        """The service is being ended: a stop still acts; it has ended: nothing does."""

    def guard(self, request: Request, operator: str) -> None:
        """Let through what may be done by ``operator`` now.

        :raises UsageError: if somebody else is in command, or the note of the shift before is not read.
        """
        if MEANINGS[request.verb].needs_lease:
            self._leases.require(request.lease)
            if self.handover is not None:
                self.handover.require_read(operator)

    def carry_out(self, command: given.Command) -> dict[str, Any]:
        self._require_alive(command)
        told = self._do(command)
        said = {key: value for key, value in told.items() if key != "private"}
        self.note(type(command).__name__.lower(), {**command.to_json(), **said})
        return told

    def look(self) -> None:
        """Look at what has latched in runs before: screens show it as alarms while nothing runs. It reads a file.

        :raises ConfigurationError: if that is not what was written.
        """
        self._latched = [_as_alarm(name, held) for name, held in self._latches.held().items()]

    def owns(self, command: given.Command) -> bool:
        """Whether ``command`` is about an alarm of the service itself."""
        if not isinstance(command, given.Acknowledge | given.Shelve):
            return False
        return any(alarm.name == command.alarm for alarm in self.alarms.held)

    def state(self) -> dict[str, Any]:
        return {
            "alarms": [alarm.to_json() for alarm in self.alarms.held],
            "latched": self._latched,
            "queue": self._queue.to_json(),
            "lease": self._leases.to_json(),
            "handover": None if self.handover is None else self.handover.to_json(),
            "disk": {"free": self._free()},
        }

    def note(self, kind: str, data: dict[str, Any]) -> None:
        self._journal.write(self._wall(), kind, data)

    def _require_alive(self, command: given.Command) -> None:
        if self.ended:
            raise UsageError("the service has ended", remedy="where something moves, use the E-stop of the rig")
        if self.ending and not isinstance(command, given.Stop):
            raise UsageError("the service is ending", remedy="wait until it is started again")

    def _do(self, command: given.Command) -> dict[str, Any]:
        match command:
            case asked.Start():
                if not self._queue.waiting:
                    raise UsageError("the queue is empty", where="queue", remedy="add a run with hil queue add")
                self._queue.work(on=True)
            case asked.Hold():
                self._queue.work(on=False)
            case asked.QueueAdd() | asked.QueueRemove() | asked.QueueMove():
                return self._edit(command)
            case asked.Handover() | asked.HandoverRead():
                return self._hand_over(command)
            case given.Stop():
                self._queue.work(on=False)
                self._make_safe()
            case given.Acknowledge() | given.Shelve() if self.owns(command):
                return self._of_service(command)
            case given.Acknowledge():
                held = self._latches.acknowledge(command.alarm, command.operator)
                self.look()
                return {"alarm": command.alarm, "since": held.since, "reason_of_alarm": held.reason}
            case given.Note():
                if not command.reason.strip():
                    raise UsageError("the note is empty", remedy="say something")
            case given.ServiceCommand():
                return self._lease(command)
            case _ if self._queue.runs:
                raise UsageError("the run is over, and its results are being made", remedy="wait for its end")
            case _:
                raise UsageError("no run is under way", remedy="start one first")
        return {}

    def _of_service(self, command: given.Acknowledge | given.Shelve) -> dict[str, Any]:
        if isinstance(command, given.Acknowledge):
            self.alarms.acknowledge(command.alarm, command.operator)
            return {"alarm": command.alarm}
        self.alarms.shelve(command.alarm, command.operator, command.reason, command.seconds)
        return {"alarm": command.alarm, "seconds": command.seconds}

    def _edit(self, command: asked.QueueAdd | asked.QueueRemove | asked.QueueMove) -> dict[str, Any]:
        match command:
            case asked.QueueAdd():
                require_known(command.procedure, installed_only=command.via.startswith(ELSEWHERE))
                item = self._queue.add(
                    command.procedure,
                    command.settings,
                    command.operator,
                    seed=command.seed,
                    speed=command.speed,
                    position=command.position,
                    revision=command.revision,
                    command_id=command.id,
                    digest=command.digest,
                )
            case asked.QueueRemove():
                item = self._queue.remove(command.item, revision=command.revision)
            case asked.QueueMove():
                item = self._queue.move(command.item, command.position, revision=command.revision)
        told = {"item": item.id, "procedure": item.procedure, "revision": self._queue.revision}
        return {**told, "private": told}

    def _hand_over(self, command: asked.Handover | asked.HandoverRead) -> dict[str, Any]:
        if isinstance(command, asked.HandoverRead):
            if self.handover is None:
                raise UsageError("there is no note", where="handover", remedy="go on")
            self.handover.read(command.operator)
            return {"text": self.handover.text}
        if not command.reason.strip():
            raise UsageError("the note is empty", where="handover", remedy="say what the next shift must know")
        self.handover = Handover(command.reason, command.operator, self._wall())
        return {"text": command.reason}

    def _lease(self, command: given.Command) -> dict[str, Any]:
        match command:
            case asked.LeaseTake():
                return _granted(self._leases.take(command.operator, command.client))
            case asked.LeaseOverride():
                return _granted(self._leases.override(command.operator, command.client, command.reason))
            case asked.LeaseRelease():
                self._leases.release(command.lease)
            case asked.LeaseRequest():
                self._leases.request(command.operator)
            case asked.LeaseOffer():
                self._leases.offer(command.lease, command.to)
                return {"to": command.to}
        return {}


def _as_alarm(name: str, held: Held) -> dict[str, Any]:
    """It counts as active until somebody knows of it: nothing looks at its cause while nothing runs."""
    return {
        "alarm": name,
        "state": str(State.ACKNOWLEDGED if held.acknowledged_by else State.ACTIVE),
        "priority": "safety",
        "reason": f"{held.reason}, in the run {held.run}",
        "guidance": "look at the rig: the next run looks whether its cause is gone, and starts only then",
        "raised": held.since,
        "acknowledged_by": held.acknowledged_by,
        "acknowledged": held.acknowledged,
        "shelved_until": None,
        "shelved_by": "",
        "shelved_for": "",
    }


def _granted(lease: Lease) -> dict[str, Any]:
    return {"client": lease.client, "epoch": lease.epoch, "private": {"lease": lease.secret, "epoch": lease.epoch}}
