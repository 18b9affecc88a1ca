"""Who is in command of a bench: one client at a time, for as long as it says that it is there.

Safety is for anyone, progress for one: what makes a bench go on needs the lease, what makes it hold or stop does not.
A holder that vanishes changes nothing in a run under way.
"""

from __future__ import annotations

import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from .errors import UsageError

TTL = 15.0
"""Wall seconds for which a lease holds without a word of its holder."""

ANSWER_WITHIN = 60.0
"""Wall seconds in which a holder may answer a request, or somebody an offer; afterwards the lease is free."""


@dataclass
class Lease:
    """One lease. Times are of the monotonic clock in s, ``since`` UTC in ns.

    :param secret: known to its holder alone: what its holder commands carries it.
    :param client: which console or program of the holder has it.
    """

    epoch: int
    secret: str
    holder: str
    client: str
    since: int
    expires: float
    requested_by: str = ""
    offered_to: str = ""
    answer_by: float | None = None

    def to_json(self, now: float) -> dict[str, Any]:
        """What everybody may know of it."""
        return {
            "epoch": self.epoch,
            "holder": self.holder,
            "client": self.client,
            "since": self.since,
            "rest": round(max(0.0, self.expires - now), 1),
            "requested_by": self.requested_by,
            "offered_to": self.offered_to,
        }


class Leases:
    """Grants the lease, one holder after the other.

    :param epoch: of the last lease there was, before this process too: no two have the same.
    :param tell: told of each change, with the reason why.
    """

    def __init__(
        self,
        tell: Callable[[str, dict[str, Any]], object],
        *,
        epoch: int = 0,
        monotonic: Callable[[], float] = time.monotonic,
        wall: Callable[[], int] = time.time_ns,
    ) -> None:
        self._tell, self._epoch, self._monotonic, self._wall = tell, epoch, monotonic, wall
        self._lease: Lease | None = None

    @property
    def held(self) -> Lease | None:
        """The lease, as long as it holds."""
        self.tick()
        return self._lease

    def to_json(self) -> dict[str, Any] | None:
        """The lease as a screen needs it."""
        lease = self.held
        return None if lease is None else lease.to_json(self._monotonic())

    def tick(self) -> None:
        """End a lease whose time is over, or whose holder has not answered."""
        lease, now = self._lease, self._monotonic()
        if lease is None:
            return
        if now >= lease.expires:
            self._end("expired", f"{lease.holder} has not been heard for {TTL:g} s")
        elif lease.answer_by is not None and now >= lease.answer_by:
            if lease.requested_by:
                self._end("free", f"{lease.holder} did not answer {lease.requested_by} within {ANSWER_WITHIN:g} s")
            else:
                lease.offered_to, lease.answer_by = "", None

    def require(self, secret: str) -> None:
        """Let nobody but the holder go on; anybody where there is none.

        :raises UsageError: if somebody else is in command, or ``secret`` is that of a lease that has ended.
        """
        lease = self.held
        if secret and (lease is None or lease.secret != secret):
            raise UsageError("this lease has ended", where="lease", remedy="take command again")
        if lease is not None and lease.secret != secret:
            raise UsageError(f"{_named(lease)} is in command", where="lease", remedy=_ASK)

    def take(self, holder: str, client: str) -> Lease:
        """Grant the lease, where nobody has it or it is offered to ``holder``.

        :raises UsageError: if somebody has it.
        """
        lease = self.held
        if lease is not None and lease.offered_to != holder:
            raise UsageError(f"{_named(lease)} is in command", where="lease", remedy=_ASK)
        return self._grant(holder, client, "taken" if lease is None else f"offered by {lease.holder}")

    def override(self, holder: str, client: str, reason: str) -> Lease:
        """Grant the lease whoever has it.

        :raises UsageError: if there is no reason.
        """
        if not reason.strip():
            raise UsageError("nobody is put out of command without a reason", where="reason", remedy="say why")
        lease = self.held
        if lease is not None:
            self._tell("lease lost", {"holder": lease.holder, "epoch": lease.epoch, "by": holder, "reason": reason})
        return self._grant(holder, client, reason)

    def renew(self, secret: str) -> Lease:
        """The holder is there.

        :raises UsageError: if the lease has ended.
        """
        lease = self._own(secret)
        lease.expires = self._monotonic() + TTL
        return lease

    def release(self, secret: str) -> None:
        """The holder gives it back.

        :raises UsageError: if the lease has ended.
        """
        self._end("released", f"given back by {self._own(secret).holder}")

    def request(self, who: str) -> None:
        """Ask the holder for it; where that is not answered, it is free.

        The first request counts: whoever asks again, or after another, does not make it last longer.

        :raises UsageError: if nobody has it, or it is on offer to somebody else.
        """
        lease = self.held
        if lease is None:
            raise UsageError("nobody is in command", where="lease", remedy="take command")
        if lease.offered_to:
            raise UsageError(f"it is offered to {lease.offered_to}", where="lease", remedy="ask again in a minute")
        if not lease.requested_by:
            lease.requested_by, lease.answer_by = who, self._monotonic() + ANSWER_WITHIN
        self._tell("lease requested", {"holder": lease.holder, "epoch": lease.epoch, "by": who})

    def offer(self, secret: str, to: str) -> None:
        """Offer it to somebody, who has to take it; to nobody (``""``): refuse what was requested.

        :raises UsageError: if the lease has ended.
        """
        lease = self._own(secret)
        refused, lease.requested_by, lease.offered_to = lease.requested_by if not to else "", "", to
        lease.answer_by = self._monotonic() + ANSWER_WITHIN if to else None
        told = {"holder": lease.holder, "epoch": lease.epoch}
        self._tell("lease refused" if refused else "lease offered", {**told, "to": to or refused})

    def _own(self, secret: str) -> Lease:
        lease = self.held
        if lease is None or not secret or not secrets.compare_digest(lease.secret, secret):
            raise UsageError("this lease has ended", where="lease", remedy="take command again")
        return lease

    def _grant(self, holder: str, client: str, reason: str) -> Lease:
        self._epoch += 1
        expires = self._monotonic() + TTL
        self._lease = Lease(self._epoch, secrets.token_urlsafe(16), holder, client, self._wall(), expires)
        self._tell("lease", {"holder": holder, "client": client, "epoch": self._epoch, "reason": reason})
        return self._lease

    def _end(self, how: str, reason: str) -> None:
        lease, self._lease = self._lease, None
        if lease is not None:
            self._tell("lease ended", {"holder": lease.holder, "epoch": lease.epoch, "how": how, "reason": reason})


_ASK = "ask for it with hil lease request, or have a reviewer override it with a reason"


def _named(lease: Lease) -> str:
    return f"{lease.holder} ({lease.client})" if lease.client else lease.holder
