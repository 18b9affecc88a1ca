"""Who is told what, and when: decided from what happens and the time, without input or output."""

from __future__ import annotations

from dataclasses import dataclass, field

from pydantic import BaseModel, Field

from hil_drivers.clock import NANOSECONDS

from .config import NotifyFile
from .episodes import FLAPS_WITHIN, TABLE, Episode, Status
from .gathering import Gathered, gather, held_back, release
from .lines import AlarmLine, HeldLine
from .moment import Moment
from .notices import CALLS, Notice, Step, Telling
from .quiet import QuietHours


@dataclass(frozen=True, slots=True)
class Rules:
    """``delays[k]``: ns without acknowledgement after which level ``k`` is told; 0 for the first."""

    delays: tuple[int, ...]
    quiet: QuietHours | None = None

    @classmethod
    def of(cls, file: NotifyFile) -> Rules:
        """What a ``notify.toml`` says."""
        delays = tuple(round(level.after * NANOSECONDS) for level in file.levels)
        return cls(delays, None if file.quiet is None else QuietHours.of(file.quiet))


class State(BaseModel):
    """All that is remembered; it is kept on disk."""

    episodes: dict[str, Episode] = Field(default_factory=dict)
    gathered: Gathered = Field(default_factory=Gathered)
    run: str = ""
    taken: int = -1

    def settle(self, t: int) -> State:
        """Take it up at ``t``, in another process."""
        for episode in self.episodes.values():
            episode.settle(t)
        self.gathered.settle(t)
        return self


@dataclass(slots=True)
class Decision:
    """What follows.

    :param stopped: episodes of which nobody is to be called any more.
    :param unreached: alarms of which nobody at all could be told, at any level.
    """

    notices: list[Notice] = field(default_factory=list)
    stopped: list[str] = field(default_factory=list)
    unreached: list[AlarmLine] = field(default_factory=list)

    def __bool__(self) -> bool:
        return bool(self.notices or self.stopped or self.unreached)


