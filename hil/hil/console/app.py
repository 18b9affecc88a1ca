"""The operator's console: a client of a bench. Nothing of the bench lives in it, and nothing ends with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import Any, ClassVar

from rich.style import Style
from textual import events, work
from textual.app import App
from textual.binding import Binding, BindingType
from textual.screen import Screen

from ..commanding.verbs import Verb
from ..errors import HilError
from .context import Context
from .copying import keep_copy
from .desk import Desk
from .dialogs.detail import detail
from .dialogs.dialog import Dialog
from .dialogs.help import HELP
from .dialogs.leave import Leave
from .dialogs.prompt import PromptDialog
from .dialogs.stopped import StopDialog
from .dialogs.text import Field, Form, Telling
from .link import Answer, Link
from .model import LinkState, Model
from .orders import Order, Orders
from .pace import STEPS, Pace
from .palette import Level, style, theme
from .places import Finder
from .reading import age
from .screens.main import NAMES, Main
from .source import Source
from .summary import alarm_items, run_state
from .times import Times

SAID_FOR = 12.0
"""Seconds for which a message stays above the keys."""

CALM = 1.5
"""Seconds without a key before a new prompt opens by itself: it must not take what is being typed."""

THEMES = ("hil-dark", "hil-light", "ansi-dark")


class Console(App[int]):
    """Shows a bench and sends it commands.

    :param find: finds the bench, before each attempt to reach it.
    :param operator: in whose name; the laboratory's only operator by default.
    :param plain: draw in ASCII alone.
    :param ticking: paint by a timer; a test calls `tick` itself.
    :param pause: waits between two attempts to reach the bench.
    """

    TITLE = "hil console"
    COMMANDS = {Orders}  # noqa: RUF012
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-medium"), (140, "-wide")]
    CSS = """
    Screen { background: $background; color: $foreground; }
    CommandPalette { background: $background 70%; }
    CommandPalette > Vertical { margin-top: 2; }
    CommandPalette #--results { max-height: 14; }
    CommandPalette OptionList { max-height: 14; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding("ctrl+x", "safe_stop", "SAFE STOP", priority=True, show=False),
        *(Binding(f"{at + 1},f{at + 1}", f"call_up({at})", name, show=False) for at, name in enumerate(NAMES)),
        Binding("space", "pause", "Pause", show=False),
        Binding("a", "acknowledge", "Acknowledge", show=False),
        Binding("n", "note", "Note", show=False),
        Binding("i", "input", "Input", show=False),
        Binding("y", "copy", "Copy", show=False),
        Binding("t", "theme", "Theme", show=False),
        Binding("L", "lease", "Command", show=False),
        Binding("H", "handover", "Handover", show=False),
        Binding("question_mark", "help", "Help", show=False),
        Binding("d", "detach", "Detach", show=False),
        Binding("q,ctrl+q", "leave", "Leave", show=False),
        Binding("ctrl+c", "explain_leave", "Leave", show=False),
    ]

    def __init__(
        self,
        find: Finder,
        *,
        operator: str | None = None,
        plain: bool = False,
        times: Times | None = None,
        ticking: bool = True,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
    ) -> None:
        super().__init__()
        self.model, self.times = Model(), times or Times()
        self.link = Link(self.model, find, now=self.times.now, pause=pause)
        self.desk = Desk(self.model, self.link, operator)
        source = Source(self.model, self.times, plain=plain)
        self.context = Context(self.model, self.desk, self.times, source, plain, order=self.order, say=self.say)
        self.main = Main(self.context)
        self._ticking, self._pace, self._painted = ticking, Pace(), 0.0
        self._said, self._said_at, self._said_wrong = "", 0.0, False
        self._key_at = -CALM
        self._seen_prompts: set[tuple[str, int]] = set()
        self._asked_for_handover = False

    def get_default_screen(self) -> Screen[None]:
        """The screen behind everything."""
        return self.main

    def on_mount(self) -> None:
        """Begin to follow the bench, and to paint."""
        for light in (False, True):
            self.register_theme(theme(light=light))
        self.theme = THEMES[0]
        self.run_worker(self.link.run(), name="link", group="link")
        if self._ticking:
            self.set_interval(1 / STEPS[0], self.beat)

    # Painting

    def beat(self) -> None:
        """Paint, if it is time to."""
        now = self.times.now()
        if self._pace.feel(self._waiting_writes(), now):
            self.run_worker(self.link.rate(self._pace.hertz), group="rate", exclusive=True)
        if now - self._painted >= 0.95 / self._pace.hertz:
            self.tick()

    def _waiting_writes(self) -> int:
        """Writes that the terminal has not taken yet; 0 where Textual does not tell."""
        thread = getattr(self._driver, "_writer_thread", None)
        queue = getattr(thread, "_queue", None)
        return queue.qsize() if queue is not None else 0

    def tick(self) -> None:
        """Renew the lease, look after prompts, and show what is known now."""
        now = self._painted = self.times.now()
        if self.desk.renewal_due(now):
            self.run_worker(self._renew(), group="lease", exclusive=True)
        self._look_after(now)
        slow = self._pace.hertz if self._pace.hertz < STEPS[0] else None
        state = run_state(self.model, now, in_command=self.desk.in_command, operator=self.desk.name, hertz=slow)
        alarms = alarm_items(self.model, self.context.bench_time)
        bright = self.animation_level == "none" or int(now) % 2 == 0
        for screen in self.screen_stack:
            if isinstance(screen, Main | Dialog):
                screen.head.show(state, alarms, bright=bright)
                screen.foot.show(screen.keys(), *self._message(now), note=self._who())
                screen.paint()

    def _message(self, now: float) -> tuple[str, Style]:
        """What stands above the keys: what was said last, else what matters most."""
        if self._said and now - self._said_at < SAID_FOR:
            return f" {self._said}", style(Level.MEDIUM) if self._said_wrong else Style()
        model = self.model
        if model.link_state(now) is LinkState.LOST:
            since = model.link_age(now)
            last = "it was not reached yet" if since is None else f"last heard {age(since)} ago"
            return f" LINK LOST: {model.link.reason or 'it says nothing'}; {last}; trying again", style(Level.BAD)
        if not model.known:
            return " looking for the bench", Style()
        if self.desk.handover_waits:
            return " a note of the shift before is not read: H", Style(bold=True)
        lease = model.run.lease
        if lease is not None and self.desk.in_command and lease.requested_by:
            return f" {lease.requested_by} asks for command: L gives it", Style(bold=True)
        if self.desk.another_commands:
            return f" {self.desk.another_commands} is in command: L asks for it", Style()
        return "", Style()

    def _who(self) -> str:
        name = self.desk.name
        return f"op: {name}" if name else ""

    def say(self, text: str, *, wrong: bool = False) -> None:
        """Show a message above the keys for a while."""
        self._said, self._said_wrong, self._said_at = text, wrong, self.times.now()

    # What happens by itself

    async def _renew(self) -> None:
        try:
            answer = await self.desk.do(Verb.LEASE_RENEW)
        except HilError as error:
            self.say(f"command not renewed: {error}", wrong=True)
        else:
            if not answer.accepted:
                self.say(f"command not renewed: {answer.words}", wrong=True)

    def _look_after(self, now: float) -> None:
        """Open what waits for the operator, where nothing else is open and nobody types."""
        if not self.model.known or not self.context.linked:
            return
        if self.screen is not self.main or now - self._key_at < CALM:
            return
        if self.desk.handover_waits and not self._asked_for_handover:
            self._asked_for_handover = True
            self.action_handover()
            return
        if self.model.run.lease is not None and not self.desk.in_command:
            return
        for prompt in self.model.run.prompts:
            if (self.model.boot, prompt.prompt) not in self._seen_prompts:
                self._open(prompt.prompt)
                return

    async def on_event(self, event: events.Event) -> None:
        """Note when a key was pressed last."""
        if isinstance(event, events.Key):
            self._key_at = self.times.now()
        await super().on_event(event)

    # Commands

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

    def action_theme(self) -> None:
        """Other colours."""
        at = THEMES.index(self.theme) if self.theme in THEMES else 0
        self.theme = THEMES[(at + 1) % len(THEMES)]
        self.say(f"colours: {self.theme}")

    def action_help(self) -> None:
        """What the keys do."""
        self.push_screen(Telling(self.context, "KEYS", HELP))

    @work
    async def action_lease(self) -> None:
        """Take, ask for, give or release command."""
        lease = self.model.run.lease
        if not self.model.run.service:
            self.say("this is one run: whoever answers first commands")
        elif self.desk.in_command and lease is not None and lease.requested_by:
            self.order(Verb.LEASE_OFFER, {"to": lease.requested_by})
        elif self.desk.in_command:
            self.order(Verb.LEASE_RELEASE)
        elif self.desk.another_commands and (lease is None or lease.offered_to != self.desk.name):
            self.order(Verb.LEASE_REQUEST)
        elif not self.desk.handover_waits or await self._read_handover():
            self.order(Verb.LEASE_TAKE, {"client": self.desk.client})

    @work
    async def action_override(self) -> None:
        """Take command from somebody, as a reviewer."""
        text = "Whoever is in command is put out of it, and told why. It takes the role review."
        texts = await self.push_screen_wait(Form(self.context, "TAKE COMMAND FROM SOMEBODY", text, [Field("why")]))
        if texts is not None:
            self.order(Verb.LEASE_OVERRIDE, {"client": self.desk.client}, texts[0])

    @work
    async def action_handover(self) -> None:
        """Read the note of the shift before, or leave one for the next."""
        if self.desk.handover_waits:
            await self._read_handover()
            return
        before = self.model.run.handover
        told = f"The last one, by {before.by}: {before.text}" if before is not None and before.text else ""
        texts = await self.push_screen_wait(Form(self.context, "NOTE TO THE NEXT SHIFT", told, [Field("note")]))
        if texts is not None:
            self.order(Verb.HANDOVER, reason=texts[0])

    async def _read_handover(self) -> bool:
        """Show the note of the shift before; whether it was read."""
        note = self.model.run.handover
        if note is None:
            return True
        text = f"{note.text}\n\nEnter says that you have read it. Nobody takes command before."
        read = await self.push_screen_wait(Telling(self.context, f"NOTE OF {note.by} TO THE NEXT SHIFT", text))
        if read:
            self.order(Verb.HANDOVER_READ)
        return bool(read)

    def on_channel_table_chosen(self, message: Any) -> None:
        """Show all that is known of a channel."""
        live = self.model.channel(message.name)
        if live is not None:
            self.push_screen(Telling(self.context, message.name, detail(live, self.context)))

    def action_detach(self) -> None:
        """Leave; the bench goes on."""
        self.exit(0)

    def action_explain_leave(self) -> None:
        """Ctrl-C is no way to leave a bench."""
        self.say("q or d leaves the console, ^x is SAFE STOP")

    @work
    async def action_leave(self) -> None:
        """Leave, after asking what is to become of the bench where this console commands it."""
        if not self.desk.in_command:
            self.exit(0)
            return
        what = await self.push_screen_wait(Leave(self.context))
        try:
            if what == "release":
                await self.desk.do(Verb.LEASE_RELEASE)
            elif what == "stop":
                stopped = await self.desk.stop()
                if not stopped.accepted:
                    self.push_screen(StopDialog(self.context, stopped))
                    return
        except HilError as error:
            self.say(f"still here: {error}", wrong=True)
            return
        if what is not None:
            self.exit(0)

    def orders(self) -> list[Order]:
        """Every command by name, for the command palette."""
        return [
            Order("SAFE STOP", "bring the bench to its safe state, the run ends (Ctrl-X)", self.action_safe_stop),
            Order("Pause", "before the next point (space)", lambda: self.order(Verb.PAUSE)),
            Order("Pause now", "the point under way does not count", lambda: self.order(Verb.PAUSE_NOW)),
            Order("Resume", "go on (space)", lambda: self.order(Verb.RESUME)),
            Order("Abort", "end the run in order, for a reason", self.action_abort),
            Order("Answer a prompt", "the one that waits longest (i)", self.action_input),
            Order("Note", "into the record, with the time (n)", self.action_note),
            Order("Start the queue", "begin the next run", lambda: self.order(Verb.START)),
            Order("Hold the queue", "after the run under way", lambda: self.order(Verb.HOLD)),
            Order("Command", "take, ask for, give or release it (L)", self.action_lease),
            Order("Take command from somebody", "as a reviewer, for a reason", self.action_override),
            Order("Handover note", "read it, or write one (H)", self.action_handover),
            Order("Copy", "the value under the cursor with unit and U (y)", self.action_copy),
            Order("Colours", "dark, light, those of the terminal (t)", self.action_theme),
            Order("Help", "what the keys do (?)", self.action_help),
            Order("Detach", "leave; the bench goes on (d)", self.action_detach),
            *(
                Order(f"View: {name}", f"key {at + 1}", partial(self.action_call_up, at))
                for at, name in enumerate(NAMES)
            ),
        ]
