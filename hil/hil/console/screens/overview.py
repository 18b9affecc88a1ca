"""The first view: every channel, and beside it what room there is for."""

from __future__ import annotations

from itertools import islice
from typing import ClassVar

from rich.style import Style
from textual import on
from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Horizontal, Vertical
from textual.widgets import Input

from ..context import Context
from ..fitting import Part, spread
from ..palette import Level, style
from ..state import Run
from ..summary import item_name, queue_glyph
from ..widgets.channel_table import ChannelTable
from ..widgets.key_bar import Key
from ..widgets.listing import Listing
from ..widgets.trend import Trend
from ..widgets.words import Row, Rows
from ..wording import Entry, Severity
from .lists import DEVICES_NARROW, QUEUE_NARROW, device_entry, log_entry, queue_entry
from .trends import show_trend
from .view import View

TREND_PERIOD = 0.19
"""Seconds between two pictures of the trends at least."""

LOG_LINES = 12
"""Lines of the log at the bottom, at most."""


class Overview(View):
    """Channels, the queue in one row, the last lines of the log; where there is room also devices and trends."""

    SCOPED_CSS = False  # the layout is chosen by the width of the screen
    DEFAULT_CSS = """
    Overview #side, Overview #trends { display: none; }
    Overview #filter { display: none; height: 1; padding: 0 1; }
    Overview.-filtering #filter { display: block; }
    Overview #what, Overview #run-queue { height: 1; }
    Overview #tail { height: 2; }
    Overview .title { height: 1; margin-left: 1; }
    Overview #side Listing { height: 1fr; }
    Overview #main { height: 1fr; }
    Overview #middle { width: 1fr; }
    .-medium Overview #tail { height: 5; }
    .-wide Overview #tail { height: 9; }
    .-wide Overview #side { display: block; width: 30; margin-right: 1; }
    .-wide Overview #trends { display: block; width: 44; margin-left: 1; }
    .-wide Overview.-max #side, .-wide Overview.-max #trends { display: none; }
    .-wide Overview #run-queue { display: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("slash", "filter", "Filter", show=False),
        Binding("g", "group", "Group", show=False),
        Binding("M", "maximise", "Maximise", show=False),
    ]
    KEYS: ClassVar[tuple[Key, ...]] = (Key("/", "Filter", row=1, rank=6), Key("g", "Group", row=1, rank=7))

    def __init__(self, context: Context) -> None:
        plain = context.plain
        self.table = ChannelTable(context.source, plain=plain, id="channels")
        self.queue = Listing(QUEUE_NARROW, empty="no queue", heads=False, plain=plain)
        self.devices = Listing(DEVICES_NARROW, heads=False, plain=plain)
        self.queue.can_focus = self.devices.can_focus = False
        self.trends = [Trend(plain=plain) for _ in range(3)]
        self._what, self._queue_row = Rows(plain=plain, id="what"), Rows(plain=plain, id="run-queue")
        self._tail = Rows(plain=plain, id="tail")
        self._titles = [Rows(plain=plain, classes="title") for _ in range(2)]
        self._layout, self._wrong = -1, 0
        self._counted: int | None = None
        self._run: Run | None = None
        self._last: Entry | None = None
        self._lines: list[Row] = []
        self._trends_painted = -1.0
        self._trends_of: list[str] = []
        super().__init__(context, id="overview")

    def compose(self) -> ComposeResult:
        """The panes."""
        with Horizontal(id="main"):
            with Vertical(id="side"):
                yield self._titles[0]
                yield self.queue
                yield self._titles[1]
                yield self.devices
            with Vertical(id="middle"):
                yield self._what
                yield Input(placeholder="part of a name", compact=True, id="filter")
                yield self.table
            with Vertical(id="trends"):
                yield from self.trends
        yield self._queue_row
        yield self._tail

    def enter(self) -> None:
        """The cursor is in the table."""
        self.table.focus()

    def channel(self) -> str | None:
        """The channel under the cursor."""
        return self.table.current

    def paint(self) -> None:
        """Show what is known now."""
        model = self.context.model
        if model.layout != self._layout:
            self._layout = model.layout
            self.table.refill()
        self.table.changed(self.table.in_sight())
        self._count(self.context.times.now())
        self._what.show([self._heading()])
        self._tail.show(self._last_lines())
        self._queue_row.show([self._queue_words()])
        if model.run is not self._run and self.queue.content_size.area:
            self._run = model.run
            self._paint_side()
        if self.trends[0].content_size.area or not self.trends[0].display:
            self._paint_trends()

    def _count(self, now: float) -> None:
        """How many channels cannot be used now, each second."""
        if self._counted is None or int(now) != self._counted:
            self._counted, model, linked = int(now), self.context.model, self.context.linked
            shown = [model.status(live, now) for live in model.channels]
            unusable = (Level.STALE, Level.BAD)
            self._wrong = sum(
                each.level in unusable or (linked and each.old and each.level is not Level.NORMAL) for each in shown
            )

    def _last_lines(self) -> list[Row]:
        """The last lines of the log, the newest first."""
        log = self.context.model.log
        if not log:
            return []
        if log[-1] is not self._last:
            self._last = log[-1]
            lines = islice((line for line in reversed(log) if line.severity >= Severity.INFO), LOG_LINES)
            self._lines = [_log_row(line) for line in lines]
        return self._lines

    def _heading(self) -> list[tuple[str, Style]]:
        model, source = self.context.model, self.context.source
        group = f"group {source.group}" if source.group else "all channels"
        parts = [Part((f"{group} ({self.table.count} of {len(model.channels)})", group), rank=0)]
        if self.table.pattern:
            named = f"only with {self.table.pattern!r}"
            parts.append(Part((f"{named}: Esc shows all", named), rank=0, style=Style(bold=True)))
        if self._wrong:
            parts.append(Part((f"? {self._wrong} not usable now",), rank=1, style=Style(bold=True)))
        if not self.context.linked and model.known:
            parts.append(Part(("as last heard",), rank=1))
        return [(" ", Style()), *spread(parts, max(self._what.content_size.width - 2, 0))]

    def _queue_words(self) -> list[tuple[str, Style]]:
        queue = self.context.model.run.queue
        if queue is None:
            return [(" one run, no queue" if self.context.model.known else "", Style(dim=True))]
        words = " queue " + ("working" if queue.working else "on hold")
        for item in queue.items[-3:] if len(queue.items) > 8 else queue.items:
            words += f"  {queue_glyph(item)} {item_name(item)}"
        return [(words, Style())]

    def _paint_side(self) -> None:
        run = self.context.model.run
        words = (
            "queue"
            if not self.context.model.known
            else "no queue"
            if run.queue is None
            else "queue working"
            if run.queue.working
            else "queue on hold"
        )
        self._titles[0].show([[(words, Style(bold=True))]])
        self._titles[1].show([[("devices", Style(bold=True))]])
        self.queue.show([queue_entry(item) for item in run.queue.items] if run.queue is not None else [])
        self.devices.show([device_entry(device, self.context) for device in run.devices])

    def _paint_trends(self) -> None:
        names = list(self.table.pinned) or ([self.table.current] if self.table.current else [])
        now = self.context.times.now()
        if 0 <= now - self._trends_painted < TREND_PERIOD and names == self._trends_of:
            return
        self._trends_painted, self._trends_of = now, names
        for place, trend in enumerate(self.trends):
            trend.display = place < len(names)
            if trend.display:
                show_trend(trend, names[place], self.context)

    # Keys

    def action_filter(self) -> None:
        """Type a part of a name."""
        self.add_class("-filtering")
        self.query_one("#filter", Input).focus()

    def action_group(self) -> None:
        """Show the next group of channels."""
        source = self.context.source
        groups = source.groups()
        at = groups.index(source.group) if source.group in groups else 0
        source.group = groups[(at + 1) % len(groups)]
        self.table.refill()
        self.paint()

    def action_maximise(self) -> None:
        """Give the table all the room, or no longer."""
        self.toggle_class("-max")

    @on(Input.Changed, "#filter")
    def _filtered(self, event: Input.Changed) -> None:
        self.table.filter(event.value)

    @on(Input.Submitted, "#filter")
    def _filter_ends(self) -> None:
        if not self.query_one("#filter", Input).value:
            self.remove_class("-filtering")
        self.table.focus()

    def key_escape(self) -> None:
        """Show all channels again."""
        self.query_one("#filter", Input).value = ""
        self.remove_class("-filtering")
        self.table.focus()


def _log_row(line: Entry) -> list[tuple[str, Style]]:
    shown = log_entry(line)
    level = (f"{shown.cells['state']:<5}", style(shown.level))
    return [
        (f" {shown.cells['clock']} ", Style()),
        level,
        (f" {shown.cells['kind']:<9} {shown.cells['text']}", Style()),
    ]