class Policy:
    """Decides by ``rules`` from ``state``, which it changes."""

    def __init__(self, rules: Rules, state: State | None = None) -> None:
        self._rules = rules
        self.state = state or State()

    def take(self, line: AlarmLine, now: Moment) -> Decision:
        """An alarm has changed; a line that was taken before changes nothing."""
        decision = Decision()
        if not self._is_new(line):
            return decision
        episode = self.state.episodes.setdefault(line.alarm, Episode(line=line))
        if episode.follows(line):
            return decision
        if episode.precedes(line):
            if not episode.flapping:
                decision.stopped.append(episode.key)
            episode.renew(line)
        elif episode.status is Status.CLOSED and episode.occurrence:
            return decision
        episode.status, step = TABLE[episode.status, line.event]
        if step is not None:
            episode.line = line
            self._happened(episode, step, now, decision)
        return decision

    def held(self, line: HeldLine, now: Moment) -> Decision:
        """All alarms that are held are named: others are over."""
        decision = Decision()
        for name, episode in self.state.episodes.items():
            if name in line.held or (episode.status is Status.CLOSED and not episode.flapping):
                continue
            was_open, episode.status, episode.flapping = episode.status is not Status.CLOSED, Status.CLOSED, False
            decision.stopped.append(episode.key)
            if was_open:
                self._tell_told(episode, Step.CLEARED, now, decision, "it is not held any more")
        return decision

    def tick(self, now: Moment) -> Decision:
        """Time has passed."""
        decision = Decision()
        for episode in self.state.episodes.values():
            self._escalate(episode, now, decision)
            if note := episode.summarise(now.t):
                self._tell_told(episode, Step.SUMMARY, now, decision, note)
            episode.begins = [begun for begun in episode.begins if begun > now.t - FLAPS_WITHIN]
        decision.notices += [self._present(notice) for notice in release(self.state.gathered, self._rules.quiet, now)]
        if not self.state.gathered.quiet:
            for episode in self.state.episodes.values():
                if episode.begun is None and episode.level:
                    episode.begun = now.t
        return decision

    def delivered(self, notice: Notice) -> None:
        """Somebody has been told."""
        for episode in self._called(notice):
            episode.reached = True

    def lost(self, notice: Notice, now: Moment) -> Decision:
        """A notice has reached nobody at its level, and never will: the next level is told at once."""
        decision = Decision()
        for episode in self._called(notice):
            if not episode.calls or episode.level != notice.level + 1:
                continue
            if episode.level < len(self._rules.delays):
                self._call_next(episode, now, decision, "nobody at the level before could be told")
            elif not episode.reached:
                decision.unreached.append(episode.line)
        return decision

    def _is_new(self, line: AlarmLine) -> bool:
        if line.number is None:
            return True
        if line.run != self.state.run:
            self.state.run, self.state.taken = line.run, -1
        if line.number <= self.state.taken:
            return False
        self.state.taken = line.number
        return True

    def _happened(self, episode: Episode, step: Step, now: Moment, decision: Decision) -> None:
        if step is Step.RAISED:
            self._begun(episode, now, decision)
            return
        if step is Step.ACKNOWLEDGED:
            episode.acknowledged = True
        if not episode.calls:
            decision.stopped.append(episode.key)
        by = f"by {episode.line.by}" if episode.line.by else ""
        if (step is Step.ACKNOWLEDGED and episode.level > 1) or (
            step is not Step.ACKNOWLEDGED and not episode.flapping
        ):
            self._tell_told(episode, step, now, decision, by)

    def _begun(self, episode: Episode, now: Moment, decision: Decision) -> None:
        step = episode.begin(now.t)
        if step is None:
            return
        is_first, episode.level = episode.level == 0, max(episode.level, 1)
        if is_first:
            held = held_back(self._telling(episode, step, 0, now), self._rules.quiet, now.utc)
            episode.begun = None if held else now.t
        note = "it comes and goes; from now on it is told of each hour" if step is Step.FLAPPING else ""
        self._tell_told(episode, step, now, decision, note)

    def _escalate(self, episode: Episode, now: Moment, decision: Decision) -> None:
        while (
            episode.calls
            and episode.begun is not None
            and 0 < episode.level < len(self._rules.delays)
            and now.t - episode.begun >= self._rules.delays[episode.level]
            and not held_back(self._telling(episode, Step.ESCALATED, 0, now), self._rules.quiet, now.utc)
        ):
            minutes = self._rules.delays[episode.level] / NANOSECONDS / 60
            self._call_next(episode, now, decision, f"nobody has acknowledged it within {minutes:.3g} min")

    def _call_next(self, episode: Episode, now: Moment, decision: Decision, note: str) -> None:
        episode.level += 1
        self._tell(self._telling(episode, Step.ESCALATED, episode.level - 1, now, note), now, decision)

    def _tell_told(self, episode: Episode, step: Step, now: Moment, decision: Decision, note: str) -> None:
        for level in range(episode.level):
            self._tell(self._telling(episode, step, level, now, note), now, decision)

    def _tell(self, telling: Telling, now: Moment, decision: Decision) -> None:
        decision.notices += gather(self.state.gathered, telling, self._rules.quiet, now)

    @staticmethod
    def _telling(episode: Episode, step: Step, level: int, now: Moment, note: str = "") -> Telling:
        occurrence = now.t if step is Step.SUMMARY else episode.occurrence
        return Telling(step=step, level=level, line=episode.line, occurrence=occurrence, at=now.utc, note=note)

    def _called(self, notice: Notice) -> list[Episode]:
        """The episodes, still the last of their alarms, of which ``notice`` calls somebody."""
        keys = {telling.episode for telling in notice.tellings if telling.step in CALLS}
        found = [self.state.episodes.get(telling.line.alarm) for telling in notice.tellings]
        called = {id(each): each for each in found if each is not None}
        return [each for each in called.values() if each.key in keys]

    def _present(self, notice: Notice) -> Notice:
        """A notice that was held back, with what has become of its alarms."""
        told = []
        for telling in notice.tellings:
            episode = self.state.episodes.get(telling.line.alarm)
            status = f"it is {episode.status} now" if episode else ""
            told.append(telling if telling.note else telling.model_copy(update={"note": status}))
        return notice.model_copy(update={"tellings": tuple(told)})
