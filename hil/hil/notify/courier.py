"""A courier: carries what is due by one channel, one message after the other, the most urgent first."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable

from .desk import Bell, Desk
from .moment import Clock
from .outbox import Message, Outbox
from .outcomes import Say, named
from .trying import Outcome, Verdict, failed, next_try

IDLE = 1.0
"""Seconds between two looks into the outbox."""

Send = Callable[[Message], Awaitable[Outcome]]


class Courier:
    """Carries the messages of ``channel`` by ``send``."""

    def __init__(
        self, channel: str, send: Send, outbox: Outbox, desk: Desk, clock: Clock, say: Say, bell: Bell
    ) -> None:
        self._channel, self._send = channel, send
        self._outbox, self._desk, self._clock, self._say = outbox, desk, clock, say
        self._wake = bell.ear()
        self._busy = False

    @property
    def idle(self) -> bool:
        """Whether nothing is under way or due."""
        return not self._busy and self._outbox.next(self._channel, self._clock().t) is None

    async def carry(self) -> None:
        """Carry what is due, and what comes, until cancelled."""
        while True:
            self._wake.clear()
            while await self.once():
                pass
            try:
                async with asyncio.timeout(IDLE):
                    await self._wake.wait()
            except TimeoutError:
                continue

    async def once(self) -> bool:
        """Try one message that is due; whether there was one."""
        message = self._outbox.next(self._channel, self._clock().t)
        if message is None:
            return False
        self._busy = True
        try:
            outcome = await self._send(message)
        except Exception as error:  # noqa: BLE001 (whatever one message meets, the others are still carried)
            outcome = failed(f"{type(error).__name__}: {error}"[:500])
        finally:
            self._busy = False
        self._settle(message, outcome)
        return True

    def _settle(self, message: Message, outcome: Outcome) -> None:
        now = self._clock().t
        told = named(message)
        if outcome.verdict is Verdict.DELIVERED:
            self._outbox.settle(message, "delivered", "", now)
            self._desk.delivered(message.about)
            self._say("delivered", **told)
            return
        due = next_try(outcome, message.tries + 1, message.created, now) if outcome.verdict is Verdict.FAILED else None
        if due is not None:
            self._outbox.postpone(message, outcome.why, due)
            self._say("failed", **told, why=outcome.why, next=due)
            return
        end = "gave up" if outcome.verdict is Verdict.FAILED else "refused"
        self._outbox.settle(message, end, outcome.why, now)
        self._say(end, **told, why=outcome.why)
        self._desk.failed(message.about)
