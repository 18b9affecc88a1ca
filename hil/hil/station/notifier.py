"""Keeps the process that tells people elsewhere of alarms: fed, watched, replaced; the bench never waits for it."""

from __future__ import annotations

import asyncio
import json
import os
import sys
import time
from asyncio.subprocess import DEVNULL, PIPE, Process
from collections import OrderedDict
from collections.abc import Callable, Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

from hil_drivers.transport.signalling import kill

from ..notify.lines import AlarmLine, AnyLine, EndLine, Happening, HeartbeatLine, HeldLine, encode
from ..safety.latch import State

if TYPE_CHECKING:
    from ..service import Event

HAPPENINGS = {
    State.ACTIVE: Happening.RAISED,
    State.RETURNED: Happening.RETURNED,
    State.ACKNOWLEDGED: Happening.ACKNOWLEDGED,
    State.CLEAR: Happening.CLEARED,
}

UNREAD = 1 << 20
"""Bytes that the process may leave unread before it is replaced."""

TAKEN_WITHIN = 30
"""Beats that it may take to take an alarm before it is replaced: it hangs."""

FIRST_PAUSE, LONGEST_PAUSE, STEADY = 1.0, 60.0, 600.0
"""Wall seconds before it is started again, the first time and at most, and for how long it must have lasted to be
forgiven."""

END_WITHIN = 20.0
"""Wall seconds that it may take to end before it is killed."""

NOTIFICATION = "notification"
"""The alarm that somebody could not be told: it is not told in the same way."""

TROUBLE = frozenset({"refused", "gave up", "unreached", "stopped", "not understood"})
"""Outcomes by which somebody was not told; a message that failed twice is one too."""


class Notifier:
    """Tells the process ``hil.notify`` what happens, and what it says of it to the bench.

    :param settings: ``notify.toml``.
    :param outbox: where it keeps what is to be told.
    :param run: the name of the run under way.
    :param held: the names of the alarms that are held now.
    :param trouble: told, in words, that somebody could not be told.
    """

    def __init__(
        self,
        settings: Path,
        outbox: Path,
        bench: str,
        *,
        run: Callable[[], str],
        held: Callable[[], Iterable[str]],
        trouble: Callable[[str], None],
    ) -> None:
        self._arguments = [str(settings), str(outbox), bench]
        self._run, self._held, self._trouble = run, held, trouble
        self._process: Process | None = None
        self._untaken: OrderedDict[int, AlarmLine] = OrderedDict()
        self._episodes: dict[str, int] = {}
        self._beats = 0
        self._asked: int | None = None
        """The beat since which an alarm waits to be taken."""

    def heard(self, event: Event) -> None:
        """Pass on what became of an alarm."""
        data = event.data
        if data.get("alarm") == NOTIFICATION:
            return
        if event.kind == "alarm":
            state = State(data["state"])
            if data.get("was") == State.CLEAR:
                self._episodes[data["alarm"]] = self._episodes.get(data["alarm"], event.number) + 1
            self._pass_on(event, data, HAPPENINGS[state], data.get("acknowledged_by", ""))
        elif event.kind == "alarm shelved":
            self._pass_on(event, data, Happening.ACKNOWLEDGED, data["shelved_by"])
        elif event.kind in ("item ended", "acknowledge"):
            self._say(self._all_held())

    def beat(self, *, recording: bool) -> None:
        """The loop is alive, and what is recorded comes to the disk, or not."""
        self._beats += 1
        if self._asked is not None and self._beats - self._asked > TAKEN_WITHIN and self._process is not None:
            self._asked = None
            self._trouble(f"the process that tells of alarms has taken none for {TAKEN_WITHIN} s")
            kill(self._process)
        self._say(HeartbeatLine(heartbeat=self._beats, recording=recording))

    async def keep(self) -> None:
        """Keep the process, ever more patiently, until this is cancelled."""
        pause = FIRST_PAUSE
        try:
            while True:
                begun = time.monotonic()
                why = await self._live()
                pause = FIRST_PAUSE if time.monotonic() - begun > STEADY else pause
                self._trouble(f"the process that tells of alarms ended: {why}")
                await asyncio.sleep(pause)
                pause = min(2.0 * pause, LONGEST_PAUSE)
        finally:
            await self._end()

    async def _live(self) -> str:
        """Start it, and hear it to its end; why it ended."""
        try:
            process = self._process = await asyncio.create_subprocess_exec(
                sys.executable,
                "-m",
                "hil.notify",
                *self._arguments,
                stdin=PIPE,
                stdout=PIPE,
                stderr=None if os.environ.get("HIL_DEBUG") == "1" else DEVNULL,
                start_new_session=True,
            )
        except OSError as error:
            return str(error)
        for line in self._untaken.values():
            self._say(line)
        self._say(self._all_held())
        why = ""
        if process.stdout is not None:
            async for text in process.stdout:
                why = self._take(text) or why
        self._process = None
        return why or f"exit code {await process.wait()}"

    def _take(self, text: bytes) -> str:
        """Take an outcome; why it cannot go on, if it says so."""
        try:
            outcome: dict[str, Any] = json.loads(text)
            what = outcome["outcome"]
        except (ValueError, KeyError, TypeError):
            return ""
        if what == "taken":
            self._untaken.pop(outcome.get("number", -1), None)
            self._asked = self._beats if self._untaken else None
        if what == "not understood":
            self._asked = None
        if what in TROUBLE or (what == "failed" and outcome.get("tries", 0) >= 2):
            whom = f" {outcome['to']}" if "to" in outcome else ""
            self._trouble(f"{what}{whom}: {outcome.get('why') or outcome.get('alarm', '')}")
        return str(outcome.get("why", "")) if what == "stopped" else ""

    def _pass_on(self, event: Event, data: dict[str, Any], what: Happening, by: str) -> None:
        line = AlarmLine(
            event=what,
            alarm=data["alarm"],
            episode=self._episodes.setdefault(data["alarm"], event.number),
            priority=data["priority"],
            run=self._run(),
            number=event.number,
            what=data["reason"],
            guidance=data["guidance"],
            since=data["raised"],
            by=by,
        )
        self._untaken[event.number] = line
        self._say(line)

    def _all_held(self) -> HeldLine:
        return HeldLine(held=list(self._held()), run=self._run())

    def _say(self, line: AnyLine) -> None:
        """Hand a line over without waiting; one who does not read is replaced, and told again."""
        pipe = None if self._process is None else self._process.stdin
        if pipe is None or self._process is None or pipe.is_closing():
            return
        pipe.write(encode(line))
        if isinstance(line, AlarmLine) and self._asked is None:
            self._asked = self._beats
        if pipe.transport.get_write_buffer_size() > UNREAD:
            kill(self._process)

    async def _end(self) -> None:
        """Let it say what is due, for a while."""
        process, self._process = self._process, None
        if process is None:
            return
        if process.stdin is not None:
            process.stdin.write(encode(EndLine(end="planned")))
            process.stdin.close()
        try:
            async with asyncio.timeout(END_WITHIN):
                await process.communicate()
        except TimeoutError:
            kill(process)
            await process.wait()
