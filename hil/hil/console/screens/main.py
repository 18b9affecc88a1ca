"""The screen behind everything: two rows on top, one of the views, the keys."""

from __future__ import annotations

from textual.app import ComposeResult
from textual.widgets import ContentSwitcher

from ..context import Context
from ..widgets.channel_table import ChannelTable
from ..widgets.foot import Foot
from ..widgets.key_bar import SAFE_STOP, Key
from ..widgets.rows import Head
from .overview import Overview
from .sparing import SparingScreen
from .trends import Trends
from .view import View

NAMES = ("Over", "Trend", "Queue", "Alarm", "Dev", "Cal", "Path", "Log")


class Main(SparingScreen[None]):
    """All views, of which one is in sight."""

    DEFAULT_CSS = "Main ContentSwitcher { height: 1fr; }"

    def __init__(self, context: Context) -> None:
        super().__init__()
        self.context = context
        self.head, self.foot = Head(plain=context.plain), Foot(plain=context.plain)
        self.trends = Trends(context)
        self.views: tuple[View, ...] = (Overview(context), self.trends)
        self.place = 0

    def compose(self) -> ComposeResult:
        """The first view; `complete` adds the others. It begins with the layout for the width that there is."""
        self.set_classes(self._get_breakpoint_classes(self.app.size.width, self.app.HORIZONTAL_BREAKPOINTS or []))
        yield self.head
        with ContentSwitcher(initial=self.views[0].id):
            yield self.views[0]
        yield self.foot

    def complete(self) -> None:
        """Load and add the views that the first picture does not show."""
        from .others import other_views

        self.views = (*self.views, *other_views(self.context))
        for view in self.views[1:]:
            view.display = False
        self.query_one(ContentSwitcher).mount_all(self.views[1:])

    @property
    def view(self) -> View:
        """The view in sight."""
        return self.views[self.place]

    def call_up(self, place: int) -> None:
        """Show the view of a number, from 0, once it is there."""
        if place >= len(self.views):
            return
        self.view.leave()
        self.place = place
        self.query_one(ContentSwitcher).current = self.view.id
        self.view.enter()
        self.call_after_refresh(self.context.repaint)

    def paint(self) -> None:
        """Show what is known now."""
        self.view.paint()

    def keys(self) -> tuple[Key, ...]:
        """The keys in sight: the views, what waits, and what this view has."""
        model, desk = self.context.model, self.context.desk
        views = [
            Key(str(at + 1), name.upper() if at == self.place else name, rank=4 + at) for at, name in enumerate(NAMES)
        ]
        prompts = len(model.run.prompts)
        asked = [Key("i", f"Input({prompts})", rank=1, urgent=True)] if prompts else []
        paused = model.run.state in ("paused", "pausing")
        below = [
            SAFE_STOP,
            Key("space", "Resume" if paused else "Pause", rank=1, row=1),
            *([Key("a", "Ack", rank=2, row=1)] if model.unacknowledged else []),
            *self.view.KEYS,
            Key("n", "Note", rank=5, row=1),
            *([Key("L", "Release" if desk.in_command else "Command", rank=4, row=1)] if model.run.service else []),
            Key("d", "Detach", rank=3, row=1),
        ]
        return (*views, *asked, Key("?", "Help", rank=2), Key("^p", "Cmd", rank=3), *below)

    def on_screen_resume(self) -> None:
        """It is on top: paint all of it at once, not at the next beat."""
        self.call_after_refresh(self.context.repaint)

    def on_mount(self) -> None:
        """Begin with the overview."""
        self.view.enter()

    def on_channel_table_pinned(self, message: ChannelTable.Pinned) -> None:
        """What is pinned in the table is shown as trends."""
        self.trends.pinned = message.names
