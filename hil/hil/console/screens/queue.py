"""The queue of a service: what has run, what runs, what waits."""

from __future__ import annotations

import asyncio
from collections.abc import Callable
from pathlib import Path
from typing import Any, ClassVar

from rich.style import Style
from textual import work
from textual.app import ComposeResult
from textual.binding import Binding, BindingType

from hil_calibration.errors import CalibrationError
from hil_drivers.errors import DriverError

from ...commanding.verb import Verb
from ...errors import HilError
from ..context import Context
from ..dialogs.add_run import AddRun, added_run
from ..link import Answer
from ..state import Item, Queue
from ..widgets.key_bar import Key
from ..widgets.listing import Listing
from ..widgets.words import Rows, Words
from .lists import QUEUE, queue_entry
from .view import View


class QueueView(View):
    """The entries of the queue, and keys to edit it while it works."""

    DEFAULT_CSS = "QueueView #heading { height: 1; } QueueView #detail { margin: 0 1; max-height: 5; }"
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("o", "add", "Add a run", show=False),
        Binding("delete,x", "remove", "Remove", show=False),
        Binding("J,shift+down", "shift(1)", "Later", show=False),
        Binding("K,shift+up", "shift(-1)", "Sooner", show=False),
        Binding("S", "work", "Start or hold", show=False),
    ]
    KEYS: ClassVar[tuple[Key, ...]] = (
        Key("o", "Add", row=1, rank=4),
        Key("x", "Remove", row=1, rank=5),
        Key("J K", "Move", row=1, rank=6),
        Key("S", "Start/Hold", row=1, rank=4),
    )

    def __init__(self, context: Context) -> None:
        self.listing = Listing(QUEUE, empty="nothing in the queue", plain=context.plain)
        self._heading = Rows(plain=context.plain, id="heading")
        self._detail = Words(plain=context.plain, id="detail", most=5)
        self._queue: Queue | None = None
        super().__init__(context, id="queue-view")

    def compose(self) -> ComposeResult:
        """The list, and what is known of the entry under the cursor."""
        yield self._heading
        yield self.listing
        yield self._detail

    def paint(self) -> None:
        """Show what is known now."""
        queue = self.context.model.run.queue
        if queue is None:
            known = self.context.model.known
            words = " this is one run: a service (hil service) has a queue" if known else " no bench is reached yet"
            self._heading.show([[(words, Style())]])
            self._queue = None
            self.listing.show([])
            self._detail.say("")
            return
        words = "working" if queue.working else "on hold: S starts it"
        waiting = sum(item.status == "waiting" for item in queue.items)
        self._heading.show([[(f" queue {words}, {waiting} waiting", Style(bold=True))]])
        if queue is not self._queue:
            self._queue = queue
            self.listing.show([queue_entry(item) for item in queue.items])
        item = self._current()
        self._detail.say("" if item is None else _detail(item))

    def _current(self) -> Item | None:
        queue = self.context.model.run.queue
        items = () if queue is None else queue.items
        return next((item for item in items if item.id == self.listing.current), None)

    def _edit(self, verb: Verb, then: Callable[[Answer | None], object] | None = None, **args: object) -> None:
        queue = self.context.model.run.queue
        if queue is None:
            self.context.say("there is no queue: start the bench with hil service", wrong=True)
            return
        self.context.order(verb, {**args, "revision": queue.revision}, then=then)

    def action_remove(self) -> None:
        """Take the entry under the cursor out."""
        item = self._current()
        if item is not None:
            self._edit(Verb.QUEUE_REMOVE, item=item.id)

    def action_shift(self, by: int) -> None:
        """Have the entry under the cursor run sooner or later."""
        item, queue = self._current(), self.context.model.run.queue
        if item is None or queue is None or item.status != "waiting":
            return
        waiting = [each.id for each in queue.items if each.status == "waiting"]
        position = waiting.index(item.id) + by
        if 0 <= position < len(waiting):
            self._edit(Verb.QUEUE_MOVE, item=item.id, position=position)

    def action_work(self) -> None:
        """Start the queue, or hold it after the run under way."""
        queue = self.context.model.run.queue
        if queue is not None:
            self.context.order(Verb.HOLD if queue.working else Verb.START)

    @work
    async def action_add(self) -> None:
        """Ask what is to run, and put it at the end."""
        added = added_run(await self.app.push_screen_wait(AddRun(self.context)))
        if added is None:
            return
        fault = await self._fault_of(added)
        if fault:
            self.context.say(f"not added: {fault}", wrong=True)
        else:
            self._edit(Verb.QUEUE_ADD, self._added, **added)

    def _added(self, answer: Answer | None) -> None:
        """The bench has answered: a run that was taken is no draft any more."""
        if answer is not None and answer.accepted:
            self.context.run_draft = []

    async def _fault_of(self, added: dict[str, Any]) -> str:
        """Why such a run would not begin; a bench of another machine finds that out when it begins."""
        if self.context.desk.link.place.path is None:
            return ""
        try:
            await asyncio.to_thread(_prepare, added, Path(self.context.model.run.bench_file))
        except (HilError, CalibrationError, DriverError) as error:
            return str(error)
        return ""


def _prepare(added: dict[str, Any], bench: Path) -> None:
    from ...preparation import prepare

    if bench.is_file():
        prepare(added["procedure"], str(bench), added["settings"], added.get("seed"))


def _detail(item: Item) -> str:
    settings = " ".join(f"{name}={value}" for name, value in item.settings.items()) or "no settings"
    seed = "" if item.seed is None else f", seed {item.seed}"
    run = f"\nrun {item.run}" if item.run else ""
    return f"{item.procedure}: {settings}{seed}, by {item.operator or '-'}{run}" + (
        f"\n{item.error}" if item.error else ""
    )
