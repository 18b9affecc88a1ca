"""The desk: takes lines in, has the policy decide, and puts what follows into the outbox before anybody is told."""

from __future__ import annotations

import asyncio
import json
from collections.abc import Iterator

from .config import NotifyFile
from .lines import AlarmLine, DrillLine, Happening, HeldLine
from .moment import Clock, Moment
from .notices import Notice, Step, Telling
from .outbox import Draft, Outbox
from .outcomes import Say
from .policy import Decision, Policy, Rules, State
from .text import body, document, subject

MAIL, WEBHOOK = "mail", "webhook"

DESERTED = "end of the program"
"""The alarm that the child raises itself."""


class Bell:
    """Wakes all who carry messages."""

    def __init__(self) -> None:
        self._heard: list[asyncio.Event] = []

    def ear(self) -> asyncio.Event:
        """What is set whenever it rings."""
        self._heard.append(event := asyncio.Event())
        return event

    def ring(self) -> None:
        """There is something to carry."""
        for event in self._heard:
            event.set()


class Desk:
    """Decides for ``bench`` by ``file``, remembers in ``outbox``, and rings ``bell`` when there is a new message."""

    def __init__(self, file: NotifyFile, bench: str, outbox: Outbox, clock: Clock, say: Say, bell: Bell) -> None:
        self._file, self._bench, self._outbox = file, bench, outbox
        self._clock, self._say, self._bell = clock, say, bell
        known = outbox.policy
        state = State.model_validate_json(known) if known else State()
        self._policy = Policy(Rules.of(file), state.settle(clock().t))

    def take(self, line: AlarmLine | HeldLine | DrillLine) -> None:
        """Take in a line of the core; once it is on disk, that is said."""
        now = self._clock()
        if isinstance(line, AlarmLine):
            self._put(self._policy.take(line, now), now)
            if line.number is not None:
                self._say("taken", number=line.number)
        elif isinstance(line, HeldLine):
            self._put(self._policy.held(line, now), now)
        else:
            levels = range(len(self._file.levels))
            self._put(Decision([Notice(level=level, tellings=(), drill=line.test) for level in levels]), now)

    def tick(self) -> None:
        """Time has passed."""
        now = self._clock()
        if decision := self._policy.tick(now):
            self._put(decision, now)

    def deserted(self) -> None:
        """The core is gone without a word: every level is told at once, since nobody is left to escalate."""
        now = self._clock()
        line = AlarmLine(
            event=Happening.RAISED,
            alarm=DESERTED,
            episode=now.utc,
            priority="high",
            run=self._policy.state.run,
            what="the program that runs the bench has ended without a word",
            guidance="look at the bench: its rig should be in its safe state",
            since=now.utc,
        )
        tellings = [
            Telling(step=Step.RAISED, level=level, line=line, occurrence=1, at=now.utc)
            for level in range(len(self._file.levels))
        ]
        self._put(Decision([Notice.of([telling], "") for telling in tellings]), now)

    def delivered(self, notice: Notice) -> None:
        """Somebody has been told."""
        self._policy.delivered(notice)

    def failed(self, notice: Notice) -> None:
        """A message of ``notice`` will never arrive: the next level is told, where it was the last hope."""
        if self._outbox.is_lost(notice):
            now = self._clock()
            self._put(self._policy.lost(notice, now), now)

    def _put(self, decision: Decision, now: Moment) -> None:
        drafts = [draft for notice in decision.notices for draft in self._drafts(notice, now)]
        if self._outbox.put(self._policy.state.model_dump_json(), drafts, decision.stopped, now.t):
            self._bell.ring()
        for line in decision.unreached:
            self._say("unreached", alarm=line.alarm, episode=line.episode, run=line.run)

    def _drafts(self, notice: Notice, now: Moment) -> Iterator[Draft]:
        level = self._file.levels[min(notice.level, len(self._file.levels) - 1)]
        mail = json.dumps({"subject": subject(notice, self._bench), "body": body(notice, self._bench), "utc": now.utc})
        for address in dict.fromkeys(level.mail):
            yield Draft(notice, MAIL, address, mail)
        if level.webhook:
            yield Draft(notice, WEBHOOK, "webhook", document(notice, self._bench))
