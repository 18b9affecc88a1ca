"""The two rows on top of every screen: the state of the run, and its alarms. Nothing covers them."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace

from rich.style import Style
from textual.containers import Vertical

from ..fitting import Part, fitted, spread
from ..palette import LOOKS, Level, style
from ..reading import age, clock
from ..text import clip, width
from .lines import NORMAL, Lines, Pieces

BAR = 10
"""Cells of the progress bar."""
MOST = 12
"""Alarms that are tried at most for the alarm row; the others are counted."""
GAP, LEAST_REASON = 2, 12
"""Cells between parts, and of a reason at least, where it is cut."""

TAG = 24
"""Cells of what an alarm concerns, at most."""
GLYPHS = {"running": "●", "paused": "‖", "pausing": "‖", "starting": "▶", "ending": "■", "idle": "○"}
WORDS = {"running": "RUN"}
CONNECTING = "connecting"
"""The state of a bench of which nothing is known yet."""


@dataclass(frozen=True, slots=True)
class RunState:
    """What the state row says; an empty text or ``None`` is left out.

    :param state: connecting, idle, starting, running, pausing, paused or ending.
    :param bench: :param run: names.
    :param point: :param points: the point under way, from 1, and how many the plan has.
    :param factors: what is set at this point, in words.
    :param step: settling, observing and so on; :param elapsed: seconds in it.
    :param done: the part of the plan that is done, 0 to 1.
    :param operator: who; :param in_command: whether this console commands.
    :param estop: ``CLOSED`` or ``OPEN``: the chain of the emergency stop, an input.
    :param latency: seconds to the bench and back; :param silent: seconds since it was last heard, where it is lost.
    :param recorded: the size of the record, in words; :param rate: pictures per second where slowed down.
    :param provenance: shown where it is not ``measured``.
    """

    state: str = "idle"
    bench: str = ""
    run: str = ""
    point: int | None = None
    points: int | None = None
    factors: str = ""
    step: str = ""
    elapsed: float | None = None
    done: float | None = None
    operator: str = ""
    in_command: bool = False
    estop: str = ""
    latency: float | None = None
    silent: float | None = None
    recorded: str = ""
    rate: float | None = None
    provenance: str = ""


@dataclass(frozen=True, slots=True)
class AlarmItem:
    """One alarm of the alarm row: ``sign`` as of `sign`, what it concerns, and for how long in seconds.

    :param returned: its cause is gone, but nobody has acknowledged it.
    """

    level: Level
    sign: str
    tag: str
    reason: str = ""
    acknowledged: bool = False
    returned: bool = False
    since: float | None = None


def sign(level: Level, beyond: int = 0) -> str:
    """``▲HI2``, ``▼LO3`` or ``◆HIGH1``: the side of the limit (as of `reading.side`), the number of the priority."""
    look = LOOKS[level]
    return f"{ ({1: '▲HI', -1: '▼LO'}.get(beyond) or look.glyph + look.word) }{look.number}"


class StateRow(Lines):
    """One row: the run, how far it is, who is in command, the link. It is fitted to any width."""

    DEFAULT_CSS = "StateRow { height: 1; }"

    def __init__(self, *, plain: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(plain=plain, id=id)
        self._state = RunState(CONNECTING)

    def show(self, state: RunState) -> None:
        """Show ``state``."""
        if state != self._state:
            self._state = state
            self.repaint()

    def paint(self, width: int, height: int) -> Sequence[Pieces]:  # noqa: ARG002
        """The row."""
        parts = [part.said(self.said) for part in state_parts(self._state)]
        return [[(" ", NORMAL), *spread(parts, max(width - 2, 0))]]


class AlarmRow(Lines):
    """One row: the worst alarms, the first in full; how many more there are; how to acknowledge."""

    DEFAULT_CSS = "AlarmRow { height: 1; }"

    def __init__(self, *, plain: bool = False, id: str | None = None) -> None:  # noqa: A002
        super().__init__(plain=plain, id=id)
        self._alarms: Sequence[AlarmItem] = ()
        self._bright, self._known = True, False

    def show(self, alarms: Sequence[AlarmItem], *, bright: bool = True, known: bool = True) -> None:
        """Show ``alarms``, the worst first.

        :param known: whether the bench has been heard: before, nobody knows that there are none.
        :param bright: ``False`` in the dark half of a blink: what is high and not acknowledged is drawn in reverse.
        """
        shown = tuple(alarms), bright, known
        if shown != (self._alarms, self._bright, self._known):
            self._alarms, self._bright, self._known = shown
            self.repaint()

    def paint(self, width: int, height: int) -> Sequence[Pieces]:  # noqa: ARG002
        """The row: as many alarms as there is room for, ``+n`` for the others, and the keys."""
        if not self._known:
            return []
        parts = [part.said(self.said) for part in alarm_parts(self._alarms, max(width - 2, 0), bright=self._bright)]
        return [[(" ", NORMAL), *spread(parts, max(width - 2, 0))]]


class Head(Vertical):
    """Both rows, on top of a screen; a modal screen has its own, so that it never covers them.

    :param plain: draw in ASCII alone.
    """

    DEFAULT_CSS = "Head { height: 2; dock: top; }"

    def __init__(self, *, plain: bool = False, id: str | None = None) -> None:  # noqa: A002
        self._rows = StateRow(plain=plain), AlarmRow(plain=plain)
        super().__init__(*self._rows, id=id)

    def show(self, state: RunState, alarms: Sequence[AlarmItem], *, bright: bool = True) -> None:
        """Show the state of the run, and its alarms, the worst first."""
        self._rows[0].show(state)
        self._rows[1].show(alarms, bright=bright, known=state.state != CONNECTING)


def state_parts(state: RunState) -> list[Part]:
    """The parts of the state row, each with its rank."""
    glyph, word = GLYPHS.get(state.state, "●"), WORDS.get(state.state, state.state.upper())
    parts = [Part((f"{glyph} {word}",), rank=0, style=Style(bold=True))]
    if state.silent is not None:
        parts.append(Part((f"LINK LOST {age(state.silent)}",), rank=0, style=style(Level.BAD)))
    if state.estop and state.estop != "CLOSED":
        parts.append(Part((f"E-STOP {state.estop}",), rank=0, style=style(Level.SAFETY)))
    if state.provenance not in ("", "measured"):
        parts.append(Part((state.provenance.upper(),), rank=1))
    if state.bench:
        parts.append(Part((state.bench,), rank=4))
    return [*parts, *_progress(state), *_surroundings(state)]


def _progress(state: RunState) -> list[Part]:
    """Where the run is."""
    parts = []
    if state.point is not None:
        place = f"{state.point}/{state.points}" if state.points is not None else f"{state.point}"
        parts.append(Part((f"point {place} {state.factors}".rstrip(), f"point {place}", place), rank=1))
    if state.step:
        timed = f"{state.step} {clock(state.elapsed)}" if state.elapsed is not None else state.step
        parts.append(Part((timed, state.step), rank=2))
    if state.done is not None:
        full = min(max(round(state.done * BAR), 0), BAR)
        percent = f"{100 * state.done:.0f}%"
        parts.append(Part((f"{'▰' * full}{'▱' * (BAR - full)} {percent}", percent), rank=2))
    if state.run:
        parts.append(Part((state.run,), rank=6))
    return parts


def _surroundings(state: RunState) -> list[Part]:
    """Who is there, and how the bench is reached: at the right end."""
    parts = []
    if state.operator:
        name = f"op {state.operator}"
        parts.append(Part((f"{name} (in command)" if state.in_command else name, name), rank=5, right=True))
    if state.estop == "CLOSED":
        parts.append(Part(("E-STOP CLOSED", "E-STOP ok"), rank=3, right=True))
    if state.recorded:
        parts.append(Part((f"rec {state.recorded}",), rank=7, right=True))
    if state.rate is not None:
        parts.append(Part((f"{state.rate:g} Hz",), rank=4, right=True))
    if state.silent is None and state.latency is not None:
        parts.append(Part((f"⇄ {1000 * state.latency:.0f} ms",), rank=3, right=True))
    return parts


def alarm_parts(alarms: Sequence[AlarmItem], cells: int, *, bright: bool = True) -> list[Part]:
    """The parts of the alarm row for ``cells``: the others than those shown are counted."""
    if not alarms:
        return [Part(("no alarms",), rank=0)]
    waiting = any(not alarm.acknowledged for alarm in alarms)
    end = Part(("a=ack  4=list", "a=ack") if waiting else ("4=list",), rank=1, right=True)
    shown = [_alarm_part(alarm, place, bright) for place, alarm in enumerate(alarms[:MOST])]
    for count in range(len(shown), 1, -1):
        parts = [*shown[:count], *_others(len(alarms) - count), end]
        if len(fitted(parts, cells)) == len(parts):
            return parts
    after = [*_others(len(alarms) - 1), end]
    room = cells - sum(width(part.forms[-1]) + GAP for part in after)
    return [_shortened(shown[0], alarms[0], room), *after]


def _shortened(part: Part, alarm: AlarmItem, room: int) -> Part:
    """The first alarm in ``room`` cells: of a long reason less is told, so that its state stands too."""
    whole, known = part.forms[2], part.forms[0][len(part.forms[2]) :]
    left = room - width(known)
    if width(whole) <= left or left < width(part.forms[2].removesuffix(alarm.reason)) + LEAST_REASON:
        return part
    return replace(part, forms=(f"{clip(whole, left)}{known}",))


def _others(count: int) -> list[Part]:
    return [Part((f"+{count}",), rank=1)] if count else []


def _alarm_part(alarm: AlarmItem, place: int, bright: bool) -> Part:
    known = "ACK" if alarm.acknowledged else "GONE" if alarm.returned else "UNACK"
    since = f" {clock(alarm.since)}" if alarm.since is not None else ""
    reason = f" {alarm.reason}" if alarm.reason else ""
    mark = "✓" if alarm.acknowledged else "~" if alarm.returned else ""
    short = f"{alarm.sign}{mark} {clip(alarm.tag, TAG)}"
    whole = f"{short}{reason}"
    forms = (f"{whole} {known}{since}", f"{whole} {known}", whole, *((short,) if place else ()))
    blinking = alarm.level in (Level.HIGH, Level.SAFETY) and not alarm.acknowledged
    shown = style(alarm.level, acknowledged=alarm.acknowledged, bright=bright or not blinking)
    return Part(forms, rank=0 if place == 0 else 2 + place, style=shown)
