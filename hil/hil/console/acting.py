"""What an operator does with the keys of the console."""

from __future__ import annotations

import asyncio
from abc import abstractmethod
from collections.abc import Awaitable, Callable
from typing import Any

from textual import work
from textual.app import App
from textual.screen import Screen

from ..commanding.verb import Verb
from ..errors import HilError
from .channels import Live
from .context import Context
from .copying import keep_copy, keep_picture, open_outside
from .desk import Desk
from .dialogs.detail import detail
from .dialogs.help import HELP
from .dialogs.prompt import PromptDialog
from .dialogs.stopped import StopDialog
from .dialogs.text import Field, Form, Telling
from .link import Answer, Link
from .model import Model
from .pictures import Seen
from .places import Finder
from .screens.main import Main
from .source import Source
from .times import Times

THEMES = ("hil-dark", "hil-light", "ansi-dark")


class Acting(App[int]):
    """The bench, the desk, and the actions that any operator may take.

    :param find: finds the bench, before each attempt to reach it.
    :param operator: in whose name; the laboratory's only operator by default.
    :param plain: draw in ASCII alone.
    :param pause: waits between two attempts to reach the bench.
    """

    def __init__(
        self,
        find: Finder,
        *,
        operator: str | None = None,
        plain: bool = False,
        times: Times | None = None,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        super().__init__()
        self.model, self.times = Model(), times or Times()
        self.link = Link(self.model, find, now=self.times.now, pause=pause)
        self.desk = Desk(self.model, self.link, operator)
        source = Source(self.model, self.times, plain=plain)
        self.context = Context(
            self.model,
            self.desk,
            self.times,
            source,
            plain,
            order=self.order,
            say=self.say,
            repaint=self.tick,
            want_pictures=self.want_pictures,
            recall=self.recall,
            view_picture=self.view_picture,
        )
        self.main = Main(self.context)
        self._said, self._said_at, self._said_wrong = "", 0.0, False
        self._picture_viewers = 0
        self._seen_prompts: set[tuple[str, int]] = set()
        self._recalled: dict[tuple[str, str, str], float] = {}

    def get_default_screen(self) -> Screen[None]:
        """The screen behind everything."""
        return self.main

    @abstractmethod
    def tick(self) -> None:
        """Show what is known now."""

    def want_pictures(self, wanted: bool) -> None:
        """Have the bench send pictures for one who looks at them, or for one fewer."""
        self._picture_viewers = max(0, self._picture_viewers + (1 if wanted else -1))
        self.run_worker(self.link.pictures(wanted=self._picture_viewers > 0), group="pictures", exclusive=True)

    def recall(self, channel: str, span: float) -> None:
        """Ask once for what the record holds of a channel from before this console was attached."""
        live, asked = self.model.channel(channel), (self.model.boot, self.model.run.run, channel)
        if live is None or live.t is None or not self.context.linked or self._recalled.get(asked, 0.0) >= span:
            return
        self._recalled[asked] = span
        if live.past.first is None or live.past.first > live.t - span:
            self.run_worker(self._recall(live, span), name=f"past of {channel}", group="past")

    async def _recall(self, live: Live, span: float) -> None:
        from .recall import recall

        await recall(self.link.place, live, span)

    def say(self, text: str, *, wrong: bool = False) -> None:
        """Show a message above the keys for a while."""
        self._said, self._said_wrong, self._said_at = text, wrong, self.times.now()

    def order(
        self,
        verb: Verb,
        args: dict[str, Any] | None = None,
        reason: str = "",
        then: Callable[[Answer | None], object] | None = None,
    ) -> None:
        """Send a command, and say what came of it."""
        self.run_worker(self._carry_out(verb, args, reason, then), name=f"order {verb}", group="orders")

    async def _carry_out(
        self,
        verb: Verb,
        args: dict[str, Any] | None,
        reason: str,
        then: Callable[[Answer | None], object] | None,
    ) -> None:
        answer = None
        try:
            answer = await self.desk.do(verb, args, reason)
        except HilError as error:
            self.say(str(error), wrong=True)
        else:
            self.say(f"{verb}: {answer.words}", wrong=not answer.accepted)
        if then is not None:
            then(answer)

    def action_safe_stop(self) -> None:
        """SAFE STOP: one press, from anywhere."""
        self.say("SAFE STOP sent")
        self.run_worker(self._stop(), name="SAFE STOP", group="stop")

    async def _stop(self) -> None:
        stopped = await self.desk.stop()
        self.say(stopped.words, wrong=not stopped.accepted)
        if isinstance(self.screen, StopDialog):
            self.screen.tell(stopped)
        else:
            self.push_screen(StopDialog(self.context, stopped))

    def action_call_up(self, place: int) -> None:
        """Show a view."""
        self.main.call_up(place)

    def action_pause(self) -> None:
        """Pause before the next point, or go on."""
        self.order(Verb.RESUME if self.model.run.state in ("paused", "pausing") else Verb.PAUSE)

    def action_acknowledge(self) -> None:
        """Acknowledge the worst alarm."""
        waiting = self.model.unacknowledged
        if waiting:
            self.order(Verb.ACK, {"alarm": waiting[0].alarm})
        else:
            self.say("no alarm waits")

    @work
    async def action_note(self) -> None:
        """Write a note into the record."""
        form = Form(self.context, "NOTE", "It goes into the record with the time.", [Field("note")])
        texts = await self.push_screen_wait(form)
        if texts is not None:
            self.order(Verb.NOTE, reason=texts[0])

    @work
    async def action_abort(self) -> None:
        """End the run in order."""
        text = "The script of the run clears up, then the bench goes to its safe state."
        texts = await self.push_screen_wait(Form(self.context, "ABORT THE RUN", text, [Field("why")]))
        if texts is not None:
            self.order(Verb.ABORT, reason=texts[0])

    def action_input(self) -> None:
        """Answer the prompt that waits longest."""
        prompts = self.model.run.prompts
        if prompts:
            self._open(prompts[0].prompt)
        else:
            self.say("no prompt waits")

    def _open(self, number: int) -> None:
        prompt = self.model.prompt(number)
        if prompt is not None and self.screen is self.main:
            self._seen_prompts.add((self.model.boot, number))
            self.push_screen(PromptDialog(self.context, prompt))

    def action_copy(self) -> None:
        """Copy the value under the cursor with its unit and U."""
        name = self.main.view.channel()
        text = self.context.source.copied(name) if name is not None else ""
        if not text:
            self.say("no channel is under the cursor")
            return
        self.copy_to_clipboard(text)
        try:
            self.say(f"copied {text}; also in {keep_copy(text)}")
        except OSError as error:
            self.say(f"copied {text}; no file: {error.strerror}", wrong=True)

    def view_picture(self, seen: Seen | None) -> None:
        """Open a picture in a viewer of its own; where there is no display, say where it is kept."""
        if seen is None:
            self.say("there is no picture yet")
            return
        try:
            kept = keep_picture(seen)
            self.say(f"{'opened' if open_outside(kept) else 'no display here; the picture is kept in'} {kept}")
        except OSError as error:
            self.say(f"the picture could not be kept: {error.strerror}", wrong=True)

    def action_theme(self) -> None:
        """Other colours."""
        at = THEMES.index(self.theme) if self.theme in THEMES else 0
        self.theme = THEMES[(at + 1) % len(THEMES)]
        self.say(f"colours: {self.theme}")

    def action_help(self) -> None:
        """What the keys do."""
        self.push_screen(Telling(self.context, "KEYS", HELP))

    def on_channel_table_chosen(self, message: Any) -> None:
        """Show all that is known of a channel."""
        live = self.model.channel(message.name)
        if live is not None:
            self.push_screen(Telling(self.context, message.name, detail(live, self.context)))
