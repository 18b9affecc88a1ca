"""What an operator does at the console: commands in one name, and being in command."""

from __future__ import annotations

import os
import socket
from typing import Any

from ..commanding.verb import Verb
from .link import Answer, Link
from .model import Model
from .parsing import text, whole
from .stop import Stopped, safe_stop

RENEW = 5.0
"""Seconds between two renewals of the lease."""


class Desk:
    """Sends commands of one operator, with the lease where they need it.

    :param operator: in whose name; ``None`` for the laboratory's only operator.
    """

    def __init__(self, model: Model, link: Link, operator: str | None) -> None:
        self.model, self.link, self.operator = model, link, operator
        self._lease, self._epoch = "", -1
        self._renewed = 0.0

    @property
    def client(self) -> str:
        """What others are told of this console."""
        return f"console on {socket.gethostname()}, process {os.getpid()}"

    @property
    def name(self) -> str:
        """Who sits here, as far as it is known."""
        return self.operator or self.model.run.operator

    @property
    def in_command(self) -> bool:
        """Whether this console holds the lease of the bench."""
        lease = self.model.run.lease
        return bool(self._lease) and lease is not None and lease.epoch == self._epoch

    @property
    def another_commands(self) -> str:
        """Who else is in command; empty where nobody is."""
        lease = self.model.run.lease
        return "" if lease is None or self.in_command else lease.holder or lease.client or "somebody"

    @property
    def handover_waits(self) -> bool:
        """Whether there is a handover note that this operator has not read."""
        note = self.model.run.handover
        return note is not None and bool(note.text) and self.name not in (*note.read_by, note.by)

    async def do(self, verb: Verb, args: dict[str, Any] | None = None, reason: str = "") -> Answer:
        """Carry out ``verb`` on the run that is on screen.

        :raises hil.errors.HilError: where it was not sent, or nobody knows whether it has acted.
        """
        from ..commanding.verbs import MEANINGS

        meaning = MEANINGS[verb]
        lease = self._lease if meaning.needs_lease or meaning.by_lease else ""
        expect = self.model.run.run if verb in _OF_A_RUN else ""
        answer = await self.link.command(verb, args, operator=self.operator, reason=reason, expect=expect, lease=lease)
        if answer.accepted and verb in (Verb.LEASE_TAKE, Verb.LEASE_OVERRIDE):
            self._lease = text(answer.content.get("lease")) or ""
            self._epoch = whole(answer.content.get("epoch")) or 0
        elif answer.accepted and verb is Verb.LEASE_RELEASE:
            self._lease = ""
        return answer

    def renewal_due(self, now: float) -> bool:
        """Whether the lease is to be renewed now; it counts as done."""
        if not self.in_command or now - self._renewed < RENEW:
            return False
        self._renewed = now
        return True

    async def stop(self) -> Stopped:
        """SAFE STOP, whoever is in command."""
        return await safe_stop(self.link, self.link.place.control, self.operator, "SAFE STOP at the console")


_OF_A_RUN = frozenset(
    {Verb.PAUSE, Verb.PAUSE_NOW, Verb.RESUME, Verb.ABORT, Verb.ACK, Verb.SHELVE, Verb.ANSWER, Verb.NOTE}
)
"""What must not act on another run than the one on screen."""
