"""The operator's console: a client of a bench. Nothing of the bench lives in it, and nothing ends with it."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from functools import partial
from typing import ClassVar

from rich.style import Style
from textual import events
from textual.binding import Binding, BindingType

from ..commanding.verb import Verb
from ..errors import HilError
from .acting import THEMES
from .dialogs.dialog import Dialog
from .in_command import InCommand
from .key_order import KeyOrder
from .model import LinkState
from .orders import Order, Orders
from .pace import STEPS, Pace
from .palette import Level, style, theme
from .places import Finder
from .reading import age
from .screens.main import NAMES, Main
from .summary import alarm_items, run_state
from .times import Times

SAID_FOR = 12.0
"""Seconds for which a message stays above the keys."""

SAFE_STOP = "ctrl+x"

CALM = 1.5
"""Seconds without a key before a new prompt opens by itself: it must not take what is being typed."""


class Console(InCommand):
    """Shows a bench and sends it commands.

    :param find: finds the bench, before each attempt to reach it.
    :param operator: in whose name; the laboratory's only operator by default.
    :param plain: draw in ASCII alone.
    :param ticking: paint by a timer; a test calls `tick` itself.
    :param debugged: show the traceback of a fault of the console itself.
    :param pause: waits between two attempts to reach the bench.
    :param ready: called once, after the first picture.
    """

    TITLE = "hil console"
    COMMANDS = {Orders}  # noqa: RUF012 (as Textual has it)
    HORIZONTAL_BREAKPOINTS = [(0, "-narrow"), (100, "-medium"), (140, "-wide")]  # noqa: RUF012 (as Textual has it)
    CSS = """
    Screen { background: $background; color: $foreground; }
    CommandPalette { background: $background 70%; }
    CommandPalette > Vertical { margin-top: 2; }
    CommandPalette SearchIcon { display: none; }
    CommandPalette #--input { border: none; }
    CommandPalette #--results, CommandPalette OptionList { max-height: 14; border: none; }
    """
    BINDINGS: ClassVar[list[BindingType]] = [
        Binding(SAFE_STOP, "safe_stop", "SAFE STOP", priority=True, show=False),
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
        colours: str = THEMES[0],
        times: Times | None = None,
        ticking: bool = True,
        debugged: bool = False,
        pause: Callable[[float], Awaitable[object]] = asyncio.sleep,
        ready: Callable[[], object] = lambda: None,
    ) -> None:
        super().__init__(find, operator=operator, plain=plain, times=times, pause=pause)
        self._shown = ready
        self._ticking, self._pace, self._painted = ticking, Pace(), 0.0
        self.debugged = debugged
        self._colours = colours
        self._key_at = -CALM
        self._asked_for_handover = False
        self.keys = KeyOrder(self, super().on_event, self._no_text)

    def on_mount(self) -> None:
        """Paint a first picture."""
        for light in (False, True):
            self.register_theme(theme(light=light))
        self.theme = self._colours
        self.call_after_refresh(self._begin)

    def _begin(self) -> None:
        """Follow the bench, once the first picture stands."""
        self.main.complete()
        self.run_worker(self.link.run(), name="link", group="link")
        if self._ticking:
            self.set_interval(1 / STEPS[0], self.beat)
        self._shown()

    def _fatal_error(self) -> None:
        """A fault of the console ends it with a sentence, and the bench goes on; ``HIL_DEBUG=1`` shows where it is."""
        if self.debugged:
            super()._fatal_error()
            return
        self.bell()
        fault = f"a fault in hil itself: {type(self._exception).__name__}: {self._exception}"
        advice = "the bench goes on without the console; start it again, and report this with what HIL_DEBUG=1 shows"
        self._exit_renderables.append(f"hil: {fault}; {advice}")
        self._close_messages_no_wait()

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
        alarms = alarm_items(self.model, self.context.time_of)
        bright = self.animation_level == "none" or int(now) % 2 == 0
        for screen in self.screen_stack:
            if isinstance(screen, Main | Dialog):
                screen.head.show(state, alarms, bright=bright)
                screen.foot.show(screen.keys(), *self._message(now), note=self._who())
                screen.paint()

    def _message(self, now: float) -> tuple[str, Style]:
        """What stands above the keys: what was said last, else what matters most."""
        if self._said and now - self._said_at < SAID_FOR:
            return self._said, style(Level.MEDIUM) if self._said_wrong else Style()
        model = self.model
        if model.link_state(now) is LinkState.LOST:
            since, reason = model.link_age(now), model.link.reason or "it says nothing"
            known = since is not None and model.known
            lost = f"LINK LOST: {reason}; last heard {age(since or 0.0)} ago" if known else f"NOT REACHED: {reason}"
            return lost, style(Level.BAD)
        if not model.known:
            return "looking for the bench", Style()
        if self.desk.handover_waits:
            return "a note of the shift before is not read: H", Style(bold=True)
        lease = model.run.lease
        if lease is not None and self.desk.in_command and lease.requested_by:
            return f"{lease.requested_by} asks for command: L gives it", Style(bold=True)
        if self.desk.another_commands:
            return f"{self.desk.another_commands} is in command: L asks for it", Style()
        return "", Style()

    def _who(self) -> str:
        name = self.desk.name
        return f"op: {name}" if name else ""

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
        """Note when a key was pressed last, and have keys handled in their order; SAFE STOP waits for none."""
        if isinstance(event, events.Key) and not event.is_forwarded:
            self._key_at = self.times.now()
            if event.key != SAFE_STOP:
                self.keys.take(event)
                return
        await super().on_event(event)

    def _no_text(self) -> None:
        self.say("typed text is no command, and no question is open: i answers one, n writes a note", wrong=True)

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
