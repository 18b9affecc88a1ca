"""Trends of the channels that are pinned."""

from __future__ import annotations

from typing import ClassVar

from textual.app import ComposeResult
from textual.binding import Binding, BindingType
from textual.containers import Grid

from ..context import Context
from ..reading import result
from ..widgets.key_bar import Key
from ..widgets.trend import Trend
from .view import View

SPANS = (10.0, 30.0, 60.0, 300.0, 900.0, 3600.0, 4 * 3600.0)
"""Seconds that a trend may show."""

MOST = 4
"""Trends on one screen."""


def show_trend(trend: Trend, name: str, context: Context, *, until: float | None = None) -> None:
    """Draw the trend of the channel ``name`` up to now, or ``until`` a time of its own (s)."""
    live = context.model.channel(name)
    if live is None:
        trend.show(None, 0.0, title=f"{name}: not on this bench")
        return
    end = context.source.now_of(live) if until is None else until
    status = context.model.status(live, context.times.now())
    title = f"{name} {result(live.value, live.u, live.facts.symbol)} {status.text}".rstrip()
    context.recall(name, trend.span)
    samples = live.past.samples(end - trend.span)
    trend.show(samples if len(samples.t) else None, end, limits=live.facts.limits, title=title)


class Trends(View):
    """Up to four trends of one span; the channels are those pinned in the table, else the first ones."""

    SCOPED_CSS = False  # the layout is chosen by the width of the screen
    DEFAULT_CSS = """
    Trends { padding: 0 1; }
    Trends #grid { grid-size: 1 2; grid-gutter: 0 2; height: 1fr; }
    .-medium Trends #grid, .-wide Trends #grid { grid-size: 2 2; }
    Trends #grid.-one { grid-size: 1 1; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("plus,equals_sign", "span(1)", "Longer", show=False),
        Binding("minus", "span(-1)", "Shorter", show=False),
        Binding("z", "freeze", "Freeze", show=False),
        Binding("M", "maximise", "Maximise", show=False),
        Binding("down,right,j,l", "move(1)", "Next", show=False),
        Binding("up,left,k,h", "move(-1)", "Before", show=False),
    ]
    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("+ -", "Span", row=1, rank=5),
        Key("z", "Freeze", row=1, rank=6),
        Key("M", "Max", row=1, rank=7),
    )
    can_focus = True

    def __init__(self, context: Context) -> None:
        self.trends = [Trend(plain=context.plain, id=f"trend-{place}") for place in range(MOST)]
        self.pinned: tuple[str, ...] = ()
        self._span, self._first, self._one = SPANS.index(60.0), 0, False
        self._frozen: dict[str, float] | None = None
        super().__init__(context, id="trends-view")

    def compose(self) -> ComposeResult:
        """The trends."""
        with Grid(id="grid"):
            yield from self.trends

    def enter(self) -> None:
        """Keys go to the view itself."""
        self.focus()

    def channel(self) -> str | None:
        """The first channel shown."""
        names = self._names()
        return names[0] if names else None

    def paint(self) -> None:
        """Show what is known now, or what was when the picture was frozen."""
        names = self._names()
        narrow = not (self.screen.has_class("-medium") or self.screen.has_class("-wide"))
        room = 1 if self._one else 2 if narrow else MOST
        self.query_one("#grid").set_class(self._one, "-one")
        for place, trend in enumerate(self.trends):
            trend.display = place < min(room, len(names))
            if trend.display:
                trend.span = SPANS[self._span]
                until = None if self._frozen is None else self._frozen.get(names[place])
                show_trend(trend, names[place], self.context, until=until)

    def _names(self) -> list[str]:
        names = list(self.pinned) or [live.facts.name for live in self.context.model.channels]
        first = self._first % max(len(names), 1)
        return names[first:] + names[:first]

    def action_span(self, by: int) -> None:
        """Show a longer or a shorter time."""
        self._span = max(0, min(self._span + by, len(SPANS) - 1))
        self.paint()

    def action_freeze(self) -> None:
        """Hold the picture, or let it go on; the data goes on in any case."""
        if self._frozen is None:
            source = self.context.source
            self._frozen = {live.facts.name: source.now_of(live) for live in self.context.model.channels}
            self.context.say("picture frozen, z lets it go on; the data goes on")
        else:
            self._frozen = None
            self.context.say("picture goes on")
        self.paint()

    def action_maximise(self) -> None:
        """Show one trend, or several."""
        self._one = not self._one
        self.paint()

    def action_move(self, by: int) -> None:
        """Begin with the next channel."""
        self._first += by
        self.paint()
