"""The alarms: those that wait for a person, and those of which one knows."""

from __future__ import annotations

from typing import ClassVar

from rich.style import Style
from textual import on, work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from ...commanding.verb import Verb
from ..alarms import level_of
from ..context import Context
from ..dialogs.shelve import ShelveDialog, shelving
from ..layout import Column
from ..palette import LOOKS
from ..reading import clock, limits, result
from ..state import Alarm
from ..summary import held_for
from ..widgets.key_bar import Key
from ..widgets.listing import Entry, Listing
from ..widgets.words import Rows, Words
from ..wording import clock_of
from .view import View

ALARMS = (
    Column("clock", "since", 10, 10, rank=2),
    Column("state", "priority", 8, 10, rank=0),
    Column("tag", "alarm", 14, 26, rank=0),
    Column("now", "is", 12, 22, rank=1),
    Column("for", "for", 5, 8, rank=3),
    Column("reason", "reason", 16, 200, rank=1),
)


class AlarmsView(View):
    """Two lists, and what to do about the alarm under the cursor."""

    DEFAULT_CSS = """
    AlarmsView .title { height: 1; }
    AlarmsView #detail { margin: 0 1; max-height: 6; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("a", "ack", "Acknowledge", show=False),
        Binding("A", "ack_all", "Acknowledge all in sight", show=False),
        Binding("s", "shelve", "Shelve", show=False),
    ]
    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("A", "Ack all in sight", row=1, rank=4, short="Ack all"),
        Key("s", "Shelve", row=1, rank=4),
    )

    def __init__(self, context: Context) -> None:
        plain = context.plain
        self.waiting = Listing(ALARMS, empty="no alarm waits", plain=plain, id="waiting")
        self.known = Listing(ALARMS, empty="none", heads=False, plain=plain, id="known")
        self._titles = [Rows(plain=plain, classes="title") for _ in range(2)]
        self._detail = Words(plain=plain, most=6, id="detail")
        super().__init__(context, id="alarms-view")

    def compose(self) -> ComposeResult:
        """Both lists, and the detail."""
        yield self._titles[0]
        yield self.waiting
        yield self._titles[1]
        yield self.known
        yield self._detail

    def paint(self) -> None:
        """Show what is known now."""
        model = self.context.model
        known = [*model.acknowledged, *model.shelved]
        self._titles[0].show([[(f" WAITING FOR A PERSON ({len(model.unacknowledged)})", Style(bold=True))]])
        self._titles[1].show([[(f" ACKNOWLEDGED OR SHELVED ({len(known)})", Style(bold=True))]])
        self.waiting.show([self._entry(alarm) for alarm in model.unacknowledged])
        self.known.show([self._entry(alarm) for alarm in known])
        alarm = self.current()
        self._detail.say("" if alarm is None else self._told(alarm))

    def channel(self) -> str | None:
        """The channel at which the alarm under the cursor looks."""
        alarm = self.current()
        concerned = self.context.model.channels_of(alarm) if alarm is not None else []
        return concerned[0].facts.name if concerned else None

    def current(self) -> Alarm | None:
        """The alarm under the cursor of the list that has the focus."""
        listing = self.known if self.known.has_focus or not self.waiting.entries else self.waiting
        return self._of(listing.current)

    def _of(self, name: str | None) -> Alarm | None:
        return next((alarm for alarm in self.context.model.run.alarms if alarm.alarm == name), None)

    def _entry(self, alarm: Alarm) -> Entry:
        look = LOOKS[level_of(alarm)]
        since = held_for(alarm, self.context.time_of(alarm))
        shelved = alarm.shelved_until is not None
        states = {"active": "UNACK", "returned": "GONE, UNACK", "acknowledged": f"ACK {alarm.acknowledged_by}"}
        cells = {
            "clock": "" if alarm.raised is None else clock_of(alarm.raised)[:8],
            "state": f"{look.glyph} {look.word} {look.number}",
            "tag": alarm.alarm,
            "now": f"SHELVED {alarm.shelved_by}" if shelved else states.get(alarm.state, alarm.state),
            "for": "" if since is None else clock(since),
            "reason": alarm.shelved_for if shelved else alarm.reason,
        }
        known = shelved or alarm.state == "acknowledged"
        return Entry(alarm.alarm, cells, level_of(alarm), acknowledged=known)

    def _told(self, alarm: Alarm) -> str:
        lines = [alarm.reason or alarm.alarm, f"what to do: {alarm.guidance or 'nothing is written for this alarm'}"]
        for live in self.context.model.channels_of(alarm)[:2]:
            bounds = f", limit {limits(live.facts.limits)}" if live.facts.limits else ""
            lines.append(f"{live.facts.name} = {result(live.value, live.u, live.facts.symbol)}{bounds}")
        clock = "the machine's clock" if alarm.clock == "machine" else "bench time"
        if alarm.raised is not None:
            lines.append(f"since {clock_of(alarm.raised)[:8]} UTC, {clock}")
        if alarm.shelved_until is not None:
            lines.append(f"shelved until {clock_of(alarm.shelved_until)[:8]}, by {alarm.shelved_by}")
        return "\n".join(lines)

    def action_ack(self) -> None:
        """Say that you know of the alarm under the cursor."""
        alarm = self.current()
        if alarm is not None:
            self.context.order(Verb.ACK, {"alarm": alarm.alarm})

    def action_ack_all(self) -> None:
        """Say that you know of all alarms in sight."""
        for name in self.waiting.in_sight():
            self.context.order(Verb.ACK, {"alarm": name})

    @work
    async def action_shelve(self) -> None:
        """Hide the alarm under the cursor for a while."""
        alarm = self.current()
        if alarm is None:
            return
        if alarm.priority == "safety":
            self.context.say("an alarm of priority safety is never hidden: acknowledge it", wrong=True)
            return
        shelved = shelving(await self.app.push_screen_wait(ShelveDialog(self.context, alarm)))
        if shelved is not None:
            seconds, reason = shelved
            self.context.order(Verb.SHELVE, {"alarm": alarm.alarm, "seconds": seconds}, reason)

    @on(Listing.Highlighted)
    def _moved(self) -> None:
        self.paint()
